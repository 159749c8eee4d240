"""What follows from the scenario, as a function of the plan: valued in every scenario at once (formulation §8)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple, Protocol, TypeAlias

import numpy as np

from deal_solve.formulation.model.per_scenario import ScenarioIndices
from deal_solve.uncertainty.scenario_set import Array

Indices: TypeAlias = np.ndarray[tuple[int], np.dtype[np.int64]]
"""Places of variables in the program."""


class Linear(NamedTuple):
    """Σ coefficient · value of the variable at a place."""

    indices: Indices
    coefficients: Array

    def at(self, values: Array) -> float:
        """Return the sum at the values of all variables."""
        return float(self.coefficients @ values[self.indices])


class When(NamedTuple):
    """Which payments a measure counts: of one contract year or of all, discounted or not."""

    year: int | None = None
    discounted: bool = True


class Recourse(Protocol):
    """A part of the cost in each scenario: convex and positively homogeneous in the plan.

    `factors` say how much of it a measure counts; what they mean is the part's own affair.
    """

    @property
    def line(self) -> str:
        """The line of the settlement that it stands on."""

    @property
    def is_linear(self) -> bool:
        """Whether its slope is the same everywhere, so that it is part of every cut."""

    @property
    def indices(self) -> Indices:
        """The variables that it depends on; where all are 0, so is the cost."""

    def factors(self, when: When, discount: Callable[[int], float]) -> Array:
        """Return the factors of a measure; all of them 0 where nothing of it counts."""

    def cost(self, values: Array, factors: Array) -> Array:
        """Return the cost (S,) of a plan in money units, as settlement would have it."""

    def slope(self, values: Array, factors: Array, weights: Array) -> Linear:
        """Return g with Σ weights · cost >= g · plan for every plan, equal at this one unless settlement costs more."""

    def forget(self) -> None:
        """Keep nothing of the last plan: what is kept between a cost and its slope is large."""


def factors_of(charges: Iterable[tuple[int, int]], when: When, discount: Callable[[int], float]) -> Array:
    """Return the discount of each charge (time, month charged for), 0 outside the contract year that is looked at."""
    return np.array(
        [
            (discount(time) if when.discounted else 1.0) if when.year in (None, month // 12) else 0.0
            for time, month in charges
        ]
    )


@dataclass(frozen=True)
class Among:
    """A part of the cost that falls due in the scenarios at `where` only, of `size` in all."""

    part: Recourse
    where: ScenarioIndices
    size: int

    @property
    def line(self) -> str:
        """The line of the settlement that it stands on."""
        return self.part.line

    @property
    def is_linear(self) -> bool:
        """Whether its slope is the same everywhere."""
        return self.part.is_linear

    @property
    def indices(self) -> Indices:
        """The variables that it depends on."""
        return self.part.indices

    def factors(self, when: When, discount: Callable[[int], float]) -> Array:
        """Return the factors of a measure."""
        return self.part.factors(when, discount)

    def cost(self, values: Array, factors: Array) -> Array:
        """Return the cost (S,) of a plan, 0 elsewhere."""
        total = np.zeros(self.size)
        total[self.where] = self.part.cost(values, factors)
        return total

    def slope(self, values: Array, factors: Array, weights: Array) -> Linear:
        """Return the slope under the weights of its scenarios."""
        return self.part.slope(values, factors, weights[self.where])

    def forget(self) -> None:
        """Keep nothing of the last plan."""
        self.part.forget()


class Cut(NamedTuple):
    """epigraph >= linear + constant, for every plan."""

    linear: Linear
    constant: float


class Slope(NamedTuple):
    """The slope of a part of a cost, the plan that it was taken at, and the weights of the scenarios (S,)."""

    plan: Array
    weights: Array
    linear: Linear


Slopes: TypeAlias = dict[int, Slope]
"""The last slope of each part of a cost, by its place in an epigraph; parts that no plan has paid yet have none."""

Costs = dict[tuple[int, bytes], Array]
"""Costs (S,) at one plan that are known already, by recourse and factors."""

Part: TypeAlias = tuple[Recourse, Array]
"""Recourse with the factors of a measure."""

Weigh: TypeAlias = Callable[[Array], Array]
"""From the cost in each scenario to the weights of the measure there: expectation, tail or worst case."""


def _is_paid(part: Recourse, values: Array) -> bool:
    """Whether a plan has any of what a part charges."""
    return bool(np.count_nonzero(values[part.indices]))


@dataclass(frozen=True)
class Epigraph:
    """A variable of the program at `place` that stands for a measure of cost, from below.

    The measure is Σ weigh(z)·z of z = Σ recourse - less, per scenario.
    """

    index: int
    recourse: tuple[Part, ...]
    weigh: Weigh
    size: int
    less: Array | None = None

    @property
    def is_expected(self) -> bool:
        """Whether it is an expected value: its weights are the same whatever the cost."""
        return isinstance(self.weigh, Expectation)

    def outcomes(self, values: Array, known: Costs, minor: float = 0.0) -> Array:
        """Return z (S,) at a plan, without parts that take less than `minor` of the largest one of their line."""
        return self._outcomes(values, self._alive(values), known, minor)

    def _outcomes(self, values: Array, alive: list[Part], known: Costs, minor: float = 0.0) -> Array:
        total = np.zeros(self.size)
        if minor:
            sizes = [float(np.abs(values[part.indices]).sum()) for part, _ in alive]
            largest: defaultdict[str, float] = defaultdict(float)
            for (part, _), size in zip(alive, sizes, strict=True):
                largest[part.line] = max(largest[part.line], size)
            alive = [each for each, size in zip(alive, sizes, strict=True) if size >= minor * largest[each[0].line]]
        for part, factors in alive:
            key = id(part), factors.tobytes()
            if key not in known:
                known[key] = part.cost(values, factors)
                if minor:
                    part.forget()  # its slope is wanted in the tail alone
            total += known[key]
        return total if self.less is None else total - self.less

    def _alive(self, values: Array) -> list[Part]:
        return [(part, factors) for part, factors in self.recourse if _is_paid(part, values)]

    def value(self, values: Array, known: Costs) -> float:
        """Return the measure at a plan."""
        alive = self._alive(values)
        if not alive and self.less is None:
            return 0.0
        outcomes = self._outcomes(values, alive, known)
        return float(self.weigh(outcomes) @ outcomes)

    def cut(self, values: Array, known: Costs, minor: float = 0.0, slopes: Slopes | None = None) -> Cut:
        """Return a cut that touches the measure at a plan (or lies below it, where settlement is not convex).

        With `minor` the weights of a tail are those without minor parts: a cut as valid, and nearly as high. A part of
        which this plan pays nothing has its slope at the last plan that paid something of it, if `slopes` of earlier
        cuts are given: any slope of it touches here. They are brought up to date.
        """
        weights = self.weigh(np.empty(0) if self.is_expected else self.outcomes(values, known, minor))
        slopes = {} if slopes is None else slopes
        for place, (part, factors) in enumerate(self.recourse):
            last = slopes.get(place)
            plan = values if part.is_linear or _is_paid(part, values) else last and last.plan
            if plan is None:
                continue
            if last and (part.is_linear or plan is last.plan) and np.array_equal(last.weights, weights):
                continue
            slopes[place] = Slope(plan, weights, part.slope(plan, factors, weights))
        constant = 0.0 if self.less is None else -float(weights @ self.less)
        return Cut(sum_of(slopes[place].linear for place in sorted(slopes)), constant)


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
        room = 1 - self.confidence
        tail = np.zeros_like(self.probabilities)
        candidates = self._dearest(outcomes, room)
        order = candidates[np.argsort(-outcomes[candidates], kind="stable")]
        weights = self.probabilities[order]
        before = np.cumsum(weights) - weights
        tail[order] = np.clip(room - before, 0, weights)
        return np.asarray(tail / tail.sum())

    def _dearest(self, outcomes: Array, room: float) -> Indices:
        """Return the places of at least `room` of the probability that cost more than all others."""
        size, minimum = len(outcomes), float(self.probabilities.min())
        count = size if minimum <= 0 else min(size, int(room / minimum) + 2)
        if 2 * count > size:
            return np.arange(size)
        limit = np.partition(outcomes, size - count)[size - count]
        return np.flatnonzero(outcomes >= limit)


@dataclass(frozen=True)
class Worst:
    """The weight of the worst case: 1 in the dearest scenario that can happen."""

    probabilities: Array

    def __call__(self, outcomes: Array) -> Array:
        """Return the unit vector (S,) of the worst scenario."""
        chosen = np.zeros_like(self.probabilities)
        chosen[int(np.argmax(np.where(self.probabilities > 0, outcomes, -np.inf)))] = 1.0
        return chosen


def places_in(parts: Iterable[Indices]) -> Indices:
    """Return the places that are in any of some parts, in order."""
    return np.flatnonzero(np.bincount(np.concatenate([*parts])))


def sum_of(parts: Iterable[Linear]) -> Linear:
    """Return the sum of expressions."""
    known = [Linear(np.empty(0, dtype=np.int64), np.empty(0)), *parts]
    return added_up(np.concatenate([part.indices for part in known]), np.concatenate([p.coefficients for p in known]))


def added_up(indices: Indices, coefficients: Array) -> Linear:
    """Return the expression with every place once, without those whose coefficients add up to nothing."""
    sums = np.bincount(indices, weights=coefficients)
    distinct = np.flatnonzero(sums)
    return Linear(distinct.astype(np.int64), sums[distinct].astype(np.float64))
