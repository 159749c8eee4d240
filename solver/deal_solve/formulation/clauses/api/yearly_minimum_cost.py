"""A whole term with a yearly minimum as recourse, valued in every scenario at once (model §4; formulation §8).

Σ_y δ_y · s_y + δ · (Σ_l (r_l - r_(l+1)) · max(0, V_l - (C - Σ s_y)) + C - Σ s_y - V)
s_y = max(0, m · C / years - V_y)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from deal_solve.formulation.clauses.api.drawdown_cost import Factors
from deal_solve.formulation.model.chunks import Selection, each, weighted
from deal_solve.formulation.model.period import Period
from deal_solve.formulation.model.rate_groups import YearUsage
from deal_solve.formulation.model.recourse import Indices, Linear, When, added_up, factors_of, places_in, sum_of
from deal_solve.uncertainty.scenario_set import Array


@dataclass
class YearlyMinimumCost:
    """A whole term as one period under arrears, in which each contract year draws down a `minimum` of its even part.

    What usage lacks to it, s_y, is charged at the year's end and counts as usage.
    """

    term: Period
    years: tuple[YearUsage, ...]
    minimum: float
    line: str = "overage"
    is_linear: bool = False
    indices: Indices = field(init=False)

    def __post_init__(self) -> None:
        self.indices = places_in([self.term.indices, self.term.balance.indices])

    @cached_property
    def _shares(self) -> Array:
        """The minimum of each contract year, as a share of C_T, (years, 1)."""
        months = np.array([[float(len(year.months))] for year in self.years])
        return np.asarray(self.minimum * (months / months.sum()))

    def factors(self, when: When, discount: Callable[[int], float]) -> Array:
        """Return how much the charge of each contract year counts; what is settled in the end goes with the last."""
        return factors_of([(year.months.stop, year.months[-1]) for year in self.years], when, discount)

    def cost(self, values: Array, factors: Array) -> Array:
        """Return Σ_y factor_y · s_y + factor · (Σ_l (r_l - r_(l+1)) · U_l + C_T - Σ s_y - V), (S,)."""

        def piece(here: slice) -> Array:
            (overage,), rest = self.apart(values, here, factors)
            return np.asarray(factors[-1] * overage + rest)

        return np.concatenate(each(self.term.size, piece))

    @property
    def charges(self) -> tuple[tuple[int, int], ...]:
        """When overage is charged, and for which month: at the end of the term."""
        return (self.term.charge,)

    def apart(self, values: Array, here: Selection, factors: Array) -> tuple[list[Array], Array]:
        """Return overage at the end of the term, and all else that is charged, in some scenarios."""
        lacking, used, uncovered = self._settle(values, here)
        overage = (self.term.steps_in(here) * uncovered).sum(axis=0) - uncovered[-1]
        left = self.term.balance.at(values) - lacking.sum(axis=0) - used[-1] + uncovered[-1]
        return [overage], np.asarray(factors @ lacking + factors[-1] * left)

    def forget(self) -> None:
        """Keep nothing of the last plan: nothing is kept."""

    def _settle(self, values: Array, here: Selection) -> tuple[Array, Array, Array]:
        """Return s_y (years, S), and usage and uncovered usage per level (levels, S)."""
        committed, used = self.term.balance.at(values), self.term.used(values, here)
        yearly = np.array([year.usage.rate_groups.amounts(values, here).sum(axis=0) for year in self.years])
        lacking = np.maximum(self._shares * committed - yearly, 0.0)
        return lacking, used, np.maximum(used - (committed - lacking.sum(axis=0)), 0.0)

    def slope(self, values: Array, factors: Array, weights: Array) -> Linear:
        """Return the slope of Σ_y factor_y · s_y + factor · Σ_l (…) · U_l + lowest · max(0, C_T - Σ s_y - V).

        In the linear program more than s_y may be charged in a year that counts less than the last one, so what is
        settled in the end counts no more than the least of them: then settlement costs more than the cut.
        """

        def piece(here: slice) -> Linear:
            some = weighted(here, weights)
            return self.slope_apart(values, some, (factors, [factors[-1]]), weights[some])

        return sum_of(each(self.term.size, piece))

    def slope_apart(self, values: Array, here: Selection, both: Factors, weights: Array) -> Linear:
        """Return the slope in some scenarios, where overage has a factor of its own: the second one."""
        lacking, _, uncovered = self._settle(values, here)
        factors, (last,) = both
        lowest = float(factors.min())
        prices = last * self.term.steps_in(here) * (uncovered > 0)
        prices[-1] += np.where(uncovered[-1] > 0, lowest - last, 0.0)
        of_balance = lowest - prices.sum(axis=0)
        by_year = np.where(lacking > 0, factors[:, None] - of_balance, 0.0)
        of_balance = of_balance + (self._shares * by_year).sum(axis=0)
        per_level = prices * weights
        per_level[-1] -= lowest * weights
        indices = [self.term.indices, self.term.balance.indices]
        coefficients = [
            self.term.slopes(per_level, here),
            self.term.balance.coefficients * (weights @ of_balance),
        ]
        for year, price in zip(self.years, by_year, strict=True):
            groups = year.usage.rate_groups
            indices.append(groups.indices)
            coefficients.append(-groups.slope(np.tile(price * weights, (groups.groups, 1)), here))
        return added_up(np.concatenate(indices), np.concatenate(coefficients))
