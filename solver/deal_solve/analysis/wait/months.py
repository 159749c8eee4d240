"""The months that can be waited for: not in each of them can every deal be signed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby

from deal_solve.deal.deal import Deal
from deal_solve.deal.edit import varied
from deal_solve.errors import InputError, Problem


def signed_after(deal: Deal, waits: Sequence[int]) -> Deal:
    """Return the deal open in so many months after the first; raises InputError for a month it cannot be signed in."""
    return varied(deal, {"signing.months": [deal.signing_months[0] + each for each in waits]})


def asked(deal: Deal, months: int) -> list[int]:
    """Return the waits of up to so many months beyond the first: where the file states months of signing, only those.

    A wait of no months is one where the deal is signed later than at its start: it is decided then, and not today.
    Raises InputError where none is left.
    """
    first, stated = deal.signing_months[0], deal.signing.months
    waits = [each for each in range(0 if first else 1, months + 1) if stated is None or first + each in stated]
    if waits:
        return waits
    later = [each for each in deal.signing_months if each > first]
    if not later:
        alone = f"{deal.calendar(first):%Y-%m} alone is stated, so there is nothing to wait for"
        raise InputError(deal.problem(("signing", "months"), f"{alone}; state the months that are open, or none"))
    wait = f"the next month of signing.months is {deal.calendar(later[0]):%Y-%m}"
    raise InputError(Problem("--months", f"{months} reach none: {wait}; expected {later[0] - first} or more"))


def signable(deal: Deal, waits: Sequence[int]) -> tuple[list[int], list[str]]:
    """Return after which waits the deal can be signed at all, and in a line which not, and why.

    Raises InputError where that is none of them.
    """
    refused: dict[int, Problem] = {}
    for each in waits:
        try:
            signed_after(deal, [0, each])
        except InputError as error:
            refused[each] = error.problems[0]
    if not refused:
        return [*waits], []
    first, *_ = refused.values()
    runs = ", ".join(_run(deal, [each for _, each in run]) for _, run in groupby(enumerate(refused), _offset))
    left = [each for each in waits if each not in refused]
    if left:
        return left, [f"not compared: {runs}. {replace(first, file='', line=None)}"]
    raise InputError(Problem("--months", f"the deal cannot be signed in {runs}: {first.path}: {first.message}"))


def _offset(numbered: tuple[int, int]) -> int:
    """Return what is the same of months that follow one another."""
    return numbered[1] - numbered[0]


def _run(deal: Deal, waits: Sequence[int]) -> str:
    """Return months that follow one another, the first and the last of them."""
    ends = dict.fromkeys(f"{deal.calendar(deal.signing_months[0] + each):%Y-%m}" for each in (waits[0], waits[-1]))
    return " to ".join(ends)
