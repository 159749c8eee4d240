"""Seats added above contract in one year and price class, valued in every scenario at once (sections 5 and 8)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from deal_solve.formulation.chunks import CHUNK, each
from deal_solve.formulation.columns import Moving
from deal_solve.formulation.lanes import part
from deal_solve.formulation.recourse import Linear, Places, When, added_up, factors_of
from deal_solve.uncertainty.scenarios import Array

Months: TypeAlias = NDArray[np.int16]
"""Which count, per scenario."""
Chosen: TypeAlias = NDArray[np.intp]
"""Places of scenarios."""


@dataclass(frozen=True)
class Counts:
    """Σ_c users · on: `users` of each cohort (months, S), with the variables of the cohorts at `places`."""

    places: Places
    users: tuple[Array, ...]

    @property
    def months(self) -> int:
        """How many months count."""
        return len(self.users[0])

    def at(self, values: Array, here: slice) -> Array:
        """Return the counts (months, S) in some scenarios."""
        total = np.zeros_like(self.users[0][:, here])
        product = np.empty_like(total)
        for place, users in zip(self.places, self.users, strict=True):
            if values[place]:
                total += np.multiply(users[:, here], values[place], out=product)
        return total

    def slope(self, prices: Array, chosen: slice | Chosen) -> Array:
        """Return Σ_ω,month price · users per cohort; `prices` is (months, scenarios chosen)."""
        return np.array([np.einsum("ms,ms->", prices, users[:, chosen]) for users in self.users])


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
    _known: tuple[bytes, list[Months]] = field(init=False, default=(b"", []))

    def __post_init__(self) -> None:
        self.places = np.unique(np.concatenate([self.number.places, *(counts.places for counts in self.counts)]))

    def factors(self, when: When, discount: Callable[[int], float]) -> Array:
        """Return how much each stage's charge counts."""
        return factors_of(self.charges, when, discount)

    @property
    def size(self) -> int:
        """S, the number of scenarios."""
        return int(self.counts[0].users[0].shape[1])

    def _look(self, values: Array, here: slice) -> tuple[Array, Months]:
        """Return L at each stage (stages, S) and which count it is: -1 for N, the earliest of equals."""
        counts = np.concatenate([part.at(values, here) for part in self.counts])
        size, number = counts.shape[1], self.number.at(values)
        levels, found = np.empty((len(self.ends), size)), np.empty((len(self.ends), size), dtype=np.int16)
        licensed, which = np.full(size, number), np.full(size, -1, dtype=np.int16)
        seen = 0
        for stage, end in enumerate(self.ends):
            if self.alone:
                licensed[:], which[:] = number, -1
            for month in range(seen, end):
                np.copyto(which, np.int16(month), where=counts[month] > licensed)
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
        contracted = number * self.number.at(values)

        def piece(here: slice) -> tuple[Array, Months]:
            levels, which = self._look(values, here)
            return part(self.price, here) * (steps @ levels + contracted), which

        found = each(self.size, piece)
        self._known = values[self.places].tobytes(), [which for _, which in found]
        return np.concatenate([cost for cost, _ in found])

    def forget(self) -> None:
        """Keep nothing of the last plan."""
        self._known = b"", []

    def slope(self, values: Array, factors: Array, weights: Array) -> Linear:
        """Return the slope: each stage's L moves with the count (or N) that it equals."""
        is_known = self._known[0] == values[self.places].tobytes()
        steps, number = self._steps(factors)

        def piece(here: slice) -> tuple[float, Array]:
            which = self._known[1][here.start // CHUNK] if is_known else self._look(values, here)[1]
            return self._slope(which, steps, number, weights, here)

        parts = each(self.size, piece)
        contracted = sum(each_part[0] for each_part in parts)
        slopes = np.sum([each_part[1] for each_part in parts], axis=0)
        places = [self.number.places, *(part.places for part in self.counts)]
        return added_up(np.concatenate(places), np.concatenate([self.number.coefficients * contracted, slopes]))

    def _slope(self, which: Months, steps: Array, number: float, weights: Array, here: slice) -> tuple[float, Array]:
        """Return the slope in N and in each count's tracks, in some scenarios: those that have a weight."""
        some: Chosen = np.flatnonzero(weights[here])
        size = here.stop - here.start
        chosen: slice | Chosen = some if len(some) < size else slice(0, size)
        places: slice | Chosen = some + here.start if len(some) < size else here
        prices = weights[places] * part(self.price, places)
        months, count = sum(each_part.months for each_part in self.counts), len(some)
        cells = (which[:, chosen].astype(np.intp) + 1) * count + np.arange(count)
        charged = (steps[:, None] * prices).ravel()
        moved = np.asarray(np.bincount(cells.ravel(), charged, (1 + months) * count), dtype=float)
        moved = moved.reshape(1 + months, count)
        slopes, start = [], 1
        for each_part in self.counts:
            slopes.append(each_part.slope(moved[start : start + each_part.months], places))
            start += each_part.months
        return float(moved[0].sum() + number * prices.sum()), np.concatenate(slopes)
