"""Sheets and cells: numbers with a format, formulas with the value they come to, and text that nothing computes."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import xlsxwriter

from deal_solve.report.style import STEERING, escaped

if TYPE_CHECKING:
    from xlsxwriter.format import Format
    from xlsxwriter.workbook import Workbook
    from xlsxwriter.worksheet import Worksheet

FORMATS = {
    "usd": "#,##0.00;[Red]-#,##0.00",
    "whole": "#,##0;[Red]-#,##0",
    "rate": "#,##0.000000",
    "quantity": "#,##0.00",
    "share": "0.0#%",
    "day": "yyyy-mm-dd",
    "month": "yyyy-mm",
    "factor": "0.000000",
}
HEAD, INPUT, CARD = "#DCE3EC", "#FFF3C4", "#F4F6F9"
MAX_TEXT = 32_767
"""Characters that a cell can hold."""
LINE_POINTS = 15.0
MAX_COLUMNS = 16_384
CREATED = datetime(2026, 1, 1)
"""Written into every workbook, so that the same document is the same bytes."""
AMOUNT = re.compile(r"-?\d{1,3}(,\d{3})*(\.(\d+))?(%?)|-?\d+\.(\d+)(%?)")


@dataclass(frozen=True)
class Number:
    """A number with the name of its format."""

    value: float
    kind: str = "usd"


@dataclass(frozen=True)
class Formula:
    """A formula with the value it comes to, which a program that does not compute shows."""

    text: str
    value: float | str
    kind: str = "usd"


@dataclass(frozen=True)
class Input:
    """A number that the reader may change."""

    value: float
    kind: str = "usd"


Cell: TypeAlias = str | date | Number | Formula | Input


class Book:
    """A workbook that is being written: in memory, so that a disk that is full is met once, when it is whole."""

    def __init__(self, path: Path) -> None:
        texts = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
        self._path, self._content = path, BytesIO()
        self.workbook: Workbook = xlsxwriter.Workbook(self._content, {"in_memory": True, **texts})
        self.workbook.set_properties({"created": CREATED})
        self._formats: dict[tuple[Any, ...], Format] = {}

    def close(self) -> None:
        """Write the file."""
        self.workbook.close()
        self._path.write_bytes(self._content.getvalue())

    def format(self, **properties: Any) -> Format:
        """Return a format, the same one for the same properties."""
        key = tuple(sorted(properties.items()))
        if key not in self._formats:
            self._formats[key] = self.workbook.add_format({"valign": "top", **properties})
        return self._formats[key]


class Sheet:
    """One sheet, written from top to bottom; `widths` are those of its columns, in characters."""

    def __init__(self, book: Book, name: str, title: str, widths: Sequence[float]) -> None:
        self.book, self.name, self.widths = book, name, list(widths)
        self.sheet: Worksheet = book.workbook.add_worksheet(name)
        self.next = 1
        """The number of the next row, from 1."""
        for column, width in enumerate(widths):
            self.sheet.set_column(column, column, width)
        self.sheet.set_default_row(LINE_POINTS)
        self.sheet.hide_gridlines(2)
        self.sheet.set_landscape()
        self.sheet.set_paper(9)
        self.sheet.fit_to_pages(1, 0)
        self.sheet.set_footer("&L&A&R&P / &N")
        self.prose(title, bold=True, font_size=13)

    def prose(self, text: str, **properties: Any) -> None:
        """Write a sentence over all columns."""
        shown, format_ = _text(text), self.book.format(text_wrap=True, **_quoted(text), **properties)
        if len(self.widths) > 1:
            self.sheet.merge_range(self.next - 1, 0, self.next - 1, len(self.widths) - 1, "", format_)
        self.sheet.write_string(self.next - 1, 0, shown, format_)
        size = properties.get("font_size", 11) / 11
        self.sheet.set_row(self.next - 1, LINE_POINTS * size * _lines(shown, sum(self.widths) / size))
        self.next += 1

    def pair(self, label: str, text: str) -> None:
        """Write a label in the first column and a sentence over all others."""
        self._write(self.next - 1, 0, label, {"bold": True})
        shown, format_ = _text(text), self.book.format(text_wrap=True, **_quoted(text))
        if len(self.widths) > 2:
            self.sheet.merge_range(self.next - 1, 1, self.next - 1, len(self.widths) - 1, "", format_)
        self.sheet.write_string(self.next - 1, 1, shown, format_)
        lines = max(_lines(shown, sum(self.widths[1:])), _lines(label, self.widths[0]))
        self.sheet.set_row(self.next - 1, LINE_POINTS * lines)
        self.next += 1

    def skip(self) -> None:
        """Leave a row empty."""
        self.next += 1

    def header(self, names: Sequence[str], *, left: int = 1, is_frozen: bool = False) -> None:
        """Write the names of columns; frozen, they stay in sight and are printed on every page."""
        for column, name in enumerate(names):
            aligned = {"indent": int(column > 0)} if column < left else {"align": "right"}
            self._write(self.next - 1, column, name, {"bold": True, "bg_color": HEAD, "bottom": 1, **aligned})
        lines = max(_lines(name, self.widths[column]) for column, name in enumerate(names))
        self.sheet.set_row(self.next - 1, LINE_POINTS * lines)
        if is_frozen:
            self.sheet.freeze_panes(self.next, 1)
            self.sheet.repeat_rows(self.next - 1)
        self.next += 1

    def row(self, cells: Sequence[Cell], *, left: int = MAX_COLUMNS, **properties: Any) -> int:
        """Write a row and return its number; text in columns from `left` on is flush right."""
        lines = 1
        for column, cell in enumerate(cells):
            own = properties
            if isinstance(cell, str):
                own = {**properties, **({"align": "right"} if column >= left else {"indent": int(column > 0)})}
                lines = max(lines, _lines(cell, self.widths[column]))
            self._write(self.next - 1, column, cell, own)
        if lines > 1:
            self.sheet.set_row(self.next - 1, LINE_POINTS * lines)
        self.next += 1
        return self.next - 1

    def cell(self, row: int, column: int, cell: Cell) -> None:
        """Write one cell; rows count from 1, columns from 0."""
        self._write(row - 1, column, cell, {})

    def total(self, cells: Sequence[Cell], *, left: int = MAX_COLUMNS) -> int:
        """Write a row of totals and return its number."""
        return self.row(cells, left=left, bold=True, top=1)

    def done(self) -> None:
        """Set what is printed."""
        self.sheet.print_area(0, 0, max(self.next - 2, 0), len(self.widths) - 1)

    def _write(self, row: int, column: int, cell: Cell, properties: dict[str, Any]) -> None:
        match cell:
            case str():
                own = {"text_wrap": True, **_quoted(cell), **properties}
                if cell or properties:
                    self.sheet.write_string(row, column, _text(cell), self.book.format(**own))
            case date():
                own = {"num_format": FORMATS["day"], "align": "left", **properties}
                self.sheet.write_datetime(
                    row, column, datetime(cell.year, cell.month, cell.day), self.book.format(**own)
                )
            case Number():
                self.sheet.write_number(row, column, cell.value, self._numeric(cell.kind, properties))
            case Input():
                own = {"bg_color": INPUT, "border": 1, "locked": False, **properties}
                self.sheet.write_number(row, column, cell.value, self._numeric(cell.kind, own))
            case Formula():
                self.sheet.write_formula(row, column, cell.text, self._numeric(cell.kind, properties), cell.value)

    def _numeric(self, kind: str, properties: dict[str, Any]) -> Format:
        return self.book.format(num_format=FORMATS.get(kind, kind), **properties)


def read_number(text: str) -> Cell:
    """Return the number that a printed amount, count or share stands for, with as many digits; else the text.

    >>> read_number("1,234.50"), read_number("12.5%"), read_number("2027-01")
    (Number(value=1234.5, kind='#,##0.00'), Number(value=0.125, kind='0.0%'), '2027-01')
    """
    found = AMOUNT.fullmatch(text)
    if not found:
        return str(text)
    digits = len(found[3] or found[5] or "")
    decimals = f".{'0' * digits}" if digits else ""
    value = float(text.rstrip("%").replace(",", ""))
    if text.endswith("%"):
        return Number(round(value / 100, digits + 6), f"0{decimals}%")
    return Number(value, f"#,##0{decimals}")


def _lines(text: str, width: float) -> int:
    """Return how many lines a text takes in so many characters."""
    return max(len(textwrap.wrap(text, max(int(width), 1))), 1)


def _text(text: str) -> str:
    """Return text as a cell can hold it; what would steer its display is written out."""
    shown = STEERING.sub(lambda found: escaped(found[0]), text)
    return shown[:MAX_TEXT]


def _quoted(text: str) -> dict[str, bool]:
    """Return the mark of text that begins like a formula: a spreadsheet leaves it text even when it is edited."""
    return {"quote_prefix": True} if text[:1] in ("=", "+", "-", "@", "\t", "\r") else {}
