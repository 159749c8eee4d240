"""Generated deals over the whole clause space: optimiser = settlement, no plan of a grid is better, the laws hold.

The deals of a run are always the same. A failing deal is printed in its smallest form; what it says is a deal file.
"""

import itertools
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, assume, given, note, seed, settings
from hypothesis import strategies as st

from deal_solve.errors import Infeasible, InputError
from deal_solve.optimise.solution import Solution
from deal_solve.optimise.solve import solve
from deal_solve.settlement.settle import settle
from deal_solve.uncertainty.expansion import scenarios_of
from deal_solve.uncertainty.measures import cvar, worst
from tests.support.agreement import outcome_of
from tests.support.clauses import CLAUSES, clauses_of, without
from tests.support.generators import deals, random_deal, whole_deal
from tests.support.generators.estimate import read
from tests.support.oracle import CENT, broken_limits, close, objective, shown, tail_mean
from tests.support.plans import grid
from tests.support.relaxations import RELAXATIONS, lawful, relaxed_by, scaled, split, unsplit
from tests.support.samples import seeds, sizes

PROFILE = settings(
    derandomize=True,
    database=None,
    deadline=None,
    print_blob=False,
    phases=(Phase.explicit, Phase.generate, Phase.shrink),
    suppress_health_check=list(HealthCheck),
)
MOST_INFEASIBLE = 0.15


def _optimum(data: dict[str, Any]) -> Solution | None:
    """Return the solution of a deal, None if no plan meets its limits."""
    try:
        return solve(read(data))
    except Infeasible:
        return None


def holds_on(quick: int, every: int, *strategies: st.SearchStrategy[Any]) -> Callable[[Callable[..., None]], Any]:
    """Return a decorator that makes a law a test on so many generated deals, and on all of them with `-m slow`."""

    def as_test(law: Callable[..., None]) -> Any:
        @pytest.mark.parametrize("count", sizes(quick, every))
        def test(count: int):
            settings(PROFILE, max_examples=count)(given(*strategies)(law))()

        return test

    return as_test


def _room(worth: float) -> float:
    return max(2e-6 * abs(worth), 2 * CENT)


# What is generated


@pytest.mark.parametrize(("count", "least"), [(80, 1), pytest.param(600, 0.05 * 600, marks=pytest.mark.slow)])
def test_every_clause_value_occurs_in_generated_deals(count: int, least: float):
    """In one of 80 deals at least, and in one of 20 where that can be told from chance; no deal is refused."""
    rng, found = np.random.default_rng(2030), Counter[str]()
    for _ in range(count):
        data = whole_deal(rng)
        read(data)
        found.update(clauses_of(data))
    assert not {name: found[name] for name in CLAUSES if found[name] < least}


@pytest.mark.parametrize("count", sizes(15, 40))
def test_neutral_alternatives_are_deals_without_the_clause(count: int):
    """Few of them stand beside what refuses them, such as another period beside an agreement in force."""
    rng, still, refused, tried = np.random.default_rng(7), set(), 0, 0
    for _ in range(count):
        data = whole_deal(rng)
        read(data)
        before = shown(data)
        for name in clauses_of(data):
            neutral = without(data, name)
            if neutral is None:
                continue
            tried += 1
            try:
                read(neutral)
            except InputError:
                refused += 1
            assert shown(neutral) != before
            if name not in clauses_of(neutral):
                still.add(name)
        assert shown(data) == before
    assert refused < 0.02 * tried
    assert len(still) > 0.8 * len(CLAUSES)


# Agreement


@pytest.mark.parametrize("count", sizes(30, 60))
@pytest.mark.parametrize("part", seeds((1, 6), 12))
def test_optimiser_and_settlement_agree(part: int, count: int):
    kinds: Counter[str] = Counter()

    @seed(part)
    @settings(PROFILE, max_examples=count)
    @given(deals())
    def agree(data: dict[str, Any]):
        note(shown(data))
        outcome = outcome_of(data)
        kinds[outcome.kind] += 1
        assert not outcome.mismatch, outcome.mismatch

    agree()
    assert kinds["solved"] + kinds["infeasible"] >= count
    assert kinds["solved"] >= count / 2


@pytest.mark.slow
def test_few_generated_deals_have_no_plan():
    """Each drawn by itself: above, many are one deal drawn again with other numbers."""
    rng = np.random.default_rng(5)
    assert sum(_optimum(random_deal(rng)) is None for _ in range(100)) <= MOST_INFEASIBLE * 100


# Brute force


@holds_on(10, 60, deals(tiny=True))
def test_no_plan_of_a_grid_is_better(data: dict[str, Any]):
    note(shown(data))
    if data["risk"] == {"criterion": "regret"}:
        data["risk"] = {"criterion": "worst"}
    solution = _optimum(data)
    assume(solution is not None)
    deal = read(data)
    scenarios = scenarios_of(deal)
    for plan in grid(deal, scenarios, solution.plan, most=150, seed=1):
        settled = settle(deal, plan, scenarios)
        if next(broken_limits(deal, settled), None):
            continue
        worth = objective(deal, settled.cost, settled.weights, solution.baseline_cost)
        assert worth >= solution.bound_usd - _room(worth), plan


