"""Commitment periods that carry nothing from one to the next, over few scenarios: all of them valued at once.

The cost is that of `drawdown_cost` without a rollover, a credit or excess that counts next: with the usage V of all
periods as one matrix times the plan, Σ_P δ_P · (Σ_l (r_l - r_(l+1)) · max(0, V_l - C_P), under arrears + C_P - V).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from deal_solve.formulation.model.period import Period
from deal_solve.formulation.model.recourse import Indices, Linear
from deal_solve.uncertainty.scenario_set import Array

MAX_CELLS = 100_000
"""A larger matrix takes longer to read than the periods one by one."""


@dataclass(frozen=True)
class SinglePeriods:
    """Periods by the variables at `indices` (V): usage cumulated from the highest ratio down, (P · L · S, V), what is
    committed (P, V), and by how much each level costs more than the next (P, L, S).
    """

    indices: Indices
    used: Array
    committed: Array
    steps: Array
    arrears: bool

    @classmethod
    def of(cls, periods: Sequence[Period], indices: Indices, arrears: bool) -> SinglePeriods | None:
        """Return the periods together; None where they have other numbers of levels, or too many."""
        levels, size = periods[0].levels, periods[0].size
        cells = len(periods) * levels * size * len(indices)
        if cells > MAX_CELLS or any(period.levels != levels or period.usage.groups != levels for period in periods):
            return None
        used, committed = np.zeros((len(periods), len(indices), levels * size)), np.zeros((len(periods), len(indices)))
        for period, own, balance in zip(periods, used, committed, strict=True):
            np.add.at(own, np.searchsorted(indices, period.indices), period.cumulated().T)
            np.add.at(balance, np.searchsorted(indices, period.balance.indices), period.balance.coefficients)
        steps = np.array([np.broadcast_to(period.all_steps, (levels, size)) for period in periods])
        table = np.ascontiguousarray(used.transpose(0, 2, 1)).reshape(-1, len(indices))
        return cls(indices, table, committed, steps, arrears)

    def _settled(self, values: Array) -> tuple[Array, Array, Array]:
        """Return usage and uncovered usage (P, L, S), and what is committed (P,)."""
        own = values[self.indices]
        used, committed = (self.used @ own).reshape(self.steps.shape), self.committed @ own
        return used, np.maximum(used - committed[:, None, None], 0.0), committed

    def cost(self, values: Array, factors: Array) -> Array:
        """Return the cost (S,)."""
        used, uncovered, committed = self._settled(values)
        charged = (self.steps * uncovered).sum(axis=1)
        if self.arrears:
            charged += committed[:, None] - used[:, -1]
        return np.asarray(factors @ charged)

    def slope(self, values: Array, factors: Array, weights: Array) -> Linear:
        """Return the slope, as `drawdown_cost` does."""
        prices = factors[:, None, None] * self.steps * (self._settled(values)[1] > 0)
        balance = -prices.sum(axis=1)
        if self.arrears:
            balance += factors[:, None]
            prices[:, -1] -= factors[:, None]
        coefficients = (prices * weights).ravel() @ self.used + (balance @ weights) @ self.committed
        return Linear(self.indices, np.asarray(coefficients))
