"""The deal file: one dialect, strict, and every problem in one go with its line, path, fault and remedy."""

import itertools
import json
import time

import pytest

from deal_solve.deal.load import load, loads
from deal_solve.errors import InputError
from tests.support.effort import quickly

BASE = """\
schema: deal-solve/1
start: 2027-01
horizon_months: 12
workloads:
  bot:
    requests_per_month: 1M
    input_tokens: 1000
    output_tokens: 100
cohorts:
  staff: {headcount: 10, tracks: [team-standard, none], unserved_usd_per_user_month: 5}
offers:
  quote:
    terms: [12]
    api: {bands: [{commit_usd_per_year: 100, discount: 5%}], overage: list}
"""


def problems(text, name="deal.yaml"):
    """Return the printed problems of a deal that cannot be used."""
    with pytest.raises(InputError) as caught:
        loads(text, name)
    assert caught.value.exit_code == 2
    return [str(problem) for problem in caught.value.problems]


def with_line(old, new):
    assert old in BASE
    return BASE.replace(old, new)


def test_the_base_deal_is_valid():
    deal = loads(BASE)
    assert deal.horizon_months == 12
    assert deal.workloads["bot"].requests_per_month.p50 == 1_000_000
    assert deal.offers["quote"].api.bands[0].discount == {"all": 0.05}


