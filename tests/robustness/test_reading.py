"""Whatever stands in a file, it is read or refused in a moment: long values, many mistakes, pipes, links, aliases."""

import json
import os
from pathlib import Path

import pytest

from deal_solve.cli.main import run
from deal_solve.deal.load import load, loads
from deal_solve.deal.numbers import parse_band, parse_number
from deal_solve.errors import InputError
from deal_solve.messages import nearest
from deal_solve.plan.proposal import load_proposal
from tests.support.builders import deal_of
from tests.support.effort import HEAD, MANY, QUICK, processor_seconds, quickly, reading_seconds
from tests.support.paths import ROOT

HEAD_JSON = json.dumps(loads(HEAD).model_dump(mode="json", exclude_unset=True))[1:-1]


def refusal(text):
    """Return why a deal is refused, and see that it does not take long."""

    def refused():
        with pytest.raises(InputError) as caught:
            loads(text)
        return str(caught.value)

    return quickly(refused)


@pytest.mark.parametrize(
    "value", ["1" * 20_000, "1" * 20_000 + "x", "1_" * 10_000, f"'{'1 ± ' * 5_000}'", "1" + " " * 19_000 + "x"]
)
def test_a_number_of_twenty_thousand_digits_is_refused_at_once(value):
    assert "characters; expected at most 4,000" in refusal(f"{HEAD}cost_of_capital_per_year: {value}\n")


@pytest.mark.parametrize("text", ["1" * 3999 + "x", "1" + " " * 3000 + "x", "1_" * 1999, ".1" * 1999])
def test_a_number_is_no_longer_than_numbers_are(text):
    def read():
        for parse in (parse_number, parse_band):
            with pytest.raises(ValueError, match="is not a number"):
                parse(text)

    assert processor_seconds(read) < QUICK * reading_seconds() / 20
    assert parse_number("9" * 15) == 999_999_999_999_999


def test_four_hundred_unknown_keys_are_named_at_once():
    said = refusal(HEAD + "".join(f"unknown-key-{index}: 3\n" for index in range(400)))
    assert said.count("is not a known key") == 400


def test_no_more_than_a_thousand_mistakes_of_a_kind_are_named():
    keys = ", ".join(f"unknown-{index}: 3" for index in range(20_000))
    assert refusal(HEAD.replace("output_tokens: 200", f"output_tokens: 200, {keys}")).count("known key") == 1000


@pytest.mark.parametrize(
    "section",
    [
        "scenarios:\n"
        + "".join(f"  s{i}: {{weight: 1, requests_per_month: {{bott-{i}-wrok: 3}}}}\n" for i in range(300)),
        "sources:\n" + "".join(f"  workloads.bot-{i}-wrok.requests_per_month: bill\n" for i in range(9000)),
        "offers:\n" + "".join(f"  o{i}: {{extends: o{i + 1}}}\n" for i in range(3000)) + "  o3000: {}\n",
    ],
)
def test_many_misspelt_names_are_refused_in_a_moment(section):
    refusal(HEAD + MANY + section)


def test_of_many_known_names_those_that_begin_or_end_alike_are_compared():
    names = [f"bot-{index}-work" for index in range(5000)]
    assert nearest("bot-1234-wrk", names) == "bot-1234-work"
    assert nearest("bto-4321-work", names) == "bot-4321-work"
    assert nearest("x" * 100_000, names) is None


def test_offers_extend_one_another_twenty_deep_at_most():
    chain = "".join(f"  o{index}: {{extends: o{index + 1}}}\n" for index in range(30))
    base = "  o30: {api: {bands: [{commit_usd_per_year: 20k, discount: 20%}], overage: contracted}}\n"
    assert "is one of more than 20 offers that extend one another" in refusal(f"{HEAD}offers:\n{chain}{base}")


