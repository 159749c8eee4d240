"""The sheets of page one and of the sections behind it: their tables as numbers that can be computed with."""

from __future__ import annotations

from collections.abc import Sequence

from xlsxwriter.utility import xl_col_to_name

from deal_solve.analysis.document.page import FirstPage, first_page, subject_of
from deal_solve.analysis.document.result import Document
from deal_solve.analysis.document.sections import Section
from deal_solve.analysis.document.workbook.cells import Book, Cell, Formula, Number, Sheet, read_number
from deal_solve.analysis.solve.page.cost import cost_rows
from deal_solve.report.text import Grid, Points

MAX_WIDTH, MIN_WIDTH = 60, 11
MAX_LINES = 30
NAMES = {
    "levers": "Levers",
    "spend": "Months",
    "distribution": "Distribution",
    "drivers": "Drivers",
    "frontier": "Frontier",
    "curve": "Commitment curve",
    "routing": "Routing",
    "seats": "Seats",
    "clauses": "Clauses",
    "offers": "Offers",
    "payers": "Who pays",
    "calendar": "Calendar",
    "assumptions": "Assumptions",
    "method": "Method",
}
"""The sheet of each section."""


def write_summary(book: Book, found: Document) -> None:
    """Write page one; the total of each year is added up from its lines."""
    page = first_page(found)
    rows = cost_rows(subject_of(found), MAX_LINES)
    sheet = Sheet(book, "Summary", page.title, [34, *[17] * max(len(rows[0]), 5)])
    sheet.prose(page.subtitle)
    for label, text in page.headline:
        sheet.row([label, read_number(text)])
    sheet.skip()
    _pairs(sheet, *page.sign)
    _cost(sheet, page, *rows)
    _pairs(sheet, *page.compare)
    _pairs(sheet, *page.risks)
    _asks(sheet, page)
    _pairs(sheet, page.dates_title, page.dates)
    sheet.pair("Proof", page.proof)
    sheet.done()


def _pairs(sheet: Sheet, title: str, rows: Sequence[tuple[str, str]]) -> None:
    if rows:
        sheet.prose(title, bold=True, bottom=1)
        for label, text in rows:
            sheet.pair(label, text)
        sheet.skip()


def _asks(sheet: Sheet, page: FirstPage) -> None:
    sheet.prose(page.asks_title, bold=True, bottom=1)
    if page.why_no_asks:
        sheet.prose(page.why_no_asks)
    for ask in page.asks:
        sheet.pair(ask.clause, f"{ask.change}: {ask.worth}")
        sheet.pair("", ask.sentence)
    for sentence in page.more_asks:
        sheet.prose(sentence)
    sheet.skip()


def _cost(sheet: Sheet, page: FirstPage, headers: list[str], rows: list[tuple[str, list[float]]]) -> None:
    sheet.prose(page.cost.title, bold=True, bottom=1)
    sheet.header(["line", *headers[1:]])
    begin = sheet.next
    for name, values in rows:
        at = sheet.next
        if name.startswith("total"):
            sums = [f"=SUM({xl_col_to_name(c)}{begin}:{xl_col_to_name(c)}{at - 1})" for c in range(1, len(values) + 1)]
            sheet.total([name, *(Formula(text, usd) for text, usd in zip(sums, values, strict=True))])
            continue
        last: Cell = Number(values[-1])
        if not name.startswith(("P10", "P90")):
            last = Formula(f"=SUM(B{at}:{xl_col_to_name(len(values) - 1)}{at})", values[-1])
        sheet.row([name, *map(Number, values[:-1]), last])
    sheet.skip()


def write_section(book: Book, section: Section) -> None:
    """Write a section with all its tables and lists."""
    grids = [part for part in section.parts if isinstance(part, Grid)]
    sheet = Sheet(book, NAMES[section.name], section.title, _widths(section, grids))
    if section.why_empty:
        sheet.prose(section.why_empty)
    for label, text in section.rows:
        sheet.pair(label, text)
    is_alone = len(grids) == 1
    for part in section.parts:
        sheet.prose(part.title, bold=True) if part.title else None
        if isinstance(part, Points):
            for text in part.texts:
                sheet.prose(text)
        else:
            sheet.header(part.headers, left=part.left, is_frozen=is_alone)
            for row in part.rows:
                cells = [cell if index < part.left else read_number(cell) for index, cell in enumerate(row)]
                write = sheet.total if row[0].startswith("total") else sheet.row
                write(cells, left=part.left)
        sheet.skip()
    sheet.done()


def _widths(section: Section, grids: Sequence[Grid]) -> list[float]:
    """Return widths in which every column of every table fits, or is wrapped."""
    widths: list[float] = [24.0, 60.0] if section.rows or not grids else []
    for grid in grids:
        for index, cells in enumerate(zip(grid.headers, *grid.rows, strict=True)):
            longest = max(max(map(len, cells[1:]), default=0), max(map(len, cells[0].split()), default=0))
            width = min(max(longest + 2, MIN_WIDTH), MAX_WIDTH)
            widths[index : index + 1] = [max(width, widths[index]) if index < len(widths) else width]
    return widths
