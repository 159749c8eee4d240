"""When the terms of an offer start and end, renewals included (model §6)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

from deal_solve.deal.offers.offer import Offer


class TermSpan(NamedTuple):
    """Months [start, end) inside the horizon of an agreement: its renewal number `index` (0 is the first term).

    `length` is the signed length in months; a term may run beyond the horizon, and then start + length > end. What is
    `left` is at list: `index` is then the renewal that was not taken. Where the price of a term depends on the terms
    that were taken before, `since` are their starts.
    """

    index: int  # type: ignore[assignment] # the tuple's own is not wanted
    start: int
    end: int
    length: int
    left: bool = False
    since: tuple[int, ...] = ()

    @property
    def years(self) -> range:
        """The contract years of the term inside the horizon."""
        return range(self.start // 12, -(-self.end // 12))


Left: TypeAlias = tuple[tuple[int, int], ...]
"""Months [start, end) in which what was taken from an offer is left, in order."""


def terms_of(offer: Offer, first_months: int, horizon_months: int, left: Left = ()) -> tuple[TermSpan, ...]:
    """Return the terms of an offer taken for `first_months`, each renewal for its `renewal_months`.

    What is `left` is left for as long, or until the offer is taken again; a contract year at a time where it may be.
    """
    spans: list[TermSpan] = []
    start, length, renewals = 0, first_months, 0
    while start < horizon_months:
        again = next((end for begin, end in left if begin <= start < end), None)
        if again is not None:
            end = min(start + (12 if offer.renewal.may_return else length), again)
            spans.append(TermSpan(renewals, start, min(end, horizon_months), end - start, left=True))
            start = end
        else:
            spans.append(TermSpan(renewals, start, min(start + length, horizon_months), length))
            start += length
            renewals += 1
        length = renewal_months(offer, start, horizon_months)
    return tuple(spans)


def renewal_months(offer: Offer, start: int, horizon_months: int) -> int:
    """Return the length of a renewal, or return, in a month: the longest on offer that ends by the horizon, else the
    shortest. Where the horizon cuts a contract year, terms are laid as if it ended with that year.
    """
    offered, laid_months = sorted(offer.terms), whole_years(horizon_months)
    return max((months for months in offered if start + months <= laid_months), default=offered[0])


def possible_terms(offer: Offer, first_months: int, horizon_months: int) -> tuple[TermSpan, ...]:
    """Return every term that can be had of an offer that may be left at the end of each and taken again at any
    contract-year start, and every contract year in which it is left; in order of time.

    The renewal number tells terms of the same months apart, and where a renewal cap limits their prices, so do the
    terms before (`TermSpan.since`).
    """
    is_path_dependent = offer.renewal_cap is not None and offer.price_protection != "none"
    following: dict[int, dict[tuple[int, tuple[int, ...]], None]] = {0: {(0, ()): None}}
    found = []
    for start in range(0, horizon_months, 12):
        for index, since in following.get(start, ()):
            length = renewal_months(offer, start, horizon_months) if start else first_months
            end = min(start + length, horizon_months)
            found.append(TermSpan(index, start, end, length, since=since))
            after = (index + 1, (*since, start) if is_path_dependent else ())
            following.setdefault(end, {})[after] = None
            if start:
                found.append(TermSpan(index, start, min(start + 12, horizon_months), 12, left=True, since=since))
                following.setdefault(start + 12, {})[index, since] = None
    return tuple(found)


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
