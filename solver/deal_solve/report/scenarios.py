"""How a set of futures is named in reports."""

from __future__ import annotations

from deal_solve.uncertainty.scenario_set import Futures


def futures_text(futures: Futures) -> str:
    """Return how many futures there are and where they come from; sampled ones always with their seed."""
    kinds = {"explicit": "listed futures", "discrete": "futures by discrete expansion"}
    if futures.kind == "sampled":
        return f"{futures.size:,} sampled future{'' if futures.size == 1 else 's'} (seed {futures.seed})"
    return f"{futures.size:,} {kinds[futures.kind]}" if futures.kind in kinds else "one certain future"


def futures_notes(futures: Futures) -> tuple[str, ...]:
    """Return what a reader of a settlement should know of its futures."""
    return () if futures.kind != "sampled" else (f"Settled over {futures_text(futures)}.", *futures.notes)
