"""Whether the contracted seats and the tracks of a plan can be had (model §5)."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise

from deal_solve.deal.deal import LIST_MONTHLY, Deal
from deal_solve.errors import Problem
from deal_solve.messages import counted
from deal_solve.plan.crowds import crowding, is_crowded, too_many_combinations, unpriced
from deal_solve.plan.initial_order import initial_order
from deal_solve.plan.leaving import bound_beside, lists_of, may_leave, seat_terms
from deal_solve.plan.offers import clause
from deal_solve.plan.plan import Plan, SeatAgreement
from deal_solve.plan.resolved import SeatOffer, resolve
from deal_solve.plan.terms import TermSpan
from deal_solve.plan.tracks import is_seat_type, missing_controls, track_provides
from deal_solve.plan.unknown_limits import held
from deal_solve.uncertainty.first_users import FirstUsers


def broken_seats(deal: Deal, plan: Plan) -> Iterator[Problem]:
    """Yield what is wrong with contracted seats: minimum, maximum, and falls inside a term."""
    for seat_type, agreement in plan.seats.items():
        if len(agreement.contracted) != deal.years:
            yield Problem(
                f"seats.{seat_type}.contracted",
                f"{len(agreement.contracted)} given; expected {deal.years}, one per contract year",
            )
            continue
        broken = list(_left(deal, plan, seat_type))
        yield from broken
        for span in () if broken else resolve(deal).taken(agreement).spans:
            seat, counts = resolve(deal).seat_of(agreement, seat_type, span.years.start), _in_term(agreement, span)
            if not seat.is_billed_by_users:
                yield from _counts(seat, plan, agreement, span)
            elif any(counts):
                given = ", ".join(map(str, counts))
                yield Problem(f"seats.{seat_type}.contracted", f"{given} given; {LIST_MONTHLY} contracts no seats")


def not_sold(deal: Deal, plan: Plan) -> Iterator[Problem]:
    """Yield where a seat type is left for a list that does not sell it: nothing else can be checked before."""
    offers = resolve(deal).offers
    for seat_type, agreement in plan.seats.items():
        for seller in agreement.sellers:
            if seller not in offers or seat_type not in offers[seller].seats:
                yield Problem(f"seats.{seat_type}.terms", f"left for {seller}, which does not sell {seat_type!r}")


def _in_term(agreement: SeatAgreement, span: TermSpan) -> tuple[int, ...]:
    return agreement.contracted[span.years.start : span.years.stop]


def returned_too_early(deal: Deal, plan: Plan, part: str, month: int) -> Iterator[Problem]:
    """A part (api, or a seat type) that was left is taken again only where the offer allows it, and at a month at which
    every other part taken from the offer starts a term.
    """
    offer = plan.api.offer if part == "api" else plan.seats[part].offer
    path = clause(offer, "renewal", "may_return")
    again = f"{'the API agreement' if part == 'api' else part} is taken again in contract year {month // 12 + 1}"
    if not resolve(deal).offers[offer].offer.renewal.may_return:
        yield Problem(path, f"{again} after it was left")
    for other in bound_beside(deal, plan, part, month):
        other = "the API agreement" if other == "api" else other
        yield Problem(path, f"{again}, inside a term of {other}; expected a year in which {other} starts a term")


def _left(deal: Deal, plan: Plan, seat_type: str) -> Iterator[Problem]:
    """A type is left at the end of a term, where the offer allows it and list sells it, for one list at a time."""
    agreement = plan.seats[seat_type]
    if not agreement.left:
        return
    offer, here = agreement.offer, f"seats.{seat_type}.terms"
    if not may_leave(deal, offer):
        yield Problem(clause(offer, "renewal", "may_leave"), f"{seat_type} from {offer!r} is left, and may not be")
        return
    if agreement.terms != seat_terms(deal, offer, agreement.term_months, agreement.at_list) or agreement.at_list[0]:
        spans = resolve(deal).taken_for(offer, agreement.term_months).spans
        ends = ", ".join(str(span.end // 12) for span in spans)
        yield Problem(
            here, f"expected the terms of {offer!r}, which end with contract year {ends}, each left for a year"
        )
    for seller in dict.fromkeys(filter(None, agreement.at_list)):
        if seller not in lists_of(deal, seat_type):
            yield Problem(here, f"left for {seller}, which lacks a control that is required on both lines")
    for year, (before, now) in enumerate(pairwise(agreement.at_list), 2):
        if before and now is None:
            yield from returned_too_early(deal, plan, seat_type, 12 * year - 12)
        elif before and now != before:
            yield Problem(here, f"{now} in contract year {year} after {before}; what is left stays with one billing")


def _counts(seat: SeatOffer, plan: Plan, agreement: SeatAgreement, span: TermSpan) -> Iterator[Problem]:
    part, seat_type = seat.part, seat.seat_type
    path = clause(seat.offer_id, "seats", seat_type)
    taken = any(seat_type in tracks[span.years.start : span.years.stop] for tracks in plan.tracks.values())
    for year in span.years:
        seats, where = agreement.contracted[year], f"seats contracted in contract year {year + 1}"
        if taken and seats < (part.minimum or 0):
            yield Problem(f"{path}.minimum", f"{seats} {where}, the minimum is {part.minimum}")
        if part.maximum is not None and seats > part.maximum:
            yield Problem(f"{path}.maximum", f"{seats} {where}, the maximum is {part.maximum}")
        before = agreement.contracted[year - 1] if year > span.years.start else 0
        minimum = math.ceil(before * (1 - part.reduction_right) - 1e-9)
        if seats < minimum:
            right = (
                f"{part.reduction_right:.0%} may be given back" if part.reduction_right else "none may be given back"
            )
            yield Problem(
                f"{path}.reduction_right",
                f"{seats} {where} after {before} the year before; inside a term {right}, so at least {minimum}",
            )


def broken_plans(deal: Deal, plan: Plan) -> Iterator[Problem]:
    """Yield where the contracted seats of a plan of the vendor, all types together, break its minimum or maximum.

    The minimum binds them in contract years in which a cohort is on the plan and none on its list billed monthly.
    """
    for seat_plan in deal.card.plans:
        path = f"rates.plans.{seat_plan.id}"
        members = {name: agreement for name, agreement in plan.seats.items() if name in seat_plan.seats}
        for year in range(deal.years):
            taken = {tracks[year] for tracks in plan.tracks.values() if tracks[year] in members}
            seats = sum(agreement.contracted[year] for agreement in members.values())
            what = f"{counted(seats, 'seat')} of {', '.join(members)} contracted in contract year {year + 1}"
            if seat_plan.maximum is not None and seats > seat_plan.maximum:
                yield Problem(f"{path}.maximum", f"{what}; together at most {seat_plan.maximum}")
            is_monthly = any(members[name].seller(year) == LIST_MONTHLY for name in taken)
            if taken and not is_monthly and seats < seat_plan.minimum:
                yield Problem(f"{path}.minimum", f"{what}; together at least {seat_plan.minimum}")


def crowded_plans(deal: Deal, plan: Plan, first: FirstUsers) -> Iterator[Problem]:
    """Yield where more users than a plan of the vendor takes are on it in some scenario and cannot be left unserved."""
    for seat_plan in deal.card.plans:
        for year in range(deal.years) if seat_plan.maximum is not None else ():
            cohorts = tuple(name for name in deal.cohorts if plan.tracks[name][year] in seat_plan.seats)
            if not is_crowded(first, cohorts, year, seat_plan.maximum or 0):
                continue
            stays = unpriced(deal, cohorts)
            if not stays and crowding(deal, first, seat_plan, year) is not None:
                continue
            users = f"up to {counted(round(first.together(cohorts)[year]), 'user')} of {', '.join(cohorts)}"
            what = f"{users} on {', '.join(seat_plan.seats)} in contract year {year + 1}"
            why = too_many_combinations(deal, first, seat_plan)
            if stays:
                why = f"to leave users out state cohorts.{stays[0]}.unserved_usd_per_user_month"
            yield Problem(f"rates.plans.{seat_plan.id}.maximum", f"{what}; together at most {seat_plan.maximum}; {why}")


def broken_orders(deal: Deal, plan: Plan, first: FirstUsers) -> Iterator[Problem]:
    """Yield where fewer seats are contracted than the initial order asks for, and fewer than the plan's maximum."""
    for seat_type, agreement in plan.seats.items():
        sold = resolve(deal).sold(agreement, seat_type)
        ordered = initial_order(deal, sold, plan.tracks, first)
        for year, (seats, minimum) in enumerate(zip(agreement.contracted, ordered, strict=True), 1):
            if seats < minimum and not _is_full(deal, plan, seat_type, year - 1):
                yield Problem(
                    f"{clause(sold[year - 1].offer_id, 'seats', seat_type)}.initial_order",
                    f"{counted(seats, 'seat')} contracted in contract year {year}, at least the {minimum} of the "
                    "expected users are ordered where an agreement or a cohort on it begins; with initial_order: free "
                    "any number is",
                )


