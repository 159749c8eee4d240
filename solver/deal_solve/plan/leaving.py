"""Whether what was taken from an offer may be left for list at the end of a term (model §6)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

from deal_solve.deal.deal import AT_LIST, LIST, Deal
from deal_solve.plan.plan import ApiAgreement, Plan, SeatAgreement, SeatTerm, SellerAtList
from deal_solve.plan.resolved import resolve

SELLERS_AT_LIST: tuple[SellerAtList, ...] = get_args(SellerAtList)


def may_leave(deal: Deal, offer: str) -> bool:
    """Whether an offer may be left at all; what is bought at list has nothing to leave."""
    return offer not in AT_LIST and resolve(deal).offers[offer].offer.renewal.may_leave


def may_leave_api(deal: Deal, offer: str) -> bool:
    """Whether the API part of an offer may be left: list must provide what workloads (and both lines) require."""
    return may_leave(deal, offer) and not missing_at_list(deal)


def may_return_api(deal: Deal, offer: str) -> bool:
    """Whether the API part of an offer may be left and taken again."""
    return may_leave_api(deal, offer) and resolve(deal).offers[offer].offer.renewal.may_return


def may_return_seats(deal: Deal, offer: str, seat_type: str) -> bool:
    """Whether a seat type of an offer may be left for a list and taken again."""
    if not may_leave(deal, offer) or not lists_of(deal, seat_type):
        return False
    return resolve(deal).offers[offer].offer.renewal.may_return


def bound_beside(deal: Deal, plan: Plan, part: str, month: int) -> tuple[str, ...]:
    """Return the other parts taken from the offer of a part (api, or a seat type) that are inside a term in a month:
    beside them nothing of the offer starts a term.
    """
    parts: dict[str, ApiAgreement | SeatAgreement] = {"api": plan.api, **plan.seats}
    found = []
    for name, agreement in parts.items():
        if name != part and agreement.offer == parts[part].offer:
            span = resolve(deal).taken(agreement).span_at(month)
            if not span.left and span.start < month:
                found.append(name)
    return tuple(found)


def lists_of(deal: Deal, seat_type: str) -> tuple[SellerAtList, ...]:
    """Return the lists that a seat type may be left for: each billing sold, with what both lines require."""
    offers = resolve(deal).offers
    return tuple(
        seller
        for seller in SELLERS_AT_LIST
        if seller in offers
        and seat_type in offers[seller].seats
        and set(deal.requires_on_both_lines) <= offers[seller].seats[seat_type].provides
    )


def seat_terms(
    deal: Deal, offer: str, term_months: int, at_list: Sequence[SellerAtList | None]
) -> tuple[SeatTerm, ...]:
    """Return the terms of a seat agreement that is left for a list in some contract years; none where it stays."""
    if not any(at_list):
        return ()
    left = tuple((12 * year, 12 * year + 12) for year, seller in enumerate(at_list) if seller is not None)
    return tuple(
        SeatTerm(offer=at_list[span.years.start] if span.left else None, years=len(span.years))
        for span in resolve(deal).taken_for(offer, term_months, left).spans
    )


def missing_at_list(deal: Deal) -> tuple[str, ...]:
    """Return the controls that workloads, or both lines, require and the API at list lacks."""
    required = [name for work in deal.workloads.values() for name in work.requires]
    provided = resolve(deal).offers[LIST].api_provides
    return tuple(dict.fromkeys(name for name in (*required, *deal.requires_on_both_lines) if name not in provided))
