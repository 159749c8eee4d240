"""Today's bill, before anything else: what the file implies for the first month, and whether that is so."""

from __future__ import annotations

from deal_solve.analysis.solve.page.subject import LABEL, Subject
from deal_solve.facts.today import today
from deal_solve.report.text import labelled, whole_money


def today_line(subject: Subject) -> list[str]:
    """Return what the first month costs on today's routing at list, with the question whether that is the bill."""
    bill = today(subject.deal)
    amount = f"{whole_money(bill.total_usd)} in {bill.month} at list"
    return labelled("Today's bill", f"{amount}; is that so? See deal-solve today", LABEL)
