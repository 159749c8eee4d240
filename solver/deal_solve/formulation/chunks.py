"""Work over many scenarios in pieces that stay in a processor's cache, on every core, added up in order."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

Some: TypeAlias = slice | NDArray[np.intp]
"""Some scenarios: a piece of them, or places."""

Result = TypeVar("Result")

CHUNK = 32768
"""Scenarios of a piece."""


def each(size: int, work: Callable[[slice], Result]) -> list[Result]:
    """Return what `work` makes of every piece of `size` scenarios, in order."""
    pieces = [slice(start, min(start + CHUNK, size)) for start in range(0, size, CHUNK)]
    return [work(piece) for piece in pieces] if len(pieces) == 1 else list(_workers().map(work, pieces))


def weighted(here: slice, weights: NDArray[np.float64]) -> Some:
    """Return the scenarios of a piece that have a weight; the piece itself if all of them have."""
    places = np.flatnonzero(weights[here])
    return here if len(places) == here.stop - here.start else places + here.start


def count_of(here: Some, size: int) -> int:
    """Return how many scenarios these are, of `size` in all."""
    return len(range(*here.indices(size))) if isinstance(here, slice) else len(here)


@cache
def _workers() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(os.cpu_count())
