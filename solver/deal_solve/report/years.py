"""Cost and cash per year in print: what the months of a year cost, and what is paid in it."""

from __future__ import annotations

from deal_solve.facts.summary import Range
from deal_solve.facts.years import years
from deal_solve.report.text import labelled, money, table
from deal_solve.settlement.settle import Settlement


def years_table(settlement: Settlement, fiscal_year_start: int | None = None) -> str:
    """Return cost and cash of every year, each with its range."""
    deal, rows = settlement.deal, years(settlement, fiscal_year_start)
    is_certain = len(settlement.weights) == 1
    cells = []
    for index, row in enumerate(rows):
        number = index + (not deal.signing_month)
        name = f"{number or 'before'} ({deal.span(row.start, row.end)})"
        name = deal.span(row.start, row.end) if fiscal_year_start else name
        cells.append([name, *_range(row.cost, is_certain), *_range(row.cash, is_certain)])
    headers = ["year", "cost", "cash"] if is_certain else ["year", *_names("cost"), *_names("cash")]
    kind = "contract" if fiscal_year_start is None else "fiscal"
    title = f"Cost and cash per {kind} year (USD, not discounted)"
    notes = (
        "cost: for the months of the year, whenever it is paid; cash: what is paid in the year, for whichever months"
    )
    return "\n".join([table(title, headers, cells), *labelled("-", notes, 2)])


def _names(what: str) -> list[str]:
    return [f"{what} expected", f"{what} P10", f"{what} P90"]


def _range(amount: Range, is_certain: bool) -> list[str]:
    values = [amount.expected_usd] if is_certain else [amount.expected_usd, amount.p10_usd, amount.p90_usd]
    return [money(value) for value in values]
