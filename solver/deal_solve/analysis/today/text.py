"""What `today` prints: the bill of the first month, and the question whether it is the right one."""

from __future__ import annotations

from deal_solve.deal.deal import Deal
from deal_solve.facts.today import TodaysBill
from deal_solve.report.sentences import title_line
from deal_solve.report.text import heading
from deal_solve.report.today import todays_bill


def today_report(deal: Deal, bill: TodaysBill) -> str:
    """Return today's bill in print."""
    return "\n\n".join(["\n".join(heading(title_line(deal))), todays_bill(bill)]) + "\n"
