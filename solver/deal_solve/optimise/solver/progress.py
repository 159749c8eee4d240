"""The progress that a solve reports while it runs, and how it is stopped."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Progress:
    """Where a solve stands, `seconds` after it began, and what it does next (`phase`).

    `best_usd` is the best objective so far and `bound_usd` a valid bound on it; None while there is none.
    """

    phase: str
    seconds: float
    best_usd: float | None = None
    bound_usd: float | None = None


Watcher = Callable[[Progress], bool | None]
"""Called before every step of a solve, in its thread; returning False (or raising) stops it."""
