"""What the levers are worth: every step by hand, the order, the sums, and what has nothing to pull."""

import re

import pytest

from deal_solve import scenarios_of, solve
from deal_solve.analysis.curve.curve import curve
from deal_solve.analysis.levers.deals import at_list, on_standard_offers
from deal_solve.analysis.levers.result import Step, Waterfall
from deal_solve.analysis.levers.text import waterfall_report, waterfall_sentence
from deal_solve.analysis.levers.waterfall import api_cut, waterfall
from deal_solve.analysis.solve.comparisons import comparisons
from deal_solve.frames import Table
from deal_solve.report.basics import About
from tests.support.builders import RATES, deal_of, only
from tests.support.hand_deals import YEAR, newsvendor
from tests.support.paths import EXAMPLES, ROOT
from tests.support.samples import in_every_run
from tests.support.solved import levers_of_many_clauses, solved

SHRINKS = "optimising first shrinks the commitment to sign from 9 to 3 USD a year on average."
NAMES = in_every_run((path.stem for path in EXAMPLES), slow={"api-heavy", "hybrid", "regulated", "start-up"})
LEVERS = ["routing", "caching", "batch", "seat sizing", "commitment", "bundle", "clauses"]


def costs(usd, family="opus"):
    """Return rates at which a request of one token costs this many dollars."""
    rates = {"input_usd_per_mtok": usd * 1_000_000, "output_usd_per_mtok": 0}
    return {f"claude-{family}-5-5": {**rates, "cache_read_multiplier": 0.1, "min_cacheable_tokens": 0.5}}


MODELS = {**costs(2), **costs(1, "sonnet"), **costs(1.5, "haiku")}
ONE_TOKEN = {"requests_per_month": 1000, "input_tokens": 1, "output_tokens": 0}
APP = {
    **ONE_TOKEN,
    "cache": {"share": 0.5, "hit_rate": 1},
    "batchable": 0.5,
    "today": {"model": "haiku"},
    "quality": {"floor": 0.9, "scores": {"opus": 0.97, "sonnet": 0.93, "haiku": 0.8}},
    "projects": {"rerouting": {"usd": 300}, "caching": {"usd": 400}, "batch": {"usd": 50}},
}
STAFF = {"headcount": 100, "active_share": 0.6, "tracks": ["seat"]}
QUOTE = {
    "api": {"bands": [{"commit_usd_per_year": 4000, "discount": 0.1}]},
    "seats": {"seat": {"initial_order": "free"}},
    "bundle": [{"combined_usd_per_year": 15_000, "seats": 0.05, "api": 0.05}],
    "price_protection": "locked",
}
DEAL = {
    "workloads": {"app": APP},
    "cohorts": {"staff": STAFF},
    "offers": {"quote": QUOTE},
    "scenarios": only(list_price_index={name: [1] * 6 + [1.2] * 6 for name in ("opus", "sonnet", "haiku")}),
}


def made(horizon=12, **changes):
    """Return the deal by hand, with sections changed."""
    return deal_of(horizon, rates={**RATES, "models": MODELS}, **{**DEAL, **changes})


def steps_of(deal, **options):
    return waterfall(deal, scenarios_of(deal), **options)


def usd(table):
    return [round(step.expected_usd, 2) for step in table]


def both_ways(steps):
    about = About(made(), scenarios_of(made()))
    return Waterfall(from_all_opus=steps, from_today=steps, api_cut=api_cut(steps), about=about)


