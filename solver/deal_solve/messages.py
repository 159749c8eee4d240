"""Words that errors and reports share: amounts, and what a mistyped name may have meant."""

from __future__ import annotations

import bisect
import difflib
from collections.abc import Iterable
from typing import Any

MAX_LISTED_NAMES = 12
"""Where no name is near, so many known names at most are listed instead."""
MAX_COMPARED = 100
"""Known names that a mistyped one is compared with: of more those that begin or end like it."""
MAX_SHOWN = 60
"""Characters of a value that stand in a message."""


def nearest(word: Any, known: Iterable[Any]) -> str | None:
    """Return the known name that is spelt most like a word, None if none is near, or if it is no word."""
    names, text = [str(name) for name in known], str(word)
    if len(text) > MAX_SHOWN:
        return None
    if len(names) > MAX_COMPARED:
        names = [*_beside(text, names), *(name[::-1] for name in _beside(text[::-1], [name[::-1] for name in names]))]
    longer = [name for name in names if name.startswith(f"{text}_")]
    near = difflib.get_close_matches(text, names, n=1, cutoff=0.6) or (longer if len(longer) == 1 else [])
    return next(iter(near), None)


def _beside(word: str, names: list[str]) -> list[str]:
    """Return the names about a word in the order of the alphabet, which begin like it."""
    names = sorted(names)
    at = bisect.bisect(names, word)
    return names[max(at - MAX_COMPARED // 4, 0) : at + MAX_COMPARED // 4]


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


def counted(count: float, noun: str, plural: str = "") -> str:
    """Return how many of something there are, the noun in the number that belongs to it.

    >>> counted(1, "month"), counted(2500, "seat"), counted(0, "person", "people")
    ('1 month', '2,500 seats', '0 people')
    """
    number = f"{count:,}" if isinstance(count, int) else f"{count:,.10g}"
    return f"{number} {noun if count == 1 else plural or f'{noun}s'}"


def one_of(words: Iterable[str]) -> str:
    """Return words as a choice.

    >>> one_of(["neutral", "balanced", "cautious"])
    'neutral, balanced or cautious'
    """
    *others, last = words
    return f"{', '.join(others)} or {last}" if others else last


def shown(value: Any) -> str:
    """Return what was found, short enough for a message.

    >>> shown({"usd": 3}), shown([1, 2]), shown("80%"), shown(None), shown(True)
    ('a map with usd', 'a list of 2', "'80%'", 'nothing', 'true')
    """
    match value:
        case dict():
            keys = list(map(str, value))
            more = ["…"] if len(keys) > MAX_LISTED_NAMES else []
            return f"a map with {', '.join([*keys[:MAX_LISTED_NAMES], *more])}" if keys else "an empty map"
        case list() | tuple():
            return f"a list of {len(value)}"
        case None:
            return "nothing"
        case bool():
            return "true" if value else "false"
        case str() if len(value) > MAX_SHOWN:
            return f"{value[:MAX_SHOWN]!r}…"
    return repr(value)


def os_reason(error: OSError) -> str:
    """Return why the system refuses a file, in lower case: 'permission denied'."""
    return (error.strerror or str(error)).lower()
