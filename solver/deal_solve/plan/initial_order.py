"""The fewest seats that a plan may contract where an agreement begins: those of the expected users (model §5)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from deal_solve.deal.deal import Deal
from deal_solve.plan.crowds import excess_in
from deal_solve.plan.resolved import SeatOffer
from deal_solve.uncertainty.first_users import FirstUsers

ROUNDING = 1e-9
"""Share of a count, or of one seat if that is more, that is no seat of its own."""


def initial_order(
    deal: Deal, sold: Sequence[SeatOffer], tracks: Mapping[str, tuple[str, ...]], first: FirstUsers
) -> tuple[int, ...]:
    """Return the fewest seats per contract year of one seat type; 0 where nothing is asked for.

    `sold` is the type as it is sold in each contract year: an agreement begins in the first year, and where the type is
    left for list. It is no more than the maximum of its plan; where the seats of all types of the plan reach that, no
    more is asked.
    """
    return tuple(_in_year(deal, sold, tracks, first, year) for year in range(deal.years))


def _in_year(
    deal: Deal, sold: Sequence[SeatOffer], tracks: Mapping[str, tuple[str, ...]], first: FirstUsers, year: int
) -> int:
    """Return the seats of the expected users in a year in which the agreement, or a cohort on it, begins; else 0."""
    seat = sold[year]
    on = [cohort for cohort, by_year in tracks.items() if by_year[year] == seat.seat_type]
    begins = year == 0 or sold[year - 1].offer_id != seat.offer_id
    begins = begins or any(
        tracks[cohort][year - 1] != seat.seat_type or first.begins.get(cohort) == year for cohort in on
    )
    if not (begins and on and seat.part.orders_expected_users):
        return 0
    seat_plan = deal.card.plan_of(seat.seat_type)
    users = sum(first.expected[cohort][year] for cohort in on)
    for excess in (excess_in(deal, tracks, cohort, year) for cohort in on):
        users -= first.unserved(excess.cohort, excess.ahead, excess.maximum)[year] if excess else 0.0
    limits = (seat.part.maximum, seat_plan.maximum if seat_plan else None)
    return min([whole_seats(users), *(maximum for maximum in limits if maximum is not None)])


def whole_seats(users: float) -> int:
    """Return a number of users in whole seats, rounded up.

    >>> whole_seats(300.0000001), whole_seats(300.001)
    (300, 301)
    """
    return math.ceil(users - ROUNDING * max(1.0, users))
