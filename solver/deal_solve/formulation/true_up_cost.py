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

Months: TypeAlias = NDArray[np.int16]
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
        on = [(values[place], users) for place, users in zip(self.places, self.users, strict=True) if values[place]]
        total: Array = on[0][0] * on[0][1] if on else np.zeros_like(self.users[0])
        for share, users in on[1:]:
            total += share * users
        return total

    def slope(self, prices: Array) -> Array:
        """Return Σ_ω,month price · users per cohort; `prices` is (months, S)."""
        return np.array([np.vdot(prices, users) for users in self.users])


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
    _known: tuple[bytes, tuple[Array, Months]] = field(init=False, default=(b"", (np.empty(0), np.empty(0, np.int16))))

    def __post_init__(self) -> None:
        self.places = np.unique(np.concatenate([self.number.places, *(counts.places for counts in self.counts)]))

    def factors(self, when: When, discount: Callable[[int], float]) -> Array:
        """Return how much each stage's charge counts."""
        return factors_of(self.charges, when, discount)

    def _largest(self, values: Array) -> tuple[Array, Months]:
        """Return L at each stage (stages, S) and which count it is: -1 for N, the earliest of equals."""
        key = values[self.places].tobytes()
        if self._known[0] != key:
            self._known = key, self._look(values)
        return self._known[1]

    def _look(self, values: Array) -> tuple[Array, Months]:
        counts = [count for part in self.counts for count in part.at(values)]
        size, number = len(counts[0]), self.number.at(values)
        levels, found = np.empty((len(self.ends), size)), np.empty((len(self.ends), size), dtype=np.int16)
        licensed, which = np.full(size, number), np.full(size, -1, dtype=np.int16)
        seen = 0
        for stage, end in enumerate(self.ends):
            if self.alone:
                licensed, which = np.full(size, number), np.full(size, -1, dtype=np.int16)
            for month in range(seen, end):
                which[counts[month] > licensed] = month
                np.maximum(licensed, counts[month], out=licensed)
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
        months = sum(part.months for part in self.counts)
        moved = np.zeros((1 + months, len(found[0])))  # what each count (first: N) is charged in each scenario
        scenarios = np.arange(len(found[0]))
        for which, step in zip(found, steps, strict=True):
            if step:
                moved[which + 1, scenarios] += step * prices
        contracted += float(moved[0].sum())
        slopes, start = [], 1
        for part in self.counts:
            slopes.append(part.slope(moved[start : start + part.months]))
            start += part.months
        places = [self.number.places, *(part.places for part in self.counts)]
        return added_up(np.concatenate(places), np.concatenate([self.number.coefficients * contracted, *slopes]))
