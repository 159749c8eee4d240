"""How a set of scenarios is named in reports."""

from __future__ import annotations

from deal_solve.uncertainty.scenario_set import Scenarios


def scenarios_text(scenarios: Scenarios) -> str:
    """Return how many scenarios there are and where they come from; sampled ones always with their seed."""
    count = f"{scenarios.size:,} {{}}scenario{'' if scenarios.size == 1 else 's'}"
    match scenarios.kind:
        case "explicit":
            return count.format("listed ")
        case "discrete":
            return f"{count.format('')} by expansion"
        case "sampled":
            return f"{count.format('sampled ')} (seed {scenarios.seed})"
        case _:
            return "one certain scenario"


def scenarios_notes(scenarios: Scenarios) -> tuple[str, ...]:
    """Return what a reader of a settlement should know of its scenarios."""
    return () if scenarios.kind != "sampled" else (f"Settled over {scenarios_text(scenarios)}.", *scenarios.notes)
