"""Work over many scenarios in pieces that stay in a processor's cache, added up in order."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

Result = TypeVar("Result")

CHUNK = 8192
"""Scenarios of a piece. Reading them is what takes the time, so a second core would wait for the same memory."""


def each(size: int, work: Callable[[slice], Result]) -> list[Result]:
    """Return what `work` makes of every piece of `size` scenarios, in order."""
    return [work(slice(start, min(start + CHUNK, size))) for start in range(0, size, CHUNK)]
