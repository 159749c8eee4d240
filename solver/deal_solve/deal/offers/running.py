"""Seats in force that outlast the month of signing: until when they run, and who is on them (model §6)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from deal_solve.deal.deal import Deal


def seats_run(deal: Deal) -> int:
    """Return the months from signing in which seats in force still run; 0 where none outlast it."""
    if deal.in_force is None or not deal.in_force.seats or deal.whole is deal:
        return 0
    return max(deal.month(deal.in_force.ends), 0)


def on_seats_in_force(deal: Deal) -> tuple[str, ...]:
    """Return the cohorts that are on seats in force until those end: they have a type of them among their tracks."""
    held = deal.in_force.seats if deal.in_force else {}
    return tuple(name for name, cohort in deal.cohorts.items() if any(track in held for track in cohort.tracks))


def is_running(deal: Deal, seat_type: str) -> bool:
    """Whether a seat type is in force beyond the month of signing."""
    return seats_run(deal) > 0 and deal.in_force is not None and seat_type in deal.in_force.seats


def seat_months(deal: Deal, seat_type: str, year: int) -> range:
    """Return the months of a contract year in which a new agreement of a seat type is charged.

    They are those inside the horizon, without those in which the type is still in force.
    """
    months = deal.months_of(year)
    return range(seats_run(deal), months.stop) if year == 0 and is_running(deal, seat_type) else months


def first_month(deal: Deal, cohort: str) -> int:
    """Return the first month of a cohort on what is signed: where it starts, or where its seats in force end."""
    starts = max(deal.month(deal.cohorts[cohort].starts), 0)
    return max(starts, seats_run(deal)) if seats_run(deal) and cohort in on_seats_in_force(deal) else starts