def test_every_step_by_hand():
    """12 000 requests at 2 (Opus), 1 (Sonnet), 1.5 (Haiku, below the floor, but what runs today); list is 1.1 in the
    mean of the year. A cached request costs 0.5 + 0.5 · 0.1 = 0.55 of one that is not; half of them may wait: 0.75.

    all Opus     24 000 · 1.1 = 26 400, and 100 seats · 20 · 12 = 24 000
    today        18 000 · 1.1 = 19 800, and the seats
    routing      12 000 · 1.1 = 13 200, rerouting 300, the seats
    caching       6 600 · 1.1 =  7 260, projects 700, the seats
    batch         4 950 · 1.1 =  5 445, projects 750, the seats
    seat sizing  60 seats = 14 400
    commitment   10 %: 5 445 · 0.9 = 4 900.50
    bundle       5 % more on both: 4 655.475 and 13 680
    clauses      locked, the rise of list is gone: 4 655.475 / 1.1 = 4 232.25

    With overage at list one commits what one uses; for all Opus that would be 24 000 · 0.9 · 0.95 = 20 520, locked.
    """
    found = steps_of(made())
    end = [30_195.00, 20_595.00, 20_050.50, 19_085.48, 18_662.25]
    assert usd(found.from_all_opus) == pytest.approx([50_400, 37_500, 31_960, *end], abs=0.011)
    assert usd(found.from_today) == pytest.approx([43_800, 37_500, 31_960, *end], abs=0.011)
    bills = [26_400, 13_200, 7_260, 5_445, 5_445, 4_900.5, 4_655.475, 4_232.25]
    assert [step.api_usd for step in found.from_all_opus] == pytest.approx(bills)
    signed = [20_520, 10_260, 5_643, 4_232.25, 4_232.25, 4_900.5, 4_655.475, 4_232.25]
    assert [step.commitment_usd_per_year for step in found.from_all_opus] == pytest.approx(signed, abs=0.01)
    assert found.from_today[0].commitment_usd_per_year == pytest.approx(18_000 * 0.9 * 0.95, abs=0.01)
    assert found.from_all_opus[5].share == pytest.approx(20_050.5 / 50_400)
    assert found.api_cut == pytest.approx(1 - 5_445 / 26_400)
    assert [step.lever for step in found.from_today] == ["today's models", *LEVERS]


def test_tokens_counted_as_run_stay_so_on_every_other_model():
    """Today's Haiku counts by the tokenizer of the deal: the steps are those of `test_every_step_by_hand`."""
    counted = made(workloads={"app": APP | {"tokens_counted_in": "as_run"}})
    assert usd(steps_of(counted).from_all_opus) == usd(steps_of(made()).from_all_opus)


def test_the_table_by_hand():
    """As above; the printed changes are differences of printed costs: 20 050.50 - 19 085.48 = 965.02, not 965.025."""
    deal = made()
    golden = ROOT / "tests" / "analysis" / "golden" / "waterfall.txt"
    assert f"{waterfall_report(deal, steps_of(deal))}\n" == golden.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", NAMES)
def test_examples_add_up_and_end_at_the_plan(name):
    """Changes add up within a cent, the last step is the plan to sign, and the page on levers says what comes out."""
    best = solved(name)
    deal, scenarios = best.settlement.deal, best.settlement.scenarios
    found = waterfall(deal, scenarios, best)
    for steps, baseline in ((found.from_all_opus, "all Opus"), (found.from_today, "today's models")):
        assert [step.lever for step in steps] == [baseline, *LEVERS]
        total = steps[-1].expected_usd - steps[0].expected_usd
        assert sum(step.change_usd for step in steps) == pytest.approx(total, abs=0.01)
        assert steps[-1].expected_usd == pytest.approx(scenarios.mean(best.settlement.cost), abs=0.01)
        free = [step.expected_usd for step in steps][1:5]
        assert free == sorted(free, reverse=True)  # at list, more levers never cost more
    page = (ROOT / "docs" / "explanation" / "levers.md").read_text(encoding="utf-8")
    if not found.from_all_opus[0].api_usd:  # people on seats that include usage: there is no API bill to cut
        assert f"| {name} |" not in page
        return
    assert row(name, found.from_all_opus) in page, row(name, found.from_all_opus)


def row(name, steps):
    """Return the row of an example of the page on levers: thousands of dollars, and shares of the all-Opus API bill."""
    by_lever = {step.lever: step for step in steps}
    opus, batch = by_lever["all Opus"], by_lever["batch"]
    bills = " | ".join(f"{by_lever[lever].api_usd / 1000:,.0f}" for lever in ("all Opus", *LEVERS[:3]))
    cut = 1 - batch.api_usd / opus.api_usd
    net = (opus.expected_usd - batch.expected_usd) / opus.api_usd
    signed = [f"{by_lever[lever].commitment_usd_per_year / 1000:,.0f}" for lever in ("all Opus", "clauses")]
    return f"| {name} | {bills} | {cut:.0%} | {net:.0%} | {signed[0]} | {signed[1]} |"


def test_a_workload_alone():
    """No people and no offers: 26 400, 13 200 + 300, 7 260 + 700, 5 445 + 750, and nothing happens any more."""
    deal = made(cohorts={}, offers={})
    found = steps_of(deal)
    assert usd(found.from_all_opus) == [26_400, 13_500, 7_960, *[6_195.0] * 5]
    assert {step.commitment_usd_per_year for step in found.from_all_opus} == {0.0}
    assert "shrinks" not in waterfall_sentence(deal, found)


