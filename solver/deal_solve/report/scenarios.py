"""How a set of futures is named in reports."""

from __future__ import annotations

from deal_solve.uncertainty.scenario_set import Scenarios


def scenarios_text(scenarios: Scenarios) -> str:
    """Return how many futures there are and where they come from; sampled ones always with their seed."""
    kinds = {"explicit": "listed futures", "discrete": "futures by discrete expansion"}
    if scenarios.kind == "sampled":
        return f"{scenarios.size:,} sampled future{'' if scenarios.size == 1 else 's'} (seed {scenarios.seed})"
    return f"{scenarios.size:,} {kinds[scenarios.kind]}" if scenarios.kind in kinds else "one certain future"


def scenarios_notes(scenarios: Scenarios) -> tuple[str, ...]:
    """Return what a reader of a settlement should know of its futures."""
    return () if scenarios.kind != "sampled" else (f"Settled over {scenarios_text(scenarios)}.", *scenarios.notes)
