"""Several criteria side by side, in print."""

from __future__ import annotations

from deal_solve.analysis.criteria.result import Criteria, Criterion
from deal_solve.deal.deal import Deal
from deal_solve.facts.decisions import NONE
from deal_solve.facts.summary import summarise
from deal_solve.messages import counted
from deal_solve.report.basics import NOT_IN_TIME
from deal_solve.report.difference import present_value
from deal_solve.report.sentences import aim
from deal_solve.report.text import bullets, money, table

ALWAYS = ("api_agreement", "commitment")
"""Kinds of decisions that are printed even where all criteria agree."""


def criteria_report(deal: Deal, rows: Criteria) -> str:
    """Return what each criterion minimises and would sign, and what each deal costs by every criterion."""
    known = Criteria(row for row in rows if row.solution is not None)
    names = [row.criterion for row in known]
    costs = [[row.criterion, *(money(row.under[name]) for name in names)] for row in known]
    value = f"USD over {counted(deal.compared_months, 'month')}{present_value(deal)}"
    parts = [bullets("What each criterion minimises", [f"{row.criterion}: {_aim(row)}" for row in rows])]
    if known:
        parts += [
            table("What each would sign", ["decision", *names], _signed(known), left=1 + len(known)),
            table(f"What the deal of each costs by every criterion ({value})", ["deal of", *names], costs),
        ]
    return "\n\n".join(parts)


def _aim(row: Criterion) -> str:
    if row.solution is None:
        return f"{NOT_IN_TIME}, the time limit passed before it had a deal"
    settlement = row.solution.settlement
    stated = aim(settlement.deal, summarise(settlement.deal, settlement, settlement.scenarios))
    return stated if row.is_proven else f"{stated} (GAP: its deal is not proven)"


def _signed(rows: Criteria) -> list[list[str]]:
    """Return the decisions that differ, side by side."""
    decided = [{decision.what: decision for decision in row.decisions} for row in rows]
    compared = []
    for what, kind in {what: decision.kind for each in decided for what, decision in each.items()}.items():
        plans = [each[what].plan if what in each else NONE for each in decided]
        if kind in ALWAYS or len(set(plans)) > 1:
            compared.append([what, *plans])
    return compared