def test_people_alone():
    """No API usage: only seats are sized (24 000 to 14 400); there is no API bill to cut, and nothing to commit."""
    deal = made(workloads={}, offers={"team": {"seats": {"seat": {"usd_per_user_month": 15}}}})
    found = steps_of(deal)
    assert usd(found.from_all_opus) == [*[24_000.0] * 4, 14_400.0, *[10_800.0] * 3]
    assert found.api_cut is None and waterfall_sentence(deal, found) == ""
    assert waterfall_report(deal, found).count("Savings from") == 1  # both baselines are alike


def test_a_deal_that_costs_nothing_has_no_shares():
    deal = made(cohorts={}, offers={}, workloads={"app": {**ONE_TOKEN, "requests_per_month": 0}})
    found = steps_of(deal)
    assert {(step.expected_usd, step.share) for step in found.from_all_opus} == {(0.0, None)}
    assert waterfall_report(deal, found)


def test_going_on_is_told_as_on_the_decision_page():
    """The baseline has a seat for everybody and is not what the page calls 'as today': the note says both."""
    solution = solved("seat-heavy")
    found = waterfall(solution.settlement.deal, solution.settlement.scenarios, solution)
    page = comparisons(solution, None).as_today
    assert any(f"Going on costs {page.expected_usd:,.2f}, as on the decision page" in note for note in found.notes)
    assert found.from_today[0].lever == "today's models"
    assert found.from_today[0].expected_usd > page.expected_usd


def test_a_step_that_costs_more_says_why():
    """Case 1 of section 9: 88 with overage at list, the standard; at half more 100 is committed, 80 + 0.2 · 60 · 1.5.

    Nothing at list costs 100 + 0.3 · -40 + 0.2 · 60 = 100, so 98 is signed all the same, and the clauses cost 10.
    """
    found = waterfall(deal := newsvendor(overage={"premium": 0.5}), scenarios_of(deal))
    before, last = found.from_today[-2:]
    assert (before.expected_usd, last.expected_usd) == pytest.approx((88 * YEAR, 98 * YEAR))
    (note,) = found.notes[-1:]
    assert note.startswith(
        f"The step clauses costs {10 * YEAR:,} more than the one before: the clauses of the offers as"
    )
    assert "risk" not in note
    assert not any("costs" in each for each in steps_of(made(cohorts={})).notes)


def test_what_is_in_force_and_given_up_by_the_steps_is_told():
    solution = solved("renewal")
    found = waterfall(solution.settlement.deal, solution.settlement.scenarios, solution)
    page = comparisons(solution, None).as_today
    (note,) = (each for each in found.notes if each.startswith("Going on costs"))
    assert note.startswith(
        f"Going on costs {page.expected_usd:,.2f}, as on the decision page: nothing is signed and what"
    )
    assert found.from_today[0].expected_usd > page.expected_usd
    drawn = curve(solution.settlement.deal, solution.settlement.scenarios, points=1)
    assert drawn.uncommitted.expected_usd == pytest.approx(page.expected_usd)


def test_what_runs_cached_and_in_batch_today_stays_so():
    """Sonnet, cached and in batch: 12 000 · 1.1 · 0.55 · 0.5 = 3 630 in every step from today at list. From all Opus
    the routing step has neither (13 200, and 300 for rerouting is not due: Sonnet is what runs), caching 7 260.
    """
    today = {"model": "sonnet", "cached": True, "batch": True}
    found = steps_of(made(cohorts={}, offers={}, workloads={"app": {**APP, "today": today, "batchable": 1}}))
    assert usd(found.from_today) == [3_630.0] * 8
    assert usd(found.from_all_opus)[:4] == [26_400, 13_200, 7_260, 3_630]


def test_opus_is_the_yardstick_even_where_it_is_closed():
    """The app may only use Sonnet, the tool's users only Haiku: both are priced at 2 a request in the first line.

    12 · (1 000 + 10 · 5) · 2 · 1.1 = 27 720, then 12 · (1 000 · 1 + 50 · 1.5) · 1.1 = 14 190.
    """
    use = {"requests_per_user_month": 5, "input_tokens": 1, "output_tokens": 0, "models": ["haiku"]}
    people = {"staff": {"headcount": 10, "tracks": ["tool"], "use": use}}
    app = {**ONE_TOKEN, "models": ["sonnet"]}
    deal = made(cohorts=people, workloads={"app": app}, offers={}, internal_tools={"tool": {}})
    found = steps_of(deal)
    assert usd(found.from_all_opus)[:2] == [27_720, 14_190]
    assert found.notes[0] == "Opus is not open to app, staff; all Opus is priced on it all the same."
    assert found.notes[1].startswith("The deal does not say what app runs on today")