def test_regret_is_measured_against_the_best_cost_of_each_scenario():
    """Regret of the plan = max over scenarios of cost - (optimum of that scenario alone); no grid plan has less."""
    data = _first(
        lambda one: (
            len(one.get("scenarios", {})) > 2
            and one["workloads"]
            and one["horizon_months"] == 12
            and not one["cohorts"]  # an initial order is placed for what is expected, whatever comes
        )
    )
    data |= {"limits": [], "risk": {"criterion": "regret"}}
    deal, solution = read(data), solve(read(data))
    scenarios = scenarios_of(deal)
    neutral = read({**data, "risk": "neutral"})
    best = np.array([solve(neutral, scenarios.take(n)).objective_usd for n in range(scenarios.size)])
    regrets = solution.settlement.cost - best
    assert close(solution.objective_usd, float(regrets[scenarios.weights > 0].max()))
    assert regrets.min() >= -CENT


def _first(wanted: Any) -> dict[str, Any]:
    rng = np.random.default_rng(11)
    return next(data for data in (random_deal(rng) for _ in range(1000)) if wanted(data))


# Laws (section 9.8)


@holds_on(8, 60, deals(), st.permutations(sorted(RELAXATIONS)))
def test_a_relaxation_never_raises_the_optimum(data: dict[str, Any], order: list[str]):
    data = lawful(data)
    name, relaxed = next((name, better) for name in order if (better := relaxed_by(data, name)) is not None)
    note(f"{name}: {shown(data)}")
    before, after = _optimum(data), _optimum(relaxed)
    if before is None:
        return
    assert after is not None, f"{name}: no plan is left"
    assert after.bound_usd <= before.objective_usd + _room(before.objective_usd), name
    assert after.objective_usd <= before.objective_usd + _room(before.objective_usd), name


@holds_on(4, 10, deals(tiny=True).filter(lambda data: len(data.get("scenarios", {})) > 1))
def test_expected_is_below_cvar_is_below_the_worst_case(data: dict[str, Any]):
    """The optima keep the order of the measures: E <= CVaR, rising with the confidence, <= worst case."""
    note(shown(data))
    data["limits"] = []
    risks = [{"weight": 1, "confidence": alpha, "on": "cost"} for alpha in (0, 0.4, 0.8, 0.99)]
    solutions = [_optimum({**data, "risk": risk}) for risk in ("neutral", *risks, {"criterion": "worst"})]
    assume(all(solutions))
    worths = [solution.objective_usd for solution in solutions]
    assert close(worths[1], worths[0])
    assert all(low <= high + _room(high) for low, high in itertools.pairwise(worths))


@settings(PROFILE, max_examples=200)
@given(
    st.lists(st.tuples(st.integers(-50, 50), st.integers(0, 5)), min_size=1, max_size=8).filter(
        lambda pairs: sum(weight for _, weight in pairs) > 0
    ),
    st.floats(0, 0.99),
    st.floats(0, 0.99),
)
def test_cvar_lies_between_mean_and_worst_and_rises_with_the_confidence(
    pairs: list[tuple[int, int]], one: float, other: float
):
    values = np.array([float(value) for value, _ in pairs])
    weights = np.array([float(weight) for _, weight in pairs]) / sum(weight for _, weight in pairs)
    low, high = sorted((one, other))
    assert values @ weights <= cvar(values, weights, low) + 1e-9
    assert cvar(values, weights, low) <= cvar(values, weights, high) + 1e-9
    assert cvar(values, weights, high) <= worst(values, weights) + 1e-9
    assert cvar(values, weights, high) == pytest.approx(tail_mean(values, weights, high), abs=1e-9)


@holds_on(5, 25, deals(), st.sampled_from((2.0, 0.5, 7.0)))
def test_scaling_every_dollar_scales_the_cost(data: dict[str, Any], factor: float):
    note(f"{factor}: {shown(data)}")
    before, after = _optimum(data), _optimum(scaled(data, factor))
    assert (before is None) == (after is None)
    if before and after:
        assert after.objective_usd == pytest.approx(factor * before.objective_usd, rel=5e-6, abs=0.1 * factor)


@holds_on(5, 25, deals().filter(lambda data: data["workloads"]))
def test_splitting_a_workload_in_two_halves_changes_nothing(data: dict[str, Any]):
    note(shown(data))
    before, after = _optimum(unsplit(data)), _optimum(split(data))
    assert (before is None) == (after is None)
    if before and after:
        assert after.objective_usd == pytest.approx(before.objective_usd, rel=5e-6, abs=0.1)
