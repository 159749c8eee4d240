"""What is wrong with a file is said in the words of the file, never in those of a validator, a language or a system."""

import copy
import re

import pytest

from deal_solve.deal.edit import leaves
from deal_solve.deal.load import deal_from, load, loads
from deal_solve.deal.yaml_source import Source, parse, read_text
from deal_solve.errors import InputError
from tests.support.effort import quickly
from tests.support.paths import ROOT

EVERY_FIELD = ROOT / "tests" / "laws" / "every-field.yaml"
A_VALIDATORS_WORDS = re.compile(
    r"input should|valid (tuple|list|integer|number|string|dict|bool)|tuple|unable to|pydantic|dict\b|boolean|\bNone\b|"
    r"str(ing)?\b should|datetime|instance|Errno|a map(?! (with|of)\b)|an object"
)
WRONG = (3, -7, 1.5, "x y", [], [1], {}, {"a": 1}, None, True, [[]], 2027, 1e300)
HEAD = "start: 2027-01\nworkloads:\n  bot: {requests_per_month: 1k, input_tokens: 100, output_tokens: 10}\n"
SAID = {
    "a list": (
        "limits: 3",
        "limits: expected a list, each entry a map with at_most, measure, probability_within, of, ",
    ),
    "names": ("requires_on_both_lines: sso", "requires_on_both_lines: expected a list of names, like [a, b], found 's"),
    "a map": (
        "risk: 3",
        "risk: expected neutral, balanced or cautious, or a map with weight, confidence, on, criterion",
    ),
    "a map of maps": ("cohorts: 3", "cohorts: expected a map of names, each with headcount, tracks, title, "),
    "yes or no": ("offers: {q: {exclusive: maybe, seats: {enterprise: {}}}}", "expected yes or no, found 'maybe'"),
    "a date": ("rates: {models: {x: {released: 2027}}}", "expected a date like 2026-11-23, found 2027"),
    "a whole number": (
        "rates: {plans: {x: {seats: [enterprise], minimum: 1.5}}}",
        "expected a whole number, found 1.5",
    ),
    "a limit": ("uncertainty: {correlation: {usage: 2}}", "2 is not possible; expected at most 1"),
    "a word or a map": (
        "offers: {q: {renewal: x, seats: {enterprise: {}}}}",
        "offers.q.renewal: 'x' is not possible; expected 'same' or 'list', or a map with uplift",
    ),
    "a number that stands for a map": (
        "offers: {q: {api: {bands: [{commit_usd_per_year: 1k, discount: 8}]}}}",
        "offers.q.api.bands[0].discount: 8 is not a discount; expected a value from 0 up to, not including, 1 (100%); "
        "is 8% meant?",
    ),
    "a date where months are counted": (
        "offers: {q: {terms: {12: {}}, seats: {enterprise: {}}}}\ncohorts: {c: {headcount: 9, tracks: [enterprise], "
        "ramp: {from_share: 10%, months: 2027-06}}}",
        "cohorts.c.ramp.months: '2027-06' is a date; expected a number of months, counted from the start: 5 for 2027-0",
    ),
    "a card": (
        "rates: {card: X9}",
        "rates.card: 'X9' is not a rate card; expected one like claude or claude@2026-11-23",
    ),
    "a long title": (f"title: {'x' * 300}", "title: has 300 characters; expected at most 200"),
}


def said(text):
    with pytest.raises(InputError) as caught:
        loads(text, "deal.yaml")
    return [str(problem) for problem in caught.value.problems]


@pytest.mark.parametrize("case", SAID)
def test_each_kind_of_mistake_is_said_in_the_words_of_the_file(case):
    text, expected = SAID[case]
    (problem,) = said(HEAD + text)
    assert expected in problem


