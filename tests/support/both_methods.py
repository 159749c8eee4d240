"""Deals solved by Benders decomposition and by the extensive form, which must agree."""

import numpy as np
import pytest

from deal_solve import Infeasible, scenarios_of, solve
from tests.support.generators import random_deal
from tests.support.generators.estimate import read

SEED = 7


def solved(deal, method):
    """Return (objective, None), or (None, why not)."""
    try:
        return solve(deal, method=method).objective_usd, None
    except Infeasible:
        return None, "infeasible"


def agree(deal):
    by_cuts, by_rows = solved(deal, "decomposition"), solved(deal, "extensive")
    assert by_cuts[1] == by_rows[1]
    if by_cuts[0] is not None:
        assert by_cuts[0] == pytest.approx(by_rows[0], rel=1e-6, abs=0.02)


def generated(number):
    deal = read(random_deal(np.random.default_rng([SEED, number])))
    long = deal.risk.criterion == "regret" and scenarios_of(deal).size > 12
    return None if long else deal
