"""Cuts, rows and a second solver, CBC, find the same optimum of generated deals."""

from __future__ import annotations

import numpy as np
import pytest

from deal_solve import Deal, Infeasible, scenarios_of, solve
from tests.support.generators import random_deal
from tests.support.generators.estimate import read

QUICK = (59, 98, 141, 147, 157, 175, 234, 282)
DEALS, BLOCK = 2_000, 20
REGRET_SCENARIOS = 12


def found(deal: Deal, method: str, solver: str = "highs") -> float | None:
    """Return the objective, None where there is no plan."""
    try:
        return solve(deal, method=method, solver=solver).objective_usd
    except Infeasible:
        return None


def agree(number: int) -> None:
    deal = read(random_deal(np.random.default_rng([2000, number])))
    if deal.risk.criterion == "regret" and scenarios_of(deal).size > REGRET_SCENARIOS:
        return
    cuts, rows, second = found(deal, "decomposition"), found(deal, "extensive"), found(deal, "extensive", "cbc")
    for other in (rows, second):
        assert (cuts is None) == (other is None), number
        if cuts is not None:
            assert other == pytest.approx(cuts, rel=2e-6, abs=0.02), number


@pytest.mark.parametrize("number", QUICK)
def test_a_second_solver_agrees(number: int) -> None:
    agree(number)


@pytest.mark.slow
@pytest.mark.parametrize("block", range(0, DEALS, BLOCK))
def test_a_second_solver_agrees_on_two_thousand_generated_deals(block: int) -> None:
    """A block takes half a minute of one core, all of them most of an hour: choose some with -k."""
    for number in range(block, block + BLOCK):
        agree(number)