def test_no_wrong_value_anywhere_is_answered_in_a_validators_words():
    """Every value and every map of a file that states every field, replaced by one of each kind of wrong value."""
    source = parse(read_text(EVERY_FIELD), "deal.yaml")
    places = {loc[:length] for loc, _ in leaves(source.data, ()) for length in range(1, len(loc) + 1)}
    heard = set()
    for index, loc in enumerate(sorted(places, key=str)):
        data = copy.deepcopy(source.data)
        node = data
        for part in loc[:-1]:
            node = node[part]
        node[loc[-1]] = WRONG[index % len(WRONG)]
        try:
            deal_from(Source("deal.yaml", data))
        except InputError as error:
            heard |= {str(problem) for problem in error.problems}
    assert len(heard) > 100
    assert not [text for text in heard if A_VALIDATORS_WORDS.search(text)]


@pytest.mark.parametrize(
    ("written", "right"),
    [
        ("'4,200'", "4200"),
        ("1.500.000", "1500000"),
        ("1'000'000", "1000000"),
        ("12 000", "12000"),
        ("'-1,250.5k'", "-1250.5k"),
    ],
)
def test_thousands_separators_say_how_the_number_is_written(written, right):
    (problem,) = said(HEAD.replace("1k", written))
    assert problem.endswith(f"is not a number; write it without thousands separators: {right}")


@pytest.mark.parametrize(("written", "right"), [("$20", "20"), ("100k €", "100k"), ("£ 1.5M", "1.5M")])
def test_an_amount_with_the_sign_of_a_currency_says_how_it_is_written(written, right):
    (problem,) = said(HEAD.replace("1k", written))
    assert problem.endswith(f"is not a number; write it without the sign of a currency: {right}")


def test_a_misspelt_key_that_is_needed_is_one_problem():
    assert said(HEAD.replace("input_tokens", "input_token")) == [
        "deal.yaml:3: workloads.bot.input_token: is not a known key; did you mean 'input_tokens'?"
    ]


def test_a_value_left_out_of_a_list_is_not_a_problem_of_its_length():
    """What is checked of the rest of a file, its wrong parts taken out, is no news about these parts."""
    found = said(HEAD + "scenarios: {s: {weight: 1, requests_per_month: {bot: [1, x]}}}\n")
    assert [text.split(": ")[1] for text in found] == ["scenarios.s.requests_per_month.bot[1]"]


def test_four_hundred_unknown_keys_are_refused_at_once():
    """The keys that a map may have are worked out once, not once for each problem (28 s before)."""
    keys = "".join(f"        s{index}: {{weight: 1}}\n" for index in range(400))
    text = HEAD + "offers:\n  q:\n    seats:\n      enterprise:\n" + keys
    assert len(quickly(lambda: said(text))) == 400


def test_a_file_that_is_not_there_is_said_once(tmp_path):
    with pytest.raises(InputError) as caught:
        load(tmp_path / "none.yaml")
    assert str(caught.value) == f"{tmp_path / 'none.yaml'}: there is no such file"


STARTER = (ROOT / "solver" / "deal_solve" / "cli" / "starter.yaml").read_text(encoding="utf-8")
ONE_SENTENCE = {
    "a share without %": ("hit_rate: 75%", "hit_rate: 75", "cache.hit_rate: 75 is not a share; .* is 75% meant"),
    "a month the other way round": ("start: 2027-01", "start: 01/2027", "start: '01/2027' is not a month"),
    "a use without models": (", models: [sonnet, opus]}", "}", "cohorts.engineering.use.models: is missing"),
    "a misspelt key": ("unserved_usd_per", "unserved_usd_pr", "did you mean 'unserved_usd_per_user_month'"),
    "a key cut short": (
        "growth_per_year: {p10: 5%, p50: 30%, p90: 80%}",
        "growth: 30%",
        "did you mean 'growth_per_year'",
    ),
    "thousands with commas": (
        "p10: 4M",
        "p10: 4,000,000",
        "p10: is cut at a comma inside a number; write 4000000 or 4M",
    ),
    "one thousand with a comma": ("p10: 4M", "p10: 4,000", "p10: is cut at a comma inside a number"),
    "what an offer inherits": ("discount: 5%}", "discount: 500%}", "offers.quote.api.bands.0..*5 is not a discount"),
    "an unknown base": ("extends: quote", "extends: qoute", "offers.counter.extends: .*did you mean 'quote'"),
    "a misspelt score": (
        "0.97, sonnet:",
        "0.97, sonet:",
        "scores.sonet: there is no model 'sonet'; did you mean 'sonnet'",
    ),
    "a month that has passed": (
        "starts: 2027-07",
        "starts: 2026-07",
        "2026-07 is outside .*leave it out if it runs already",
    ),
    "a share above all": ("{share: 80%, hit", "{share: 180%, hit", "cache.share: 1.8 is not a share"),
    "a sign of dollars": (
        "usd_per_user_month: 20,",
        "usd_per_user_month: $20,",
        "offers.quote.*: '.20' is not a number",
    ),
}


