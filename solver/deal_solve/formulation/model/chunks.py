"""Work over many scenarios in pieces that stay in a processor's cache, on every core, added up in order."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any, TypeAlias, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from deal_solve.stopping import carried, checkpoint

Selection: TypeAlias = slice | NDArray[np.intp]
"""Some scenarios: a piece of them, or places."""

Result = TypeVar("Result")

CHUNK = 32768
"""Scenarios of a piece."""
FEW = 64
"""Up to so many scenarios a call of NumPy takes longer than its work: they are taken whole, in few calls."""


def each(size: int, work: Callable[[slice], Result]) -> list[Result]:
    """Return what `work` makes of every piece of `size` scenarios, in order."""
    checkpoint()
    pieces = [slice(start, min(start + CHUNK, size)) for start in range(0, size, CHUNK)]
    return [work(piece) for piece in pieces] if len(pieces) == 1 else list(_workers().map(carried(work), pieces))


def weighted(here: slice, weights: NDArray[np.float64]) -> Selection:
    """Return the scenarios of a piece that have a weight; the piece itself if all of them have, or if it is of FEW."""
    if len(weights) <= FEW:
        return here
    key = id(weights), here.start
    known = _kept.get(key)
    if known is None:
        indices = np.flatnonzero(weights[here])
        some: Selection = here if len(indices) == here.stop - here.start else indices + here.start
        known = _kept[key] = weights, some
    return cast(Selection, known[1])


def taken(array: NDArray[np.float64], some: Selection) -> NDArray[np.float64]:
    """Return some scenarios (the last axis) of an array; what is taken at places is kept for other parts of a cost."""
    if isinstance(some, slice):
        return array[..., some]
    key = array.__array_interface__["data"], array.shape, array.strides, id(some)
    known = _kept.get(key)
    if known is None:
        known = _kept[key] = (array, some), array[..., some]
    return known[1]


def forget() -> None:
    """Keep nothing that was taken."""
    _kept.clear()


_kept: dict[object, tuple[Any, Any]] = {}
"""Places and what was taken at them, with what they were asked for: its identity is the key."""


def count_of(here: Selection, size: int) -> int:
    """Return how many scenarios these are, of `size` in all."""
    return len(range(*here.indices(size))) if isinstance(here, slice) else len(here)


@cache
def _workers() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(os.cpu_count())
