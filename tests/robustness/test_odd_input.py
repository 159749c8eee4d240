"""Odd but plain input: one clear sentence each, where an internal error could be, and pictures of any title."""

import json

import pytest

from deal_solve.cli.main import run
from deal_solve.deal.load import loads
from deal_solve.errors import InputError
from deal_solve.plan.proposal import load_proposal

DEAL = """\
start: 2027-01
title: %s
horizon_months: 12
workloads:
  bot: {requests_per_month: {low: 500k, high: 1.5M}, input_tokens: 2000, output_tokens: 200, models: [opus, sonnet]}
cohorts:
  staff: {headcount: 50, tracks: [enterprise, none], unserved_usd_per_user_month: 40, use: {requests_per_user_month: 9,
    input_tokens: 10, output_tokens: 10, models: [opus]}}
offers:
  quote: {api: {bands: [{commit_usd_per_year: 20k, discount: 20%%}], overage: contracted}}
"""


@pytest.fixture
def call(capsys, tmp_path):
    """Return what calls a command with a deal and files beside it, and returns (exit code, stdout, stderr)."""

    def call(*args, title="A deal", **files):
        (tmp_path / "deal.yaml").write_text(DEAL % json.dumps(title, ensure_ascii=not title.isprintable()))
        for name, content in files.items():
            (tmp_path / name).write_bytes(content)
        code = run([str(tmp_path / arg) if "." in arg else arg for arg in args])
        out, err = capsys.readouterr()
        return code, out, err.replace(f"{tmp_path}/", "")

    return call


def refusal(old, new):
    with pytest.raises(InputError) as caught:
        loads((DEAL % "A").replace(old, new))
    return str(caught.value)


# --- the deal -----------------------------------------------------------------------------------------------------


def test_a_workload_that_no_model_may_answer_is_refused():
    assert (
        refusal("models: [opus, sonnet]", "models: []") == "deal:5: workloads.bot.models: expected at least 1, found 0"
    )


def test_a_path_over_the_years_without_a_year_is_refused():
    said = refusal("start:", "uncertainty: {list_price_change_per_year: {models: []}}\nstart:")
    assert said == "deal:1: uncertainty.list_price_change_per_year.models: expected at least 1, found 0"


def test_a_month_of_signing_that_no_horizon_reaches_is_refused():
    said = refusal("start:", "signing: {months: [3000000]}\nstart:")
    assert said == "deal:1: signing.months[0]: 3000000 is not possible; expected less than 60"


@pytest.mark.parametrize("start", ["9999-06", "2200-01", "0000-01", "1899-12"])
def test_a_month_outside_the_calendar_is_refused(start):
    assert refusal("2027-01", start) == f"deal:1: start: {start} is not possible; expected a month from 1900 to 2199"


@pytest.mark.parametrize("start", ["２０２７-01", "2027-0１", "²027-01"])
def test_other_digits_make_no_month(start):
    assert "is not a month; expected one like 2027-01" in refusal("2027-01", start)


# --- proposals ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("api: {terms: []}", "api: terms: expected at least one, found none"),
        ("api: {commitment_usd: []}", "api.commitment_usd: expected at least 1, found 0"),
        ("api: {band_usd_per_year: []}", "api.band_usd_per_year: expected at least 1, found 0"),
        ("api: {at_list: []}", "api.at_list: expected at least 1, found 0"),
        ("seats: {enterprise: {contracted: []}}", "seats.enterprise.contracted: expected at least 1, found 0"),
        ("tracks: {staff: []}", "tracks.staff: expected at least 1, found 0"),
        ("routing: {bot: []}", "routing.bot: expected at least 1, found 0"),
        ("routing: {bot: {}}", "routing.bot[0].shares: expected at least 1, found 0"),
        ("use: {staff: [{from_month: 0, shares: {}}]}", "use.staff[0].shares: expected at least 1, found 0"),
    ],
)
def test_an_empty_list_decides_nothing(tmp_path, text, place):
    (tmp_path / "plan.yaml").write_text(text)
    with pytest.raises(InputError) as caught:
        load_proposal(tmp_path / "plan.yaml")
    assert str(caught.value) == f"{tmp_path}/plan.yaml:1: {place}"


@pytest.mark.parametrize("given", ["²", "9" * 5000, "0", "-1", "", "１", "x\ud800"])
def test_a_scenario_that_is_none_is_refused(call, given):
    code, _, err = call("settle", "deal.yaml", "--plan", "plan.yaml", "--scenario", given, **{"plan.yaml": b"{}"})
    assert code == 2
    assert err.startswith("--scenario: there is no scenario ")


# --- designs ------------------------------------------------------------------------------------------------------

PATH = "workloads.bot.output_tokens"


