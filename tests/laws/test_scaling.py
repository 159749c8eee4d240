"""A deal with every amount in dollars times a factor has the same answer times that factor (model §9.8)."""

from __future__ import annotations

import numpy as np
import pytest

from deal_solve import Infeasible, InputError, solve
from tests.support.generators import random_deal
from tests.support.generators.estimate import read
from tests.support.relaxations import scaled

QUICK = (5, 7, 10, 15)
EXPONENTS = (-3, 9)
CENT = 0.01


def optimum(data: dict) -> float | None:
    """Return the objective, None where there is no plan."""
    try:
        return solve(read(data)).objective_usd
    except Infeasible:
        return None


@pytest.mark.parametrize(
    "number", [*QUICK, *(pytest.param(n, marks=pytest.mark.slow) for n in range(200) if n not in QUICK)]
)
def test_a_deal_times_a_power_of_ten_costs_that_much_more(number: int) -> None:
    data = random_deal(np.random.default_rng([77, number]))
    low, high = EXPONENTS
    factor = 10.0 ** np.random.default_rng(number).integers(low, high + 1)
    before = optimum(scaled(data, 1.0))
    try:
        after = optimum(scaled(data, factor))
    except InputError as error:  # the range of amounts, in one sentence each
        assert all(problem.message.endswith("is too large; expected at most 1e+15") for problem in error.problems)
        return
    if before is None or after is None:
        assert before == after
    else:
        assert after / factor == pytest.approx(before, rel=2e-6, abs=2 * CENT / min(factor, 1.0))