ONE_PROBLEM = {
    "misspelt top key": (BASE + "workload: 3\n", "15: workload: is not a known key; did you mean 'workloads'?"),
    "upper-case key": (BASE + "Start: 3\n", "15: Start: is not a known key; did you mean 'start'?"),
    "key twice": (
        with_line("    input_tokens: 1000", "    input_tokens: 1000\n    input_tokens: 2000"),
        "8: workloads.bot.input_tokens: the key stands twice (first on line 7); remove one of them",
    ),
    "missing key": (
        with_line("    output_tokens: 100\n", ""),
        "5: workloads.bot.output_tokens: is missing: mean output tokens",
    ),
    "neither requests nor spend": (
        with_line("    requests_per_month: 1M\n", ""),
        "5: workloads.bot: requests_per_month is missing; expected it, or spend_usd_per_month and today",
    ),
    "requests and spend": (
        with_line("    output_tokens: 100", "    output_tokens: 100\n    spend_usd_per_month: 9k"),
        "5: workloads.bot: spend_usd_per_month: requests_per_month is given too; expected one of them",
    ),
    "spend on nothing": (
        with_line("requests_per_month: 1M", "spend_usd_per_month: 9k"),
        "5: workloads.bot: spend_usd_per_month: there is no today section that says what the money was spent on",
    ),
    "active now without months": (
        with_line("headcount: 10,", "headcount: 10, active_now: 20%,"),
        "10: cohorts.staff: active_now: expected ramp.months too, the months until the active share is reached",
    ),
    "two starts of a ramp": (
        with_line("headcount: 10,", "headcount: 10, active_now: 20%, ramp: {from_share: 0, months: 6},"),
        "10: cohorts.staff: active_now: ramp.from_share is given too; expected one of them",
    ),
    "crossed quantiles": (
        with_line("1M", "{p10: 3, p50: 2, p90: 4}"),
        "6: workloads.bot.requests_per_month: the quantiles cross: P10 3, P50 2, P90 4; expected P10 <= P50 <= P90",
    ),
    "low above high": (
        with_line("1M", "{low: 4, high: 2}"),
        "6: workloads.bot.requests_per_month: the quantiles cross: P10 4, P50 3, P90 2; expected P10 <= P50 <= P90",
    ),
    "half a band": (
        with_line("1M", "{p10: 3, p50: 2}"),
        "6: workloads.bot.requests_per_month: a band cannot be read from p10, p50; expected p10, p50 and p90, or low "
        "and high, or p50 and plus_minus, or one number",
    ),
    "thresholds out of order": (
        with_line("discount: 5%}", "discount: 5%}, {commit_usd_per_year: 50, discount: 9%}"),
        "14: offers.quote.api: bands: thresholds out of order: 100, 50; expected each above the one before",
    ),
    "infinite": (with_line("1M", ".inf"), "6: workloads.bot.requests_per_month: inf is not a finite number"),
    "not a number": (with_line("1M", ".nan"), "6: workloads.bot.requests_per_month: nan is not a finite number"),
    "overflow": (with_line("1M", "1e999"), "6: workloads.bot.requests_per_month: inf is not a finite number"),
    "too large": (
        with_line("1M", "1e300"),
        "6: workloads.bot.requests_per_month: 1e+300 is too large; expected at most 1e+15",
    ),
    "words for a number": (
        with_line("1M", "many"),
        "6: workloads.bot.requests_per_month: 'many' is not a number; expected one like 1200, 900k, 1.4M or 60%",
    ),
    "yes is a word": (
        with_line("1M", "yes"),
        "6: workloads.bot.requests_per_month: 'yes' is not a number; expected one like 1200, 900k, 1.4M or 60%",
    ),
    "true for a number": (
        with_line("1M", "true"),
        "6: workloads.bot.requests_per_month: expected a number like 1200, 900k, 1.4M or 60%, found true",
    ),
    "negative price": (
        with_line("    api:", "    seats: {team-standard: {usd_per_user_month: -5}}\n    api:"),
        "14: offers.quote.seats.team-standard.usd_per_user_month: -5 is below 0; a price, a size or a count is never "
        "negative",
    ),
    "shares of cache writes": (
        with_line(
            "    input_tokens", "    cache: {share: 50%, hit_rate: 80%, ttl: {5m: 30%, 1h: 60%}}\n    input_tokens"
        ),
        "7: workloads.bot.cache.ttl: the shares of 5m and 1h add up to 0.9; expected 1 (100%)",
    ),
    "discount of all": (
        with_line("5%", "100%"),
        "14: offers.quote.api.bands[0].discount: 1 is not a discount; expected a value from 0 up to, not "
        "including, 1 (100%)",
    ),
    "unknown model": (
        with_line("    input_tokens", "    models: [opsu]\n    input_tokens"),
        "7: workloads.bot.models[0]: there is no model 'opsu'; did you mean 'opus'?",
    ),
    "unknown model of a variant": (
        BASE.replace(
            "    output_tokens: 100\n", "    output_tokens: 100\n    models: [quick]\n    quality: {floor: 0.5}\n"
        )
        + "variants: {quick: {model: opsu}}\n",
        "17: variants.quick.model: there is no model 'opsu'; did you mean 'opus'?",
    ),
    "unknown model in a discount": (
        with_line("5%", "{opsu: 5%}"),
        "14: offers.quote.api.bands[0].discount.opsu: there is no model 'opsu'; did you mean 'opus'?",
    ),
    "unknown control": (
        with_line("    input_tokens", "    requires: [zero_retentoin]\n    input_tokens"),
        "7: workloads.bot.requires[0]: there is no control 'zero_retentoin'; did you mean 'zero_retention'?",
    ),
    "track no offer provides": (
        with_line("[team-standard,", "[spaceship,"),
        "10: cohorts.staff.tracks[0]: no offer and no tool provides this track: there is no track 'spaceship'; "
        "expected enterprise, team-standard, team-premium, none",
    ),
    "misspelt track": (
        with_line("[team-standard,", "[team-standrad,"),
        "10: cohorts.staff.tracks[0]: no offer and no tool provides this track: there is no track 'team-standrad'; "
        "did you mean 'team-standard'?",
    ),
    "none without a price": (
        with_line(", unserved_usd_per_user_month: 5", ""),
        "10: cohorts.staff.tracks[1]: none needs unserved_usd_per_user_month: what does a user who is not served cost?",
    ),
    "metered without use": (
        with_line("[team-standard,", "[enterprise,"),
        "10: cohorts.staff.tracks[0]: list covers 0% of the usage and meters the rest, so the cohort needs a use "
        "section: use: {requests_per_user_month: 200, input_tokens: 3000, output_tokens: 500, models: [sonnet]}",
    ),
    "misspelt clause value": (
        with_line("overage: list", "overage: lsit"),
        "14: offers.quote.api.overage: 'lsit' is not possible; expected 'contracted' or 'list', or a map with premium",
    ),
    "map in place of a word": (
        with_line("overage: list", "overage: {premium: -1}"),
        "14: offers.quote.api.overage.premium: -1 is a fall of 100% or more; expected a value above -100%",
    ),
    "month": (with_line("2027-01", "2027-13"), "2: start: '2027-13' is not a month; expected one like 2027-01"),
    "horizon": (
        with_line("horizon_months: 12", "horizon_months: 13"),
        "3: horizon_months: 13 is not possible; expected 12, 24, 36, 48 or 60",
    ),
    "term": (
        with_line("[12]", "[18]"),
        "13: offers.quote.terms: 18 is not a term; expected 12, 24, 36, 48 or 60 months",
    ),
    "term beyond the horizon": (
        with_line("[12]", "[24]"),
        "13: offers.quote.terms: no term ends within the horizon of 12 months",
    ),
    "id": (
        with_line("  bot:", "  Bot_1:"),
        "5: workloads.Bot_1: 'Bot_1' is not an id; expected up to 40 of a-z, 0-9 and - (so that paths stay plain)",
    ),
    "schema": (
        with_line("deal-solve/1", "deal-solve/9"),
        "1: schema: 'deal-solve/9' is not known here; expected deal-solve/1",
    ),
    "card": (BASE + "rates: claud\n", "15: rates: there is no rate card 'claud'; the package has claude"),
    "card before its time": (
        BASE + "rates: claude@2020-01-01\n",
        "15: rates: the rate card 'claude' begins on 2024-02-29; nothing was in force on 2020-01-01",
    ),
    "card on no day": (
        BASE + "rates: claude@2026-13-01\n",
        "15: rates: '2026-13-01' is not a date; expected one like claude@2026-11-23",
    ),
    "new model without prices": (
        BASE + "rates: {models: {claude-opus-9: {family: opus}}}\n",
        "15: rates.models.claude-opus-9: is not on the card, so it needs input_usd_per_mtok, output_usd_per_mtok",
    ),
    "new seat without a price": (
        BASE + "rates: {seats: {mine: {covered_share: 1}}}\n",
        "15: rates.seats.mine: is not on the card, so it needs usd_per_user_month",
    ),
    "risk": (
        BASE + "risk: reckless\n",
        "15: risk: 'reckless' is not a risk; expected neutral, balanced or cautious, or a map with weight, confidence, "
        "on, criterion",
    ),
    "path of the wrong length": (
        BASE + "scenarios: {a: {weight: 1, requests_per_month: {bot: [1, 2]}}}\n",
        "15: scenarios.a.requests_per_month.bot: has 2 values; expected 1, 1 (contract years) or 12 (months)",
    ),
    "extends nothing": (
        BASE + "  counter: {extends: qoute}\n",
        "15: offers.counter.extends: there is no offer 'qoute'; did you mean 'quote'?",
    ),
    "extends a list": (
        BASE + "  counter: {extends: [quote]}\n",
        "15: offers.counter.extends: expected the id of another offer, found ['quote']",
    ),
    "YAML tag": (
        with_line("1M", '!!python/object/apply:os.system ["ls"]'),
        "6: has the YAML tag 'tag:yaml.org,2002:python/object/apply:os.system'; tags are not read, write the plain "
        "value",
    ),
    "second document": (BASE + "---\nstart: 2027-02\n", "15: is not valid YAML: but found another document"),
    "key that is a map": (BASE + "? {a: b}\n: x\n", "15: a key must be plain text"),
    "tab": (
        "start: 2027-01\nworkloads:\n\tbot: 3\n",
        "3: is not valid YAML: found character that cannot start any token (is there a tab? YAML is indented with "
        "spaces)",
    ),
    "colon in a text": (
        "title: Bot: first\n",
        "1: is not valid YAML: mapping values are not allowed in this context (a text with ': ' in it stands in "
        "quotes)",
    ),
    "key out of line": (
        "offers:\n  quote: {}\n list: {}\n",
        "3: is not valid YAML: did not find expected key (is the line indented as its neighbours are?)",
    ),
    "flow map that never ends": ("a: [1,\n b: {", "3: is not valid YAML: did not find expected node content"),
    "list": ("[1, 2]", "1: is not a deal; expected a map with start, workloads, cohorts …"),
    "word": ("hello", "1: is not a deal; expected a map with start, workloads, cohorts …"),
}


