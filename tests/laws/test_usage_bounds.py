"""Deals in which more is used: no plan costs less in any scenario, and what bounds an agreement goes on to bound it."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from deal_solve import Deal, Infeasible, InputError, LimitReached, SolveCache, load, scenarios_of, solve, varied
from deal_solve.formulation.clauses.api.rates import Agreement
from deal_solve.optimise import solve as solve_module
from deal_solve.optimise.search import agreement_search
from deal_solve.optimise.usage_bounds import grows_with_usage, uses_no_more
from deal_solve.plan.plan import Route
from deal_solve.plan.validation.validity import refuse_impossible
from deal_solve.settlement.settle import cost_of
from deal_solve.uncertainty.first_users import first_users
from deal_solve.uncertainty.scenario_set import Array, ScenarioSet
from tests.support.builders import APP, RATES, api_deal, api_plan, deal_of, months, seat_deal, settled
from tests.support.clauses import risk_of
from tests.support.generators import RandomDraw, drawn_deal
from tests.support.generators.estimate import read
from tests.support.paths import SCENARIOS
from tests.support.plans import grid
from tests.support.samples import seeds

CENT = 0.01
PLANS = 40


def growing_deal(rng: np.random.Generator) -> Deal:
    """Return a deal for which the law holds; limits on single years and regret are dropped, all else is as drawn."""
    while True:
        data = drawn_deal(RandomDraw(rng), tiny=True)
        if risk_of(data["risk"]).get("criterion") == "regret":
            data["risk"] = "neutral"
        data["limits"] = [each for each in data.get("limits", []) if not each["of"].startswith("contract year")]
        if grows_with_usage(deal := read(data)):
            return deal


def with_more(rng: np.random.Generator, deal: Deal, scenarios: ScenarioSet) -> ScenarioSet:
    """Return scenarios with more usage in some months of some scenarios, and more users where that is no exception."""

    def more(paths: Any, share: float) -> dict[str, Array]:
        return {
            name: path * (1 + share * rng.random(path.shape) * (rng.random(path.shape) < 0.5))
            for name, path in paths.items()
        }

    share = float(rng.choice([0.02, 0.3, 2.0]))
    used = replace(scenarios, requests=more(scenarios.requests, share), per_user=more(scenarios.per_user, share))
    grown = replace(used, users=more(scenarios.users, share / 2))
    return grown if rng.random() < 0.6 and uses_no_more(scenarios, grown, deal) else used


@pytest.mark.parametrize("number", seeds(6, 60))
def test_no_plan_costs_less_where_more_is_used(number: int) -> None:
    """Plan by plan and scenario by scenario, on a grid of plans; each of them can be signed where less is used."""
    rng = np.random.default_rng([29, number])
    found = None
    while found is None:
        deal = growing_deal(rng)
        low = scenarios_of(deal).in_memory()
        high = with_more(rng, deal, low)
        with suppress(Infeasible, InputError, LimitReached):
            found = solve(deal, high)
    assert uses_no_more(low, high, deal)
    users = first_users(low)
    for plan in grid(deal, high, found.plan, PLANS, number):
        refuse_impossible(deal, plan, users, low)
        assert (cost_of(deal, plan, low) <= cost_of(deal, plan, high) + CENT).all(), plan
    cache = SolveCache()
    with suppress(Infeasible):
        solve(deal, low, cache=cache)
    again = solve(deal, high, cache=cache)
    assert again.objective_usd == pytest.approx(found.objective_usd, rel=2e-6, abs=2 * CENT)


ARREARS = {"payment": "arrears", "overage": "contracted"}
TERM = {"terms": [24], "api": {"bands": [{"commit_usd_per_year": 1, "discount": 0}], **ARREARS, "period": "term"}}
CLOUD = {"aws": {"usd_per_year": [100, 100], "other_spend_usd_per_year": 0}}


@pytest.mark.parametrize(
    ("low", "high", "part", "rest", "first"),
    [
        # 20 % off, measured at list: 64 and a shortfall of 20 against 76 and 5.
        ((80,), (95,), {"measured_at": "list"}, {}, (100, 12)),
        # A credit of 30 pays usage, and no shortfall: 0 + 90 against 0 + 80.
        ((12.5,), (25,), {"credit": {"usd": 30, "pays": "charges", "within_months": 12}}, {}, (100, 12)),
        # More in the first year leaves less to retire in the second, where nothing is short: 250 against 240.
        ((50, 50), (60, 50), None, {"cloud_commitments": CLOUD, "channel": {"through": "aws"}}, (100, 24)),
    ],
)
def test_clauses_under_which_more_usage_may_cost_less(
    low: tuple[float, ...], high: tuple[float, ...], part: Any, rest: Any, first: tuple[float, int]
) -> None:
    """Each is left out: one plan settled over less and over more usage, dollars of a year."""
    commitment, term = first
    offer = {"api": {"bands": [{"commit_usd_per_year": 1, "discount": 0.2}], **ARREARS, **part}} if part else TERM
    offer |= {key: rest[key] for key in rest if key == "channel"}
    shared = {key: rest[key] for key in rest if key != "channel"}
    plan = api_plan((1, (commitment,) * len(low)), first=term)
    deals = [
        api_deal(months(*(usd / 12 for usd in usage)), horizon=12 * len(low), offer=offer, **shared)
        for usage in (low, high)
    ]
    costs = [settled(deal, plan).cost[0] for deal in deals]
    assert costs[1] < costs[0] - 1
    assert uses_no_more(*map(scenarios_of, deals), deals[1])
    assert not any(map(grows_with_usage, deals))


def test_a_yearly_minimum_makes_more_usage_cheaper_where_overage_differs() -> None:
    """What haiku uses in the first year is no shortfall, which leaves balance for opus, whose overage costs double.

    C = 200 over two years, 80 of it a year. Opus uses 200 in the second year; haiku 10 in the first, so that 70 are
    short and 130 left: 210 + 70 + 70 for the 70 of opus beyond. With 20 it is 220 + 60 + 60.
    """
    works = {"app": {**APP, "models": ["opus"]}, "more": {**APP, "models": ["haiku"]}}
    api = {**TERM["api"], "yearly_minimum": 0.8, "overage": "list"}
    api["bands"] = [{"commit_usd_per_year": 1, "discount": {"opus": 0.5}}]
    costs = []
    for usd in (10, 20):
        path = {"app": months(0, 400 / 12), "more": months(usd / 12, 0)}
        scenarios = {"only": {"weight": 1, "requests_per_month": path}}
        offers = {"quote": {"terms": [24], "api": api}}
        deal = deal_of(horizon=24, workloads=works, offers=offers, scenarios=scenarios)
        routing = {
            "app": (Route(from_month=0, shares={"opus": 1}),),
            "more": (Route(from_month=0, shares={"haiku": 1}),),
        }
        costs.append(settled(deal, api_plan((1, (100, 100)), first=24, routing=routing)).cost[0])
        assert not grows_with_usage(deal)
    assert costs == pytest.approx([350, 340])


@pytest.mark.parametrize(
    ("part", "plans", "low", "high", "is_relaxed"),
    [
        ({}, {}, [50] * 12, [60] * 12, True),
        ({}, {}, [0] + [50] * 11, [1] + [50] * 11, False),  # seats are ordered for the first users, who are fewer
        ({"true_up": "hard_cap"}, {}, [50] * 12, [60] * 12, False),  # who is unserved may be dearer to serve
        ({}, {"plan": {"seats": ["seat"], "maximum": 70}}, [50] * 12, [60] * 12, False),
        ({"allowance": {"usd_per_user_month": 5, "pooled": True}}, {}, [50] * 12, [60] * 12, False),
    ],
)
def test_more_users_are_more_usage_unless_they_bring_or_displace_any(
    part: Any, plans: Any, low: list[float], high: list[float], is_relaxed: bool
) -> None:
    use = {"requests_per_user_month": 4, "input_tokens": 1, "output_tokens": 0, "models": ["opus"]}
    staff = {"headcount": 0, "tracks": ["seat", "none"], "unserved_usd_per_user_month": 7, "use": use}
    given = {"cohorts": {"staff": staff}, "rates": {**RATES, "plans": plans}}
    deals = [seat_deal(count, part, **given) for count in (low, high)]
    assert uses_no_more(*map(scenarios_of, deals), deals[1]) == is_relaxed
    assert not uses_no_more(*map(scenarios_of, deals[::-1]), deals[1])
    assert all(map(grows_with_usage, deals))


def test_an_agreement_that_loses_by_far_is_not_built_where_more_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    deal, cache, built = load(SCENARIOS / "hybrid.yaml"), SolveCache(), []
    whole = agreement_search.formulate
    monkeypatch.setattr(agreement_search, "formulate", lambda *given: built.append(given[2][0].offer) or whole(*given))
    for growth in ("24%", "24.5%", "23.9%"):
        built.clear()
        cell = varied(deal, {"workloads.support-bot.growth_per_year": growth})
        found = solve(cell, cache=cache)
        assert ("product-quote" in built) == (growth != "24.5%")
        alone = solve(cell)
        assert found.objective_usd == pytest.approx(alone.objective_usd, rel=1e-6)
        assert found.plan.api.offer == alone.plan.api.offer


def test_a_cell_begins_with_the_last_one_of_the_same_terms(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not with the last one of all, whose overage is another one."""
    deal, cache, given, found = load(SCENARIOS / "hybrid.yaml"), SolveCache(), [], []
    whole = agreement_search.AgreementSearch

    class Watched(whole):
        def run(self) -> Any:
            given.append(self.warm_starts)
            return super().run()

        def next_warm_starts(self) -> Any:
            found.append(super().next_warm_starts())
            return found[-1]

    monkeypatch.setattr(solve_module, "AgreementSearch", Watched)
    for overage, growth in (("list", "24%"), ("contracted", "24%"), ("list", "24.5%")):
        varied_by = {"offers.one-paper.api.overage": overage, "workloads.support-bot.growth_per_year": growth}
        solve(varied(deal, varied_by), cache=cache)
    here = Agreement("one-paper", 36)
    assert given[2][here] is found[0][here]
