"""Whether what was taken from an offer may be left for list at the end of a term (model §6)."""

from __future__ import annotations

from deal_solve.deal.deal import AT_LIST, LIST, Deal
from deal_solve.plan.resolved import resolve


def may_leave(deal: Deal, offer: str) -> bool:
    """Whether an offer may be left at all; what is bought at list has nothing to leave."""
    return offer not in AT_LIST and resolve(deal).offers[offer].offer.renewal.may_leave


def may_leave_api(deal: Deal, offer: str) -> bool:
    """Whether the API part of an offer may be left: list must provide what workloads (and both lines) require."""
    return may_leave(deal, offer) and not missing_at_list(deal)


def missing_at_list(deal: Deal) -> tuple[str, ...]:
    """Return the controls that workloads, or both lines, require and the API at list lacks."""
    required = [name for work in deal.workloads.values() for name in work.requires]
    provided = resolve(deal).offers[LIST].api_provides
    return tuple(dict.fromkeys(name for name in (*required, *deal.requires_on_both_lines) if name not in provided))