@pytest.mark.parametrize("case", ONE_PROBLEM)
def test_one_problem_is_one_line(case):
    text, expected = ONE_PROBLEM[case]
    assert problems(text) == [f"deal.yaml:{expected}"]


@pytest.mark.parametrize("text", ["", "# only a comment\n", "\n\n"])
def test_an_empty_file_says_what_to_do(text):
    assert problems(text) == ["deal.yaml: is empty; `deal-solve init` writes a starter"]


def test_all_problems_come_in_one_go_in_file_order():
    """Misspelt keys, numbers and names are found together, also names that refer to something."""
    text = (
        BASE.replace("horizon_months: 12", "horizon_months: 13")
        .replace("input_tokens: 1000", "input_token: 1000")
        .replace("[team-standard,", "[team-standrad,")
        .replace("discount: 5%", "discount: -5%")
    )
    assert problems(text + "titel: x\n") == [
        "deal.yaml:3: horizon_months: 13 is not possible; expected 12, 24, 36, 48 or 60",
        "deal.yaml:7: workloads.bot.input_token: is not a known key; did you mean 'input_tokens'?",
        "deal.yaml:10: cohorts.staff.tracks[0]: no offer and no tool provides this track: there is no track "
        "'team-standrad'; did you mean 'team-standard'?",
        "deal.yaml:14: offers.quote.api.bands[0].discount: -0.05 is not a discount; expected a value from 0 up to, "
        "not including, 1 (100%)",
        "deal.yaml:15: titel: is not a known key; did you mean 'title'?",
    ]


