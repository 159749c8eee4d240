"""The currency of a report: what is computed and written to files is in USD, what people read may be in another one.

Here alone amounts change currency. A deal states one fixed rate (`deal.currency`); inside `reported_in` every amount
that the print kit writes is divided by it, and the code of the currency stands where USD would.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

USD = "USD"
_WORD = re.compile(rf"\b{USD}\b")
_REPORTED: ContextVar[tuple[str, float]] = ContextVar("currency", default=(USD, 1.0))


@contextmanager
def reported_in(code: str, usd: float) -> Iterator[None]:
    """Let what is written inside be in a currency, of which one is so many USD."""
    token = _REPORTED.set((code, usd))
    try:
        yield
    finally:
        _REPORTED.reset(token)


def report_in(code: str, usd: float) -> None:
    """Let what is written from here on be in a currency, up to the end of the `reported_in` around it."""
    _REPORTED.set((code, usd))


def converted(usd: float) -> float:
    """Return dollars in the currency of the report.

    >>> with reported_in("EUR", 1.25):
    ...     converted(100), coded("100 USD a year")
    (80.0, '100 EUR a year')
    """
    rate = _REPORTED.get()[1]
    return usd if rate == 1 else usd / rate


def coded(text: str) -> str:
    """Return text with the code of the currency in place of USD."""
    code = _REPORTED.get()[0]
    return text if code == USD else _WORD.sub(code, text)
