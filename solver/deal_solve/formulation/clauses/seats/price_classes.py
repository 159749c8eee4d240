"""At which price seats are added in a contract year (model §5; formulation §3).

A class holds the segments that share a price. Where a true-up is charged from the end of its window, what is charged
depends on whether the type is given up after the year: each class then has a part where it is taken on and one where
it is given up.

    T[c,class] ≤ Σ_{z in class} b_z,  Σ_class T[c,class] = T[c,s,k]
    given up ≥ 1 - Σ T[c, next term],  given up ≤ 1 - T[c, next term]
    T[c, given up] ≤ given up,  T[c, taken on] ≤ 1 - given up,  T[c, given up] + T[c, taken on] = T[c]
    N[given up] ≤ N_max · given up,  N - N[given up] ≤ N_max · (1 - given up)
"""

from __future__ import annotations

from dataclasses import dataclass

from deal_solve.deal.deal import Deal
from deal_solve.deal.offers.true_up import TrueUp
from deal_solve.formulation.clauses.seats.seats import Seats, Segment
from deal_solve.formulation.clauses.seats.tracks import CandidateYear, Tracks
from deal_solve.formulation.model.expression import Expression, Variable, total
from deal_solve.formulation.model.per_scenario import Who
from deal_solve.formulation.model.program import Program
from deal_solve.plan.resolved import resolve


@dataclass(frozen=True)
class PriceClass:
    """The segments of one contract year that share a true-up price, and the cohorts on them.

    `number` is N in these segments; `on[c]` is 1 if cohort c is on the agreement (or in an excess some of its users are
    unserved) and the year lies in these segments, which is so if all of `conditions` are 1. `is_given_up`: no cohort
    takes the type on after the year.
    """

    usd: float
    number: Expression
    on: dict[Who, Variable]
    conditions: tuple[Expression, ...] = ()
    is_given_up: bool = False


def price_classes(program: Program, deal: Deal, seats: Seats, clause: TrueUp, at: CandidateYear) -> list[PriceClass]:
    """Group the segments of a year by true-up price; with several, each cohort's T has one copy per class."""
    card = resolve(deal).seat(at.candidate, at.candidate.seat_type).card_usd

    def price(segment: Segment) -> float:
        return card if clause.price == "list" else segment.usd

    own = seats.years[at.candidate, at.span, at.year]
    segments = own.segments
    prices = sorted({price(segment) for segment, _, _ in segments})
    groups = [[item for item in segments if price(item[0]) == usd] for usd in prices]
    if len(groups) == 1:
        return [PriceClass(prices[0], own.count, at.whose)]
    classes = []
    for usd, members in zip(prices, groups, strict=True):
        chosen = total(binary for _, binary, _ in members)
        on: dict[Who, Variable] = {}
        for name in at.whose:
            on[name] = program.variable(f"track_price_{name}", 0, 1)
            program.add("track_price_chosen", on[name] <= chosen)
        classes.append(PriceClass(usd, total(number for _, _, number in members), on, (chosen,)))
    for name, track in at.whose.items():
        program.add("track_price_disaggregated", total(price_class.on[name] for price_class in classes) == track)
    return classes


def given_up_after(program: Program, tracks: Tracks, at: CandidateYear) -> Variable:
    """Return 1 where no cohort is on the seat type in the next contract year, whatever agreement it is taken from."""
    year, seat_type = at.year + 1, at.candidate.seat_type
    following: dict[str, list[Variable]] = {}
    for (name, candidate, span), variable in tracks.seats.items():
        if candidate.seat_type == seat_type and year in span.years:
            following.setdefault(name, []).append(variable)
    given_up = program.variable(f"given_up_{seat_type}_{at.year}", 0, 1)
    program.add("given_up_if_nobody", given_up >= 1 - total(v for own in following.values() for v in own))
    for own in following.values():
        program.add("taken_on", given_up <= 1 - total(own))
    return given_up


def parts_by_giving_up(
    program: Program, at: CandidateYear, whole: PriceClass, given_up: Variable
) -> tuple[PriceClass, PriceClass]:
    """Return a class where the type is taken on after the year, and where it is given up: one of them is all of it."""
    maximum = sum(v.upBound for v, _ in whole.number)
    seats = program.variable(f"seats_given_up_{at.candidate.seat_type}", 0, maximum)
    program.add("seats_given_up", seats <= maximum * given_up)
    program.add("seats_taken_on", whole.number - seats <= maximum * (1 - given_up))
    program.add("seats_given_up_all", seats <= whole.number)
    on: dict[Who, Variable] = {}
    off: dict[Who, Variable] = {}
    for name, track in whole.on.items():
        on[name], off[name] = (program.variable(f"track_{what}_{name}", 0, 1) for what in ("taken_on", "given_up"))
        program.add("track_given_up", off[name] <= given_up)
        program.add("track_taken_on", on[name] <= 1 - given_up)
        program.add("track_given_up_disaggregated", on[name] + off[name] == track)
    return (
        PriceClass(whole.usd, whole.number - seats, on, (*whole.conditions, 1 - given_up)),
        PriceClass(whole.usd, 1.0 * seats, off, (*whole.conditions, 1.0 * given_up), is_given_up=True),
    )
