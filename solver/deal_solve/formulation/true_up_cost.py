"""Seats added above contract in one year and price class, valued in every scenario at once (sections 5 and 8)."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from deal_solve.formulation.recourse import Linear, Places, added_up
from deal_solve.uncertainty.scenarios import Array


@dataclass(frozen=True)
class Counts:
    """Σ_c users · on: `users` (cohorts, S, months) with the variables of the cohorts at `places`."""

    places: Places
    users: Array

    def at(self, values: Array) -> Array:
        """Return the counts (S, months)."""
        return np.tensordot(values[self.places], self.users, axes=1)


@dataclass
class TrueUpCost:
    """L = max(N, counts so far), charged by what it rises from stage to stage: the year's start, then its windows.

    `counts` are in order of time; `ends[s]` is how many of their months stage s has seen; `months[s]` are charged for
    what L rises in it, at `charges[s]`, at `price` (S,) money units a month. `alone`: every window by itself above N
    (ratchet none). `number` is N.
    """

    counts: tuple[Counts, ...]
    number: Linear
    ends: tuple[int, ...]
    months: tuple[int, ...]
    charges: tuple[tuple[int, int], ...]
    price: Array
    alone: bool
    line: str = "true_up"
    places: Places = field(init=False)

    def __post_init__(self) -> None:
        self.places = np.unique(np.concatenate([self.number.places, *(counts.places for counts in self.counts)]))

    def _pieces(self, values: Array) -> Array:
        """Return N and every count, (S, 1 + months)."""
        number = np.full((len(self.price), 1), self.number.at(values))
        return np.concatenate([number, *(counts.at(values) for counts in self.counts)], axis=1)

    def _largest(self, pieces: Array) -> Places:
        """Return which piece L is at each stage, (S, stages); the earliest of equals, so N before any count."""
        found = []
        for stage, end in enumerate(self.ends):
            start = 1 + self.ends[stage - 1] if self.alone and stage else 1
            window = np.concatenate([pieces[:, :1], pieces[:, start : 1 + end]], axis=1)
            best = window.argmax(axis=1)
            found.append(np.where(best > 0, best + start - 1, 0))
        return np.stack(found, axis=1)

    def _steps(self, factors: Array) -> tuple[Array, float]:
        """Return how much each stage's L and N count: Σ_s months·factor·(L_s - L_(s-1)), L_(-1) = N."""
        charged = factors * np.array(self.months, dtype=float)
        if self.alone:
            return charged, -float(charged.sum())
        return charged - np.append(charged[1:], 0.0), -float(charged[0])

    def cost(self, values: Array, factors: Array) -> Array:
        """Return what is charged for added seats."""
        pieces = self._pieces(values)
        licensed = np.take_along_axis(pieces, self._largest(pieces), axis=1)
        steps, number = self._steps(factors)
        return np.asarray(self.price * (licensed @ steps + number * pieces[:, 0]))

    def slope(self, values: Array, factors: Array, weights: Array) -> Linear:
        """Return the slope: each stage's L moves with the count (or N) that it equals."""
        pieces = self._pieces(values)
        steps, number = self._steps(factors)
        share = np.zeros_like(pieces)
        rows = np.arange(len(pieces))
        for largest, step in zip(self._largest(pieces).T, steps, strict=True):
            share[rows, largest] += step
        share *= (weights * self.price)[:, None]
        contracted = float(share[:, 0].sum() + number * (weights @ self.price))
        places, coefficients = [self.number.places], [self.number.coefficients * contracted]
        start = 1
        for counts in self.counts:
            months = counts.users.shape[2]
            places.append(counts.places)
            coefficients.append(np.einsum("csm,sm->c", counts.users, share[:, start : start + months]))
            start += months
        return added_up(np.concatenate(places), np.concatenate(coefficients))
