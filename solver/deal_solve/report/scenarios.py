"""How a set of scenarios is named in reports."""

from __future__ import annotations

from deal_solve.deal.deal import Deal
from deal_solve.deal.risk import Risk
from deal_solve.messages import counted
from deal_solve.report.text import percent
from deal_solve.settlement.objective import COARSE_CONFIDENCE
from deal_solve.uncertainty.expansion import expansion_size
from deal_solve.uncertainty.scenario_set import COARSE_SIZE, Scenarios


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


def other_tail(deal: Deal, scenarios: Scenarios) -> str:
    """Return which tail other scenarios of a deal would weigh, where its confidence is the default; '' where none.

    A coarse set carries less of a tail (model §A8), so that two sets of one deal may be for different plans.
    """
    risk = deal.risk
    if scenarios.size == 1 or risk.criterion != "expected" or not risk.weight or "confidence" in risk.model_fields_set:
        return ""
    if scenarios.is_coarse:
        return f"{_tail(Risk().confidence)} from {COARSE_SIZE} scenarios on, which may sign otherwise"
    few = expansion_size(deal.whole)
    is_finer = not deal.whole.scenarios and 1 < few < COARSE_SIZE
    return f"{_tail(COARSE_CONFIDENCE)} over the {few} of the expansion, which may sign otherwise" if is_finer else ""


def other_tail_note(deal: Deal, scenarios: Scenarios) -> tuple[str, ...]:
    """Return how the same tail is weighed over a fine set and the expansion; a coarse set has a note of its own."""
    tail = "" if scenarios.is_coarse else other_tail(deal, scenarios)
    weighed = f"of these scenarios the worst {_tail(deal.risk.confidence)} is weighed"
    return (f"{weighed}, {tail}: --confidence {COARSE_CONFIDENCE:g} weighs the same tail over both",) if tail else ()


def _tail(confidence: float) -> str:
    return percent(1 - confidence)
