"""The decision page and the asks as a text document (.docx), for legal and procurement to work on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import docx
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor

from deal_solve.analysis.document.page import FirstPage, Rows, first_page, plain_value
from deal_solve.analysis.document.result import Document
from deal_solve.report.style import STEERING, escaped
from deal_solve.report.text import Grid

if TYPE_CHECKING:
    from docx.table import Table

A4 = (Mm(210), Mm(297))
MARGIN = Mm(18)
INK = RGBColor(0x16, 0x36, 0x5C)
CREATED = datetime(2026, 1, 1)
"""Written into every document, so that it does not differ from one time to the next."""


def write_letter(found: Document, path: Path) -> None:
    """Write the decision page, and on a page of their own the asks as they can be sent to the vendor."""
    page = first_page(found)
    document: Any = docx.Document()
    _set_up(document, page.title)
    document.add_heading(_text(page.title), 0)
    document.add_paragraph(_text(page.subtitle))
    _labelled(document, page.headline)
    _section(document, *page.sign)
    document.add_heading(_text(page.cost.title), 1)
    _grid(document, page.cost)
    _section(document, *page.compare)
    _section(document, *page.risks)
    _asks(document, page)
    _section(document, page.dates_title, page.dates)
    document.add_heading("Proof", 1)
    document.add_paragraph(_text(page.proof))
    if page.asks:
        document.add_page_break()
        _clauses(document, found, page)
        _to_the_vendor(document, page)
    content = BytesIO()  # a zip file on a full disk fails again when it is thrown away
    document.save(content)
    path.write_bytes(content.getvalue())


def _set_up(document: Any, title: str) -> None:
    """Set paper, margins, fonts and what the file says of itself."""
    section = document.sections[0]
    section.page_width, section.page_height = A4
    section.left_margin = section.right_margin = section.top_margin = section.bottom_margin = MARGIN
    for name, size in (("Normal", 9.5), ("Heading 1", 11.5), ("Title", 17)):
        style = document.styles[name]
        style.font.name, style.font.size = "Calibri", Pt(size)
        style.paragraph_format.space_after = Pt(2)
    document.styles["Heading 1"].paragraph_format.space_before = Pt(8)
    for name in ("Heading 1", "Title"):
        document.styles[name].font.color.rgb = INK
    facts = document.core_properties
    facts.title, facts.author, facts.created, facts.modified = _text(title)[:255], "deal-solve", CREATED, CREATED


def _section(document: Any, title: str, rows: Rows) -> None:
    if rows:
        document.add_heading(_text(title), 1)
        _labelled(document, rows)


def _labelled(document: Any, rows: Rows) -> None:
    """Add labels and sentences as a table without lines."""
    table = document.add_table(rows=0, cols=2)
    table.autofit = False
    for label, text in rows:
        cells = table.add_row().cells
        _fill(cells[0], label, is_bold=True)
        _fill(cells[1], text)
    _widths(table, (Mm(40), Mm(134)))


def _grid(document: Any, grid: Grid) -> None:
    """Add a table of amounts; its header is printed again on every page."""
    table = document.add_table(rows=1, cols=len(grid.headers), style="Light List Accent 1")
    table.alignment = WD_TABLE_ALIGNMENT.LEFT
    for cell, name in zip(table.rows[0].cells, grid.headers, strict=True):
        _fill(cell, name, is_bold=True, is_right=grid.headers.index(name) >= grid.left)
    mark = OxmlElement("w:tblHeader")
    mark.set(qn("w:val"), "true")
    table.rows[0]._tr.get_or_add_trPr().append(mark)
    for row in grid.rows:
        cells = table.add_row().cells
        for index, (cell, text) in enumerate(zip(cells, row, strict=True)):
            _fill(cell, text, is_bold=row[0].startswith("total"), is_right=index >= grid.left)
    first = Mm(50)
    _widths(table, (first, *[Mm(124 / max(len(grid.headers) - 1, 1))] * (len(grid.headers) - 1)))


def _asks(document: Any, page: FirstPage) -> None:
    document.add_heading(_text(page.asks_title), 1)
    if page.why_no_asks:
        document.add_paragraph(_text(page.why_no_asks))
    for ask in page.asks:
        paragraph = document.add_paragraph(style="List Number")
        paragraph.add_run(_text(ask.clause)).bold = True
        paragraph.add_run(_text(f", {ask.worth}: {ask.change}"))
    for sentence in page.more_asks:
        document.add_paragraph(_text(sentence))


def _clauses(document: Any, found: Document, page: FirstPage) -> None:
    """Add what each clause to be changed says, and what it is to say, for who writes the agreement."""
    rows = tuple(
        (ask.clause, plain_value(row.was), plain_value(row.asked or ""))
        for ask, row in zip(page.asks, found.asks, strict=True)
    )
    document.add_heading("Clauses to be changed", 1)
    _grid(document, Grid("Clauses to be changed", ("clause", "as offered", "to be agreed"), rows, left=3))


def _to_the_vendor(document: Any, page: FirstPage) -> None:
    """Add the sentences that can be sent: they do not say what a clause is worth to the buyer."""
    document.add_heading("What to write to the vendor", 1)
    for ask in page.asks:
        document.add_paragraph(_text(ask.sentence), style="List Bullet")


def _fill(cell: Any, text: str, *, is_bold: bool = False, is_right: bool = False) -> None:
    paragraph = cell.paragraphs[0]
    paragraph.paragraph_format.space_after = Pt(0)
    paragraph.add_run(_text(text)).bold = is_bold
    if is_right:
        paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT


def _widths(table: Table, widths: Sequence[int]) -> None:
    """Set the width of each column, and of every cell: word processors look in one or the other."""
    for column, width in zip(table.columns, widths, strict=True):
        column.width = width
    for row in table.rows:
        for cell, width in zip(row.cells, widths, strict=True):
            cell.width = width


def _text(text: str) -> str:
    """Return text in which what would steer its display is written out."""
    return STEERING.sub(lambda found: escaped(found[0]), text)
