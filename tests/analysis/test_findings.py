"""What `check` finds dead, each from a deal that differs from a sound one in the clause named."""

import pytest

from deal_solve.analysis.check.findings import findings
from deal_solve.analysis.check.text import check_report
from deal_solve.deal.load import loads
from deal_solve.uncertainty.expansion import scenarios_of
from deal_solve.uncertainty.sampling import sample
from tests.support.proposals import example

SOUND = """\
start: 2027-01
horizon_months: 24
uncertainty: {list_price_change_per_year: {models: -10%}}
workloads:
  bot:
    requests_per_month: {p10: 500k, p50: 1M, p90: 2M}
    input_tokens: 4000
    output_tokens: 400
    batchable: 50%
    cache: {share: 80%, hit_rate: 70%}
    today: {model: sonnet}
    quality: {floor: 0.8, scores: {sonnet: 0.93, opus: 0.97}}
    projects: {caching: {usd: 10k, ready_month: 2}, rerouting: {usd: 1}}
cohorts:
  people:
    headcount: 100
    tracks: [enterprise, tool]
    requires: [sso]
    use: {requests_per_user_month: 100, input_tokens: 5000, output_tokens: 500, models: [sonnet]}
internal_tools:
  tool: {build_usd: 1000, provides: [sso]}
offers:
  quote:
    terms: [12, 24]
    api:
      bands: [{commit_usd_per_year: 50k, discount: 5%}, {commit_usd_per_year: 100k, discount: 9%}]
      unused: {rollover: 50%}
    seats: {enterprise: {minimum: 50, maximum: 400, reduction_right: 10%, counts_toward_commitment: true}}
    price_protection: locked
    renewal_cap: 5%
"""


def found(*replacements, more=""):
    """Return the findings of the sound deal with pieces replaced."""
    text = SOUND
    for old, new in replacements:
        assert old in text, old
        text = text.replace(old, new)
    deal = loads(text + more)
    return [str(finding) for finding in findings(deal, scenarios_of(deal))]


def test_a_sound_deal_has_no_findings():
    assert found() == []


