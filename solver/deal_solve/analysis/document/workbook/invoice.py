"""Invoices: every payment as quantity times rate, totals by line and year, and the cash of every month."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xlsxwriter.utility import xl_col_to_name

from deal_solve.analysis.document.workbook.cells import Book, Formula, Number, Sheet
from deal_solve.analysis.settle.invoice import paid_when
from deal_solve.analysis.settle.payments import Payment
from deal_solve.deal.deal import Deal
from deal_solve.report.text import percent
from deal_solve.settlement.lines import LINES

WIDTHS = (6, 22, 32, 30, 16, 18, 18, 13, 10, 18)
HEADERS = ("year", "months", "line", "item", "quantity", "rate", "amount", "paid on", "cash in", "present value")


@dataclass(frozen=True)
class Invoiced:
    """An invoice as it stands in a sheet: its rows [first, last], and where its amounts add up."""

    sheet: str
    rows: Sequence[Payment]
    first: int
    last: int

    def column(self, letter: str) -> str:
        """Return the address of a column of the invoice."""
        return f"'{self.sheet}'!${letter}${self.first}:${letter}${self.last}"


def write_invoice(book: Book, deal: Deal, rows: Sequence[Payment], name: str, title: str) -> Invoiced:
    """Write one invoice; amounts and present values are formulas."""
    sheet = Sheet(book, name, title, WIDTHS)
    sheet.prose(
        "USD, not discounted. Each amount is its quantity times its rate: seat-months, user-months, or dollars of "
        "usage at today's list (overage: at contracted rates). Cash in: the month in which it is paid, what is paid "
        "at the end of a month in that month. Year 0: before the month of signing."
    )
    rate = deal.cost_of_capital_per_year
    given = sheet.row(["", "", "cost of capital a year", "", Number(rate, "share")])
    total = sheet.next
    begin, end = total + 2, total + 1 + max(len(rows), 1)
    present = [row.amount_usd * deal.discount(row.paid) for row in rows]
    sums = [
        Formula(f"=SUM({letter}{begin}:{letter}{end})", value)
        for letter, value in (("G", sum(row.amount_usd for row in rows)), ("J", sum(present)))
    ]
    sheet.total(["", "", "total", "", "", "", sums[0], "", "", sums[1]])
    sheet.header(HEADERS, left=4, is_frozen=True)
    for row, now in zip(rows, present, strict=True):
        at = sheet.next
        sheet.row(
            [
                Number(row.contract_year + 1, "0"),
                deal.span(row.first, row.last + 1),
                LINES[row.line].title,
                row.item,
                Number(row.quantity, "quantity"),
                Number(row.rate_usd, "rate"),
                Formula(f"=E{at}*F{at}", row.amount_usd),
                paid_when(deal, row.paid, f"{deal.calendar(row.last):%Y-%m}"),
                f"{deal.calendar(row.cash_month):%Y-%m}",
                Formula(f"=G{at}*(1+$E${given})^(-{row.paid + deal.signing_month}/12)", now),
            ],
            left=4,
        )
    sheet.sheet.autofilter(begin - 2, 0, end - 1, len(HEADERS) - 1)
    sheet.done()
    return Invoiced(name, rows, begin, end)


def write_totals(book: Book, deal: Deal, invoice: Invoiced, settled: dict[str, float]) -> None:
    """Write the totals of an invoice by line and contract year, against what was settled (USD by line)."""
    lines, years = lines_of(invoice.rows), range(min((0, *(row.contract_year for row in invoice.rows))), deal.years)
    sheet = Sheet(book, "Totals", "Totals by line and contract year", [38, *[16] * len(years), 18, 18, 14])
    sheet.prose(
        "USD, expected, not discounted, by the contract year that a payment belongs to. Every amount is added up "
        f"again from the sheet {invoice.sheet}; as settled is what the program found, and the difference is 0.00."
    )
    sheet.header(
        ["line", *(f"year {year + 1}" if year >= 0 else "before" for year in years), "all", "as settled", "difference"],
        is_frozen=True,
    )
    begin = sheet.next
    for line in lines:
        at = sheet.next
        own = [row for row in invoice.rows if row.line == line]
        cells = [
            Formula(
                f"=SUMIFS({invoice.column('G')},{invoice.column('C')},$A{at},{invoice.column('A')},{year + 1})",
                sum(row.amount_usd for row in own if row.contract_year == year),
            )
            for year in years
        ]
        total = sum(row.amount_usd for row in own)
        sheet.row([LINES[line].title, *cells, *_compared(at, len(years), total, settled.get(line, 0.0))])
    at, values = sheet.next, [row.amount_usd for row in invoice.rows]
    sums = []
    for column, year in enumerate(years, start=1):
        letter, usd = xl_col_to_name(column), sum(row.amount_usd for row in invoice.rows if row.contract_year == year)
        sums.append(Formula(f"=SUM({letter}{begin}:{letter}{at - 1})", usd))
    sheet.total(["total", *sums, *_compared(at, len(years), sum(values), sum(settled.values()))])
    sheet.done()


def _compared(row: int, years: int, total: float, settled: float) -> list[Formula | Number]:
    """Return the sum of a row, what was settled, and how far they are apart in cents."""
    first, last, all_, as_settled = (xl_col_to_name(column) for column in (1, years, years + 1, years + 2))
    return [
        Formula(f"=SUM({first}{row}:{last}{row})", total),
        Number(settled),
        Formula(f"=ROUND({all_}{row}-{as_settled}{row},2)", 0.0),
    ]


def lines_of(rows: Sequence[Payment]) -> list[str]:
    """Return the lines of some payments, in the order in which they are printed."""
    used = {row.line for row in rows}
    return [line for line in LINES if line in used]


def probability(share: float) -> str:
    """Return how likely a scenario is, in words."""
    return "certain" if share > 1 - 1e-12 else f"probability {percent(share)}"