def test_headcount_is_the_peak_of_each_contract_year():
    """100 heads that grow by 21 % a year are 100 · 1.21^(11/12) = 119.1 and 1.21 times that, 144.1 at the year's end,
    so 120 and 145 seats, though nobody uses them: (120 + 145) · 20 · 12 = 63 600. Then none are left.
    """
    staff = {**STAFF, "headcount_growth_per_year": 0.21, "active_share": 0}
    found = steps_of(made(24, workloads={}, offers={}, cohorts={"staff": staff}, scenarios=only()))
    assert usd(found.from_all_opus) == [*[63_600.0] * 4, *[0.0] * 4]


def test_a_late_cohort_pays_the_minimum_until_it_starts():
    """Nobody in year 1, so the plan's minimum of 5 seats; 100 in year 2: (5 + 100) · 240 = 25 200."""
    rates = {**RATES, "models": MODELS, "plans": {"plan": {"seats": ["seat"], "minimum": 5}}}
    staff = {**STAFF, "starts": "2028-01"}
    deal = deal_of(24, rates=rates, cohorts={"staff": staff}, scenarios=only())
    assert steps_of(deal).from_all_opus[0].expected_usd == pytest.approx(25_200)


def test_headcount_is_priced_above_the_maximum():
    """At most 80 seats are sold, and 60 are needed: 100 are priced until seats are sized."""
    rates = {**RATES, "plans": {"plan": {"seats": ["seat"], "maximum": 80}}}
    found = steps_of(deal_of(rates=rates, cohorts={"staff": STAFF}, scenarios=only()))
    assert usd(found.from_all_opus) == [*[24_000.0] * 4, *[14_400.0] * 4]


def test_a_seat_type_that_is_not_on_the_card_costs_what_its_paper_asks():
    part = {"usd_per_user_month": 30, "covered_share": 1, "minimum": 70, "tiers": None}
    staff = {**STAFF, "tracks": ["desk"]}
    found = steps_of(made(workloads={}, offers={"own": {"seats": {"desk": part}}}, cohorts={"staff": staff}))
    assert usd(found.from_all_opus) == [*[36_000.0] * 4, *[25_200.0] * 4]
    assert "The rate card has no desk" in found.notes[0]


def test_controls_close_the_same_tracks_before_the_commitment():
    """`sso` is had from one paper and `scim` from another: at list both are, so the seat is open before the commitment
    and closed after it, where `none` is left (60 · 100 · 12). No offer may serve the seat: no commitment fits.
    """
    offers = {
        "one": {"provides": ["sso"], "seats": {"seat": {}}},
        "two": {"provides": ["scim"], "seats": {"seat": {}}},
        "api": {"api": {"bands": [{"commit_usd_per_year": 1, "discount": 0.1}]}},
    }
    staff = {**STAFF, "tracks": ["seat", "none"], "requires": ["sso", "scim"], "unserved_usd_per_user_month": 100}
    steps = steps_of(made(workloads={}, offers=offers, cohorts={"staff": staff})).from_all_opus
    assert usd(steps) == [*[24_000.0] * 4, 14_400.0, *[72_000.0] * 3]
    assert [step.commitment_usd_per_year for step in steps] == [*[None] * 5, *[0.0] * 3]


def test_the_api_at_list_is_given_the_controls_of_papers():
    """`baa` comes with the quote alone, and closes batch: every step has a price, and batch changes nothing."""
    app = {**APP, "requires": ["baa"]}
    found = steps_of(made(workloads={"app": app}, offers={"quote": {**QUOTE, "provides": ["baa"]}}))
    assert found.from_all_opus[3].change_usd == 0.0
    assert "The API at list lacks baa; steps before the commitment leave that aside." in found.notes


def test_limits_hold_in_the_last_step_only():
    """Nothing may be committed: the bundle is lost in the last step, and it costs more than the one before."""
    limits = [{"measure": "expected", "of": "committed", "at_most": 0}]
    steps = steps_of(made(limits=limits)).from_all_opus
    assert steps[-1].change_usd > 0 and steps[-1].commitment_usd_per_year == 0
    assert usd(steps)[:7] == usd(steps_of(made()).from_all_opus)[:7]


