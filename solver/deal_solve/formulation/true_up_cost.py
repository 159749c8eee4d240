"""Seats added above contract in one year and price class, valued in every scenario at once (sections 5 and 8)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from deal_solve.formulation.columns import Moving
from deal_solve.formulation.recourse import Linear, Places, When, added_up, factors_of
from deal_solve.uncertainty.scenarios import Array

Months: TypeAlias = NDArray[np.int64]
"""Which count, per scenario."""


@dataclass(frozen=True)
class Counts:
    """Σ_c users · on: `users` of each cohort (months, S), with the variables of the cohorts at `places`."""

    places: Places
    users: tuple[Array, ...]

    @property
    def months(self) -> int:
        """How many months count."""
        return len(self.users[0])

    def at(self, values: Array) -> Array:
        """Return the counts (months, S)."""
        total = np.zeros_like(self.users[0])
        for place, users in zip(self.places, self.users, strict=True):
            if values[place]:
                total += values[place] * users
        return total

    def slope(self, months: Months, prices: Array) -> Array:
        """Return Σ_ω price · users in the month (S,) that is looked at, per cohort."""
        chosen = months[None, :]
        return np.array([np.take_along_axis(users, chosen, axis=0)[0] @ prices for users in self.users])


@dataclass
class TrueUpCost:
    """L = max(N, counts so far), charged by what it rises from stage to stage: the year's start, then its windows.

    `counts` are in order of time; `ends[s]` is how many of their months stage s has seen; `months[s]` are charged for
    what L rises in it, at `charges[s]`, at `price` money units a month (one number, or (S,)). `alone`: every window by
    itself above N (ratchet none). `number` is N.
    """

    counts: tuple[Counts, ...]
    number: Linear
    ends: tuple[int, ...]
    months: tuple[int, ...]
    charges: tuple[tuple[int, int], ...]
    price: Moving
    alone: bool
    line: str = "true_up"
    is_linear: bool = False
    places: Places = field(init=False)

    def __post_init__(self) -> None:
        self.places = np.unique(np.concatenate([self.number.places, *(counts.places for counts in self.counts)]))

    def factors(self, when: When, discount: Callable[[int], float]) -> Array:
        """Return how much each stage's charge counts."""
        return factors_of(self.charges, when, discount)

    def _largest(self, values: Array) -> tuple[Array, Months]:
        """Return L at each stage (stages, S) and which count it is: -1 for N, the earliest of equals."""
        counts = [count for part in self.counts for count in part.at(values)]
        size, number = len(counts[0]), self.number.at(values)
        licensed, which = np.full(size, number), np.full(size, -1)
        levels, found = np.empty((len(self.ends), size)), np.empty((len(self.ends), size), dtype=np.int64)
        seen = 0
        for stage, end in enumerate(self.ends):
            if self.alone:
                licensed, which = np.full(size, number), np.full(size, -1)
            for month in range(seen, end):
                higher = counts[month] > licensed
                licensed, which = np.where(higher, counts[month], licensed), np.where(higher, month, which)
            levels[stage], found[stage], seen = licensed, which, end
        return levels, found

    def _steps(self, factors: Array) -> tuple[Array, float]:
        """Return how much each stage's L and N count: Σ_s months·factor·(L_s - L_(s-1)), L_(-1) = N."""
        charged = factors * np.array(self.months, dtype=float)
        if self.alone:
            return charged, -float(charged.sum())
        return charged - np.append(charged[1:], 0.0), -float(charged[0])

    def cost(self, values: Array, factors: Array) -> Array:
        """Return what is charged for added seats."""
        steps, number = self._steps(factors)
        return np.asarray(self.price * (steps @ self._largest(values)[0] + number * self.number.at(values)))

    def slope(self, values: Array, factors: Array, weights: Array) -> Linear:
        """Return the slope: each stage's L moves with the count (or N) that it equals."""
        steps, number = self._steps(factors)
        prices = weights * self.price
        contracted = float(number * prices.sum())
        _, found = self._largest(values)
        slopes = [np.zeros(len(part.places)) for part in self.counts]
        for which, step in zip(found, steps, strict=True):
            if not step:
                continue
            contracted += float(step * prices[which < 0].sum())
            start = 0
            for slope, part in zip(slopes, self.counts, strict=True):
                inside = (which >= start) & (which < start + part.months)
                if inside.any():
                    months = np.clip(which - start, 0, part.months - 1)
                    slope += part.slope(months, np.where(inside, step * prices, 0.0))
                start += part.months
        places = [self.number.places, *(part.places for part in self.counts)]
        return added_up(np.concatenate(places), np.concatenate([self.number.coefficients * contracted, *slopes]))