CASES = {
    "no agreement for a workload": (
        [("    batchable: 50%", "    requires: [zero_retention]")],
        ["workloads.bot.requires: no API agreement provides zero_retention together, so no plan is possible"],
    ),
    "quality closes an option": (
        [("floor: 0.8,", "floor: 0.95,")],
        ["workloads.bot.quality.floor: 0.95 closes sonnet (0.93) in every epoch"],
    ),
    "quality closes a cascade": (
        [
            (
                "    today:",
                "    cascades: [{first: sonnet, then: opus, pass_rate: 90%, quality: 0.1}]\n    today:",
            )
        ],
        ["workloads.bot.quality.floor: 0.8 closes sonnet>opus in every epoch"],
    ),
    "a control closes batch": (
        [
            ("    batchable: 50%", "    batchable: 50%\n    requires: [zero_retention]"),
            ("    api:", "    provides: [zero_retention]\n    api:"),
        ],
        ["workloads.bot.batchable: zero_retention closes batch, so the batchable share does nothing"],
    ),
    "project after the horizon": (
        [("ready_month: 2", "ready_month: 30")],
        ["workloads.bot.projects.caching: is ready in month 30 (2029-07), after the horizon"],
    ),
    "project nothing needs": (
        [("quality: {floor: 0.8, scores: {sonnet: 0.93, opus: 0.97}}", "quality: {scores: {sonnet: 0.93}}")],
        ["workloads.bot.projects.rerouting: no open option needs it, so it would never be bought"],
    ),
    "prefix too short": (
        [("share: 80%", "share: 1%")],
        [
            "workloads.bot.cache.share: the stable prefix has 40 tokens on claude-sonnet-5-5, below its minimum of "
            "512: caching changes nothing there",
            "workloads.bot.cache.share: the stable prefix has 40 tokens on claude-opus-5-5, below its minimum of "
            "512: caching changes nothing there",
        ],
    ),
    "minimum length unpublished": (
        [("scores: {sonnet: 0.93, opus: 0.97}", "scores: {sonnet: 0.93, claude-fable-5-2: 0.97}")],
        [
            "workloads.bot.cache: the minimum cacheable length of claude-fable-5-2 is not published; 1,024 is used",
        ],
    ),
    "track without a control": (
        [("requires: [sso]", "requires: [sso, baa]")],
        [
            "cohorts.people.tracks[1]: tool is closed: no tool on any agreement provides all controls required (baa is "
            "missing at best)"
        ],
    ),
    "no track at all": (
        [("requires: [sso]", "requires: [zero_retention]")],
        [
            "cohorts.people.tracks[0]: enterprise is closed: no offer that sells it provides all controls required "
            "(zero_retention is missing at best)",
            "cohorts.people.tracks[1]: tool is closed: no tool on any agreement provides all controls required "
            "(zero_retention is missing at best)",
            "cohorts.people.tracks: every track is closed, so no plan is possible",
        ],
    ),
    "nobody unserved": (
        [("    requires: [sso]", "    unserved_usd_per_user_month: 5")],
        ["cohorts.people.unserved_usd_per_user_month: nobody can be left unserved: no track none and no hard cap"],
    ),
    "tool nobody uses": (
        [("[enterprise, tool]", "[enterprise]")],
        ["internal_tools.tool: no cohort has it among its tracks"],
    ),
    "term beyond the horizon": (
        [("[12, 24]", "[12, 24, 36]")],
        ["offers.quote.terms.36: is longer than the horizon of 24 months"],
    ),
    "band that gives nothing": (
        [("discount: 9%", "discount: 4%")],
        [
            "offers.quote.api.bands[1]: gives no model a higher discount than the band before it, which asks for less",
        ],
    ),
    "seat type nobody takes": (
        [("{enterprise: {min", "{team-standard: {}, enterprise: {min")],
        ["offers.quote.seats.team-standard: no cohort has this seat type among its tracks"],
    ),
    "maximum below the users": (
        [("maximum: 400", "maximum: 90")],
        [
            "offers.quote.seats.enterprise.maximum: the users of people together exceed 90 in 100% of the scenarios; "
            "more than the maximum cannot be contracted"
        ],
    ),
    "minimum above the users": (
        [("minimum: 50", "minimum: 150")],
        ["offers.quote.seats.enterprise.minimum: 150 seats, more than anyone could use: at most 100 users at a time"],
    ),
    "tier above the maximum": (
        [("maximum: 400", "maximum: 400, tiers: {kind: all_units, steps: [{seats: 500, discount: 5%}]}")],
        ["offers.quote.seats.enterprise.tiers.steps[0]: 500 seats, above the maximum of 400"],
    ),
    "seats that meter nothing": (
        [("minimum: 50", "covered_share: 1, minimum: 50")],
        [
            "offers.quote.seats.enterprise.counts_toward_commitment: these seats include all usage, so nothing "
            "is metered"
        ],
    ),
    "terms of a year": (
        [("[12, 24]", "[12]")],
        [
            "offers.quote.seats.enterprise.reduction_right: every term has one contract year, so there is no "
            "anniversary to use it at",
            "offers.quote.api.unused: every term has one commitment period, and at the end of a term the rest is "
            "forfeited",
        ],
    ),
    "a minimum of the only year": (
        [
            ("[12, 24]", "[12]"),
            ("unused: {rollover: 50%}", "period: term\n      payment: arrears\n      yearly_minimum: 50%"),
            ("reduction_right: 10%, ", ""),
        ],
        ["offers.quote.api.yearly_minimum: every term is one contract year"],
    ),
    "a minimum of nothing": (
        [("unused: {rollover: 50%}", "period: term\n      payment: arrears\n      yearly_minimum: 0%")],
        ["offers.quote.api.yearly_minimum: a minimum of 0 asks for nothing"],
    ),
    "nothing rolls over": (
        [("rollover: 50%", "rollover: 0")],
        ["offers.quote.api.unused: nothing is rolled over, so it is as forfeited"],
    ),
    "no commitment": (
        [
            (
                "[{commit_usd_per_year: 50k, discount: 5%}, {commit_usd_per_year: 100k, discount: 9%}]",
                "[{commit_usd_per_year: 0, discount: 5%}]",
            )
        ],
        ["offers.quote.api.unused: the only band has no commitment, so this never applies"],
    ),
    "cap on unprotected prices": (
        [("price_protection: locked", "price_protection: none")],
        ["offers.quote.renewal_cap: without price protection prices follow list in every month, capped or not"],
    ),
    "cap on a renewal at list": (
        [("price_protection: locked", "price_protection: locked\n    renewal: list")],
        ["offers.quote.renewal_cap: a renewal at list prices is not capped"],
    ),
    "never renewed": (
        [("[12, 24]", "[24]")],
        ["offers.quote.renewal_cap: no term ends inside the horizon, so nothing is renewed"],
    ),
    "prices that never move": (
        [("uncertainty: {list_price_change_per_year: {models: -10%}}\n", "")],
        ["offers.quote.price_protection: list prices never change in these scenarios, so nothing is protected"],
    ),
    "correlation": (
        [("uncertainty: {", "uncertainty: {correlation: {usage: 0.5}, ")],
        ["uncertainty.correlation: is used by sampled scenarios only; here bands of a group move together"],
    ),
    "monthly noise": (
        [
            ("output_tokens: 400", "output_tokens: 400\n    monthly_noise: 10%"),
            ("{requests_per_user", "{monthly_noise: 0.1, requests_per_user"),
        ],
        [
            "workloads.bot.monthly_noise: is used by sampled scenarios only; here every path is smooth",
            "cohorts.people.use.monthly_noise: is used by sampled scenarios only; here every path is smooth",
        ],
    ),
    "events": (
        [
            (
                "uncertainty: {",
                "uncertainty: {events: {a: {probability: 0, workloads: [bot]}, b: {probability: 1, workloads: [bot]}},"
                " ",
            )
        ],
        [
            "uncertainty.events.a: has probability 0",
            "uncertainty.events.b: changes nothing: no delay_months and a factor of 1",
        ],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_what_is_dead_is_found(case):
    replacements, lines = CASES[case]
    assert found(*replacements) == lines


def test_a_band_above_every_branch_is_found_with_the_usage_it_is_held_against():
    (line,) = found(("commit_usd_per_year: 100k", "commit_usd_per_year: 9M"))
    assert line.startswith("offers.quote.api.bands[1]: 9,000,000 a year is above the usage in every branch: at most ")
    assert line.endswith(" a year, at list and routed as today, people on the track that uses most of it")


def test_a_band_that_people_reach_on_another_track_than_the_first_is_not_out_of_reach():
    """On premium seats nothing is API usage; on Enterprise all is: 100 people, 1,000 requests a month, 12 months.

    A request of 5,000 tokens in and 500 out costs 0.015 at 2 and 10 USD per million: 18,000 a year.
    """
    deal = """
start: 2027-01
horizon_months: 12
rates: {card: claude@2026-11-23, seats: {team-premium: {allowance: all}}}
cohorts:
  people:
    headcount: 100
    tracks: [team-premium, enterprise]
    use: {requests_per_user_month: 1000, input_tokens: 5000, output_tokens: 500, models: [sonnet]}
offers:
  quote:
    terms: [12]
    api: {bands: [{commit_usd_per_year: 17k, discount: 5%}, {commit_usd_per_year: 19k, discount: 9%}]}
    seats: {enterprise: {counts_toward_commitment: yes}}
"""
    deal = loads(deal)
    lines = [str(each) for each in findings(deal, scenarios_of(deal)) if "bands" in str(each)]
    assert len(lines) == 1
    assert "bands[1]: 19,000 a year is above the usage" in lines[0]
    assert "at most 18,000 a year" in lines[0]


def test_a_large_set_speaks_of_99_percent():
    """200 listed scenarios, one of which uses far more: the band above the other 199 is found all the same."""
    listed = ", ".join(
        f"s{i}: {{weight: 1, requests_per_month: {{bot: {'90M' if i == 0 else '1M'}}}}}" for i in range(200)
    )
    lines = found(("commit_usd_per_year: 100k", "commit_usd_per_year: 900k"), more=f"scenarios: {{{listed}}}\n")
    assert any("is above the usage in 99 % of the scenarios" in line for line in lines)


def test_sampled_futures_use_what_an_expansion_does_not():
    correlated = SOUND.replace("uncertainty: {", "uncertainty: {correlation: {usage: 0.5}, ")
    deal = loads(correlated.replace("output_tokens: 400", "output_tokens: 400\n    monthly_noise: 10%"))
    scenarios = sample(deal, 64, 7).in_memory()
    text = check_report(deal, scenarios, findings(deal, scenarios))
    assert "It has 64 sampled scenarios (seed 7) of its bands and its events. They are too few for anything" in text
    assert "sampled scenarios only" not in text


def test_the_report_counts_futures_and_findings():
    deal = example()
    scenarios = scenarios_of(deal)
    text = check_report(deal, scenarios, findings(deal, scenarios))
    said = "It has 9 scenarios: the discrete expansion of its bands of usage, adoption. They are too few for anything"
    assert said in " ".join(text.split())
    assert "Unreachable, or never binding (" in text
    assert "- cohorts.makers.tracks[0]: team-premium is closed" in text