def _is_full(deal: Deal, plan: Plan, seat_type: str, year: int) -> bool:
    """Whether as many seats of all types of a plan are contracted as it may have."""
    seat_plan = deal.card.plan_of(seat_type)
    if seat_plan is None or seat_plan.maximum is None:
        return False
    seats = sum(each.contracted[year] for name, each in plan.seats.items() if name in seat_plan.seats)
    return seats >= seat_plan.maximum


def broken_tracks(deal: Deal, plan: Plan) -> Iterator[Problem]:
    """Yield what is wrong with the tracks: unknown, without an agreement, without a control, changed inside a term."""
    for cohort_id in plan.tracks:
        if cohort_id not in deal.cohorts:
            yield Problem(f"tracks.{cohort_id}", f"there is no cohort {cohort_id!r}")
    for cohort_id, cohort in deal.cohorts.items():
        here, tracks = f"tracks.{cohort_id}", plan.tracks.get(cohort_id, ())
        if len(tracks) != deal.years:
            yield Problem(here, f"{len(tracks)} given; expected {deal.years}, one per contract year")
            continue
        for track in dict.fromkeys(tracks):
            if track not in cohort.tracks:
                allowed = f"cohorts.{cohort_id}.tracks"
                yield Problem(allowed, f"{track!r} in the plan; the cohort may take {', '.join(cohort.tracks)}")
            elif is_seat_type(deal, track) and track not in plan.seats:
                yield Problem(here, f"{track!r} is taken, but no seat agreement for it stands under seats")
            else:
                yield from _control(deal, plan, cohort_id, track)
                yield from _limits(deal, plan, cohort_id, track)
        yield from _changes(deal, plan, cohort_id, tracks)


