"""Generated deals whose offers may be taken again: optimiser = settlement, rows = cuts, no plan is better, a right."""

from typing import Any

import numpy as np
import pytest

from deal_solve import Infeasible, solve
from deal_solve.uncertainty.expansion import scenarios_of
from tests.support.agreement import outcome_of
from tests.support.both_methods import agree
from tests.support.clauses import clauses_of, without
from tests.support.generators import RandomDraw, drawn_deal
from tests.support.generators.estimate import read
from tests.support.plans import no_plan_of_a_grid_is_better
from tests.support.samples import seeds

SEED, RIGHT = 61, "renewal may be taken again"


def returning(number: int, tiny: bool = False, tables: bool = False) -> dict[str, Any]:
    """Return a generated deal of which something may be taken again: of this number, or the next one that is."""
    for again in range(100):
        draw = RandomDraw(np.random.default_rng([SEED, number, again]))
        data = drawn_deal(draw, tiny=tiny, shape=["returns", "tables"] if tables else ["returns"])
        data["risk"] = "neutral" if data["risk"] == {"criterion": "regret"} else data["risk"]
        if RIGHT in clauses_of(data) and scenarios_of(read(data)).size <= 9:
            return data
    raise ValueError(f"no deal {number}")


@pytest.mark.parametrize("tables", [False, True])
@pytest.mark.parametrize("number", seeds(2, 150))
def test_optimiser_and_settlement_agree(number: int, tables: bool):
    outcome = outcome_of(returning(number, tiny=tables, tables=tables))
    assert not outcome.mismatch, outcome.mismatch


@pytest.mark.parametrize("tables", [False, True])
@pytest.mark.parametrize("number", seeds(1, 60))
def test_rows_and_cuts_agree(number: int, tables: bool):
    agree(read(returning(number, tiny=True, tables=tables)))


@pytest.mark.parametrize("number", seeds(2, 100))
def test_no_plan_of_a_grid_is_better(number: int):
    no_plan_of_a_grid_is_better(read(returning(number, tiny=True)), number)


@pytest.mark.parametrize("tables", [False, True])
@pytest.mark.parametrize("number", seeds(1, 60))
def test_the_right_to_return_never_costs(number: int, tables: bool):
    """Measured on cost: a loss is measured against a plan that has the right too."""
    data = returning(number, tiny=True, tables=tables)
    data["risk"] = {"weight": 0.3, "on": "cost"}
    try:
        bound = solve(read(without(data, RIGHT) or data)).objective_usd
    except Infeasible:
        return
    assert solve(read(data)).objective_usd <= bound + max(0.02, 2e-6 * abs(bound))
