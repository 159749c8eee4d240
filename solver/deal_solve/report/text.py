"""Plain text: amounts, counts and tables. Amounts are rounded here and nowhere else, half-even to cents."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from decimal import ROUND_HALF_EVEN, Context, Decimal

WIDTH = 100
_CENT = Decimal("0.01")
_WIDE = Context(prec=400)


def cents(amount: float) -> Decimal:
    """Return dollars rounded half-even to cents.

    >>> cents(0.125), cents(0.135), cents(-0.001)
    (Decimal('0.12'), Decimal('0.14'), Decimal('0.00'))
    """
    return Decimal(repr(float(amount))).quantize(_CENT, ROUND_HALF_EVEN, _WIDE) + Decimal(0)


def money(amount: float) -> str:
    """Return dollars with cents and thousands separators.

    >>> money(1234567.891)
    '1,234,567.89'
    """
    return f"{cents(amount):,}"


def round_money(amount: float) -> str:
    """Return a contract figure: whole dollars where it has no cents.

    >>> round_money(250000.0), round_money(0.5)
    ('250,000', '0.50')
    """
    return money(amount).removesuffix(".00")


def percent(share: float, digits: int = 1) -> str:
    """Return a share in percent.

    >>> percent(0.125), percent(1.0)
    ('12.5%', '100%')
    """
    text = f"{100 * share:.{digits}f}"
    text = text.lstrip("-") if float(text) == 0 else text
    return (text.rstrip("0").rstrip(".") if "." in text else text) + "%"


def joined(values: Sequence[str]) -> str:
    """Return one value if all are the same, else all of them divided by slashes.

    >>> joined(["5", "5"]), joined(["5", "6"])
    ('5', '5 / 6')
    """
    return values[0] if len(set(values)) == 1 else " / ".join(values)


def table(title: str, headers: Sequence[str], rows: Iterable[Sequence[str]], left: int = 1) -> str:
    """Return a titled table; the first `left` columns are flush left, the others flush right."""
    cells = [list(headers), *(list(row) for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(headers))]

    def line(row: Sequence[str]) -> str:
        parts = [
            cell.ljust(width) if column < left else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        return "  ".join(parts).rstrip()

    rule = "  ".join("-" * width for width in widths)
    return "\n".join([title, line(cells[0]), rule, *(line(row) for row in cells[1:])])


def labelled(label: str, text: str, indent: int = 8) -> list[str]:
    """Return `text` behind a label, wrapped to the width of a page with a hanging indent."""
    lead, hang = label.ljust(indent), " " * indent
    return textwrap.wrap(
        text, WIDTH, initial_indent=lead, subsequent_indent=hang, break_long_words=True, break_on_hyphens=False
    )


def shortened(text: str, width: int = WIDTH) -> str:
    """Return text cut to a width."""
    return text if len(text) <= width else text[: width - 1] + "…"
