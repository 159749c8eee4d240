"""What multipliers prove holds whatever the solver said, and no answer of the solver alone leaves a plan out."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from deal_solve import Deal, Infeasible, load, solve
from deal_solve.optimise.solver.certificate import LinearProgram
from deal_solve.optimise.solver.highs_session import HighsSession
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
