"""One commitment period as recourse: its usage in drawdown order, and its balance (model §4; formulation §8)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from deal_solve.formulation.model.chunks import Selection, count_of
from deal_solve.formulation.model.per_scenario import Ratio, part
from deal_solve.formulation.model.rate_groups import EVERYWHERE, RateGroups
from deal_solve.formulation.model.recourse import Linear
from deal_solve.uncertainty.scenario_set import BLOCK, Array

Ranks: TypeAlias = NDArray[np.intp]


class Period:
    """Usage of one commitment period (or month of a hard cap) in drawdown order, and its balance.

    `usage` are the items in groups of one overage ratio; `ratios` (G) what an uncovered unit of each group costs, one
    number or (S,); `balance` is C_P as an expression.
    """

    def __init__(self, usage: RateGroups, ratios: Sequence[Ratio], balance: Linear, charge: tuple[int, int]) -> None:
        self.usage, self.balance, self.charge = usage, balance, charge
        self.indices, self.size = usage.indices, usage.size
        self._ratios = ratios

    @cached_property
    def _order(self) -> NDArray[np.int8] | None:
        """The groups in drawdown order, (levels, S) or (levels, 1); None: as they are.

        Most periods of most regimes are in no plan that is ever valued, so this waits until it is asked for.
        """
        order = np.argsort(-self._table(EVERYWHERE), axis=0, kind="stable").astype(np.int8)
        return order if np.any(np.diff(order, axis=0) != 1) else None

    def _table(self, here: Selection) -> Array:
        """Return the ratios (groups, S) in some scenarios, or (groups, 1) where they are the same everywhere."""
        if all(isinstance(ratio, float) for ratio in self._ratios):
            return np.array(self._ratios or [0.0], dtype=float)[:, None]
        size = count_of(here, self.size)
        return np.array([np.broadcast_to(part(ratio, here), size) for ratio in self._ratios])

    @property
    def levels(self) -> int:
        """How many levels of usage there are."""
        return max(len(self._ratios), 1)

    def used(self, values: Array, here: Selection) -> Array:
        """Return usage cumulated from the highest ratio down, (levels, S); the last one is all of it."""
        amounts = self.usage.amounts(values, here)
        ranks = self._ranks(here)
        if ranks is not None:
            amounts = np.take_along_axis(amounts, ranks, axis=0)
        return np.cumsum(amounts, axis=0) if len(amounts) > 1 else amounts

    def slopes(self, prices: Array, here: Selection) -> Array:
        """Return Σ_ω (Σ of the prices (levels, S) of the levels an item counts in) · amount of each item."""
        per_level = np.cumsum(prices[::-1], axis=0)[::-1] if len(prices) > 1 else prices
        ranks = self._ranks(here)
        if ranks is None:
            return self.usage.slope(per_level, here)
        per_group = np.empty_like(per_level)
        np.put_along_axis(per_group, np.broadcast_to(ranks, per_level.shape), per_level, axis=0)
        return self.usage.slope(per_group, here)

    def _ranks(self, here: Selection) -> Ranks | None:
        """Return the groups in drawdown order (levels, S), or (levels, 1) where it is the same; None: as they are."""
        order = self._order
        if order is None:
            return None
        return np.asarray((order[:, here] if order.shape[1] > 1 else order), dtype=np.intp)

    def steps_in(self, here: Selection) -> Array:
        """Return by how much each level costs more than the next (levels, S), or (levels, 1)."""
        if self.size > BLOCK:
            return self._steps(here)
        return self.all_steps[:, here] if self.all_steps.shape[1] > 1 else self.all_steps

    @cached_property
    def all_steps(self) -> Array:
        """The same in all scenarios, of one block at most."""
        return self._steps(EVERYWHERE)

    def cumulated(self) -> Array:
        """Return usage cumulated from the highest ratio down per unit of each item, (levels · S, items), for few."""
        groups = self.usage.table.reshape(self.usage.groups, self.size, -1)
        ranks = self._ranks(EVERYWHERE)
        if ranks is not None:
            groups = np.take_along_axis(groups, ranks[:, :, None], axis=0)
        return np.cumsum(groups, axis=0).reshape(self.usage.groups * self.size, -1)

    def _steps(self, here: Selection) -> Array:
        falling = self._table(here)
        ranks = self._ranks(here)
        if ranks is not None:
            falling = np.take_along_axis(falling, ranks, axis=0)
        return np.append(falling[:-1] - falling[1:], falling[-1:], axis=0)
