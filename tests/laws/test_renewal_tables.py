"""Generated deals with tables of later decisions: optimiser = settlement, rows = cuts, never worse than without one."""

from typing import Any

import numpy as np
import pytest

from deal_solve import Infeasible, solve
from deal_solve.uncertainty.expansion import scenarios_of
from tests.support.agreement import outcome_of
from tests.support.both_methods import agree
from tests.support.generators import RandomDraw, drawn_deal
from tests.support.generators.estimate import read
from tests.support.samples import seeds

SEED = 53


def by_table(number: int, crowded: bool = False) -> dict[str, Any]:
    """Return a generated deal with tables and few scenarios: of this number, or the next one that is."""
    for again in range(100):
        draw = RandomDraw(np.random.default_rng([SEED, number, again]))
        data = drawn_deal(draw, shape=["tables", "crowded"] if crowded else ["tables"])
        data["risk"] = "neutral" if data["risk"] == {"criterion": "regret"} else data["risk"]
        if "renewal_decisions" in data and scenarios_of(read(data)).size <= 6:
            return data
    raise ValueError(f"no deal {number}")


@pytest.mark.parametrize("crowded", [False, pytest.param(True, marks=pytest.mark.slow)])
@pytest.mark.parametrize("number", seeds(1, 60))
def test_optimiser_and_settlement_agree(number: int, crowded: bool):
    """And a table is never worse than what is decided at signing."""
    data = by_table(number, crowded)
    outcome = outcome_of(data)
    assert not outcome.mismatch, outcome.mismatch
    try:
        at_signing = solve(read({**data, "renewal_decisions": "at_signing"})).objective_usd
    except Infeasible:
        return
    assert outcome.solution is not None
    assert outcome.solution.objective_usd <= at_signing + max(0.02, 2e-6 * abs(at_signing))


@pytest.mark.parametrize("number", seeds(1, 30))
def test_rows_and_cuts_agree(number: int):
    agree(read(by_table(number)))
