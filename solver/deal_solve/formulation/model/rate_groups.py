"""Amounts that are linear in the plan and vary by scenario: requests over an interval, at a rate (formulation §8)."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from deal_solve.formulation.model.chunks import FEW, Selection, count_of, taken
from deal_solve.formulation.model.per_scenario import Ratio, ScalarOrArray, part
from deal_solve.formulation.model.recourse import Indices
from deal_solve.uncertainty.scenario_set import Array

EVERYWHERE = slice(None)


class Item(NamedTuple):
    """per · rate · quantities[row] per unit of the variable at index `column`."""

    column: int
    row: int
    per: float
    rate: ScalarOrArray = 1.0


class RateGroups:
    """Sums of items, group by group: items that share a rate are one rate group, added up before it is applied.

    `quantities` is (K, S), `groups` the number of the group of each item (default: one group), `count` how many groups
    there are at least; the rows of the items are counted from `first_row`.
    """

    def __init__(
        self,
        quantities: Array,
        items: Sequence[Item],
        groups: Sequence[int] | None = None,
        count: int = 1,
        first_row: int = 0,
    ) -> None:
        self.quantities = quantities
        group = [0] * len(items) if groups is None else groups
        self.groups = max(count, max(group, default=0) + 1)
        rate_groups: dict[tuple[int, int], int] = {}
        self._rates: list[ScalarOrArray] = []
        self._group: list[int] = []
        indices, rows, rate_group, per = [], [], [], []
        for (column, row, amount, rate), number in zip(items, group, strict=True):
            moves = isinstance(rate, np.ndarray)
            key = number, id(rate) if moves else 0
            place = rate_groups.get(key)
            if place is None:
                place = rate_groups[key] = len(rate_groups)
                self._rates.append(rate if moves else 1.0)
                self._group.append(number)
            indices.append(column)
            rows.append(row - first_row)
            rate_group.append(place)
            per.append(amount if isinstance(rate, np.ndarray) else amount * rate)
        self.item_groups = np.array(group, dtype=np.int64)
        self.indices: Indices = np.array(indices, dtype=np.int64)
        self._per = np.array(per, dtype=float)
        self._cell = np.array(rate_group, dtype=np.int64) * len(quantities) + np.array(rows, dtype=np.int64)

    @property
    def size(self) -> int:
        """S, the number of scenarios."""
        return int(self.quantities.shape[1])

    def of(self, quantities: Array) -> RateGroups:
        """Return the same sums of other quantities, as many of them."""
        if quantities is self.quantities:
            return self
        found = copy(self)
        found.quantities = quantities
        return found

    def times(self, factor: float) -> RateGroups:
        """Return the same sums times a factor."""
        found = copy(self)
        found._per = factor * self._per
        found.__dict__.pop("table", None)
        return found

    @cached_property
    def table(self) -> Array:
        """What a unit of each item's variable adds to each group in each scenario (groups · S, items), for few."""
        table = np.zeros((self.groups, self.size, len(self.indices)))
        table[self.item_groups, :, np.arange(len(self.indices))] = self.per_scenario()
        return table.reshape(self.groups * self.size, len(self.indices))

    def amounts(self, values: Array, here: Selection = EVERYWHERE) -> Array:
        """Return the sum of each group (groups, S) at the values of all variables, in some scenarios."""
        if self.size <= FEW and isinstance(here, slice):
            return np.asarray(self.table @ values[self.indices]).reshape(self.groups, self.size)[:, here]
        total = np.zeros((self.groups, count_of(here, self.size)))
        shape = len(self._rates), len(self.quantities)
        weights = np.bincount(self._cell, self._per * values[self.indices], shape[0] * shape[1]).reshape(shape)
        rate_groups, rows = np.flatnonzero(weights.any(axis=1)), np.flatnonzero(weights.any(axis=0))
        if len(rate_groups):
            few = slice(rows[0], rows[-1] + 1)
            for rate_group, sums in zip(
                rate_groups, weights[rate_groups, few] @ taken(self.quantities, here)[few], strict=True
            ):
                total[self._group[rate_group]] += sums * part(self._rates[rate_group], here)
        return total

    def slope(self, prices: Array, here: Selection = EVERYWHERE) -> Array:
        """Return Σ_ω price[group] · per · rate · quantities[row] of each item, prices (groups, S) of some scenarios."""
        if prices.shape[1] == self.size <= FEW:
            return np.asarray(prices.ravel() @ self.table)
        by_rate_group = prices[self._group]
        for rate_group, rate in zip(by_rate_group, self._rates, strict=True):
            rate_group *= part(rate, here)
        return np.asarray(self._per * (by_rate_group @ taken(self.quantities, here).T).ravel()[self._cell])

    def per_scenario(self) -> Array:
        """Return every item's amount per unit of its variable, (items, S); for few scenarios."""
        rate_group, row = np.divmod(self._cell, max(len(self.quantities), 1))
        rates = np.array([np.broadcast_to(rate, self.size) for rate in self._rates]).reshape(-1, self.size)
        return np.asarray(self._per[:, None] * rates[rate_group] * self.quantities[row])


@dataclass(frozen=True)
class PeriodUsage:
    """Usage of a commitment period at contracted rates, in groups of one overage ratio each, and these `ratios`."""

    rate_groups: RateGroups
    ratios: tuple[Ratio, ...]

    @cached_property
    def billed(self) -> Array:
        """Every item per unit of its variable (items, S), for few scenarios."""
        return self.rate_groups.per_scenario()

    @cached_property
    def ratio(self) -> Array:
        """The overage ratio of every item (items, S), for few scenarios."""
        table = [np.broadcast_to(part(ratio, EVERYWHERE), self.rate_groups.size) for ratio in self.ratios]
        return np.round(np.array(table).reshape(-1, self.rate_groups.size)[self.rate_groups.item_groups], 12)


@dataclass(frozen=True)
class YearUsage:
    """Usage of one contract year, with its months, of a commitment period that is longer."""

    months: range
    usage: PeriodUsage
