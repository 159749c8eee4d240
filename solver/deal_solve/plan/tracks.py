"""Which track a cohort may take: what its offer or tool provides against what the cohort requires (model §5)."""

from __future__ import annotations

from deal_solve.deal.cohort import NONE
from deal_solve.deal.deal import Deal
from deal_solve.plan.resolved import resolve


def is_seat_type(deal: Deal, track: str) -> bool:
    """Whether a track is a seat type (and not an internal tool or none)."""
    return track != NONE and track not in deal.internal_tools


def track_provides(deal: Deal, track: str, api_offer: str, seat_offer: str | None) -> frozenset[str]:
    """Return the controls of a seat type in an offer, or of a tool on top of an API agreement."""
    offers = resolve(deal).offers
    if track in deal.internal_tools:
        return offers[api_offer].api_provides.union(deal.internal_tools[track].provides)
    return offers[seat_offer].seats[track].provides if seat_offer else frozenset()


def missing_controls(deal: Deal, cohort_id: str, track: str, api_offer: str, seat_offer: str | None) -> tuple[str, ...]:
    """Return the required controls of a cohort that a track lacks; `none` serves nobody and lacks nothing."""
    if track == NONE:
        return ()
    provided = track_provides(deal, track, api_offer, seat_offer)
    return tuple(name for name in deal.cohorts[cohort_id].requires if name not in provided)


def is_metered(deal: Deal, cohort_id: str, track: str, seat_offer: str | None) -> bool:
    """Whether a cohort's usage is priced on a track: some of it is metered, or counts against an allowance."""
    if track == NONE or deal.cohorts[cohort_id].use is None:
        return False
    if track in deal.internal_tools:
        return True
    return seat_offer is not None and resolve(deal).offers[seat_offer].seats[track].prices_usage(cohort_id)
