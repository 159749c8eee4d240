"""The laws of model §9.8 on deals that can be solved by hand."""

import numpy as np
import pytest

from deal_solve import scenarios_of, settle, solve
from tests.support.hand_deals import (
    APP,
    DISCOUNT,
    DOLLAR,
    PATHS,
    certainly,
    commitment,
    explicit,
    newsvendor,
    quote,
    read,
    tail,
)

BANDS = ((480, 0.15), (900, 0.3))


def rich(offer=None, **api):
    """Return two years, four scenarios, two bands and a price that rises in one scenario."""
    listed = explicit(PATHS)
    listed["d"]["list_price_index"] = {"opus": [1.0] * 18 + [1.3] * 6}
    paper = {**quote(*BANDS, terms=(12, 24), **api), **(offer or {})}
    return read(24, workloads={"app": APP}, offers={"quote": paper}, scenarios=listed)


RELAXATIONS = [
    ("overage at the contracted rate", {}, {"overage": "contracted"}, {}, {}),
    ("no premium", {"overage": {"premium": 0.2}}, {}, {}, {}),
    ("rollover", {}, {"unused": {"rollover": 0.5, "cap": 0.25}}, {}, {}),
    ("more of it", {"unused": {"rollover": 0.5, "cap": 0.25}}, {"unused": {"rollover": 1}}, {}, {}),
    ("a free ramp", {}, {"ramp": "free"}, {}, {}),
    ("no step", {"step_usd": 500}, {}, {}, {}),
    ("pass-through", {}, {}, {"price_protection": "locked"}, {"price_protection": "pass_through"}),
    ("a lower cap", {}, {}, {"price_protection": {"capped": 0.1}}, {"price_protection": {"capped": 0.05}}),
    ("no uplift", {}, {}, {"renewal": {"uplift": 0.1}}, {}),
    ("one more term", {}, {}, {"terms": [12]}, {}),
    ("a term discount", {}, {}, {}, {"terms": {"12": {}, "24": {"api": 0.05}}}),
]


@pytest.mark.parametrize(
    ("api", "better_api", "offer", "better_offer"), [f[1:] for f in RELAXATIONS], ids=[f[0] for f in RELAXATIONS]
)
def test_9_8_a_clause_in_the_buyers_favour_never_costs(api, better_api, offer, better_offer):
    """Every plan of the old deal costs no more under the new clause, so neither does the best one."""
    before, after = solve(rich(offer, **api)), solve(rich(better_offer, **better_api))
    assert after.objective_usd <= before.objective_usd * (1 + 2e-6)


def test_9_8_a_lower_threshold_never_costs():
    """A band that opens earlier opens more plans."""
    optima = [
        solve(certainly(50, quote=quote((threshold, DISCOUNT)))).objective_usd for threshold in (360, 480, 540, 720)
    ]
    assert optima == pytest.approx([480, 480, 540, 600])


def test_9_8_expectation_tail_and_worst_case_in_order():
    """E <= CVaR_α <= worst, and CVaR grows with α: 88 at 0 up to 128 in the worst case (each optimised on its own)."""
    optima = [solve(newsvendor(risk=tail("cost", alpha))).objective_usd for alpha in (0, 0.2, 0.5, 0.7, 0.8, 0.95)]
    worst = solve(newsvendor(risk={"criterion": "worst"})).objective_usd
    assert optima[0] == pytest.approx(solve(newsvendor()).objective_usd)
    assert np.all(np.diff([*optima, worst]) >= -1e-6 * worst)


@pytest.mark.parametrize("api", [{}, {"unused": {"rollover": 1}}, {"overage": "contracted"}, {"ramp": "free"}])
def test_9_8_information_and_planning_on_futures_are_worth_something(api):
    """EVPI: each scenario's own best plan costs no more in it. VSS: the plan for the mean is one of the plans."""
    deal = rich(**api)
    scenarios = scenarios_of(deal)
    best = solve(deal)
    known = [solve(deal, scenarios.take(index)).objective_usd for index in range(scenarios.size)]
    assert best.objective_usd - scenarios.weights @ known >= -1e-6 * best.objective_usd
    mean = read(
        24,
        workloads={"app": APP},
        offers={"quote": quote(*BANDS, terms=(12, 24), **api)},
        scenarios=explicit({"mean": [80, 130]}),
    )
    planned = settle(deal, solve(mean).plan, scenarios)
    assert planned.weights @ planned.cost - best.objective_usd >= -1e-6 * best.objective_usd


def whole(scale=1.0, parts=("app",)):
    """Return a deal with a workload (or equal parts of it), seats and a project, every dollar times `scale`."""
    model = {name: usd * scale for name, usd in DOLLAR.items()}
    work = {**APP, "other_usd_per_request": 0.01 * scale}
    staff = {"headcount": 0, "tracks": ["seat", "none"], "unserved_usd_per_user_month": 22 * scale}
    offer = quote(*((usd * scale, discount) for usd, discount in BANDS), terms=(12, 24), unused={"rollover": 0.5})
    offer["seats"] = {"seat": {"tiers": {"kind": "all_units", "steps": [{"seats": 12, "discount": 0.1}]}}}
    offer["bundle"] = [{"combined_usd_per_year": 3000 * scale, "seats": 0.05, "api": 0.02}]
    listed = explicit(PATHS)
    for index, future in enumerate(listed.values()):
        path = future["requests_per_month"].pop("app")
        future["requests_per_month"] = {name: [value / len(parts) for value in path] for name in parts}
        future["active_users"] = {"staff": [8 + 2 * index, 12]}
    return read(
        24,
        rates={
            "card": "claude@2026-11-23",
            "models": {"claude-opus-5-5": model},
            "seats": {"seat": {"usd_per_user_month": 20 * scale, "covered_share": 1}},
        },
        workloads=dict.fromkeys(parts, work),
        cohorts={"staff": staff},
        offers={"quote": offer},
        scenarios=listed,
    )


@pytest.mark.parametrize("scale", [0.1, 3, 1000])
def test_9_8_scaling_every_dollar_scales_the_cost(scale):
    """Rates, thresholds, seat prices, charges and unserved cost times k: the same decisions, k times the cost."""
    one, many = solve(whole()), solve(whole(scale))
    assert many.objective_usd == pytest.approx(scale * one.objective_usd, rel=2e-6)
    assert many.plan.seats == one.plan.seats


def test_9_8_splitting_a_workload_changes_nothing():
    """Two halves that share every scenario cost what the whole does."""
    one, two = solve(whole()), solve(whole(parts=("app", "other")))
    assert two.objective_usd == pytest.approx(one.objective_usd, rel=2e-6)
    assert commitment(two) == pytest.approx(commitment(one))
