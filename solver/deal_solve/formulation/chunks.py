"""Work over many scenarios in pieces that stay in a processor's cache, on all of its cores, added up in order."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Result = TypeVar("Result")

CHUNK = 8192
"""Scenarios of a piece; sums are the same bits on any number of cores."""


def each(size: int, work: Callable[[slice], Result]) -> list[Result]:
    """Return what `work` makes of every piece of `size` scenarios, in order."""
    pieces = [slice(start, min(start + CHUNK, size)) for start in range(0, size, CHUNK)]
    if True:
        return [work(piece) for piece in pieces]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(work, pieces))
