"""Boxes: parts of the space of the integers that a tree leaves, each with what bounds it.

A tree that is over has shown of every part of the space either that it holds no plan as good as is asked for, or has
left a box of it. A second tree over fewer plans of the same program, such as those that are tied, begins with these
boxes and need not show the rest again (formulation §6, "Tie stages").
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from deal_solve.formulation.model.expression import Variable
from deal_solve.uncertainty.scenario_set import Array


class Box(NamedTuple):
    """Bounds of the integer variables, in their order, and a bound (money units) of what was minimised inside."""

    bound: float
    low: Array
    high: Array

    def within(self, low: Array, high: Array) -> Box:
        """Return the part of it inside other bounds; these may be of more variables, which have been added since."""
        own, others = len(self.low), (low[len(self.low) :], high[len(self.low) :])
        return Box(
            self.bound,
            np.concatenate([np.maximum(self.low, low[:own]), others[0]]),
            np.concatenate([np.minimum(self.high, high[:own]), others[1]]),
        )

    @property
    def is_empty(self) -> bool:
        """Whether nothing is inside."""
        return bool(np.any(self.low > self.high))

    def holds(self, numbers: Array) -> bool:
        """Whether a plan is inside."""
        return bool(np.all(numbers >= self.low) and np.all(numbers <= self.high))


@dataclass(frozen=True)
class Ties:
    """Which plans are tied (money units): up to `known`, and up to a room above the best one that is found."""

    known: float = math.inf
    absolute: float = 0.0
    relative: float = 0.0

    def limit(self, best: float) -> float:
        """Return the highest objective of a tied plan."""
        return min(self.known, best + self.absolute + self.relative * abs(best)) if math.isfinite(best) else self.known


def hull_of(boxes: Sequence[Box]) -> Box:
    """Return the least box that holds some boxes."""
    low, high = np.min([box.low for box in boxes], axis=0), np.max([box.high for box in boxes], axis=0)
    return Box(min(box.bound for box in boxes), low, high)


def bounds_of(integers: Sequence[Variable]) -> tuple[Array, Array]:
    """Return the bounds of integer variables."""
    low = np.array([variable.lowBound for variable in integers], dtype=float)
    high = np.array([np.inf if variable.upBound is None else variable.upBound for variable in integers], dtype=float)
    return low, high
