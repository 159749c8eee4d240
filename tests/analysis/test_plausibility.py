"""What a file says and hardly means is asked back by `check`, and never refused."""

import pytest

from deal_solve import load, loads, scenarios_of
from deal_solve.analysis.check.findings import implausible_findings
from deal_solve.cli.main import run
from tests.support.paths import EXAMPLES

DEAL = """
start: 2027-01
horizon_months: 36
cost_of_capital_per_year: 8%
workloads:
  bot:
    requests_per_month: {low: 0.8M, high: 1.2M}
    growth_per_year: {low: 10%, high: 200%}
    input_tokens: 4200
    output_tokens: 350
    models: [claude-haiku-4-5, sonnet]
cohorts:
  staff: {headcount: 40, tracks: [team-standard]}
offers:
  quote:
    api:
      bands:
        - {commit_usd_per_year: 100k, discount: 5%}
        - {commit_usd_per_year: 200k, discount: 10%}
    seats: {team-standard: {usd_per_user_month: 22}}
"""
ASKED = {
    "growth above 300 %": ("high: 200%", "high: 320%", "workloads.bot.growth_per_year: grows by 320% a year"),
    "growth without %": (
        "{low: 10%, high: 200%}",
        "{low: 10, high: 90}",
        "workloads.bot.growth_per_year: grows by 9,000% a year; write 90% if that is meant",
    ),
    "a whole number without %": ("{low: 10%, high: 200%}", "2", "grows by 200% a year; write 2% if that is meant"),
    "cost of capital": (
        "year: 8%",
        "year: 8",
        "cost_of_capital_per_year: 800% a year is more than any firm pays; is",
    ),
    "headcount below 1": ("headcount: 40", "headcount: 0.4", "cohorts.staff.headcount: 0.4 people are less than one"),
    "a model of today that any other may replace": (
        "models: [claude-haiku-4-5, sonnet]",
        "today: {model: sonnet}",
        "workloads.bot.quality: runs on sonnet today, and no floor says which of sonnet, opus, haiku, fable is good",
    ),
    "few tokens": ("input_tokens: 4200", "input_tokens: 4.2", "workloads.bot.input_tokens: 4.2 input tokens, fewer"),
    "the context window": (
        "input_tokens: 4200",
        "input_tokens: 300k",
        "300,350 tokens with the answer do not fit the context window of claude-haiku-4-5-20251001",
    ),
    "a seat for a year": ("month: 22", "month: 240", "240 USD a month is 12 times the card's 20"),
    "a seat too cheap": ("month: 22", "month: 3", "3 USD a month is 0.15 times the card's 20"),
    "a seat type that is none": (
        "seats: {team-standard: {usd_per_user_month: 22}}",
        "seats: {team: {usd_per_user_month: 22}}",
        "offers.quote.seats.team: team is no seat of the rate card, so it is taken as one of your own: only "
        "quote sells it, it has no list price, no limits of a plan, and what it includes is nothing: usage is billed "
        "at API rates; did you mean team-standard?",
    ),
    "a misspelt seat type": (
        "seats: {team-standard: {usd_per_user_month: 22}}",
        "seats: {team-premum: {usd_per_user_month: 22}}",
        "did you mean team-premium?",
    ),
    "a narrow band": (
        "{low: 0.8M, high: 1.2M}",
        "{low: 0.95M, high: 1.05M}",
        "workloads.bot.requests_per_month: is known to within ±5.0%",
    ),
    "a discount above 60 %": ("discount: 10%", "discount: 90%", "bands[1].discount: a discount of 90% is more than"),
    "a lower discount above": (
        "discount: 10%",
        "discount: {all: 10%, haiku: 4%}",
        "bands[1].discount: is lower than in the band before it, which asks for less: haiku",
    ),
    "bands of another size": (
        "requests_per_month: {low: 0.8M, high: 1.2M}",
        "requests_per_month: {low: 0.8k, high: 1.2k}",
        "offers.quote.api.bands: run from 100,000 to 200,000 a year, and usage comes to at most",
    ),
    "a band in thousands beside the others": (
        "{commit_usd_per_year: 200k, discount: 10%}",
        "{commit_usd_per_year: 200M, discount: 10%}",
        "offers.quote.api.bands[1]: starts at 200,000,000, 2,000 times the one before it (100,000); are both in",
    ),
    "a tier with zeros too many": (
        "{usd_per_user_month: 22}",
        "{usd_per_user_month: 22, tiers: {kind: all_units, steps: [{seats: 50, discount: 2%}, "
        "{seats: 50000, discount: 4%}]}}",
        "offers.quote.seats.team-standard.tiers.steps[1]: starts at 50,000, 1,000 times the one before it (50)",
    ),
    "a largest count beside a minimum": (
        "{usd_per_user_month: 22}",
        "{usd_per_user_month: 22, true_up: true-forward}}\nrates: {plans: {team: {minimum: 40}}",
        "offers.quote.seats.team-standard.true_up: for a year after leaving for list billed monthly its largest count "
        "is charged, and beside it what users lack to the 40 seats of the plan",
    ),
    "growth that compounds to no mean": (
        "{low: 10%, high: 200%}",
        "{low: -34%, high: 227%}",
        "bot.growth_per_year: -34% to +227% a year, P90 122 times P10 at the end: expected costs hang",
    ),
    "a thousands separator": (
        "input_tokens: 4200",
        "input_tokens: 4.200",
        "workloads.bot.input_tokens: 4.200 is read as 4.2; write 4200 if that is meant",
    ),
    "amounts too large": (
        "requests_per_month: {low: 0.8M, high: 1.2M}",
        "requests_per_month: {low: 800000B, high: 900000B}",
        "above 1e+12 the answer is not to the cent",
    ),
}


