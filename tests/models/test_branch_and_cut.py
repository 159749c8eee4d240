"""Branch and cut finds what the solver's own search finds, and gives up in good time."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from deal_solve import Deal, Infeasible, Solution, SolveCache, load, sample, solve
from deal_solve.optimise.search import benders, branch_and_cut, polish
from deal_solve.optimise.solver.highs_session import HighsSession, SolverGaveUpError
from deal_solve.optimise.solver.solvers import Answer
from tests.support.generators import random_deal
from tests.support.generators.estimate import read
from tests.support.paths import SCENARIOS
from tests.support.samples import in_every_run


def solved(deal: Deal) -> Solution | None:
    try:
        return solve(deal, cache=SolveCache())
    except Infeasible:
        return None


def agree(found: Solution | None, other: Solution | None) -> None:
    assert (found is None) == (other is None)
    if found is not None and other is not None:
        assert found.objective_usd == pytest.approx(other.objective_usd, rel=1e-6, abs=0.02)
        assert max(found.bound_usd, other.bound_usd) <= min(found.objective_usd, other.objective_usd) + 0.02


@pytest.mark.parametrize("seed", in_every_run(range(16), slow={3, *range(6, 16)}))  # 3 takes long
def test_generated_deals(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    deal = read(random_deal(np.random.default_rng([5, seed])))
    found = solved(deal)
    monkeypatch.setattr(benders, "branch_and_cut", lambda *_: (None, None))
    agree(found, solved(deal))


def test_many_futures(monkeypatch: pytest.MonkeyPatch) -> None:
    deal = load(SCENARIOS / "hybrid.yaml")
    scenarios = sample(deal, 64, seed=2)
    found = solve(deal, scenarios)
    monkeypatch.setattr(benders, "branch_and_cut", lambda *_: (None, None))
    agree(found, solve(deal, scenarios))


def test_a_search_that_gets_too_large_or_is_given_up_is_left_to_the_solver(monkeypatch: pytest.MonkeyPatch) -> None:
    deal = load(SCENARIOS / "three-quotes.yaml")
    found = solve(deal)
    monkeypatch.setattr(branch_and_cut, "NODE_LIMIT", 1)
    agree(found, solve(deal))
    monkeypatch.setattr(branch_and_cut, "RELAXATIONS_PER_NODE", 2)
    agree(found, solve(deal))

    def give_up(*_: object) -> None:
        raise SolverGaveUpError

    monkeypatch.setattr(HighsSession, "resolve_from_basis", give_up)
    agree(found, solve(deal))


def test_choices_that_miss_the_tight_tolerance_are_finished_at_the_usual_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Met once in a thousand cells of a sweep; the settlement still has to agree."""
    deal = load(SCENARIOS / "three-quotes.yaml")
    found, whole = solve(deal), polish.run

    def strict(*given: Any, exact: bool = False, **more: Any) -> Answer:
        return Answer("infeasible", math.inf, math.inf) if exact else whole(*given, **more)

    monkeypatch.setattr(polish, "run", strict)
    agree(found, solve(deal))
