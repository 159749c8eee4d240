"""The true-up of one year and price class as recourse, valued in every scenario at once (model §5; formulation §8).

This module holds the decomposed form of the rows of `true_up`.

    Σ_w months_w · δ_w · (L_w - L_(w-1)),  L_w = max(N, counts so far)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from deal_solve.formulation.model.chunks import FEW, each, taken, weighted
from deal_solve.formulation.model.per_scenario import ScalarOrArray, part
from deal_solve.formulation.model.recourse import Indices, Linear, When, added_up, factors_of, places_in
from deal_solve.uncertainty.scenario_set import Array


@dataclass(frozen=True)
class Counts:
    """Σ_c users · on: variables of some cohorts at `indices`, their users the `rows` of `users` (C, months, S).

    A cohort may have several variables, one for each seat type that counts.
    """

    indices: Indices
    rows: Indices
    users: Array

    @property
    def months(self) -> int:
        """How many months count."""
        return int(self.users.shape[1])

    def whole(self, values: Array, users: Array) -> Array:
        """Return the counts of all months, (months · scenarios), in few scenarios, whose `users` are given."""
        on = np.bincount(self.rows, values[self.indices], len(users))
        return np.asarray(on @ users.reshape(len(users), -1))

    def whole_slope(self, prices: Array, users: Array) -> Array:
        """Return what `slope` does, for few scenarios."""
        return np.asarray(users.reshape(len(users), -1) @ prices.ravel())[self.rows]

    def at(self, values: Array, users: Array) -> Iterator[Array]:
        """Yield the counts of month after month in some scenarios, whose `users` are given; each for a moment only."""
        on = np.bincount(self.rows, values[self.indices], len(users))
        used = np.flatnonzero(on)
        few = slice(used[0], used[-1] + 1) if len(used) else slice(0)
        count = np.zeros(users.shape[2])
        for month in range(self.months):
            if len(used):
                np.matmul(on[few], users[few, month], out=count)
            yield count

    def slope(self, prices: Array, users: Array) -> Array:
        """Return Σ_ω,month price · users per cohort; `prices` is (months, scenarios) like the `users` given."""
        return np.asarray(sum(users[:, month] @ price for month, price in enumerate(prices)))[self.rows]


@dataclass
class TrueUpCost:
    """L = max(N, counts so far), charged by what it rises from stage to stage: the year's start, then its windows.

    `counts` are in order of time; `ends[s]` is how many of their months stage s has seen; `months[s]` are charged for
    what L rises in it, at `charges[s]`, at `price` money units a month times `index` (one number, or (S,)). `alone`:
    every window by itself above N (ratchet none), or where `is_carried` above the L of the first stage, which is what
    the agreement before has counted. `number` is N.
    """

    counts: tuple[Counts, ...]
    number: Linear
    ends: tuple[int, ...]
    months: tuple[int, ...]
    charges: tuple[tuple[int, int], ...]
    price: float
    index: ScalarOrArray
    alone: bool
    line: str = "true_up"
    is_carried: bool = False
    is_linear: bool = False
    indices: Indices = field(init=False)
    _known_steps: dict[bytes, tuple[Array, float]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self.indices = places_in([self.number.indices, *(counts.indices for counts in self.counts)])

    def factors(self, when: When, discount: Callable[[int], float]) -> Array:
        """Return how much each stage's charge counts."""
        return factors_of(self.charges, when, discount)

    @property
    def size(self) -> int:
        """S, the number of scenarios."""
        return int(self.counts[0].users.shape[2])

    def _steps(self, factors: Array) -> tuple[Array, float]:
        """Return how much each stage's L and N count: Σ_s months·factor·(L_s - L_(s-1)), L_(-1) = N."""
        key = factors.tobytes()
        if key not in self._known_steps:
            self._known_steps[key] = self._steps_of(factors * np.array(self.months, dtype=float))
        return self._known_steps[key]

    def _steps_of(self, charged: Array) -> tuple[Array, float]:
        if self.alone and self.is_carried:
            return np.append(charged[0] - charged[1:].sum(), charged[1:]), -float(charged[0])
        if self.alone:
            return charged, -float(charged.sum())
        return charged - np.append(charged[1:], 0.0), -float(charged[0])

    def _stages(self, steps: Array) -> list[tuple[range, float]]:
        """Return the months of each stage, and how much its L counts."""
        return [(range(*months), step) for months, step in zip(pairwise((0, *self.ends)), steps, strict=True)]

    def _counted(self, values: Array, users: list[Array]) -> Iterator[Array]:
        """Yield what is counted month after month, in some scenarios."""
        for counts, own in zip(self.counts, users, strict=True):
            yield from counts.at(values, own)

    def cost(self, values: Array, factors: Array) -> Array:
        """Return what is charged for added seats."""
        steps, number = self._steps(factors)
        if self.size <= FEW:
            levels = self._levels(values, [counts.users for counts in self.counts])
            total = steps @ self._licensed(levels) + number * self.number.at(values)
            return np.asarray(self.price * total * self.index)
        stages, contracted = self._stages(steps), self.number.at(values)

        def piece(here: slice) -> Array:
            counted = self._counted(values, [counts.users[:, :, here] for counts in self.counts])
            licensed = np.full(here.stop - here.start, contracted)
            total, kept = np.full_like(licensed, number * contracted), licensed.copy()
            for stage, (months, step) in enumerate(stages):
                if self.alone and self.is_carried and stage == 1:
                    kept = licensed.copy()
                if self.alone:
                    licensed[:] = kept
                for _, count in zip(months, counted, strict=False):
                    np.maximum(licensed, count, out=licensed)
                total += step * licensed
            total *= self.price
            return total * part(self.index, here)

        return np.concatenate(each(self.size, piece))

    def forget(self) -> None:
        """Keep nothing: nothing is kept."""

    def slope(self, values: Array, factors: Array, weights: Array) -> Linear:
        """Return the slope: each stage's L moves with the count (or N) that it equals."""
        steps, number = self._steps(factors)
        parts = each(self.size, lambda here: self._slope(values, steps, number, weights, here))
        contracted = sum(each_part[0] for each_part in parts)
        slopes = np.sum([each_part[1] for each_part in parts], axis=0)
        indices = [self.number.indices, *(part.indices for part in self.counts)]
        return added_up(np.concatenate(indices), np.concatenate([self.number.coefficients * contracted, slopes]))

    def _levels(self, values: Array, users: list[Array]) -> list[tuple[int, Array]]:
        """Return N and, month after month, the L that it leads to (months + 1, scenarios), and its first month.

        The scenarios, whose `users` are given, are few. Of windows by themselves one run of months per window, over
        what is licensed before it.
        """
        whole = [counts.whole(values, own) for counts, own in zip(self.counts, users, strict=True)]
        counted = (whole[0] if len(whole) == 1 else np.concatenate(whole)).reshape(self.ends[-1], -1)
        runs = pairwise((0, *self.ends)) if self.alone else [(0, self.ends[-1])]
        found, before = [], self.number.at(values)
        for start, end in runs:
            levels = np.empty((end - start + 1, counted.shape[1]))
            levels[0], levels[1:] = before, counted[start:end]
            found.append((start, np.maximum.accumulate(levels, axis=0, out=levels)))
            if self.is_carried and not start:
                before = levels[-1]
        return found

    @cached_property
    def _places(self) -> Indices:
        """The place of each stage's L among the levels of a year in one run."""
        return np.array(self.ends, dtype=np.int64)

    def _licensed(self, levels: list[tuple[int, Array]]) -> Array:
        """Return L of each stage (stages, S)."""
        return np.array([run[-1] for _, run in levels]) if self.alone else levels[0][1][self._places]

    def _equal(self, levels: list[tuple[int, Array]]) -> NDArray[np.int64]:
        """Return the month whose count L of each stage equals (stages, scenarios), from 1; 0 where it is N."""
        found, before = [], np.zeros(levels[0][1].shape[1], dtype=np.int64)
        for start, run in levels:
            rising = np.zeros(run.shape, dtype=np.int64)
            rising[1:] = np.where(run[1:] > run[:-1], np.arange(start + 1, start + len(run))[:, None], 0)
            last = np.maximum.accumulate(rising, axis=0)
            if not self.alone:
                return np.asarray(last[self._places])
            found.append(np.where(last[-1] > 0, last[-1], before))
            if self.is_carried and not start:
                before = found[0]
        return np.array(found)

    def _slope_of_few(
        self, values: Array, steps: Array, number: float, prices: Array, users: list[Array]
    ) -> tuple[float, Array]:
        """Return what `_slope` does, for few scenarios: all months at once."""
        size, count = len(prices), self.ends[-1] + 1
        cells = self._equal(self._levels(values, users)) * size + np.arange(size)
        due = np.bincount(cells.ravel(), (steps[:, None] * prices).ravel(), count * size)
        moved = due.astype(np.float64).reshape(count, size)
        contracted = float(number * prices.sum() + moved[0].sum())
        months = np.split(moved[1:], np.cumsum([counts.months for counts in self.counts])[:-1])
        slopes = [c.whole_slope(own, u) for c, own, u in zip(self.counts, months, users, strict=True)]
        return contracted, np.concatenate(slopes)

    def _slope(self, values: Array, steps: Array, number: float, weights: Array, here: slice) -> tuple[float, Array]:
        """Return the slope in N and in each count's tracks, in some scenarios: those that have a weight."""
        some = weighted(here, weights)
        users = [taken(counts.users, some) for counts in self.counts]
        prices = weights[some] * (self.price * part(self.index, some))
        if len(prices) <= FEW:
            return self._slope_of_few(values, steps, number, prices, users)
        rises = self._rises(values, users)
        moved = np.empty(rises.shape)
        due, kept, contracted = np.zeros(len(prices)), np.zeros(len(prices)), np.full(len(prices), number)
        for months, step in reversed(self._stages(steps)):  # what L counts falls to the last month that raised it
            if self.alone:
                kept += due
                due[:] = 0.0
            if self.is_carried and not months.start:
                due, kept = due + kept, np.zeros(len(prices))
            due += step
            for month in reversed(months):
                np.multiply(due, rises[month], out=moved[month])
                due -= moved[month]
        moved *= prices
        ends = np.cumsum([counts.months for counts in self.counts])[:-1]
        each_moved = np.split(moved, ends)
        slopes = [c.slope(own, u) for c, own, u in zip(self.counts, each_moved, users, strict=True)]
        return float((contracted + kept + due) @ prices), np.concatenate(slopes)

    def _rises(self, values: Array, users: list[Array]) -> NDArray[np.bool_]:
        """Return whether a month's count (months, scenarios) is above N and all before it (in its stage, if alone)."""
        counted, contracted = self._counted(values, users), self.number.at(values)
        licensed = np.full(users[0].shape[2], contracted)
        rises = np.empty((self.ends[-1], len(licensed)), dtype=bool)
        starts, kept = {0, *self.ends} if self.alone else {0}, licensed.copy()
        for month, count in enumerate(counted):
            if self.alone and self.is_carried and month == self.ends[0]:
                kept = licensed.copy()
            if month in starts:
                licensed[:] = kept
            np.greater(count, licensed, out=rises[month])
            np.maximum(licensed, count, out=licensed)
        return rises
