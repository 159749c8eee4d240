"""The curve of discount points: how many points of discount are worth as much as a clause.

Solved are first whole points, each twice the last, then what lies between two of them. No such interval asks for
anything in another one, so those below one point are found side by side with all others.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TypeAlias

from deal_solve.errors import LimitReached
from deal_solve.optimise.neighbours import Ask
from deal_solve.optimise.options import SolveOptions

RESOLUTION = 0.05
"""Points of discount between which no more is solved: a straight line does."""
VALUE_TOLERANCE = 0.01
"""Once a solve is this near to a value, as a share of it, a straight line to the next one does."""
DOUBLINGS = 5
"""As many values take about as long as finding whole points that are worth as much as those above one point."""

Found: TypeAlias = tuple[dict[float, float | None], dict[float, float]]
"""The points of values, none where none within reach are, and what was solved of the curve."""


@dataclass
class DiscountCurve:
    """What points are worth (USD of the objective), as far as it is `known`; `worth_of` solves for it.

    More points than `maximum` are not asked for.
    """

    worth_of: Callable[[float, SolveOptions], float]
    maximum: float
    known: dict[float, float] = field(default_factory=lambda: {0.0: 0.0})

    def questions(self, values: Sequence[float], options: SolveOptions) -> list[Ask[Found]]:
        """Return what to ask for the points of values: those above one point and those below, the longer part last.

        So the longer one begins the second run of two, and what is asked beside them goes to the other one first.
        """
        with suppress(LimitReached):
            if values:
                self._at(1.0, options)
        if 1.0 not in self.known:
            return []
        above = [value for value in values if value > self.known[1.0]]
        below = [value for value in values if value <= self.known[1.0]]
        above_first = len(above) + DOUBLINGS <= len(below)
        return [partial(self._points, part) for part in ((above, below) if above_first else (below, above))]

    def _points(self, values: Sequence[float], options: SolveOptions) -> Found:
        """Return the points of values; one is left out where the time limit passed before they were found."""
        alone = replace(self, known=dict(self.known))
        found: dict[float, float | None] = {}
        inside = []
        with suppress(LimitReached):
            for value in values:
                if alone._is_within_reach(value, options):
                    inside.append(value)
                else:
                    found[value] = None
        with suppress(LimitReached):
            for value in inside:
                found[value] = alone._between(value, options)
        return found, alone.known

    def _is_within_reach(self, value: float, options: SolveOptions) -> bool:
        """Solve for 1, 2, 4 … points up to the first of them that is worth as much; whether there is one."""
        high = 1.0
        while self._at(high, options) < value:
            if high >= self.maximum:
                return False
            high = min(2 * high, self.maximum)
        return True

    def _at(self, points: float, options: SolveOptions) -> float:
        """Return what so many points are worth; raises LimitReached once the time has passed."""
        if points not in self.known:
            if options.is_over:
                raise LimitReached("the time limit passed before the points of discount were found")
            self.known[points] = self.worth_of(points, options)
        return self.known[points]

    def _between(self, value: float, options: SolveOptions) -> float:
        """Return the points of a value inside the curve: by the secant, and by halves where that is slow."""
        for is_half in itertools.cycle((False, False, True)):
            low = max(points for points, usd in self.known.items() if usd < value)
            high = min(points for points, usd in self.known.items() if usd >= value)
            left, right = self.known[low], self.known[high]
            guess = low + (high - low) * (value - left) / (right - left)
            nearest = min((low, high), key=lambda points: abs(self.known[points] - value))
            if high - low <= RESOLUTION or abs(self.known[nearest] - value) <= VALUE_TOLERANCE * value:
                return guess
            margin = RESOLUTION / 2
            requested = (low + high) / 2 if is_half else min(max(guess, low + margin), high - margin)
            self._at(round(requested, 4), options)
        raise AssertionError("an endless cycle ends nowhere else")
