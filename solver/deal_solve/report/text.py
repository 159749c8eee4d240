"""Plain text: amounts, counts and tables. Amounts are rounded here and nowhere else, half-even to cents.

Here alone it is known how wide the page is and whether it has colour: 80 columns and none, unless `printed_on` says
otherwise for what is written inside it.
"""

from __future__ import annotations

import os
import re
import shutil
import textwrap
from collections.abc import Container, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import TextIO

from deal_solve.currency import converted
from deal_solve.report.style import BOLD, RED, RESET

WIDTH = 80
"""Columns of a page of which nothing else is known."""
MIN_WIDTH = 40
ALARMS = ("broken", "impossible", "GAP")
"""Cells with one of these words are red where there is colour."""
NO_GAP = 1e-6
"""The gap that is proven by default: how far inside of it a bound ends is left to the order of the search."""
_CENT = Decimal("0.01")
_WIDE = Context(prec=400)
_BETWEEN = "  "
_JOINTS = [re.compile(rf"(?<={mark})(?=[A-Za-z*])") for mark in (r"[./]", "_")]
"""Where a path may be broken, the first ones rather."""


@dataclass(frozen=True)
class Page:
    """What text is printed on."""

    columns: int = WIDTH
    is_coloured: bool = False


_PLAIN = Page()
_PAGE: ContextVar[Page] = ContextVar("page", default=_PLAIN)


@dataclass(frozen=True)
class Grid:
    """A table as `table` was given it; the first `left` columns are text."""

    title: str
    headers: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    left: int = 1


@dataclass(frozen=True)
class Points:
    """A list as `bullets` was given it."""

    title: str
    texts: tuple[str, ...]


_COLLECTED: ContextVar[list[Grid | Points] | None] = ContextVar("collected", default=None)


@contextmanager
def collected() -> Iterator[list[Grid | Points]]:
    """Yield a list of every table and list of points that is laid out inside, for another kind of page."""
    found: list[Grid | Points] = []
    token = _COLLECTED.set(found)
    try:
        yield found
    finally:
        _COLLECTED.reset(token)


