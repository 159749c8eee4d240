"""Single-track alternatives: everyone on seats or everything on the API, instead of a choice by cohort."""

from __future__ import annotations

from functools import partial
from typing import Unpack

from deal_solve.analysis.why_not.result import WhyNot
from deal_solve.analysis.why_not.why_not import explained
from deal_solve.deal.deal import Deal
from deal_solve.optimise.neighbours import answers
from deal_solve.optimise.options import SolveKeywords, SolveOptions
from deal_solve.optimise.solution import Solution
from deal_solve.plan.choices.restriction import Restriction
from deal_solve.plan.proposal import ProposedSeats
from deal_solve.plan.tracks import is_seat_type
from deal_solve.report.basics import About

EVERYONE_ON_SEATS = "everyone on seats"
EVERYTHING_ON_THE_API = "everything on the API"


def wrong_tracks(solution: Solution, **keywords: Unpack[SolveKeywords]) -> tuple[WhyNot, WhyNot]:
    """Return the best deal with everyone on seats, and the best with everything on the API, against a solution.

    On seats: every cohort that may take a seat type takes one in every contract year in which it has people. On the
    API: no seats at all, every cohort on an internal tool or on none, where the deal allows it. The keywords
    are those of `why_not`.
    """
    deal, options = solution.settlement.deal, SolveOptions.of(keywords).begun()
    seats, tools = _tracks(deal, True), _tracks(deal, False)
    on_seats = impossible = ""
    if not any(seats.values()):
        on_seats = "no cohort may take a seat type"
    without = [name for name, open_to in tools.items() if not open_to]
    if without:
        impossible = f"{', '.join(without)}: no track without a seat"
    everyone = Restriction(
        among={name: _with_people(deal, name, open_to) for name, open_to in seats.items() if open_to}
    )
    everything = Restriction(
        seats={name: ProposedSeats(contracted=(0,)) for name in deal.seat_types},
        among={name: (open_to,) * deal.years for name, open_to in tools.items()},
    )
    asked = (
        (EVERYONE_ON_SEATS, everyone, on_seats),
        (EVERYTHING_ON_THE_API, everything, impossible),
    )
    asks = [partial(_answer, solution, *each) for each in asked]
    one, other = answers(asks, options, solution)
    return one or asks[0](options), other or asks[1](options)  # once time has passed a solve says so itself


def _answer(
    solution: Solution, requested: str, restriction: Restriction, impossible: str, options: SolveOptions
) -> WhyNot:
    if impossible:
        about = About(solution.settlement.deal, solution.settlement.scenarios)
        return WhyNot(about=about, asked=requested, outcome="impossible", reason=impossible)
    return explained(solution, requested, restriction, options)


def _tracks(deal: Deal, seats: bool) -> dict[str, tuple[str, ...]]:
    """Return the tracks of each cohort that are seat types, or that are not."""
    return {
        name: tuple(track for track in cohort.tracks if is_seat_type(deal, track) == seats)
        for name, cohort in deal.cohorts.items()
    }


def _with_people(deal: Deal, cohort_id: str, open_to: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
    """Return the tracks left open per contract year: seats from the year on in which the cohort starts."""
    cohort = deal.cohorts[cohort_id]
    first = max(deal.month(cohort.starts), 0) // 12
    return tuple(open_to if year >= first else cohort.tracks for year in range(deal.years))
