"""The sheet of cash: what is paid in each month and in each fiscal year, line by line, added up from the invoice."""

from __future__ import annotations

from collections.abc import Sequence

from xlsxwriter.utility import xl_col_to_name

from deal_solve.analysis.document.workbook.cells import Book, Formula, Input, Number, Sheet
from deal_solve.analysis.document.workbook.invoice import Invoiced, lines_of
from deal_solve.analysis.settle.payments import Payment
from deal_solve.deal.deal import Deal
from deal_solve.settlement.lines import LINES

FIRST = 2
"""The column of the first line: the month and its fiscal year stand before it."""


def write_cash(book: Book, deal: Deal, invoice: Invoiced, fiscal_year_start: int | None) -> None:
    """Write the expected cash of each month by line, and of each fiscal year: its first month can be changed."""
    rows = [row for row in invoice.rows if LINES[row.line].is_cash]
    lines = lines_of(rows)
    titles = [LINES[line].title for line in lines]
    sheet = Sheet(book, "Cash", "Cash by month and by fiscal year", [12, 10, *[15] * len(lines), 17, 17])
    sheet.prose(
        "USD, expected, not discounted: what is paid in each month, whichever months it is for; what is paid at the "
        f"end of a month counts in that month. Added up again from the sheet {invoice.sheet}. A fiscal year is named "
        "by the calendar year in which it ends; change the yellow cell (1 to 12) to begin it in another month."
    )
    begins = fiscal_year_start or deal.start.month
    given = sheet.row(["first month", "", Input(begins, "0")])
    sheet.sheet.data_validation(given - 1, 2, given - 1, 2, {"validate": "list", "source": list(range(1, 13))})
    sheet.skip()
    sheet.header(["fiscal year", "", *titles, "cash"], left=2)
    top = sheet.next + len(range(*_years(deal, rows))) + 3
    _write_years(sheet, deal, rows, begins, top)
    sheet.skip()
    sheet.header(["month", "fiscal year", *titles, "cash", "cash so far"], left=2, is_frozen=True)
    _write_months(sheet, deal, invoice, begins, given)
    sheet.done()


def _write_years(sheet: Sheet, deal: Deal, rows: Sequence[Payment], begins: int, top: int) -> None:
    """Write a row for every fiscal year that there is, wherever it begins; the months stand from row `top` on."""
    last = top + len(_months(deal, rows)) - 1
    columns = [*enumerate([*lines_of(rows), None], start=FIRST)]
    for year in range(*_years(deal, rows)):
        cells = []
        for column, line in columns:
            letter = xl_col_to_name(column)
            own = [row for row in rows if _fiscal(deal, row.cash_month, begins) == year and line in (row.line, None)]
            text = f"=SUMIFS({letter}${top}:{letter}${last},$B${top}:$B${last},$A{sheet.next})"
            cells.append(Formula(text, sum(row.amount_usd for row in own)))
        sheet.row([Number(year, "0"), "", *cells])
    sums = []
    for column, line in columns:
        letter = xl_col_to_name(column)
        total = sum(row.amount_usd for row in rows if line in (row.line, None))
        sums.append(Formula(f"=SUM({letter}{top}:{letter}{last})", total))
    sheet.total(["all", "", *sums])


def _write_months(sheet: Sheet, deal: Deal, invoice: Invoiced, begins: int, given: int) -> None:
    """Write a row for every month; row `given` holds the month in which the fiscal year begins."""
    rows = [row for row in invoice.rows if LINES[row.line].is_cash]
    lines = lines_of(rows)
    top, cash, so_far = sheet.next, xl_col_to_name(FIRST + len(lines)), 0.0
    for month in _months(deal, rows):
        at, day = sheet.next, deal.calendar(month)
        own = [sum(row.amount_usd for row in rows if row.cash_month == month and row.line == line) for line in lines]
        so_far += sum(own)
        cells = []
        for column, usd in enumerate(own, start=FIRST):
            title = f"{xl_col_to_name(column)}${top - 1}"
            by_month, by_line = f"{invoice.column('I')},$A{at}", f"{invoice.column('C')},{title}"
            cells.append(Formula(f"=SUMIFS({invoice.column('G')},{by_month},{by_line})", usd))
        year = f"={day.year}+IF(AND($C${given}>1,{day.month}>=$C${given}),1,0)"
        sheet.row(
            [
                f"{day:%Y-%m}",
                Formula(year, _fiscal(deal, month, begins), "0"),
                *cells,
                Formula(f"=SUM({xl_col_to_name(FIRST)}{at}:{xl_col_to_name(FIRST + len(lines) - 1)}{at})", sum(own)),
                Formula(f"=SUM({cash}${top}:{cash}{at})", so_far),
            ]
        )


def _fiscal(deal: Deal, month: int, begins: int) -> int:
    """Return the fiscal year of a month, named by the calendar year in which it ends."""
    day = deal.calendar(month)
    return day.year + (begins > 1 and day.month >= begins)


def _months(deal: Deal, rows: Sequence[Payment]) -> range:
    """Return the months of the deal, and those before it in which something is paid."""
    return range(min((0, *(row.cash_month for row in rows))), deal.horizon_months)


def _years(deal: Deal, rows: Sequence[Payment]) -> tuple[int, int]:
    """Return the first fiscal year and the one after the last, wherever they begin."""
    months = _months(deal, rows)
    return deal.calendar(months[0]).year, deal.calendar(months[-1]).year + 2
