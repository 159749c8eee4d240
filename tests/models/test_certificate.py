"""What multipliers prove holds whatever the solver said, and no answer of the solver alone leaves a plan out.

What rows and prices leave of a column holds for every solution, and spares the polishing work that changes nothing.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from deal_solve import Deal, Infeasible, load, solve
from deal_solve.optimise.search import polish
from deal_solve.optimise.solver.certificate import LinearProgram
from deal_solve.optimise.solver.highs_session import HighsSession
from deal_solve.optimise.solver.propagation import propagated
from tests.support.generators import random_deal
from tests.support.generators.estimate import read
from tests.support.paths import SCENARIOS


def production() -> LinearProgram:
    """Minimise 2x + 3y with x + y >= 4, x - y <= 1, 0 <= x, y <= 3: x = 2.5, y = 1.5, worth 9.5."""
    program = LinearProgram(costs=np.array([2.0, 3.0]), low=np.zeros(2), high=np.full(2, 3.0))
    columns, values = np.array([0, 1, 0, 1]), np.array([1.0, 1.0, 1.0, -1.0])
    program.add_rows(np.array([4.0, -math.inf]), np.array([math.inf, 1.0]), np.array([2, 2]), columns, values)
    return program


def test_the_multipliers_of_the_optimum_prove_it() -> None:
    """y = (2.5, -0.5): 2.5·4 - 0.5·1 = 9.5, and both reduced costs are 0."""
    program = production()
    assert program.bound(np.array([2.5, -0.5]), program.costs) == pytest.approx(9.5)


def test_wrong_multipliers_prove_less_and_never_more() -> None:
    program, rng = production(), np.random.default_rng(1)
    for multipliers in rng.normal(scale=3, size=(200, 2)):
        assert program.bound(multipliers, program.costs) <= 9.5


def test_a_program_without_a_solution_is_proven_to_have_none_by_its_ray() -> None:
    """x + y >= 7 with x, y <= 3: one times the row is 7 - 3 - 3 = 1 > 0."""
    program = production()
    program.row_low[0] = 7.0
    assert program.bound(np.array([1.0, 0.0])) == pytest.approx(1.0)
    assert program.bound(np.array([-1.0, 0.0])) <= 0.0


def misled(monkeypatch: pytest.MonkeyPatch, lie: Any) -> None:
    """Let every third relaxation that is solved again from a basis answer what `lie` makes of it."""
    whole, count = HighsSession.resolve_from_basis, [0]

    def answer(session: HighsSession, *given: Any) -> tuple[bool, float, Any]:
        is_from_basis = session.highs.getBasis().valid
        found = whole(session, *given)
        count[0] += is_from_basis
        return lie(*found) if is_from_basis and count[0] % 3 == 0 else found

    monkeypatch.setattr(HighsSession, "resolve_from_basis", answer)


@pytest.mark.parametrize("name", ["seat-heavy", pytest.param("hybrid", marks=pytest.mark.slow)])
@pytest.mark.parametrize(
    "lie",
    [lambda _, objective, values: (False, objective, values), lambda _, objective, values: (True, 1e6, values)],
    ids=["infeasible", "too-dear"],
)
def test_a_solver_that_lies_after_a_warm_start_changes_no_answer(
    name: str, lie: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    deal = load(SCENARIOS / f"{name}.yaml")
    found = solve(deal)
    misled(monkeypatch, lie)
    again = solve(deal)
    assert again.objective_usd == pytest.approx(found.objective_usd, rel=1e-6)
    assert again.bound_usd == pytest.approx(found.bound_usd, rel=2e-6)


@pytest.mark.slow
def test_generated_deals_keep_their_answer_too(monkeypatch: pytest.MonkeyPatch) -> None:
    deals = [read(random_deal(np.random.default_rng([3, seed]))) for seed in range(20)]
    found = [optimum(deal) for deal in deals]
    misled(monkeypatch, lambda _, objective, values: (False, objective, values))
    assert [optimum(deal) for deal in deals] == pytest.approx(found, rel=1e-6)


def optimum(deal: Deal) -> float:
    """Return the objective, infinite where there is no plan."""
    try:
        return solve(deal).objective_usd
    except Infeasible:
        return math.inf


def rows(
    table: list[list[float]], low: list[float], high: list[float], bounds: list[tuple[float, float]]
) -> LinearProgram:
    """Return a linear program whose rows are those of a table."""
    program = LinearProgram(low=np.array(bounds, dtype=float)[:, 0], high=np.array(bounds, dtype=float)[:, 1])
    width = len(bounds)
    columns = np.tile(np.arange(width), len(table))
    counts = np.full(len(table), width)
    program.add_rows(np.array(low), np.array(high), counts, columns, np.array(table, dtype=float).ravel())
    return program


def test_a_copy_that_is_not_taken_is_closed_by_the_row_of_its_sum() -> None:
    """β = 0 with x + y - β = 0 and x - z >= 0: x and y are 0, and so is z."""
    program = rows([[1, 1, 0, -1], [1, 0, -1, 0]], [0, 0], [0, math.inf], [(0, 1), (0, 1), (0, math.inf), (0, 0)])
    left = propagated(program, program.bounds)
    assert left.low.tolist() == left.high.tolist() == [0.0] * 4


def test_a_mixture_needs_both_of_its_options() -> None:
    """x + y = 1 and 0.9x + 0.5y = 0.58: x = 0.2 and y = 0.8, whatever else is allowed."""
    program = rows([[1, 1], [0.9, 0.5]], [1, 0.58], [1, 0.58], [(0, 1), (0, 1)])
    left = propagated(program, program.bounds)
    assert np.all(left.low > 0.05)
    assert np.all(left.low <= [0.2 + 1e-9, 0.8 + 1e-9])


@pytest.mark.parametrize("seed", range(20))
def test_no_solution_is_outside_of_the_bounds_that_rows_leave(seed: int) -> None:
    rng = np.random.default_rng(seed)
    table, point = rng.integers(-3, 4, (4, 5)).astype(float), rng.uniform(0, 2, 5)
    level, room = table @ point, rng.uniform(0, 0.3, 4)
    sides = [-math.inf if rng.random() < 0.3 else each for each in level - room], (level + room).tolist()
    program = rows(table.tolist(), *sides, [(0, 2 if rng.random() < 0.7 else math.inf) for _ in range(5)])
    left = propagated(program, program.bounds)
    inside = [point, *(point + rng.normal(scale=0.1, size=(2000, 5)))]
    for x in inside:
        levels = table @ x
        if np.all((x >= 0) & (x <= program.high)) and np.all((levels >= sides[0]) & (levels <= sides[1])):
            assert np.all((x >= left.low - 1e-9) & (x <= left.high + 1e-9))


def test_no_solution_of_a_cost_is_outside_of_the_bounds_that_prices_leave() -> None:
    """Minimise 2x + 3y with x + y >= 4, x - y <= 1: x = 2.5, y = 1.5; both rows have a price, y = (2.5, -0.5)."""
    program = rows([[1, 1], [1, -1]], [4, -math.inf], [math.inf, 1], [(0, 3), (0, 3)])
    program.costs = np.array([2.0, 3.0])
    left = program.within(np.array([2.5, -0.5]), 10.0)
    assert left.row_high[0] == pytest.approx(4.2)  # half a unit more than 9.5, at 2.5 each
    assert left.row_low[1] == pytest.approx(0.0, abs=1e-9)
    tight = propagated(program, left)
    assert tight.low[0] >= 1.0  # what x + y >= 4 leaves
    for x in np.random.default_rng(1).uniform(0, 3, (5000, 2)):
        if x.sum() >= 4 and x[0] - x[1] <= 1 and program.costs @ x <= 10:
            assert np.all((x >= tight.low - 1e-9) & (x <= tight.high + 1e-9))


@pytest.mark.parametrize("name", ["power-users", "seat-heavy", pytest.param("hybrid", marks=pytest.mark.slow)])
def test_a_plan_that_is_proven_to_be_alone_is_the_one_that_all_stages_leave(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    deal, whole, runs = load(SCENARIOS / f"{name}.yaml"), polish.run, [0]

    def counted(*given: Any, **more: Any) -> Any:
        runs[0] += 1
        return whole(*given, **more)

    monkeypatch.setattr(polish, "run", counted)
    found, count = solve(deal), runs[0]
    monkeypatch.setattr(HighsSession, "is_only_solution", lambda _: False)
    other = solve(deal)
    assert runs[0] - count >= 4 * count  # every stage, and the fewest options
    assert other.plan == found.plan
    assert other.objective_usd == pytest.approx(found.objective_usd, rel=1e-9)
