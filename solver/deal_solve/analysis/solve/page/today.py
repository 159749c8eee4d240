"""Before anything else: what the file implies for the first month, whether that is so, and what else is asked."""

from __future__ import annotations

from deal_solve.analysis.check.findings import implausible_findings
from deal_solve.analysis.solve.page.subject import LABEL, Subject
from deal_solve.facts.today import today
from deal_solve.messages import counted
from deal_solve.report.position import position_sentences
from deal_solve.report.text import labelled, whole_money
from deal_solve.settlement.in_force.position import position_of
from deal_solve.uncertainty.expansion import scenarios_of


def position_rows(subject: Subject) -> list[tuple[str, str]]:
    """Return what is drawn and left of the agreement in force, in labelled sentences; none without one."""
    position = position_of(subject.deal, subject.scenarios)
    return [("In force", sentence) for sentence in position_sentences(position)] if position else []


def today_line(subject: Subject) -> list[str]:
    """Return what the first month costs on today's routing at list, and how much in the file is hardly meant."""
    bill = today(subject.deal.whole)
    rates = f", {whole_money(bill.in_force.total_usd)} at the prices in force" if bill.in_force else ""
    amount = f"{whole_money(bill.total_usd)} in {bill.month} at list{rates}"
    lines = labelled("Today's bill", f"{amount}; is that so? See deal-solve today", LABEL)
    for label, sentence in position_rows(subject):
        lines += labelled(label, sentence, LABEL)
    asked = len(implausible_findings(subject.deal, scenarios_of(subject.deal).in_memory()))
    if asked:
        lines += labelled("Is it meant?", f"{counted(asked, 'question')} about the file: deal-solve check", LABEL)
    return lines