def asked(deal):
    return [str(finding) for finding in implausible_findings(deal, scenarios_of(deal))]


@pytest.mark.parametrize("case", ASKED)
def test_what_is_hardly_meant_is_asked_and_not_refused(case):
    before, after, expected = ASKED[case]
    assert before in DEAL
    assert expected in "\n".join(asked(loads(DEAL.replace(before, after, 1))))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("high: 200%", "high: 300%"),
        ("year: 8%", "year: 50%"),
        ("month: 22", "month: 100"),
        ("discount: 10%", "discount: 60%"),
    ],
)
def test_at_the_threshold_nothing_is_asked(before, after):
    assert not asked(loads(DEAL.replace(before, after, 1)))


def test_a_measured_level_may_be_known_well():
    narrow = DEAL.replace("{low: 0.8M, high: 1.2M}", "{low: 0.95M, high: 1.05M}")
    assert len(asked(loads(narrow))) == 1
    assert not asked(loads(f"{narrow}sources: {{workloads.bot: 'measured, requests counted'}}"))
    assert len(asked(loads(f"{narrow}sources: {{workloads.bot: a guess}}"))) == 1


LEFT_OUT = "api.bands[2].discount: is lower than in the band before it, which asks for less: fable, haiku"


def test_a_plain_deal_and_the_examples_are_asked_nothing_but_what_their_offers_leave_out():
    """The third bands of three offers name two families of four; what is not named gets no discount."""
    assert not asked(loads(DEAL))
    offers = {"api-heavy": ["quarterly"], "hybrid": ["product-quote", "one-paper"]}
    expected = {name: [f"offers.{offer}.{LEFT_OUT}" for offer in listed] for name, listed in offers.items()}
    assert {path.stem: found for path in EXAMPLES if (found := asked(load(path)))} == expected


def test_check_prints_the_questions_and_leaves_with_0(tmp_path, capsys):
    path = tmp_path / "deal.yaml"
    path.write_text(DEAL.replace("year: 8%", "year: 8"))
    assert run(["check", str(path)]) == 0
    assert "Is this meant? (1)\n- cost_of_capital_per_year: 800% a year" in capsys.readouterr().out


def test_requests_far_from_the_first_month_of_the_listed_scenarios_are_asked_about():
    """Three times as many are not, more are: which of the two is today's bill?"""
    paths = """
scenarios:
  low: {weight: 1, requests_per_month: {bot: FEW}}
  high: {weight: 1, requests_per_month: {bot: 4M}}
"""
    (found,) = asked(loads(DEAL + paths.replace("FEW", "4M")))
    assert asked(loads(DEAL + "signing: {months: [7]}\n" + paths.replace("FEW", "4M")).signed_first) == [found]
    assert "today's bill has 1,000,000 requests, but the scenarios expect 4,000,000 in the first month" in found
    assert not asked(loads(DEAL + paths.replace("FEW", "2M")))


def test_a_workload_that_starts_before_the_month_of_signing_is_asked_about_too():
    """Its path runs from the start of the whole deal; a band of a thousandth is as narrow there as elsewhere."""
    app = "requests_per_month: {p10: 1000, p50: 1001, p90: 1002}, starts: 2027-03, input_tokens: 1000, output_tokens: 9"
    deal = loads(
        f"start: 2027-01\nhorizon_months: 24\nsigning: {{months: [6]}}\nworkloads: {{app: {{{app}, models: [opus]}}}}\n"
    ).signed_first
    assert [finding.path for finding in implausible_findings(deal, scenarios_of(deal))] == [
        "workloads.app.requests_per_month"
    ]
