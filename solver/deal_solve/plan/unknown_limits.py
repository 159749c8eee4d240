"""Seats that include usage up to limits which the vendor does not publish in dollars (model §5).

A cohort may use only models there on which one user uses no more than the seat costs; if no routing is left, the seat
is closed to it. What is used is taken as included.
"""

from __future__ import annotations

from typing import NamedTuple

from deal_solve.deal.deal import Deal
from deal_solve.deal.requests.routing_options import Option
from deal_solve.plan.resolved import SeatOffer, resolve

ROOM = 1e-9


class Held(NamedTuple):
    """What a user of a cohort uses a month at list, USD, against a seat price that it may not exceed.

    `usd` is the most of the models that are left; if the seat `is_closed`, the least of those that are open.
    """

    usd: float
    seat_usd: float
    is_closed: bool


def held(deal: Deal, cohort_id: str, seat: SeatOffer) -> Held | None:
    """Return what a cohort uses against the price of a seat; None where its limits are known, or no use is stated."""
    cohort, user = deal.cohorts[cohort_id], resolve(deal).users.get(cohort_id)
    if seat.unknown_limits_usd is None or seat.seat_type in cohort.covered_share or user is None:
        return None
    usd = {option.key: _usd(deal, cohort_id, option) for option in user.epochs[0].options}
    left = [o for o in user.epochs[0].options if usd[o.key] <= seat.unknown_limits_usd * (1 + ROOM)]
    if not usd:
        return None
    if not _can_answer(deal, cohort_id, left):
        needed = [key for key in usd if all(key != option.key for option in left)]
        return Held(min(usd[key] for key in needed or usd), seat.unknown_limits_usd, True)
    return Held(max(usd[option.key] for option in left), seat.unknown_limits_usd, False)


def is_closed(deal: Deal, cohort_id: str, track: str, seat_offer: str | None) -> bool:
    """Whether a track is a seat whose price what a cohort uses exceeds, where its limits are not known."""
    seat = resolve(deal).offers[seat_offer].seats.get(track) if seat_offer else None
    found = held(deal, cohort_id, seat) if seat else None
    return found is not None and found.is_closed


def _usd(deal: Deal, cohort_id: str, option: Option) -> float:
    """Return what a user uses a month on one model, at today's list, every band at P50."""
    user, use = resolve(deal).users[cohort_id], deal.cohorts[cohort_id].use
    return 0.0 if use is None else use.requests_per_user_month.p50 * user.usd_at_p50(option)


def _can_answer(deal: Deal, cohort_id: str, left: list[Option]) -> bool:
    """Whether some of the models that are left reach the mean quality and the least shares of a cohort's use."""
    use = deal.cohorts[cohort_id].use
    if not left or use is None:
        return bool(left)
    floor = use.quality.mean_floor
    if floor is not None and max(option.quality or 0.0 for option in left) < floor:
        return False
    needed = {name for name, limit in use.shares.items() if limit.minimum > 0}
    return all(any(name in option.counts_as for option in left) for name in needed)
