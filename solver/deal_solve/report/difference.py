"""The difference between two plans by line, in print."""

from __future__ import annotations

from deal_solve.deal.deal import Deal
from deal_solve.facts.difference import Difference
from deal_solve.messages import counted
from deal_solve.report.text import money, percent, table
from deal_solve.settlement.lines import CAUSES


def difference_table(deal: Deal, difference: Difference, other: str = "as requested") -> str:
    """Return what two plans cost by line; lines that are 0 in both are left out, risk only where it counts."""
    rows = [
        [CAUSES[row.line], *map(money, (row.winner_usd, row.other_usd, row.difference_usd))]
        for row in difference.lines
        if money(row.winner_usd) != "0.00" or money(row.other_usd) != "0.00"
    ]
    winner = sum(row.winner_usd for row in difference.lines)
    whole = [winner, winner + difference.expected_usd, difference.expected_usd]
    rows.append(["expected cost", *map(money, whole)])
    if money(difference.risk_usd) != "0.00":
        rows.append(["risk", "", "", money(difference.risk_usd)])
        rows.append(["objective", "", "", money(difference.objective_usd)])
    return table(
        f"Difference by line over {counted(deal.compared_months, 'month')} (USD, expected{present_value(deal)})",
        ["line", "this deal", other, "difference"],
        rows,
    )


def present_value(deal: Deal) -> str:
    """Return how payments at different times are made comparable, in words; '' without cost of capital."""
    rate = deal.cost_of_capital_per_year
    return f", present value at {percent(rate)} a year" if rate else ""