@pytest.mark.parametrize(
    "risk",
    [
        "neutral",
        "cautious",
        {"weight": 0.5, "confidence": 0.5, "on": "cost"},
        {"criterion": "worst"},
        {"criterion": "regret"},
    ],
    ids=str,
)
def test_every_risk_has_a_waterfall(risk):
    """Steps at list are the least expected cost whatever the risk; the last one is the plan of the deal's own."""
    scenario_set = {
        name: {"weight": 1, "requests_per_month": {"app": usd}}
        for name, usd in (("low", 500), ("middle", 1000), ("high", 1500))
    }
    deal, neutral = made(scenarios=scenario_set, risk=risk), made(scenarios=scenario_set)
    best = solve(deal)
    found = waterfall(deal, scenarios_of(deal), best).from_all_opus
    assert usd(found)[:5] == usd(steps_of(neutral).from_all_opus)[:5]
    assert found[-1].expected_usd == pytest.approx(float(best.settlement.weights @ best.settlement.cost))


def test_a_deal_with_most_clauses():
    """Tools, floors, shares of models, ramps and renewals at list: more levers never cost more while all is at list."""
    steps = levers_of_many_clauses().from_all_opus
    at_list_only = [step.expected_usd for step in steps][1:5]
    assert at_list_only == sorted(at_list_only, reverse=True)


def test_standard_papers_keep_prices_and_drop_clauses():
    """Every field of an offer is a price, a clause back at its default, or the bundle's."""
    seats = {
        "usd_per_user_month": 20,
        "list_usd_per_user_month": 21,
        "minimum": 5,
        "tiers": {"kind": "all_units", "steps": [{"seats": 50, "discount": 0.1}]},
    }
    clauses = {"true_up": "hard_cap", "reduction_right": 0.5, "billing": "monthly", "counts_toward_commitment": True}
    api = {"period": "quarter", "overage": "contracted", "payment": "arrears", "ramp": [1, 2], "step_usd": 10}
    staff = {**STAFF, "unserved_usd_per_user_month": 1}
    quote = {
        **QUOTE,
        "terms": {"12": {"api": 0.01}, "24": {}},
        "api": {**QUOTE["api"], **api, "unused": {"rollover": 1}},
        "seats": {"seat": {**seats, **clauses}},
        "renewal": "list",
        "renewal_cap": 0.1,
    }
    deal = made(24, offers={"quote": quote}, cohorts={"staff": staff}, scenarios=only())
    plain = {"terms": quote["terms"], "api": QUOTE["api"], "seats": {"seat": seats}}
    counted = {"seat": {**seats, "counts_toward_commitment": True}}
    both = {**plain, "seats": counted, "bundle": QUOTE["bundle"]}

    def offer(data):
        return made(24, offers={"quote": data}, cohorts={"staff": staff}, scenarios=only()).offers["quote"]

    assert on_standard_offers(deal, bundle=False).offers["quote"] == offer(plain)
    assert on_standard_offers(deal, bundle=True).offers["quote"] == offer(both)


def test_at_list_there_is_list_alone():
    listed = at_list(made(risk="cautious"))
    assert list(listed.on_table) == ["list"] and listed.risk.weight == 0


@pytest.mark.parametrize(
    ("bills", "signed", "expected"),
    [
        ((10, 4), (9, 3), "Routing, caching and batch cut the all-Opus API bill by 60% over 12 months; " + SHRINKS),
        ((10, 12), (0, 0), "Routing, caching and batch raise the all-Opus API bill by 20% over 12 months."),
        ((0, 0), (9, 3), SHRINKS[0].upper() + SHRINKS[1:]),
        ((0, 0), (None, 3), ""),
    ],
)
def test_one_sentence(bills, signed, expected):
    def step(lever, api, commitment):
        return Step(lever, 1.0, 0.0, 1.0, float(api), commitment)

    steps = Table((step("all Opus", bills[0], signed[0]), step("batch", bills[1], signed[1])))
    assert waterfall_sentence(made(), both_ways(steps)) == expected


def test_amounts_too_wide_for_a_bar_go_without():
    def report(usd):
        steps = Table((Step("all Opus", usd, 0.0, 1.0, usd, 1.0), Step("batch", usd / 2, -usd / 2, 0.5, usd / 2, 1.0)))
        return waterfall_report(made(), both_ways(steps))

    assert "#" in report(1e6)
    assert "#" not in report(1e21)
    assert max(len(line) for line in re.findall(r".*#.*", report(1e6))) <= 80
