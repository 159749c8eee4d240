"""When Python looks for cycles that nobody uses: next to never while modules are imported, of which all is used."""

from __future__ import annotations

import gc

STARTING = (200_000, 10, 10)
"""Thresholds while a command is imported: about as many objects as its modules make."""
WORKING = (10_000, 10, 10)
"""Thresholds from the first long work on."""


def begin() -> None:
    """Let modules be imported without looking through them."""
    gc.set_threshold(*STARTING)


def work() -> None:
    """Look only at what is made from now on, where a command has begun so."""
    if gc.get_threshold() == STARTING:
        gc.freeze()
        gc.set_threshold(*WORKING)
