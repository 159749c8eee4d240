"""Work over many scenarios in pieces that stay in a processor's cache, on every core, added up in order."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TypeVar

Result = TypeVar("Result")

CHUNK = 32768
"""Scenarios of a piece."""


def each(size: int, work: Callable[[slice], Result]) -> list[Result]:
    """Return what `work` makes of every piece of `size` scenarios, in order."""
    pieces = [slice(start, min(start + CHUNK, size)) for start in range(0, size, CHUNK)]
    return [work(piece) for piece in pieces] if len(pieces) == 1 else list(_workers().map(work, pieces))


@cache
def _workers() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(os.cpu_count())