def test_every_duplicate_key_and_tag_is_reported():
    text = with_line("1M", "!money 3") + "start: 2027-02\ntitle: a\ntitle: b\n"
    assert [line.split(":")[1] for line in problems(text)] == ["6", "15", "17"]


# --- hostile files ------------------------------------------------------------------------------------------------


def at_once(text):
    """Return the problems, which are soon found."""
    return quickly(lambda: problems(text))


def test_an_alias_bomb_is_refused():
    """Nine levels of ten aliases would expand to 10^9 values from nine lines."""
    names = "abcdefghi"
    lines = ["a: &a [x,x,x,x,x,x,x,x,x,x]"]
    lines += [f"{new}: &{new} [{','.join(['*' + old] * 10)}]" for old, new in itertools.pairwise(names)]
    (found,) = at_once("\n".join(lines))
    assert "expands to more than 200,000 values; write it without aliases" in found


def test_an_alias_of_itself_is_refused():
    assert at_once("a: &a [*a]\n") == ["deal.yaml:1: a: refers to itself; write it without aliases"]


@pytest.mark.parametrize("text", ["[" * 100_000, "[" * 50_000 + "]" * 50_000, "a: " + "{a: " * 60 + "1" + "}" * 60])
def test_deep_nesting_is_refused(text):
    assert at_once(text) == ["deal.yaml: cannot be read: nested deeper than 40 levels (line 1)"]


def test_very_many_values_are_refused():
    assert "more than 200,000 values" in at_once("[" + "1," * 300_000 + "1]")[0]


def test_a_huge_file_is_refused_unread(tmp_path):
    """100 MB of a sparse file: only its first 5 MB are looked at."""
    path = tmp_path / "deal.yaml"
    with path.open("wb") as stream:
        stream.truncate(100_000_000)
    start = time.monotonic()
    with pytest.raises(InputError, match="is larger than 5 MB; a deal file has a few kilobytes"):
        load(path)
    assert time.monotonic() - start < 5


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"\x89PNG\r\n\x1a\n\xff\xfe", "is not UTF-8 text (byte 0); save it as UTF-8"),
        (b"\x00\x01\x02", "control characters are not allowed"),
        (b"\xff\xfes\x00t\x00", "is not UTF-8 text (byte 0)"),
    ],
)
def test_a_binary_file_is_refused(tmp_path, raw, message):
    path = tmp_path / "deal.yaml"
    path.write_bytes(raw)
    with pytest.raises(InputError) as caught:
        load(path)
    assert message in str(caught.value)
    assert str(caught.value).startswith(str(path))


def test_a_missing_file_and_a_folder_are_named(tmp_path):
    with pytest.raises(InputError, match=r"none\.yaml: there is no such file"):
        load(tmp_path / "none.yaml")
    with pytest.raises(InputError, match="is a folder; expected a file"):
        load(tmp_path)


# --- what may be written ------------------------------------------------------------------------------------------


def test_json_is_read_by_the_same_code_with_lines():
    data = {
        "start": "2027-01",
        "workloads": {"bot": {"requests_per_month": "1M", "input_tokens": 1, "output_tokens": 1}},
    }
    assert loads(json.dumps(data, indent=2)).workloads["bot"].requests_per_month.p50 == 1e6
    data["workloads"]["bot"]["output_token"] = data["workloads"]["bot"].pop("output_tokens")
    assert problems(json.dumps(data, indent=2)) == [
        "deal.yaml:7: workloads.bot.output_token: is not a known key; did you mean 'output_tokens'?",
    ]


def test_a_byte_order_mark_is_no_matter(tmp_path):
    path = tmp_path / "deal.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + BASE.encode())
    assert load(path).horizon_months == 12