@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
def test_a_design_may_have_the_line_ends_of_any_system(call, ends):
    text = ends.join([PATH, "100", '"200"', ""])
    code, out, _ = call("sweep", "deal.yaml", "--design", "runs.csv", **{"runs.csv": text.encode()})
    assert code == 0
    assert f"({PATH}): 100, 200\n" in out


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"{PATH};horizon_months\n100;12\n", "runs.csv:1: is divided by semicolons; expected commas"),
        (f"{PATH}\n{'1' * 140_000}\n", "runs.csv: is no CSV: field larger than field limit (131072)"),
        (f"{PATH}\n100\n[[[\n", "runs.csv:3: cannot be read: nested deeper"),
        (f"{PATH}\n{{a: [b\n", "runs.csv:2: is not valid YAML"),
        (f"{PATH}\n\0\n", "runs.csv:2: cannot be read: unacceptable character"),
    ],
)
def test_a_design_that_is_none_is_refused_with_its_line(call, text, said):
    code, _, err = call("sweep", "deal.yaml", "--design", "runs.csv", **{"runs.csv": text.encode()})
    assert code == 2
    assert err.startswith(said.partition(": cannot be read: nested")[0])
    assert "internal" not in err


# --- Parquet ------------------------------------------------------------------------------------------------------


@pytest.fixture
def table(tmp_path):
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")

    def write(metadata, names=("requests_per_month.bot",)):
        columns = [pa.array([1.0, 2.0]) for _ in names]
        made = pa.Table.from_arrays(columns, names=list(names)).replace_schema_metadata(metadata)
        pq.write_table(made, tmp_path / "set.parquet")
        return (tmp_path / "set.parquet").read_bytes()

    return write


@pytest.mark.parametrize(
    "damaged",
    [
        b"{",
        b"\xff",
        b"7",
        b"[" * 50_000,
        *(
            json.dumps({"schema": "deal-solve-scenarios/1", "months": 12, **change}).encode()
            for change in ({"kind": "no"}, {"groups": 3}, {"notes": [1]}, {"seed": "x"})
        ),
    ],
)
def test_damaged_metadata_are_refused(call, table, damaged):
    content = table({b"deal-solve": damaged})
    code, _, err = call("check", "deal.yaml", "--scenarios", "set.parquet", **{"set.parquet": content})
    assert (code, err) == (2, "set.parquet: has damaged metadata under the key 'deal-solve'\n")


def test_a_column_that_stands_twice_is_refused(call, table):
    content = table({}, ("requests_per_month.bot", "requests_per_month.bot"))
    code, _, err = call("check", "deal.yaml", "--scenarios", "set.parquet", **{"set.parquet": content})
    assert (code, err) == (2, "set.parquet: requests_per_month.bot: stands twice\n")


def test_a_byte_that_was_changed_is_refused_wherever_it_stands(call, tmp_path):
    """Every 40th byte of a set as it is written: its pages have checksums."""
    from deal_solve.uncertainty.parquet import read_scenarios, write_scenarios
    from deal_solve.uncertainty.sampling import sample

    pytest.importorskip("pyarrow")
    deal, path = loads(DEAL % "A"), tmp_path / "set.parquet"
    write_scenarios(sample(deal, 64), path)
    content = path.read_bytes()
    before, refused = read_scenarios(path, deal), 0
    for index in range(0, len(content), 40):
        path.write_bytes(content[:index] + bytes([content[index] ^ 0x55]) + content[index + 1 :])
        try:
            found = read_scenarios(path, deal)
        except InputError:
            refused += 1
            continue
        assert (found.weights == before.weights).all()
        assert (found.requests["bot"] == before.requests["bot"]).all()
    assert refused > len(content) / 40 / 2


# --- pictures -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["svg", "png"])
@pytest.mark.parametrize("title", ["5 $ and $x_1^{ $", "\\frac{", "中文 😀 →", "\x1b[2J\u202e", "a & <b>"])
def test_a_picture_has_any_title(call, tmp_path, title, kind):
    """Warnings are errors in tests, so a missing glyph would fail."""
    pytest.importorskip("matplotlib")
    picture = f"picture.{kind}"
    code, _, err = call("scenarios", "deal.yaml", "--scenarios", "8", "--picture", picture, title=title)
    assert (code, err) == (0, "")
    if kind == "svg":
        from xml.etree import ElementTree

        ElementTree.parse(tmp_path / picture)


def test_an_internal_error_is_one_line_and_where_it_was_is_shown_on_request(call, monkeypatch):
    def fail(*_, **__):
        raise RuntimeError("what nobody foresaw")

    monkeypatch.setattr("deal_solve.cli.main.cli.main", fail)
    assert call("schema") == (1, "", "internal error: RuntimeError: what nobody foresaw\n")
    monkeypatch.setenv("DEAL_SOLVE_TRACEBACK", "1")
    code, _, err = call("schema")
    assert code == 1
    assert err.startswith("Traceback")
    assert "in fail" in err