@pytest.mark.parametrize("name", ONE_SENTENCE)
def test_one_mistake_in_the_starter_is_one_sentence(name):
    before, after, said = ONE_SENTENCE[name]
    assert before in STARTER
    with pytest.raises(InputError) as caught:
        loads(STARTER.replace(before, after, 1))
    assert len(caught.value.problems) == 1, str(caught.value)
    assert re.search(said, str(caught.value))


def test_two_mistakes_in_one_workload_are_two_sentences():
    """A malformed number does not hide a model that is not known."""
    text = STARTER.replace("hit_rate: 75%", "hit_rate: 75", 1).replace(
        "{model: sonnet, cached", "{model: sonett, cached", 1
    )
    with pytest.raises(InputError) as caught:
        loads(text)
    assert [problem.path for problem in caught.value.problems] == [
        "workloads.support-bot.cache.hit_rate",
        "workloads.support-bot.today.model",
    ]


MANY = {
    "horizon_months: 24": ("horizon_months: 18.5", "horizon_months"),
    "cost_of_capital_per_year: 8%": ("cost_of_capital_per_year: eight", "cost_of_capital_per_year"),
    "rates: claude@2026-11-23": ("rates: claude@2026-13-23", "rates"),
    "{p10: 5%, p50: 30%, p90: 80%}": ("{p10: 80%, p50: 30%, p90: 5%}", "workloads.support-bot.growth_per_year"),
    "output_tokens: 500": ("output_tokens: 5,00", "workloads.support-bot.output_tokens"),
    "ttl: 5m": ("ttl: 5min", "workloads.support-bot.cache.ttl"),
    "today: {model: sonnet,": ("today: {model: sonet,", "workloads.support-bot.today.model"),
    "floor: 0.85": ("floor: 85", "workloads.support-bot.quality.floor"),
    "batchable: 100%": ("batchable: 100", "workloads.nightly-reports.batchable"),
    "[enterprise, internal-tool]": ("[enterprise, internal-tol]", "cohorts.engineering.tracks[1]"),
    "requires: [sso]": ("requires: [ssso]", "cohorts.engineering.requires[0]"),
    "discount: 5%}": ("discount: 8}", "offers.quote.api.bands[0].discount"),
    "annual-true-up": ("anual-true-up", "offers.quote.seats.enterprise.true_up"),
    "price_protection: none": ("price_protection: non", "offers.quote.price_protection"),
    "extends: quote": ("extends: qoute", "offers.counter.extends"),
    "of: contract year 1": ("of: contract year 7", "limits[0]"),
}


def test_mistakes_that_have_nothing_to_do_with_each_other_are_said_in_one_go():
    """Neither a malformed value nor a rate card that is not known hides a name that is not known, or another value."""
    text = STARTER
    for before, (after, _) in MANY.items():
        assert before in text
        text = text.replace(before, after, 1)
    with pytest.raises(InputError) as caught:
        loads(text)
    assert [problem.path for problem in caught.value.problems] == [path for _, path in MANY.values()]
