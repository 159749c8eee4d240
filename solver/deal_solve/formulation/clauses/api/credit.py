"""Credits of an API agreement: what is granted under which regime (model §4; formulation §3).

K · β_j is the balance that the first commitment period starts with, or what charges are paid from.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from deal_solve.deal.deal import Deal
from deal_solve.formulation.clauses.api.rates import Regime, api_of
from deal_solve.formulation.model.chunks import Selection
from deal_solve.formulation.model.per_scenario import ScalarOrArray
from deal_solve.formulation.model.rate_groups import part
from deal_solve.formulation.model.recourse import Linear
from deal_solve.uncertainty.scenario_set import Array


class Credited(NamedTuple):
    """K · β: `granted` money units, one number or one per scenario (S,), where the regime is `taken`."""

    taken: Linear
    granted: ScalarOrArray

    def at(self, values: Array, here: Selection) -> ScalarOrArray:
        """Return the credit in some scenarios at the values of all variables."""
        return part(self.granted, here) * self.taken.at(values)

    def slope(self, prices: Array, here: Selection) -> Array:
        """Return Σ_ω price · K of each variable, prices (S,) of some scenarios."""
        return self.taken.coefficients * float(np.sum(prices * part(self.granted, here)))


def balance_usd(deal: Deal, regime: Regime) -> ScalarOrArray:
    """Return K of a credit that is balance, in dollars; 0 but in the first term of an agreement that commits."""
    credit = api_of(deal, regime.agreement).credit
    if credit is None or credit.pays != "balance" or not regime.commits or regime.span.index > 0:
        return 0.0
    return credit.usd
