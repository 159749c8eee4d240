"""How a set of futures is named in reports."""

from __future__ import annotations

from deal_solve.uncertainty.scenarios import Futures


def futures_text(futures: Futures) -> str:
    """Return how many futures there are and where they come from; sampled ones always with their seed."""
    if futures.size == 1 and futures.kind != "sampled":
        return "one certain future"
    text = f"{futures.size:,} {futures.kind} future{'' if futures.size == 1 else 's'}"
    return text if futures.seed is None else f"{text} (seed {futures.seed})"


def futures_notes(futures: Futures) -> tuple[str, ...]:
    """Return what a reader of a settlement should know of its futures."""
    return () if futures.kind != "sampled" else (f"Settled over {futures_text(futures)}.", *futures.notes)
