"""Sobol points: an even sequence of points in the unit cube, scrambled, any part of it without those before.

The points are, bit for bit, those of `scipy.stats.qmc.Sobol(d, scramble=True, bits=30)`, whose direction numbers (Joe
and Kuo 2008) are read from SciPy's file: importing `scipy.stats` takes longer than drawing a hundred thousand
scenarios. Point n is the sum modulo 2 of direction numbers at the bits of n's Gray code, so that of n aligned points
only the high bits differ from those of the first ones.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from deal_solve.uncertainty.scenario_set import BLOCK, Array

Words = NDArray[np.uint32]

BITS = 30
"""Bits of a coordinate; there are 2^BITS points."""
LOW_BITS = BLOCK.bit_length() - 1
"""Bits of a place inside a block."""


@dataclass(frozen=True)
class SobolPoints:
    """A scrambled sequence: `steps` (d, BITS) is what each bit of a point's number changes, `shift` (d,) point 0."""

    steps: Words = field(repr=False)
    shift: Words = field(repr=False)

    def block(self, index: int) -> Array:
        """Return points [index · BLOCK, (index+1) · BLOCK), the lower ends of cells of width 2^-BITS, (d, BLOCK)."""
        high = [LOW_BITS + bit for bit in range(BITS - LOW_BITS) if index >> bit & 1]
        moved = np.bitwise_xor.reduce(self.steps[:, high], axis=1)
        return np.asarray((self._first ^ moved[:, None]) * 2.0**-BITS)

    @cached_property
    def _first(self) -> Words:
        """The first block as whole numbers, (d, BLOCK)."""
        found = self.shift[:, None]
        for bit in range(LOW_BITS):
            found = np.concatenate([found, found ^ self.steps[:, bit, None]], axis=1)
        return found


def sobol_points(dimensions: int, seed: int) -> SobolPoints:
    """Return the sequence in so many dimensions, scrambled by a random matrix and a random shift (Matoušek 1998)."""
    rng = np.random.default_rng(seed).spawn(1)[0]
    shift = rng.integers(0, 2, (dimensions, BITS), dtype=np.uint32) @ _powers()
    lower = np.tril(rng.integers(0, 2, (dimensions, BITS, BITS), dtype=np.uint32))
    lower[:, np.arange(BITS), np.arange(BITS)] = 1
    rows = lower @ _powers()[::-1]
    scrambled = np.zeros((dimensions, BITS), dtype=np.uint32)
    for bit, powers in enumerate(_powers()[::-1]):
        scrambled |= (np.bitwise_count(rows[:, bit, None] & _directions(dimensions)) & np.uint32(1)) * powers
    steps = scrambled.copy()
    steps[:, 1:] ^= scrambled[:, :-1]
    return SobolPoints(steps, shift)


@cache
def _directions(dimensions: int) -> Words:
    """Return the direction numbers (d, BITS), the first bit of a coordinate the highest."""
    import scipy

    with np.load(Path(scipy.__file__).parent / "stats" / "_sobol_direction_numbers.npz") as known:
        polynomials, first = known["poly"][:dimensions].astype(int), known["vinit"][:dimensions].astype(np.uint32)
    found = np.ones((dimensions, BITS), dtype=np.uint32)
    for degree in range(1, first.shape[1] + 1):
        rows = np.flatnonzero(polynomials >> degree == 1)
        found[rows, :degree] = first[rows, :degree]
        for bit in range(degree, BITS):
            found[rows, bit] = found[rows, bit - degree]
            for k in range(1, degree + 1):
                is_term = (polynomials[rows] >> (degree - k) & 1).astype(np.uint32)
                found[rows, bit] ^= is_term * (found[rows, bit - k] << np.uint32(k))
    return np.asarray(found << np.arange(BITS - 1, -1, -1, dtype=np.uint32))


def _powers() -> Words:
    return np.left_shift(np.uint32(1), np.arange(BITS, dtype=np.uint32))