def test_an_expansion_of_three_thousand_events_is_refused_in_words():
    events = {f"e{index}": {"probability": 0.5, "factor": 2, "workloads": ["app"]} for index in range(3000)}
    app = {"requests_per_month": 1, "input_tokens": 1, "output_tokens": 0, "models": ["opus"]}
    from deal_solve.uncertainty.expansion import scenarios_of

    deal = deal_of(workloads={"app": app}, uncertainty={"events": events})
    with pytest.raises(InputError, match="has more than 1e903 branches"):
        scenarios_of(deal)


def test_aliases_that_multiply_are_refused():
    laughs = "a: &a [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"{chr(98 + i)}: &{chr(98 + i)} [{','.join(['*' + chr(97 + i)] * 10)}]\n" for i in range(9)
    )
    assert "expands to more than 200,000 values" in refusal(laughs)


@pytest.mark.parametrize("text", ["a: " + "[" * 100_000, "{a: " * 5000, '{"a":' * 3000, "- " * 90_000])
def test_deep_nesting_is_refused(text):
    assert "nested deeper than 40 levels" in refusal(text)


@pytest.mark.parametrize(
    ("escaped", "title"),
    [("\\ud83d\\ude00", "😀"), ("a\\\\ud83d", "a\\ud83d"), ("\\\\\\ud83d\\ude00", "\\😀"), ("\\u00e9", "é")],
)
def test_json_may_escape_a_character_in_two_halves(escaped, title):
    assert loads(f'{{"title": "{escaped}", {HEAD_JSON}}}').title == title


def test_half_a_character_is_refused():
    assert "not valid YAML" in refusal(f'{{"title": "\\ud83d", {HEAD_JSON}}}')


# --- what is no file ----------------------------------------------------------------------------------------------


@pytest.fixture
def pipe(tmp_path):
    path = tmp_path / "pipe.yaml"
    os.mkfifo(path)
    return path


def said_of(capsys, *args):
    assert run([str(arg) for arg in args]) == 2
    return capsys.readouterr().err


@pytest.mark.parametrize("read", [load, load_proposal], ids=lambda read: read.__name__)
def test_a_pipe_is_not_waited_for(pipe, read):
    with pytest.raises(InputError, match="is a pipe or a device; expected a file"):
        read(pipe)


def test_a_pipe_in_any_place_of_the_command_line_is_refused(capsys, tmp_path, pipe):
    deal = tmp_path / "deal.yaml"
    deal.write_text(HEAD)
    sentence = f"{pipe}: is a pipe or a device; expected a file\n"
    assert said_of(capsys, "settle", deal, "--plan", pipe) == sentence
    assert said_of(capsys, "solve", deal, "--fix", pipe) == sentence
    assert said_of(capsys, "sweep", deal, "--design", pipe) == sentence
    parquet = pipe.rename(tmp_path / "pipe.parquet")
    assert said_of(capsys, "check", deal, "--scenarios", parquet) == sentence.replace(".yaml", ".parquet")
    rates = parquet.rename(tmp_path / "rates.yaml")
    deal.write_text(HEAD + "rates: rates.yaml\n")
    assert said_of(capsys, "check", deal) == f"{rates}: is a pipe or a device; expected a file\n"


def test_what_the_shell_hands_over_is_read():
    begin, end = os.pipe()
    os.write(end, HEAD.encode())
    os.close(end)
    try:
        assert list(load(f"/dev/fd/{begin}").workloads) == ["bot"]
    finally:
        os.close(begin)


def test_links_that_go_in_a_circle_and_names_that_cannot_be_are_refused(capsys, tmp_path):
    circle = tmp_path / "circle.yaml"
    circle.symlink_to(circle)
    assert said_of(capsys, "check", circle) == f"{circle}: cannot be read: too many levels of symbolic links\n"
    assert "cannot be read: not a directory" in said_of(capsys, "check", ROOT / "README.md" / "deal.yaml")
    assert "cannot be read: file name too long" in said_of(capsys, "check", "x" * 5000)
    with pytest.raises(InputError, match="cannot be read: embedded null byte"):
        load("deal\0.yaml")


def test_a_device_is_refused():
    with pytest.raises(InputError, match="is a pipe or a device"):
        load(Path("/dev/zero"))
