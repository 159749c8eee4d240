"""What is billed above a credit, as recourse valued in every scenario at once (model §4; formulation §8).

With X_τ what falls due up to time τ and f the factors of a measure, which fall,

    Σ_τ f_τ · (max(0, X_τ - K) - max(0, X_(τ-1) - K)) = Σ_τ (f_τ - f_(τ+1)) · max(0, X_τ - K)

is convex. Of a balance under arrears the last of these amounts is charged by `drawdown_cost`, at the period's end.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from deal_solve.formulation.clauses.api.credit import Credited
from deal_solve.formulation.clauses.api.drawdown_cost import DrawdownCost
from deal_solve.formulation.clauses.api.yearly_minimum_cost import YearlyMinimumCost
from deal_solve.formulation.model.chunks import Selection, count_of, each, weighted
from deal_solve.formulation.model.rate_groups import RateGroups
from deal_solve.formulation.model.recourse import Indices, Linear, When, added_up, factors_of, places_in, sum_of
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
        self.indices = places_in([self.usage.indices, self.credit.taken.indices])

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


@dataclass
class ChargedAboveCredit:
    """What falls due at times 1 to n, `months` being those before them, above a credit; and all else of `drawn`.

    `usage` has one group per month that is billed (none: paid in advance); overage of the commitment periods in `drawn`
    that end by then is part of what falls due, what else is charged for them is not paid by the credit.
    """

    usage: RateGroups
    months: range
    credit: Credited
    drawn: Sequence[DrawdownCost | YearlyMinimumCost]
    line: str = "usage"
    is_linear: bool = False
    indices: Indices = field(init=False)

    def __post_init__(self) -> None:
        parts = [self.usage.indices, self.credit.taken.indices, *(part.indices for part in self.drawn)]
        self.indices = places_in(parts)

    def factors(self, when: When, discount: Callable[[int], float]) -> Array:
        """Return how much each time counts, then the factors of what is drawn, one part after the other."""
        times = factors_of([(month + 1, month) for month in self.months], when, discount)
        return np.concatenate([times, *(part.factors(when, discount) for part in self.drawn)])

    def forget(self) -> None:
        """Nothing is kept."""

    def _split(self, factors: Array) -> tuple[Array, list[Array]]:
        """Return the factors of the times, and those of each part."""
        sizes = [len(part.factors(When(), lambda _: 1.0)) for part in self.drawn]
        times, *parts = np.split(factors, np.cumsum([len(self.months), *sizes])[:-1])
        return times, parts

    def _due(self, values: Array, here: Selection, parts: list[Array]) -> tuple[Array, Array]:
        """Return what falls due at each time (times, S), and what is charged beside it (S,)."""
        due = np.zeros((len(self.months), count_of(here, self.usage.size)))
        billed = self.usage.amounts(values, here)
        due[: len(billed)] += billed
        beside = np.zeros(due.shape[1])
        for part, factors in zip(self.drawn, parts, strict=True):
            overages, rest = part.apart(values, here, factors)
            beside += rest
            for (time, _), usd, factor in zip(part.charges, overages, factors[-len(overages) :], strict=True):
                if time <= len(self.months):
                    due[time - 1] += usd
                else:
                    beside += factor * usd
        return due, beside

    def cost(self, values: Array, factors: Array) -> Array:
        """Return Σ_τ f_τ · (max(0, X_τ - K) - max(0, X_(τ-1) - K)) and what is charged beside it, (S,)."""
        times, parts = self._split(factors)

        def piece(here: slice) -> Array:
            due, beside = self._due(values, here, parts)
            above = np.maximum(np.cumsum(due, axis=0) - self.credit.at(values, here), 0.0)
            return np.asarray(beside - np.diff(times, append=0.0) @ above)

        return np.concatenate(each(self.usage.size, piece))

    def slope(self, values: Array, factors: Array, weights: Array) -> Linear:
        """Return the slope, where the times count less and less; a measure that leaves the first ones out is valued as
        if nothing of the credit were used by then, from below.
        """
        times, parts = self._split(factors)
        first = int(np.argmax(times > 0))
        falls = -np.diff(np.minimum.accumulate(times[first:]), append=0.0)

        def piece(here: slice) -> Linear:
            some = weighted(here, weights)
            due, _ = self._due(values, some, parts)
            is_above = np.cumsum(due[first:], axis=0) > self.credit.at(values, some)
            counts = np.zeros(due.shape)
            counts[first:] = np.cumsum((falls[:, None] * is_above)[::-1], axis=0)[::-1]
            own = weights[some]
            found = [Linear(self.credit.taken.indices, self.credit.slope(-own * counts[first], some))]
            billed = np.zeros((self.usage.groups, len(own)))
            billed[: len(counts)] = counts[: len(billed)] * own
            found.append(Linear(self.usage.indices, self.usage.slope(billed, some)))
            for part, plain in zip(self.drawn, parts, strict=True):
                ends = zip(part.charges, plain[-len(part.charges) :], strict=True)
                of_overage = [counts[time - 1] if time <= len(counts) else factor for (time, _), factor in ends]
                found.append(part.slope_apart(values, some, (plain, of_overage), own))
            return sum_of(found)

        return sum_of(each(self.usage.size, piece))
