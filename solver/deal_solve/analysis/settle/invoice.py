"""The invoice of one scenario: every payment, in print and as CSV."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from deal_solve.currency import converted
from deal_solve.deal.deal import Deal
from deal_solve.facts.names import line_title
from deal_solve.frames import not_a_formula
from deal_solve.plan.plan import Plan
from deal_solve.report.text import cents, money, table

if TYPE_CHECKING:
    import pandas as pd

HEADERS = ("period", "line", "item", "quantity", "rate", "amount", "paid")


def invoice_table(deal: Deal, plan: Plan, invoice: pd.DataFrame, scenario: str, probability: float) -> str:
    """Return the invoice in print, with a total per contract year."""
    rows: list[list[str]] = []
    lines = _lines(invoice)
    for year in range(deal.years):
        own = [line for line in lines if line["contract_year"] == year]
        rows += [_row(deal, plan, line) for line in own]
        rows.append(_total(f"year {year + 1}", "total", own))
    rows.append(_total("all", "total", lines))
    weight = "certain" if probability > 1 - 1e-12 else f"probability {100 * probability:.3g}%"
    title = f"Invoice in scenario {scenario!r} ({weight}; USD, not discounted)"
    return table(title, HEADERS, rows, left=3)


def _lines(invoice: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(key): value for key, value in line.items()} for line in invoice.to_dict("records")]


def _row(deal: Deal, plan: Plan, line: dict[str, Any]) -> list[str]:
    figures = [f"{line['quantity']:,.2f}", f"{converted(line['rate_usd']):,.6f}", money(line["amount_usd"])]
    title = line_title(deal, plan, line["line"])
    return [line["period"], title, line["item"], *figures, paid_when(deal, line["paid_month"], line["period"][-7:])]


def _total(period: str, what: str, lines: list[dict[str, Any]]) -> list[str]:
    return [period, what, "", "", "", money(sum(line["amount_usd"] for line in lines)), ""]


def paid_when(deal: Deal, paid_month: int, last: str) -> str:
    """Return a time in months as a calendar date: the first day of a month, or the last one of that before.

    What is paid after the last month that it is for (`last`, YYYY-MM) is paid at the end of a month.
    """
    day = deal.calendar(paid_month)
    return f"{day - timedelta(days=1) if f'{day:%Y-%m}' > last else day:%Y-%m-%d}"


def invoice_csv(deal: Deal, invoice: pd.DataFrame) -> str:
    """Return the invoice as CSV: amounts in cents, quantity and rate unrounded."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(["contract_year", "period", "line", "item", "quantity", "rate_usd", "amount_usd", "paid_on"])
    for line in _lines(invoice):
        figures = [repr(float(line["quantity"])), repr(float(line["rate_usd"])), str(cents(line["amount_usd"]))]
        names = [line["contract_year"] + 1, line["period"], line["line"], not_a_formula(line["item"])]
        writer.writerow([*names, *figures, paid_when(deal, line["paid_month"], line["period"][-7:])])
    return stream.getvalue()
