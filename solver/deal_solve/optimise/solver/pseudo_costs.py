"""Pseudo-costs: by how much branching on an integer has raised the bound so far, per unit that it was moved.

The textbook rule branches where the product of what both children are expected to gain is the largest (Achterberg, Koch
and Martin 2005). Here the first branchings of a tree are on the most fractional integer, as gains of a few say little,
and an integer that was not branched on yet is expected to gain what the others do on average. No linear program is
solved for a guess alone. See formulation §8, "Rounds".
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from deal_solve.uncertainty.scenario_set import Array

LEARNING_BRANCHINGS = 10
"""The first branchings of a tree, which are on the most fractional integer."""
MIN_GAIN = 1e-6
"""The smallest gain of a child in the product, money units: no child without gain hides what the other gains."""
DOWN, UP = 0, 1


class Branched(NamedTuple):
    """On which integer a node was branched off, to which side, and by how much the integer was moved at least."""

    number: int
    side: int
    distance: float


class PseudoCosts:
    """Mean gains of a tree by side and integer."""

    def __init__(self, count: int) -> None:
        self._gains, self._counts = np.zeros((2, count)), np.zeros((2, count))

    def note(self, branched: Branched, gain: float) -> None:
        """Note by how much a child's relaxation lies above its parent's (money units)."""
        self._gains[branched.side, branched.number] += max(gain, 0.0) / branched.distance
        self._counts[branched.side, branched.number] += 1

    def scores(self, numbers: Array) -> Array:
        """Return what branching on each integer is expected to gain: the product of both children."""
        below = numbers - np.floor(numbers)
        down, up = self._expected(DOWN) * below, self._expected(UP) * (1 - below)
        return np.asarray(np.maximum(down, MIN_GAIN) * np.maximum(up, MIN_GAIN))

    def _expected(self, side: int) -> Array:
        gains, counts = self._gains[side], self._counts[side]
        mean = float(gains.sum() / counts.sum()) if counts.any() else 1.0
        return np.where(counts > 0, gains / np.maximum(counts, 1), mean)
