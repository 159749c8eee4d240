"""Every agreement against the recommended deal, in print."""

from __future__ import annotations

from deal_solve.analysis.why_not.result import Alternative
from deal_solve.deal.deal import Deal
from deal_solve.facts.difference import Difference
from deal_solve.frames import Table
from deal_solve.messages import counted
from deal_solve.report.basics import NOT_IN_TIME
from deal_solve.report.difference import present_value
from deal_solve.report.text import money, page_width, percent, round_money, table
from deal_solve.settlement.lines import CAUSES

COLUMN_WIDTH = 33
"""Columns of the page for each of the agreements that stand beside each other in the table by line."""


def alternatives_report(deal: Deal, rows: Table[Alternative], objective_usd: float) -> str:
    """Return the table of agreements, and for those solved the difference to the recommended deal by line."""
    if len(rows) < 2:
        return ""
    solved = [(row, row.difference) for row in rows if row.difference is not None]
    parts = [_agreements(deal, rows, objective_usd)]
    overlay = page_width() // COLUMN_WIDTH
    parts += [_by_line(deal, solved[start : start + overlay]) for start in range(0, len(solved), overlay)]
    return "\n\n".join(parts)


def _agreements(deal: Deal, rows: Table[Alternative], objective_usd: float) -> str:
    cells = []
    for row in rows:
        above, share = "impossible", "-"
        if row.is_recommended:
            above, share = "recommended", "-"
        elif row.above_usd is not None:
            above = (
                "at least " * (row.is_bound or not row.is_in_time) + money(row.above_usd) + " GAP" * (not row.is_proven)
            )
            above += f" ({NOT_IN_TIME})" * (not row.is_in_time)
            share = percent(row.above_usd / abs(objective_usd), 2) if objective_usd else "-"
        band = round_money(row.band_usd_per_year) if row.band_usd_per_year else "none"
        cells.append([row.offer, f"{row.term_months}", band, row.seats_from or "any", above, share])
    headers = ["API from", "months", "band", "seats from", "higher by", "share"]
    title = f"Every API agreement at its own best over {counted(deal.compared_months, 'month')} (USD, objective)"
    return table(title, headers, cells, left=1)


def _by_line(deal: Deal, solved: list[tuple[Alternative, Difference]]) -> str:
    """Return the differences of a few agreements side by side; lines that are 0 in all are left out."""
    cells = []
    for line, text in CAUSES.items():
        amounts = [why.of(line) for _, why in solved]
        if any(money(amount) != "0.00" for amount in amounts):
            cells.append([text, *map(money, amounts)])
    cells.append(["expected cost", *(money(why.expected_usd) for _, why in solved)])
    if any(money(why.risk_usd) != "0.00" for _, why in solved):
        cells.append(["risk", *(money(why.risk_usd) for _, why in solved)])
        cells.append(["objective", *(money(why.objective_usd) for _, why in solved)])
    headers = ["costs more than recommended by", *(_name(row) for row, _ in solved)]
    return table(f"Why: difference by line (USD, expected{present_value(deal)})", headers, cells)


def _name(row: Alternative) -> str:
    band = f" {round_money(row.band_usd_per_year)}" if row.band_usd_per_year else ""
    return f"{row.offer} {row.term_months}{band}"
