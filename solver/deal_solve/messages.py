"""Words that errors and reports share: amounts, and what a mistyped name may have meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any

MAX_LISTED_NAMES = 12
"""Where no name is near, so many known names at most are listed instead."""


def nearest(word: Any, known: Iterable[Any]) -> str | None:
    """Return the known name that is spelt most like a word, None if none is near."""
    return next(iter(difflib.get_close_matches(str(word), [str(name) for name in known], n=1, cutoff=0.6)), None)


def did_you_mean(word: Any, known: Iterable[Any]) -> str:
    """Return '; did you mean …?' for the nearest known name, or what is known if few."""
    names = [str(name) for name in known]
    near = nearest(word, names)
    if near is not None:
        return f"; did you mean {near!r}?"
    return f"; expected {', '.join(names)}" if 0 < len(names) <= MAX_LISTED_NAMES else ""


def unknown(what: str, name: Any, known: Iterable[Any], otherwise: str = "") -> str:
    """Return that there is no such thing of a kind, and what may be meant; `otherwise` where nothing can be proposed.

    >>> unknown("offer", "qoute", ("list", "quote"))
    "there is no offer 'qoute'; did you mean 'quote'?"
    """
    return f"there is no {what} {name!r}{did_you_mean(name, known) or otherwise}"


def usd(amount: float) -> str:
    """Return dollars for a message: 250,000 or 0.25."""
    return f"{amount:,.2f}".removesuffix(".00")
