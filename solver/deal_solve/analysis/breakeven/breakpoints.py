"""Where an answer changes along a field: lines of plans are intersected, intervals halved where there is no line."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from deal_solve.analysis.breakeven.parametric import Along, Best
from deal_solve.analysis.breakeven.targets import Apart, Question
from deal_solve.errors import InputError, LimitReached
from deal_solve.settlement.objective import is_same

EXACT_SHARE = 0.001
"""Where two plans cross, the search goes on this far below the resolution: it soon finds where both are best."""
SEAT_STEPS = 16
"""Seat counts are told apart down to this part of the range: what changes more often is one change in steps."""


@dataclass(frozen=True)
class Bracket:
    """The answer changes between `low` and `high`, one value where it is exact; `usd` is the objective at both.

    `left` and `right` are the best plans of both sides, None where there is none, `answers` the answers there.
    """

    low: float
    high: float
    is_exact: bool
    left: Best | None = field(repr=False)
    right: Best | None = field(repr=False)
    usd: tuple[float | None, float | None]
    answers: tuple[Hashable, Hashable]


@dataclass
class BreakpointSearch:
    """The search: `points` values are solved first, evenly over the range, then whatever lies between two answers.

    Where the cost of both plans is a straight line (`is_affine`) the value of the best one is concave between them, so
    that a value at which both are as good as the best proves that nothing lies between but them (Eisner and Severance,
    1976). Elsewhere an answer that holds in less than the space between two solved values can be missed. Values are
    searched in rising order; where the time limit passes, all is known up to the value that was `reached`.
    """

    along: Along
    question: Question
    points: int
    resolution: float
    reached: float = -math.inf

    @property
    def grid(self) -> list[float]:
        """The values that are solved first."""
        values = np.linspace(self.along.low, self.along.high, self.points).tolist()
        return sorted({float(round(value)) for value in values}) if self.along.is_whole else values

    def brackets(self) -> tuple[Bracket, ...]:
        """Return every change in rising order, as far as was reached; neighbouring steps of seats alone are one."""
        found: list[Bracket] = []
        self.along.solve_all(self.grid)
        self.reached = self.along.low
        with suppress(LimitReached):
            for bracket in self._everywhere():
                if found and in_steps(found[-1]) and in_steps(bracket) and found[-1].high == bracket.low:
                    last = found.pop()
                    usd, answers = (last.usd[0], bracket.usd[1]), (last.answers[0], bracket.answers[1])
                    bracket = Bracket(last.low, bracket.high, False, last.left, bracket.right, usd, answers)
                found.append(bracket)
        return tuple(found)

    def _everywhere(self) -> Iterator[Bracket]:
        for low, high in pairwise(self.grid):
            yield from self._between(low, high)

    @property
    def is_whole(self) -> bool:
        """Whether the time limit left time for the whole range."""
        return self.reached >= self.along.high

    @property
    def is_complete(self) -> bool:
        """Whether every plan that was best is a straight line, so that nothing between them can be missed."""
        is_affine = all(best and best.is_affine for best in self.along.found.values())
        return self.is_whole and self.question.looks_within and is_affine

    def _between(self, low: float, high: float) -> Iterator[Bracket]:
        yield from self._searched(low, high)
        self.reached = high

    def _searched(self, low: float, high: float) -> Iterator[Bracket]:
        left, right = self.along.best(low), self.along.best(high)
        if left is None or right is None:
            if left is not right:
                yield from self._halved(low, high, left, right)
            return
        same = self.answer(left) == self.answer(right)
        lines = left.is_affine and right.is_affine
        if same and not (self.question.looks_within and lines):
            return
        met = [end for end in (left, right) if self.question.is_met(left, end, right)]
        if met and (lines or not self._is_by_seats(left, right)):  # seats that cost the same here may differ beyond
            if not same and len(met) == 1:  # where both ends are met the two plans cost the same all along
                yield self._exact(left, met[0], right)
            return
        index = self._place(left, right)
        if same and index is not None and self._is_flat(left, right, index):
            return
        if self._width(left, right, index is not None) >= high - low:
            if not same:
                yield self._within(low, high, left, right)
            return
        middle = self._middle(low, high) if index is None else index
        best = self.along.best(middle)
        if best is not None and self.question.is_met(left, best, right):
            if not same:
                yield self._exact(left, best, right)
            return
        yield from self._between(low, middle)
        yield from self._between(middle, high)

    def _halved(self, low: float, high: float, left: Best | None, right: Best | None) -> Iterator[Bracket]:
        """Yield where plans end or begin."""
        if self._width(left, right) >= high - low:
            yield self._within(low, high, left, right)
            return
        middle = self._middle(low, high)
        yield from self._between(low, middle)
        yield from self._between(middle, high)

    def answer(self, best: Best | None) -> Hashable:
        """Return the answer beside a plan; None where there is none."""
        return None if best is None else self.question.key(best)

    def _exact(self, left: Best, at: Best, right: Best) -> Bracket:
        """Return the change at a solved value, whose own plan stands for the sides that decide the same.

        An amount is met by that plan alone: the sides are other deals only where those are as good there.
        """
        is_own = not self.question.looks_within
        below, above = (at if is_own or at.key == side.key else side for side in (left, right))
        usd = at.objective_usd
        return Bracket(at.value, at.value, True, below, above, (usd, usd), (self.answer(left), self.answer(right)))

    def _within(self, low: float, high: float, left: Best | None, right: Best | None) -> Bracket:
        """Return a change somewhere between two solved values."""
        usd = left.objective_usd if left else None, right.objective_usd if right else None
        return Bracket(low, high, False, left, right, usd, (self.answer(left), self.answer(right)))

    def _is_by_seats(self, left: Best | None, right: Best | None) -> bool:
        """Whether the question is which deal is best, and the answers differ in seats alone."""
        return _differ_by_seats(left, right, self.answer(left))

    def _width(self, left: Best | None, right: Best | None, crosses: bool = False) -> float:
        """Return the width below which an interval is not cut; less where the two sides cross inside."""
        by_seats = self._is_by_seats(left, right)
        share = max(self.resolution, 1 / SEAT_STEPS) if by_seats else self.resolution * (EXACT_SHARE if crosses else 1)
        width = share * (self.along.high - self.along.low) * (1 + 1e-9)
        return max(width, 1.0) if self.along.is_whole else width

    def _middle(self, low: float, high: float) -> float:
        middle = (low + high) / 2
        return float(int(middle)) if self.along.is_whole else middle

    def _place(self, left: Best, right: Best) -> float | None:
        """Return where amounts of the two sides cross strictly inside; None if they do not."""
        for apart in self.question.apart(left, right):
            root = _root(apart, left.value, right.value)
            if root is not None:
                root = float(round(root)) if self.along.is_whole else root
                if left.value < root < right.value:
                    return root
        return None

    def _is_flat(self, left: Best, right: Best, index: float) -> bool:
        """Whether no concave value between can be below the lines of the two plans by more than solves can tell."""
        (line,) = self.along.values((self.question.plan(left),), index, left)
        share = (index - left.value) / (right.value - left.value)
        return is_same((1 - share) * left.objective_usd + share * right.objective_usd, line)


def in_steps(bracket: Bracket) -> bool:
    """Whether seats alone change, somewhere between two values, perhaps more than once."""
    return not bracket.is_exact and _differ_by_seats(bracket.left, bracket.right, bracket.answers[0])


def _differ_by_seats(left: Best | None, right: Best | None, answer: Hashable) -> bool:
    return left is not None and right is not None and answer == left.key and left.key[0] == right.key[0]


def _root(apart: Apart, low: float, high: float) -> float | None:
    """Return where an amount is 0; None where its sign does not change, or a plan cannot be signed."""
    from scipy.optimize import brentq

    try:
        if apart(low) * apart(high) >= 0:
            return None
        return float(brentq(apart, low, high, xtol=1e-12 * max(abs(low), abs(high)), rtol=1e-12))
    except InputError:
        return None
