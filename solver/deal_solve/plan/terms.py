"""When the terms of an offer start and end, renewals included (model §6)."""

from __future__ import annotations

from dataclasses import dataclass

from deal_solve.deal.offer import Offer


@dataclass(frozen=True)
class TermSpan:
    """Term number `index` (0 is the first) of an agreement: months [start, end) inside the horizon.

    `length` is the signed length in months; a term may run beyond the horizon, and then start + length > end.
    """

    index: int
    start: int
    end: int
    length: int

    @property
    def years(self) -> range:
        """The contract years of the term inside the horizon."""
        return range(self.start // 12, self.end // 12)


def terms_of(offer: Offer, first_months: int, horizon_months: int) -> tuple[TermSpan, ...]:
    """Return the terms of an offer taken for `first_months`: renewed for the longest offered length that ends by the
    horizon, else for the shortest one.
    """
    offered = sorted(offer.terms)
    spans: list[TermSpan] = []
    start, length = 0, first_months
    while start < horizon_months:
        spans.append(TermSpan(len(spans), start, min(start + length, horizon_months), length))
        start += length
        length = max((months for months in offered if start + months <= horizon_months), default=offered[0])
    return tuple(spans)


def first_terms(offer: Offer, horizon_months: int) -> tuple[int, ...]:
    """Return the lengths the first term can have: those on offer that are not longer than the horizon."""
    return tuple(months for months in sorted(offer.terms) if months <= horizon_months)