@pytest.mark.parametrize(
    ("written", "band"),
    [
        ("1200", (1200, 1200, 1200)),
        ("900k", (900_000, 900_000, 900_000)),
        ("'1.4M'", (1_400_000, 1_400_000, 1_400_000)),
        ("1_000", (1000, 1000, 1000)),
        ("1e6", (1_000_000, 1_000_000, 1_000_000)),
        ("2B", (2e9, 2e9, 2e9)),
        ("{p10: 1k, p50: 2k, p90: 4k}", (1000, 2000, 4000)),
        ("{low: 1k, high: 4k}", (1000, 2500, 4000)),
        ("2M ± 25%", (1_500_000, 2_000_000, 2_500_000)),
        ("2M +/- 500k", (1_500_000, 2_000_000, 2_500_000)),
        ("{p50: 100, plus_minus: 10%}", (90, 100, 110)),
    ],
)
def test_ways_to_write_a_band(written, band):
    deal = loads(with_line("1M", written))
    assert deal.workloads["bot"].requests_per_month.quantiles == pytest.approx(band)


def test_a_share_in_percent_is_the_fraction():
    deal = loads(with_line("    input_tokens", "    batchable: 7%\n    input_tokens"))
    assert deal.workloads["bot"].batchable == 0.07


# --- extends ------------------------------------------------------------------------------------------------------

PARENT = """\
  parent:
    terms: {12: {}, 36: {api: 4%}}
    provides: [sso, scim]
    api:
      bands: [{commit_usd_per_year: 100, discount: 5%}, {commit_usd_per_year: 200, discount: 8%}]
      unused: {rollover: 50%, cap: 25%}
      ramp: [0.5, 1, 1.5]
    price_protection: locked
    renewal_cap: 5%
"""


def child(text):
    return loads(with_line("horizon_months: 12", "horizon_months: 36") + PARENT + "  child:\n" + text).offers


def test_extends_merges_maps():
    offers = child("    extends: parent\n    api: {unused: {cap: 10%}, overage: contracted}\n    title: Child\n")
    assert offers["child"].api.unused.rollover == 0.5
    assert offers["child"].api.unused.cap == 0.1
    assert offers["child"].api.bands == offers["parent"].api.bands
    assert offers["child"].renewal_cap == 0.05
    assert offers["parent"].api.overage == "list"


def test_extends_replaces_lists():
    offers = child(
        "    extends: parent\n    api: {bands: [{commit_usd_per_year: 0, discount: 1%}]}\n    provides: [sso]\n"
    )
    assert [band.commit_usd_per_year for band in offers["child"].api.bands] == [0]
    assert offers["child"].provides == ("sso",)


def test_extends_removes_what_is_null():
    offers = child("    extends: parent\n    api: {ramp: null, unused: null}\n    renewal_cap: null\n")
    assert offers["child"].api.ramp is None
    assert offers["child"].api.unused == "forfeited"
    assert offers["child"].renewal_cap is None


def test_extends_goes_on_from_child_to_grandchild_in_any_order():
    offers = child("    extends: middle\n    title: last\n  middle:\n    extends: parent\n    price_protection: none\n")
    assert offers["child"].price_protection == "none"
    assert offers["child"].api == offers["parent"].api


def test_a_circle_of_extends_is_named():
    found = problems(BASE + "  c: {extends: d}\n  d: {extends: c}\n")
    assert found == ["deal.yaml:16: offers.d.extends: goes in a circle: c → d → c"]


def test_a_problem_in_an_extended_offer_stands_where_it_was_written():
    found = problems(BASE + "  c:\n    extends: quote\n    api: {overage: lsit}\n")
    (problem,) = found
    assert problem.startswith("deal.yaml:17: offers.c.api.overage: 'lsit' is not possible; expected 'contracted' or ")


# --- overrides ----------------------------------------------------------------------------------------------------


def test_rates_may_stand_in_a_file_of_their_own(tmp_path):
    (tmp_path / "rates.yaml").write_text(
        "card: claude@2026-11-23\nmodels: {claude-opus-5-5: {input_usd_per_mtok: 3}}\n"
    )
    (tmp_path / "deal.yaml").write_text(BASE + "rates: rates.yaml\n")
    assert load(tmp_path / "deal.yaml").card.rates("claude-opus-5-5").input_usd_per_mtok == 3


def test_an_override_changes_one_number_and_keeps_the_rest():
    deal = loads(BASE + "rates: {models: {claude-opus-5-5: {output_usd_per_mtok: 15}}}\n")
    plain = loads(BASE)
    assert deal.card.rates("claude-opus-5-5").output_usd_per_mtok == 15
    kept = plain.card.rates("claude-opus-5-5")
    assert deal.card.rates("claude-opus-5-5").cache_read_multiplier == kept.cache_read_multiplier


def test_nothing_in_a_deal_can_be_changed():
    deal = loads(BASE)
    with pytest.raises(ValueError, match="frozen"):
        deal.horizon_months = 24
