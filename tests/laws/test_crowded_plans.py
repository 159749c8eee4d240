"""Generated deals with more users than a seat plan takes: optimiser = settlement, rows = cuts, no plan is better."""

from typing import Any

import numpy as np
import pytest

from deal_solve.plan.crowds import excesses_of
from deal_solve.uncertainty.expansion import scenarios_of
from deal_solve.uncertainty.first_users import first_users
from tests.support.agreement import outcome_of
from tests.support.both_methods import agree
from tests.support.generators import RandomDraw, drawn_deal
from tests.support.generators.estimate import read
from tests.support.plans import no_plan_of_a_grid_is_better
from tests.support.samples import seeds

SEED = 31


def crowded(number: int, tiny: bool = False) -> dict[str, Any]:
    """Return a generated deal in which users may be unserved on a plan: of this number, or the next one that is."""
    for again in range(100):
        data = drawn_deal(RandomDraw(np.random.default_rng([SEED, number, again])), tiny=tiny, shape=["crowded"])
        data["risk"] = "neutral" if data["risk"] == {"criterion": "regret"} else data["risk"]
        deal = read(data)
        if excesses_of(deal, first_users(scenarios_of(deal))):
            return data
    raise ValueError(f"no deal {number}")


@pytest.mark.parametrize("number", seeds((0, 1, 2, 3, 119), 150))
def test_optimiser_and_settlement_agree(number: int):
    outcome = outcome_of(crowded(number))
    assert not outcome.mismatch, outcome.mismatch


@pytest.mark.parametrize("number", seeds((0, 2, 3, 4), 60))
def test_rows_and_cuts_agree(number: int):
    agree(read(crowded(number, tiny=True)))


@pytest.mark.parametrize("number", seeds(4, 100))
def test_no_plan_of_a_grid_is_better(number: int):
    no_plan_of_a_grid_is_better(read(crowded(number, tiny=True)), number)
