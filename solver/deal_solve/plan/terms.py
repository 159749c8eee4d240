"""When the terms of an offer start and end, renewals included (model §6)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from deal_solve.deal.offers.offer import Offer


@dataclass(frozen=True)
class TermSpan:
    """Months [start, end) inside the horizon of an agreement: its renewal number `index` (0 is the first term).

    `length` is the signed length in months; a term may run beyond the horizon, and then start + length > end. What is
    `left` is at list: `index` is then the renewal that was not taken.
    """

    index: int
    start: int
    end: int
    length: int
    left: bool = False

    @property
    def years(self) -> range:
        """The contract years of the term inside the horizon."""
        return range(self.start // 12, -(-self.end // 12))


Left: TypeAlias = tuple[tuple[int, int], ...]
"""Months [start, end) in which what was taken from an offer is left, in order."""


def terms_of(offer: Offer, first_months: int, horizon_months: int, left: Left = ()) -> tuple[TermSpan, ...]:
    """Return the terms of an offer taken for `first_months`: renewed for the longest offered length that ends by the
    horizon, else for the shortest one. What is `left` is left for as long, or until the offer is taken again. Where the
    horizon cuts a contract year, terms are laid as if it ended with that year.
    """
    offered, laid_months = sorted(offer.terms), whole_years(horizon_months)
    spans: list[TermSpan] = []
    start, length, renewals = 0, first_months, 0
    while start < horizon_months:
        again = next((end for begin, end in left if begin <= start < end), None)
        if again is not None:
            end = min(start + length, again)
            spans.append(TermSpan(renewals, start, min(end, horizon_months), end - start, left=True))
            start = end
        else:
            spans.append(TermSpan(renewals, start, min(start + length, horizon_months), length))
            start += length
            renewals += 1
        length = max((months for months in offered if start + months <= laid_months), default=offered[0])
    return tuple(spans)


def left_in(at_list: Sequence[bool]) -> Left:
    """Return the months that are left, from one answer per contract year.

    >>> left_in((False, True, True))
    ((12, 36),)
    """
    found: list[tuple[int, int]] = []
    for year, is_left in enumerate(at_list):
        if is_left and found and found[-1][1] == 12 * year:
            found[-1] = (found[-1][0], 12 * year + 12)
        elif is_left:
            found.append((12 * year, 12 * year + 12))
    return tuple(found)


def first_terms(offer: Offer, horizon_months: int) -> tuple[int, ...]:
    """Return the lengths the first term can have: those on offer that are not longer than the horizon's years."""
    return tuple(months for months in sorted(offer.terms) if months <= whole_years(horizon_months))


def whole_years(months: int) -> int:
    """Return the months of the contract years that these months touch.

    >>> whole_years(36), whole_years(33)
    (36, 36)
    """
    return -(-months // 12) * 12
