"""How a set of scenarios is named in reports."""

from __future__ import annotations

from deal_solve.messages import counted
from deal_solve.uncertainty.scenario_set import Scenarios


def scenarios_text(scenarios: Scenarios) -> str:
    """Return how many scenarios there are and where they come from; sampled ones always with their seed."""
    match scenarios.kind:
        case "explicit":
            return counted(scenarios.size, "listed scenario")
        case "discrete":
            return f"{counted(scenarios.size, 'scenario')} by expansion"
        case "sampled":
            return f"{counted(scenarios.size, 'sampled scenario')} (seed {scenarios.seed})"
        case _:
            return "one certain scenario"


def scenarios_notes(scenarios: Scenarios) -> tuple[str, ...]:
    """Return what a reader of a settlement should know of its scenarios."""
    return () if scenarios.kind != "sampled" else (f"Settled over {scenarios_text(scenarios)}.", *scenarios.notes)
