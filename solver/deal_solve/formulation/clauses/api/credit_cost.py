"""What is billed above a credit, as recourse valued in every scenario at once (model §4; formulation §8).

With X_τ what falls due up to time τ and f the factors of a measure, which fall,

    Σ_τ f_τ · (max(0, X_τ - K) - max(0, X_(τ-1) - K)) = Σ_τ (f_τ - f_(τ+1)) · max(0, X_τ - K)

is convex. Of a balance under arrears the last of these amounts is charged by `drawdown_cost`, at the period's end.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from deal_solve.formulation.clauses.api.credit import Credited
from deal_solve.formulation.model.chunks import Selection, each, weighted
from deal_solve.formulation.model.rate_groups import RateGroups
from deal_solve.formulation.model.recourse import Indices, Linear, When, added_up, factors_of, sum_of
from deal_solve.uncertainty.scenario_set import Array


@dataclass
class BilledBeforePeriodEnd:
    """Usage of a commitment period that is billed month by month, above a balance: what paying early costs.

    `usage` has one group per month of `months`; what it comes to at the period's end is charged elsewhere.
    """

    usage: RateGroups
    months: range
    credit: Credited
    line: str = "usage"
    is_linear: bool = False
    indices: Indices = field(init=False)

    def __post_init__(self) -> None:
        self.indices = np.unique(np.concatenate([self.usage.indices, self.credit.taken.indices]))

    def factors(self, when: When, discount: Callable[[int], float]) -> Array:
        """Return by how much more each month counts than the next: all of them 0 without a cost of capital."""
        return -np.diff(factors_of([(month + 1, month) for month in self.months], when, discount))

    def forget(self) -> None:
        """Nothing is kept."""

    def _due(self, values: Array, here: Selection) -> Array:
        """Return X of every month but the last, (months - 1, S)."""
        return np.cumsum(self.usage.amounts(values, here), axis=0)[:-1]

    def cost(self, values: Array, factors: Array) -> Array:
        """Return Σ_t (f_t - f_(t+1)) · max(0, X_t - K), (S,)."""

        def piece(here: slice) -> Array:
            above = np.maximum(self._due(values, here) - self.credit.at(values, here), 0.0)
            return np.asarray(factors @ above)

        return np.concatenate(each(self.usage.size, piece))

    def slope(self, values: Array, factors: Array, weights: Array) -> Linear:
        """Return the slope of the cost."""

        def piece(here: slice) -> Linear:
            some = weighted(here, weights)
            is_above = self._due(values, some) > self.credit.at(values, some)
            prices = factors[:, None] * is_above * weights[some]
            from_month_on = np.cumsum(prices[::-1], axis=0)[::-1]
            per_month = np.vstack([from_month_on, np.zeros((1, prices.shape[1]))])
            return added_up(
                np.concatenate([self.usage.indices, self.credit.taken.indices]),
                np.concatenate([self.usage.slope(per_month, some), self.credit.slope(-prices.sum(axis=0), some)]),
            )

        return sum_of(each(self.usage.size, piece))
