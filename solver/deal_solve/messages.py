"""Words that errors and reports share: amounts, and what a mistyped name may have meant."""

from __future__ import annotations

import difflib
from typing import Any


def did_you_mean(word: Any, known: Any) -> str:
    """Return '; did you mean …?' for the nearest known word, or what is known if few."""
    names = [str(name) for name in known]
    close = difflib.get_close_matches(str(word), names, n=1, cutoff=0.6)
    if close:
        return f"; did you mean {close[0]!r}?"
    return f"; expected {', '.join(names)}" if 0 < len(names) <= 12 else ""


def usd(amount: float) -> str:
    """Return dollars for a message: 250,000 or 0.25."""
    return f"{amount:,.2f}".removesuffix(".00")
