"""Pseudo-costs: by how much branching on an integer has raised the bound so far, per unit that it was moved.

Integers go by their names: what one tree has learned serves the next one too, be it of another agreement, of a
no-good cut, or of a similar deal. It says where to branch, and nothing of what is proven.

The textbook rule branches where the product of what both children are expected to gain is the largest (Achterberg, Koch
and Martin 2005). Here the first branchings of all are on the most fractional integer, as gains of a few say little,
and an integer that was not branched on yet is expected to gain what the others do on average. No linear program is
solved for a guess alone. See formulation §8, "Rounds".
"""

from __future__ import annotations

import copy
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from deal_solve.formulation.model.recourse import Indices
from deal_solve.uncertainty.scenario_set import Array

LEARNING_CHILDREN = 20
"""Gains of children that are noted of a tree's integers before they say where to branch."""
MIN_GAIN = 1e-6
"""The smallest gain of a child in the product, money units: no child without gain hides what the other gains."""
DOWN, UP = 0, 1


class Branched(NamedTuple):
    """On which integer a node was branched off (its place in the pseudo-costs), to which side, and by how much the
    integer was moved at least.
    """

    place: int
    side: int
    distance: float


class PseudoCosts:
    """Mean gains by side and integer, of all trees that share them."""

    def __init__(self) -> None:
        self._places: dict[str, int] = {}
        self._gains, self._counts = np.zeros((2, 0)), np.zeros((2, 0))

    def copy(self) -> PseudoCosts:
        """Return the same gains; what is noted in one of the two does not change the other."""
        return copy.deepcopy(self)

    def places_of(self, names: Iterable[str]) -> Indices:
        """Return the places of integers, by their names; new ones have gained nothing yet."""
        places = [self._places.setdefault(name, len(self._places)) for name in names]
        new = np.zeros((2, len(self._places) - self._gains.shape[1]))
        self._gains, self._counts = (np.hstack((known, new)) for known in (self._gains, self._counts))
        return np.array(places, dtype=np.int64)

    def note(self, branched: Branched, gain: float) -> None:
        """Note by how much a child's relaxation lies above its parent's (money units)."""
        self._gains[branched.side, branched.place] += max(gain, 0.0) / branched.distance
        self._counts[branched.side, branched.place] += 1

    def has_learned(self, places: Indices) -> bool:
        """Whether enough gains of integers are known to say where to branch."""
        return bool(self._counts[:, places].sum() >= LEARNING_CHILDREN)

    def scores(self, numbers: Array, places: Indices) -> Array:
        """Return what branching on each integer, of value `numbers`, is expected to gain: the product of both
        children.
        """
        below = numbers - np.floor(numbers)
        down, up = self._expected(DOWN, places) * below, self._expected(UP, places) * (1 - below)
        return np.asarray(np.maximum(down, MIN_GAIN) * np.maximum(up, MIN_GAIN))

    def _expected(self, side: int, places: Indices) -> Array:
        gains, counts = self._gains[side, places], self._counts[side, places]
        mean = float(gains.sum() / counts.sum()) if counts.any() else 1.0
        return np.where(counts > 0, gains / np.maximum(counts, 1), mean)