def _control(deal: Deal, plan: Plan, cohort_id: str, track: str) -> Iterator[Problem]:
    """A cohort's controls are provided by everybody who sells it its track in some contract year."""
    years = [year for year, taken in enumerate(plan.tracks[cohort_id]) if taken == track]
    agreement = plan.seats.get(track)
    for seat_offer in dict.fromkeys(agreement.seller(year) if agreement else None for year in years):
        missing = missing_controls(deal, cohort_id, track, plan.api.offer, seat_offer)
        if missing:
            provided = track_provides(deal, track, plan.api.offer, seat_offer)
            source = f" from {seat_offer!r}" if seat_offer else f" with the API agreement {plan.api.offer!r}"
            yield Problem(
                f"cohorts.{cohort_id}.requires",
                f"{', '.join(missing)}; {track}{source} provides {', '.join(sorted(provided)) or 'nothing'}",
            )


def _limits(deal: Deal, plan: Plan, cohort_id: str, track: str) -> Iterator[Problem]:
    """Where the limits of a seat are not known, a user uses no more than it costs."""
    agreement = plan.seats.get(track)
    years = [year for year, taken in enumerate(plan.tracks[cohort_id]) if taken == track]
    for seller in dict.fromkeys(agreement.seller(year) for year in years) if agreement else ():
        found = held(deal, cohort_id, resolve(deal).offers[seller].seats[track])
        if found and found.is_closed:
            uses = f"{track} from {seller!r} costs {found.seat_usd:,.2f} USD and a user uses {found.usd:,.2f} at list"
            remedy = f"state rates.seats.{track}.allowance"
            yield Problem(f"cohorts.{cohort_id}.tracks", f"{uses}, but its limits are not published; {remedy}")


def _changes(deal: Deal, plan: Plan, cohort_id: str, tracks: tuple[str, ...]) -> Iterator[Problem]:
    """A track changes only at contract-year starts at which every seat agreement involved starts a term."""
    for year in range(1, len(tracks)):
        old, new = tracks[year - 1], tracks[year]
        if old == new:
            continue
        for seat_type in (old, new):
            agreement = plan.seats.get(seat_type)
            if agreement is None:
                continue
            starts = [span.start for span in resolve(deal).taken(agreement).spans]
            if 12 * year not in starts:
                yield Problem(
                    f"tracks.{cohort_id}",
                    f"changes from {old} to {new} in contract year {year + 1}, but the {seat_type} agreement starts "
                    f"its terms in contract year {', '.join(str(start // 12 + 1) for start in starts)} only",
                )
