"""What is paid after the future is known, as a function of the plan: valued in every scenario at once (section 8)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, Protocol, TypeAlias

import numpy as np

from deal_solve.uncertainty.scenarios import Array

Places: TypeAlias = np.ndarray[tuple[int], np.dtype[np.int64]]
"""Places of variables in the program."""


class Linear(NamedTuple):
    """Σ coefficient · value of the variable at a place."""

    places: Places
    coefficients: Array

    def at(self, values: Array) -> float:
        """Return the sum at the values of all variables."""
        return float(self.coefficients @ values[self.places])


class Recourse(Protocol):
    """One clause's cost in each scenario: convex and positively homogeneous in the plan, never negative.

    `charges` are the (time, month charged for) of its payments. `factors` (one per charge) say how much each counts:
    its discount, or 0 outside the contract year that is looked at.
    """

    line: str
    charges: tuple[tuple[int, int], ...]

    @property
    def places(self) -> Places:
        """The variables that it depends on; where all are 0, so is the cost."""

    def cost(self, values: Array, factors: Array) -> Array:
        """Return the cost (S,) of a plan in money units, as settlement would have it."""

    def slope(self, values: Array, factors: Array, weights: Array) -> Linear:
        """Return g with Σ weights · cost >= g · plan for every plan, equal at this one unless settlement is dearer."""


class Cut(NamedTuple):
    """estimate >= linear + constant, for every plan."""

    linear: Linear
    constant: float


Costs: TypeAlias = dict[tuple[int, bytes], Array]
"""Costs (S,) at one plan that are known already, by recourse and factors."""

Weigh: TypeAlias = Callable[[Array], Array]
"""From the cost in each scenario to the weights of the measure there: expectation, tail or worst case."""


@dataclass(frozen=True)
class Estimate:
    """A variable of the program at `place` that stands for a measure of cost, from below.

    The measure is Σ weigh(z)·z of z = paid + recourse - less, per scenario; `paid` are the payments that the plan alone
    decides: (variables, S) money units per unit, at `paid_places`. `low` is a bound that always holds.
    """

    place: int
    recourse: tuple[tuple[Recourse, Array], ...]
    weigh: Weigh
    paid_places: Places
    paid: Array
    less: Array | None = None

    def outcomes(self, values: Array, known: Costs) -> Array:
        """Return z (S,) at a plan."""
        total = values[self.paid_places] @ self.paid
        for part, factors in self._alive(values):
            key = id(part), factors.tobytes()
            if key not in known:
                known[key] = part.cost(values, factors)
            total = total + known[key]
        return np.asarray(total if self.less is None else total - self.less)

    def _alive(self, values: Array) -> list[tuple[Recourse, Array]]:
        return [(part, factors) for part, factors in self.recourse if values[part.places].any()]

    def value(self, values: Array, known: Costs) -> float:
        """Return the measure at a plan."""
        outcomes = self.outcomes(values, known)
        return float(self.weigh(outcomes) @ outcomes)

    def cut(self, values: Array, known: Costs) -> Cut:
        """Return a cut that touches the measure at a plan (or lies below it, where settlement is not convex)."""
        weights = self.weigh(self.outcomes(values, known))
        parts = [part.slope(values, factors, weights) for part, factors in self._alive(values)]
        places = [self.paid_places, *(part.places for part in parts)]
        coefficients = [self.paid @ weights, *(part.coefficients for part in parts)]
        constant = 0.0 if self.less is None else -float(weights @ self.less)
        return Cut(added_up(np.concatenate(places), np.concatenate(coefficients)), constant)


@dataclass(frozen=True)
class Expectation:
    """The weights of an expected value: the probabilities, whatever the cost."""

    probabilities: Array

    def __call__(self, outcomes: Array) -> Array:
        """Return p (S,)."""
        return self.probabilities


@dataclass(frozen=True)
class Tail:
    """The weights of CVaR: the worst (1 - confidence) of the probability, the atom at the quantile split."""

    probabilities: Array
    confidence: float

    def __call__(self, outcomes: Array) -> Array:
        """Return q (S,), Σ q = 1."""
        order = np.argsort(-outcomes, kind="stable")
        weights = self.probabilities[order]
        before = np.cumsum(weights) - weights
        tail = np.empty_like(weights)
        tail[order] = np.clip(1 - self.confidence - before, 0, weights)
        return np.asarray(tail / tail.sum())


@dataclass(frozen=True)
class Worst:
    """The weight of the worst case: 1 in the dearest scenario that can happen."""

    probabilities: Array

    def __call__(self, outcomes: Array) -> Array:
        """Return the unit vector (S,) of the worst scenario."""
        chosen = np.zeros_like(self.probabilities)
        chosen[int(np.argmax(np.where(self.probabilities > 0, outcomes, -np.inf)))] = 1.0
        return chosen


def added_up(places: Places, coefficients: Array) -> Linear:
    """Return the expression with every place once."""
    distinct, inverse = np.unique(places, return_inverse=True)
    sums = np.bincount(inverse, weights=coefficients, minlength=len(distinct))
    return Linear(distinct.astype(np.int64), sums.astype(np.float64))
