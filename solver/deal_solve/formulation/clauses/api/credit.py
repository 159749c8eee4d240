"""Credits of an API agreement: what is granted under which regime (model §4; formulation §3).

K · β_j is the balance that the first commitment period starts with, or what charges are paid from.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from deal_solve.deal.deal import Deal
from deal_solve.formulation.clauses.api.rates import Regime, api_of
from deal_solve.formulation.model.chunks import Selection
from deal_solve.formulation.model.expression import Variable
from deal_solve.formulation.model.per_scenario import ScalarOrArray, part
from deal_solve.formulation.model.program import Program
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


class Grant(NamedTuple):
    """A credit of a regime: balance of the first period, or what pays charges up to the time `paid_until` (months)."""

    credit: Credited
    paid_until: int | None


def grant(program: Program, deal: Deal, regime: Regime, beta: Variable) -> Grant | None:
    """Return the credit that an agreement grants under a regime: only one of its first term does."""
    taken, usd = program.linear(1.0 * beta), balance_usd(deal, regime, program.sums.undrawn)
    if np.any(usd):
        return Grant(Credited(taken, usd / program.unit_usd), None)
    credit = api_of(deal, regime.agreement).credit
    if credit is None or credit.pays != "charges" or regime.span.index > 0:
        return None
    until = min(credit.within_months or regime.span.end, regime.span.end)
    return Grant(Credited(taken, program.usd(credit.usd)), until)


def balance_usd(deal: Deal, regime: Regime, undrawn: Array | None) -> ScalarOrArray:
    """Return K of a credit that is balance, in dollars; 0 but in the first term of an agreement that commits.

    What is `undrawn` of an agreement in force may be more than the offer's own.
    """
    credit = api_of(deal, regime.agreement).credit
    if not regime.commits or regime.span.index > 0:
        return 0.0
    own = credit.usd if credit is not None and credit.pays == "balance" else 0.0
    return own if undrawn is None else np.maximum(own, undrawn)
