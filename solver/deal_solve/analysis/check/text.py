"""What `check` prints about a valid deal."""

from __future__ import annotations

from collections.abc import Iterable

from deal_solve.analysis.check.findings import Finding
from deal_solve.deal.deal import Deal
from deal_solve.facts.today import today
from deal_solve.facts.unstated import unstated
from deal_solve.frames import Table
from deal_solve.messages import counted
from deal_solve.report.position import position_sentences
from deal_solve.report.scenarios import scenarios_text
from deal_solve.report.text import bullets, labelled
from deal_solve.report.today import todays_bill
from deal_solve.report.unstated import unstated_list
from deal_solve.settlement.in_force.position import position_of
from deal_solve.uncertainty.scenario_set import Scenarios


def check_report(deal: Deal, scenarios: Scenarios, found: Table[Finding], doubtful: Iterable[Finding] = ()) -> str:
    """Return the size of the deal, its scenarios, today's bill, what it assumes, and every finding."""
    counts = [
        counted(len(items), word)
        for items, word in ((deal.workloads, "workload"), (deal.cohorts, "cohort"), (deal.offers, "offer"))
    ]
    stated = [
        f"The deal is valid: {', '.join(counts)}, {counted(deal.compared_months, 'month')} from {deal.start:%Y-%m}.",
        _scenarios(scenarios),
    ]
    if not found:
        stated.append("Nothing in it is out of reach, and every clause can bind.")
    lines = [line for text in stated for line in labelled("", text, 0)]
    position = position_of(deal, scenarios)
    lines += ["", bullets("Agreement in force", position_sentences(position))] if position else []
    lines += ["", todays_bill(today(deal))]
    assumed = unstated_list(unstated(deal.signed_first))
    lines += ["", assumed] if assumed else []
    doubts = list(map(str, doubtful))
    lines += ["", bullets(f"Is this meant? ({len(doubts)})", doubts)] if doubts else []
    if found:
        lines += ["", bullets(f"Unreachable, or never binding ({len(found)})", map(str, found))]
    return "\n".join(lines) + "\n"


def _scenarios(scenarios: Scenarios) -> str:
    few = " They are too few for anything beyond P10 and P90." if scenarios.is_coarse else ""
    if scenarios.kind == "sampled":
        return f"It has {scenarios_text(scenarios)} of its bands and its events.{few}"
    if scenarios.kind == "certain":
        return "It has one certain scenario."
    if scenarios.kind == "explicit":
        return f"It has {counted(scenarios.size, 'scenario')}, listed in the file."
    sources = [f"bands of {', '.join(scenarios.groups)}"] if scenarios.groups else []
    sources += ["events"] if scenarios.size > 3 ** len(scenarios.groups) else []
    text = f"It has {counted(scenarios.size, 'scenario')}: the discrete expansion of its {' and its '.join(sources)}."
    return text + few
