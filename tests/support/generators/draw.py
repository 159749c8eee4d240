"""One way to choose, for two purposes: from a random generator (reports) and from Hypothesis (tests that shrink)."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, TypeVar

import numpy as np
from hypothesis import strategies as st

T = TypeVar("T")


class Draw(ABC):
    """Everything is chosen through `integer`; smaller integers are simpler, so the first of a list is the simplest."""

    @abstractmethod
    def integer(self, low: int, high: int) -> int:
        """Return a whole number from low to high, both included."""

    def chance(self, percent: int) -> bool:
        """Return True in so many of 100 cases; False is the simpler answer."""
        return self.integer(0, 99) >= 100 - percent

    def pick(self, *items: T) -> T:
        """Return one of the items, all equally likely."""
        return items[self.integer(0, len(items) - 1)]

    def weighted(self, *items: tuple[T, int]) -> T:
        """Return one item of (item, weight) pairs."""
        index = self.integer(0, sum(weight for _, weight in items) - 1)
        for item, weight in items:
            index -= weight
            if index < 0:
                return item
        raise ValueError("no items")

    def number(self, low: float, high: float, step: float) -> float:
        """Return a round number: low plus a multiple of step, not above high."""
        return round(low + step * self.integer(0, round((high - low) / step)), 10)

    def some(self, items: Sequence[T], at_least: int = 1) -> list[T]:
        """Return some of the items in their order."""
        chosen = [item for item in items if self.chance(50)]
        return chosen if len(chosen) >= at_least else list(items[:at_least])


class RandomDraw(Draw):
    """Chooses by a NumPy generator."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng

    def integer(self, low: int, high: int) -> int:
        return int(self._rng.integers(low, high + 1))


class HypothesisDraw(Draw):
    """Chooses by Hypothesis, so that a failing deal shrinks clause by clause."""

    def __init__(self, draw: Any) -> None:
        self._draw = draw

    def integer(self, low: int, high: int) -> int:
        return self._draw(st.integers(low, high))