def page_of(stream: TextIO) -> Page:
    """Return the page of a stream: as wide as COLUMNS or the terminal says, coloured on a terminal if it may be."""
    if not stream.isatty():
        given = os.environ.get("COLUMNS", "")
        return Page(max(int(given), MIN_WIDTH)) if given.isdecimal() and len(given) < 9 and int(given) else _PLAIN
    columns = shutil.get_terminal_size((WIDTH, 0)).columns
    return Page(max(columns, MIN_WIDTH), not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb")


@contextmanager
def printed_on(page: Page) -> Iterator[None]:
    """Lay out what is written inside for a page."""
    before = _PAGE.set(page)
    try:
        yield
    finally:
        _PAGE.reset(before)


def page_width() -> int:
    """Return the columns of the page."""
    return _PAGE.get().columns


def is_coloured() -> bool:
    """Return whether the page has colour."""
    return _PAGE.get().is_coloured


def styled(text: str, style: str) -> str:
    """Return text in a style where the page has colour."""
    return f"{style}{text}{RESET}" if text and is_coloured() else text


def cents(amount: float) -> Decimal:
    """Return dollars rounded half-even to cents.

    >>> cents(0.125), cents(0.135), cents(-0.001)
    (Decimal('0.12'), Decimal('0.14'), Decimal('0.00'))
    """
    return Decimal(repr(float(amount))).quantize(_CENT, ROUND_HALF_EVEN, _WIDE) + Decimal(0)


class Amount(str):
    """Dollars with cents, as text; `whole` is the same without, for a table in which cents do not fit."""

    __slots__ = ("whole",)
    whole: str


def money(amount: float) -> Amount:
    """Return dollars with cents and thousands separators.

    >>> money(1234567.891), money(1234567.891).whole
    ('1,234,567.89', '1,234,568')
    """
    text = Amount(f"{cents(converted(amount)):,}")
    text.whole = whole_money(amount)
    return text


def money_less(amount: float, less: float) -> Amount:
    """Return the difference of two amounts as they are printed, so that a column adds up.

    >>> money_less(0.126, 0.122)
    '0.01'
    """
    apart = cents(converted(amount)) - cents(converted(less))
    text = Amount(f"{apart:,}")
    text.whole = f"{apart.quantize(Decimal(1), ROUND_HALF_EVEN) + 0:,}"
    return text


def round_money(amount: float) -> str:
    """Return a contract figure: whole dollars where it has no cents.

    >>> round_money(250000.0), round_money(0.5)
    ('250,000', '0.50')
    """
    return money(amount).removesuffix(".00")


def round_amount(amount: float) -> Amount:
    """Return a contract figure, without its cents where a table has no room for them.

    >>> round_amount(0.5), round_amount(250000.5).whole
    ('0.50', '250,000')
    """
    text = Amount(round_money(amount))
    text.whole = whole_money(amount)
    return text


def whole_money(amount: float) -> str:
    """Return dollars without cents, for a page that is read and not added up.

    >>> whole_money(1234567.5), whole_money(-0.2)
    ('1,234,568', '0')
    """
    return f"{Decimal(repr(float(converted(amount)))).quantize(Decimal(1), ROUND_HALF_EVEN, _WIDE) + 0:,}"


def percent(share: float, digits: int = 1) -> str:
    """Return a share in percent.

    >>> percent(0.125), percent(1.0)
    ('12.5%', '100%')
    """
    text = f"{100 * share:.{digits}f}"
    text = text.lstrip("-") if float(text) == 0 else text
    return (text.rstrip("0").rstrip(".") if "." in text else text) + "%"


def digits(value: float) -> str:
    """Return a number of any size with at most six digits that say something.

    >>> digits(1_400_000.0), digits(0.45), digits(-1 / 3)
    ('1,400,000', '0.45', '-0.333333')
    """
    return f"{float(f'{value:.6g}'):,.6f}".rstrip("0").rstrip(".")


def chance(share: float) -> str:
    """Return a probability in whole percent; only what is certain is 0% or 100%.

    >>> chance(0.004), chance(0.25), chance(0.999), chance(1.0)
    ('<1%', '25%', '>99%', '100%')
    """
    text = percent(share, 0)
    if text == "100%" and share < 1 - 1e-9:
        return ">99%"
    return "<1%" if text == "0%" and share > 1e-9 else text


def gap_percent(gap: float) -> str:
    """Return a relative gap in percent; one up to `NO_GAP` is none.

    >>> gap_percent(3e-7), gap_percent(2e-6), gap_percent(0.0125)
    ('0%', '0.0002%', '1.25%')
    """
    return percent(gap if gap > NO_GAP else 0.0, 4)


def joined(values: Sequence[str]) -> str:
    """Return one value if all are the same, else all of them divided by slashes.

    >>> joined(["5", "5"]), joined(["5", "6"])
    ('5', '5 / 6')
    """
    return values[0] if len(set(values)) == 1 else " / ".join(values)


def table(title: str, headers: Sequence[str], rows: Iterable[Sequence[str]], left: int = 1, keys: int = 1) -> str:
    """Return a titled table; the first `left` columns are flush left, the others flush right.

    Where the page is too narrow, headers and what is flush left are wrapped between words, the first `keys` columns
    last; then amounts lose their cents; then paths are wrapped behind a dot, and what is flush right between words.
    Where that is not enough the columns are printed in several parts, each beginning with those first ones.
    """
    kept = [list(row) for row in rows]
    if (found := _COLLECTED.get()) is not None:
        found.append(Grid(title, tuple(headers), tuple(map(tuple, kept)), left))
    cells, widths = _fitted([list(headers), *kept], keys, left)
    parts = []
    for shown in _parts(widths, keys):
        lines = [_BETWEEN.join("-" * widths[index] for index in shown)]
        for number, row in enumerate(cells):
            at = len(lines) if number else 0
            lines[at:at] = _row([(row[index], widths[index], index < left) for index in shown])
        parts.append("\n".join(lines))
    return "\n".join([*heading(title), "\n\n".join(parts)])


def heading(title: str) -> list[str]:
    """Return a title, wrapped to the page."""
    return [styled(line, BOLD) for line in textwrap.wrap(title, page_width(), break_on_hyphens=False)]


def _words(text: str) -> list[str]:
    return text.split() or [""]


def _pieces(text: str) -> list[str]:
    """Return the words of a text, those of a path apart: `workloads.bot` is workloads. and bot."""
    pieces = _words(text)
    for joint in _JOINTS:
        pieces = [part for piece in pieces for part in joint.split(piece)]
    return pieces


def _wrapped(text: str, width: int) -> list[str]:
    """Return a text in lines of a width, broken between words, and in a word that is too long behind a dot.

    >>> _wrapped("runs on workloads.bot.requests_per_month", 20)
    ['runs on workloads.', 'bot.', 'requests_per_month']
    """
    lines = [""]
    for word in _words(text):
        pieces = [word]
        for joint in _JOINTS:
            pieces = [part for piece in pieces for part in (joint.split(piece) if len(piece) > width else [piece])]
        for index, piece in enumerate(pieces):
            space = " " * (not index and lines[-1] != "")
            if len(lines[-1]) + len(space) + len(piece) <= width:
                lines[-1] += space + piece
            else:
                lines += textwrap.wrap(piece, width, break_on_hyphens=False)
    return [line for line in lines if line]


def _fitted(cells: list[list[str]], keys: int, left: int) -> tuple[list[list[str]], list[int]]:
    """Return cells and column widths of a table that fits the page, changed no more than it takes; or as they are."""
    whole = [[cell.whole if isinstance(cell, Amount) else cell for cell in row] for row in cells]
    spaced = {index for row in cells[1:] for index, cell in enumerate(row) if " " in cell}
    for found, texts in ((cells, range(keys, left)), (whole, range(keys, left)), (whole, range(left))):
        widths = _narrowed(found, texts)
        if _width(widths) <= page_width():
            return found, widths
    widths = _narrowed(whole, spaced.union(range(left)), range(left))
    return (whole, widths) if _width(widths) <= page_width() else (cells, _narrowed(cells, range(keys, left)))


def _width(widths: list[int]) -> int:
    """Return the columns that a table takes."""
    return sum(widths) + len(_BETWEEN) * (len(widths) - 1)


def _narrowed(cells: list[list[str]], texts: Container[int], paths: Container[int] = ()) -> list[int]:
    """Return column widths that fit the page if wrapping can do it, else the least they can be.

    The columns `texts` are wrapped between words, of those `paths` also behind the dots of a path.
    """
    room = page_width()
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    minimum = []
    for index, (header, *column) in enumerate(zip(*cells, strict=True)):
        split = _pieces if index in paths else _words
        kept = [word for cell in column for word in split(cell)] if index in texts else column
        minimum.append(min(max(map(len, [*_words(header), *kept])), room // 2))
    while _width(widths) > room:
        wide = [index for index in range(len(widths)) if widths[index] > minimum[index]]
        if not wide:
            break
        heads = [index for index in wide if paths and widths[index] > max(len(row[index]) for row in cells[1:])]
        widths[max(heads or wide, key=lambda index: widths[index])] -= 1
    return widths


def _parts(widths: list[int], keys: int) -> list[list[int]]:
    """Return which columns stand together, as many as fit on the page."""
    first = list(range(keys))
    parts = [first]
    for index in range(keys, len(widths)):
        part = [*parts[-1], index]
        fits = sum(widths[each] for each in part) + len(_BETWEEN) * (len(part) - 1) <= page_width()
        if fits or parts[-1] == first:
            parts[-1] = part
        else:
            parts.append([*first, index])
    return parts


def _row(cells: list[tuple[str, int, bool]]) -> list[str]:
    """Return the lines of one row of (text, width, whether flush left)."""
    wrapped = [[text] if len(text) <= width else _wrapped(text, width) for text, width, _ in cells]
    lines = []
    for line in range(max(map(len, wrapped))):
        parts = []
        for pieces, (text, width, is_left) in zip(wrapped, cells, strict=True):
            piece = pieces[line] if line < len(pieces) else ""
            padded = piece.ljust(width) if is_left else piece.rjust(width)
            parts.append(styled(padded, RED) if any(word in _words(text) for word in ALARMS) else padded)
        lines.append(_BETWEEN.join(parts).rstrip())
    return lines


def labelled(label: str, text: str, indent: int = 8, columns: int | None = None) -> list[str]:
    """Return `text` behind a label, wrapped to the page (or to fewer columns) with a hanging indent."""
    lead, hang = label.ljust(indent), " " * indent
    lines = textwrap.wrap(
        text, columns or page_width(), initial_indent=lead, subsequent_indent=hang, break_on_hyphens=False
    )
    if label and lines:
        lines[0] = styled(lead, BOLD) + lines[0][len(lead) :]
    return lines


def bullets(title: str, texts: Iterable[str]) -> str:
    """Return a titled list; without title the list alone, '' for an empty one."""
    texts = list(texts)
    if (found := _COLLECTED.get()) is not None and texts:
        found.append(Points(title, tuple(texts)))
    lines = [line for text in texts for line in labelled("-", text, 2)]
    return "\n".join([*heading(title), *lines]) if lines else ""


def shortened(text: str, width: int | None = None) -> str:
    """Return text cut to a width, that of the page if none is given."""
    width = page_width() if width is None else width
    return text if len(text) <= width else text[: width - 1] + "…"
