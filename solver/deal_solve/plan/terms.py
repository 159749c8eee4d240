"""When the terms of an offer start and end, renewals included (model §6)."""

from __future__ import annotations

from dataclasses import dataclass

from deal_solve.deal.deal import Deal


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


def terms_of(deal: Deal, offer_id: str, first_months: int) -> tuple[TermSpan, ...]:
    """Return the terms of an offer taken for `first_months`: renewed for the longest offered length that ends by the
    horizon, else for the shortest one.
    """
    horizon = deal.horizon_months
    offered = sorted(deal.offer(offer_id).terms)
    spans: list[TermSpan] = []
    start, length = 0, first_months
    while start < horizon:
        spans.append(TermSpan(len(spans), start, min(start + length, horizon), length))
        start += length
        length = max((months for months in offered if start + months <= horizon), default=offered[0])
    return tuple(spans)


def first_terms(deal: Deal, offer_id: str) -> tuple[int, ...]:
    """Return the lengths the first term can have: those on offer that are not longer than the horizon."""
    return tuple(months for months in sorted(deal.offer(offer_id).terms) if months <= deal.horizon_months)
