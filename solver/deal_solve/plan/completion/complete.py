"""From a proposal to a complete plan: what is left out is assumed, and every assumption is said."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from deal_solve.deal.deal import AT_LIST, LIST, Deal
from deal_solve.errors import InputError, Problem
from deal_solve.messages import counted, unknown
from deal_solve.plan.completion.api import complete_api, first_term_of
from deal_solve.plan.completion.routing import complete_routing
from deal_solve.plan.crowds import excess_in
from deal_solve.plan.initial_order import initial_order
from deal_solve.plan.leaving import SELLERS_AT_LIST, seat_terms
from deal_solve.plan.offers import offer_problem
from deal_solve.plan.plan import ApiAgreement, Plan, SeatAgreement, SellerAtList
from deal_solve.plan.proposal import Proposal, ProposedSeats
from deal_solve.plan.resolved import SeatOffer, resolve
from deal_solve.plan.signing import signing_problem
from deal_solve.plan.tracks import is_seat_type, missing_controls
from deal_solve.plan.unknown_limits import is_closed
from deal_solve.uncertainty.first_users import first_users, users_above
from deal_solve.uncertainty.months import in_months_of
from deal_solve.uncertainty.scenario_set import Array, ScenarioSet


@dataclass(frozen=True)
class Agreements:
    """The agreements of a plan and who goes where, with what was assumed; routing and projects are still open."""

    api: ApiAgreement
    seats: dict[str, SeatAgreement]
    tracks: dict[str, tuple[str, ...]]
    assumed: tuple[str, ...]


def complete(deal: Deal, proposal: Proposal, scenarios: ScenarioSet) -> tuple[Plan, tuple[str, ...]]:
    """Return the plan a proposal means, routed as today where it says nothing, and what was assumed in plain sentences.

    Raises InputError for names and lengths that mean nothing; whether the plan is possible is
    `validity.refuse_impossible`'s question.
    """
    if deal.is_open:
        deal = deal.signed_in(_month(deal, proposal))
        scenarios = in_months_of(deal, scenarios).in_memory()
    agreements = complete_agreements(deal, proposal, scenarios)
    notes = list(agreements.assumed)
    sellers = {name: agreement.sellers for name, agreement in agreements.seats.items()}
    projects, routing, use = complete_routing(deal, proposal, agreements.tracks, sellers, notes)
    plan = Plan(
        api=agreements.api,
        seats=agreements.seats,
        tracks=agreements.tracks,
        projects=projects,
        routing=routing,
        use=use,
        later=proposal.later,
    )
    return plan.with_signing_month(deal), tuple(notes)


def _month(deal: Deal, proposal: Proposal) -> int:
    """Return the month of signing of a proposal, or the only one there is."""
    months, given = deal.signing_months, proposal.signing_month
    if given in months or (given is None and len(months) == 1):
        return months[0] if given is None else given
    expected = f"expected one of {', '.join(map(str, months))}"
    raise InputError(Problem("signing_month", f"is {'missing' if given is None else given}; {expected}"))


def complete_agreements(deal: Deal, proposal: Proposal, scenarios: ScenarioSet) -> Agreements:
    """Return API agreement, seat agreements and tracks; raises InputError as `complete` does."""
    refuse_unknown(deal, proposal)
    notes: list[str] = []
    api_offer = proposal.api.offer or LIST
    wanted = {track for tracks in proposal.tracks.values() for track in tracks}
    types = dict.fromkeys((*proposal.seats, *deal.seat_types, *(t for t in wanted if is_seat_type(deal, t))))
    offers = {name: _seat_offer(deal, proposal, name, api_offer) for name in types}
    tracks = _tracks(deal, proposal, api_offer, offers, notes)
    taken = [name for name in types if name in proposal.seats or any(name in years for years in tracks.values())]
    sold_by = {name: offers[name] or sellers[0] for name in taken if (sellers := resolve(deal).sellers(name))}
    api = complete_api(deal, proposal, sold_by, notes)
    stated = {name for name, given in proposal.seats.items() if given.contracted}
    seats: dict[str, SeatAgreement] = {}
    for name in sorted(sold_by, key=lambda name: name not in stated):
        seats[name] = _seats(deal, proposal, scenarios, tracks, sold_by, (name, _room(deal, seats, name)), notes)
    return Agreements(api, {name: seats[name] for name in sold_by}, tracks, tuple(notes))


def _room(deal: Deal, seats: dict[str, SeatAgreement], seat_type: str) -> tuple[float, ...]:
    """Return how many seats of a type its plan has room for in each contract year, beside those of other types."""
    seat_plan = deal.card.plan_of(seat_type)
    if seat_plan is None or seat_plan.maximum is None:
        return (math.inf,) * deal.years
    others = [each.contracted for name, each in seats.items() if name in seat_plan.seats]
    return tuple(max(seat_plan.maximum - sum(counts), 0) for counts in zip(*others, (0,) * deal.years, strict=True))


def refuse_unknown(deal: Deal, proposal: Proposal) -> None:
    """Raise InputError for every name, length and month in a proposal that means nothing in this deal."""
    unfit = signing_problem(deal, proposal.signing_month)
    problems = [
        *([unfit] if unfit else []),
        *_unknown_names(deal, proposal),
        *_unknown_offers(deal, proposal),
        *_wrong_lengths(deal, proposal),
    ]
    if problems:
        raise InputError(problems)


def _unknown_names(deal: Deal, proposal: Proposal) -> list[Problem]:
    metered = [name for name, cohort in deal.cohorts.items() if cohort.use]
    known = {
        "tracks": ("cohort", list(deal.cohorts)),
        "projects": ("workload", list(deal.workloads)),
        "routing": ("workload", list(deal.workloads)),
        "use": ("cohort with a use section", metered),
    }
    return [
        Problem(f"{part}.{name}", unknown(what, name, names))
        for part, (what, names) in known.items()
        for name in getattr(proposal, part)
        if name not in names
    ]


def _unknown_offers(deal: Deal, proposal: Proposal) -> list[Problem]:
    api = proposal.api
    found = [offer_problem(deal, "api", api.offer or LIST, api.term_months, None)]
    for name, given in proposal.seats.items():
        if given.offer is not None:
            found.append(offer_problem(deal, f"seats.{name}", given.offer, given.term_months, name))
        elif not resolve(deal).sellers(name):
            found.append(Problem(f"seats.{name}", f"no offer sells {name!r}"))
    return [problem for problem in found if problem]


def _wrong_lengths(deal: Deal, proposal: Proposal) -> list[Problem]:
    """Values per contract year: one for all, or one for each."""
    given = {f"tracks.{name}": len(tracks) for name, tracks in proposal.tracks.items()}
    given |= {f"seats.{name}.contracted": len(part.contracted or (0,)) for name, part in proposal.seats.items()}
    given |= {f"seats.{name}.at_list": len(part.at_list or (0,)) for name, part in proposal.seats.items()}
    return [
        Problem(path, f"{count} given; expected one for all contract years, or {deal.years}, one for each")
        for path, count in given.items()
        if count not in (1, deal.years)
    ]


def _seat_offer(deal: Deal, proposal: Proposal, seat_type: str, api_offer: str) -> str | None:
    """The given offer; else the API's, the only one that sells the type, list (yearly, else monthly), or the first.

    None if an exclusive agreement leaves nobody to buy it from.
    """
    given = proposal.seats.get(seat_type)
    if given and given.offer:
        return given.offer
    on_table = resolve(deal)
    sellers = on_table.sellers(seat_type)
    if api_offer in sellers and api_offer != LIST:
        return api_offer
    alone = api_offer != LIST and api_offer in deal.offers and on_table.offers[api_offer].offer.exclusive
    beside = [
        p
        for p in sellers
        if p not in AT_LIST and not alone and (api_offer == LIST or not on_table.offers[p].offer.exclusive)
    ]
    if len(beside) == 1:
        return beside[0]
    return next((p for p in AT_LIST if p in sellers), next(iter(beside), None))


def _tracks(
    deal: Deal, proposal: Proposal, api_offer: str, offers: dict[str, str | None], notes: list[str]
) -> dict[str, tuple[str, ...]]:
    tracks = {}
    for name, cohort in deal.cohorts.items():
        given = proposal.tracks.get(name)
        if given:
            tracks[name] = given if len(given) == deal.years else given * deal.years
            continue
        sold = [track for track in cohort.tracks if not is_seat_type(deal, track) or offers.get(track)]
        open_to = [
            track
            for track in sold
            if not missing_controls(deal, name, track, api_offer, offers.get(track))
            and not is_closed(deal, name, track, offers.get(track))
        ]
        track = open_to[0] if open_to else cohort.tracks[0]
        tracks[name] = (track,) * deal.years
        notes.append(f"Cohort {name} takes {track} in every year, the first of its tracks that is open to it.")
    return tracks


def _seats(
    deal: Deal,
    proposal: Proposal,
    scenarios: ScenarioSet,
    tracks: dict[str, tuple[str, ...]],
    sold_by: dict[str, str],
    bought: tuple[str, tuple[float, ...]],
    notes: list[str],
) -> SeatAgreement:
    """Return the agreement of a seat type, `bought` with the seats that its plan has room for in each year."""
    seat_type, room = bought
    given, offer = proposal.seats.get(seat_type), sold_by[seat_type]
    months = (given.term_months if given else None) or first_term_of(deal, proposal, sold_by, offer)
    is_billed_by_users = resolve(deal).offers[offer].seats[seat_type].is_billed_by_users
    if not (given and given.offer and given.term_months):
        for_long = "by the month" if is_billed_by_users else f"first term {counted(months, 'month')}"
        notes.append(f"{seat_type} seats are bought from {offer}, {for_long}.")
    terms = seat_terms(deal, offer, months, _at_list(deal, proposal, seat_type))
    empty = SeatAgreement(offer=offer, term_months=months, contracted=(0,) * deal.years, terms=terms)
    _refuse_mid_term(deal, seat_type, empty, given)
    sold = resolve(deal).sold(empty, seat_type)
    ordered = initial_order(deal, sold, tracks, first_users(scenarios))
    if given and given.contracted:
        contracted = given.contracted if len(given.contracted) == deal.years else given.contracted * deal.years
        if terms and len(given.contracted) == 1:
            contracted = _without_monthly(sold, contracted)
        notes += _below_order(seat_type, sold, contracted, ordered)
    elif all(seat.is_billed_by_users for seat in sold):
        contracted = (0,) * deal.years
    else:
        expected = _expected_seats(deal, scenarios, tracks, empty, seat_type)
        counts = (int(min(max(each), left)) for *each, left in zip(expected, ordered, room, strict=True))
        contracted = _without_monthly(sold, tuple(counts))
        listed = ", ".join(map(str, contracted))
        notes.append(f"{seat_type} seats contracted per year: {listed} (the expected peak of each year, rounded up).")
    return empty.model_copy(update={"contracted": contracted})


def _at_list(deal: Deal, proposal: Proposal, seat_type: str) -> tuple[SellerAtList | None, ...]:
    """Return the list that a seat type is left for in each contract year; where none is named, yearly if it is sold."""
    given = proposal.seats.get(seat_type)
    if given is None or given.at_list is None:
        return (None,) * deal.years
    answers = given.at_list if len(given.at_list) > 1 else given.at_list * deal.years
    lists = [seller for seller in SELLERS_AT_LIST if seller in resolve(deal).sellers(seat_type)]
    found: list[SellerAtList | None] = []
    for answer in answers:
        named = answer if isinstance(answer, str) else None
        if answer is not False and not (named in lists if named else lists):
            raise InputError(Problem(f"seats.{seat_type}.at_list", f"{named or 'list'} does not sell {seat_type!r}"))
        found.append(None if answer is False else named or lists[0])
    return tuple(found)


def _refuse_mid_term(deal: Deal, seat_type: str, agreement: SeatAgreement, given: ProposedSeats | None) -> None:
    """Raise InputError where an agreement is left inside a term."""
    if given is None or given.at_list is None:
        return
    years = given.at_list if len(given.at_list) > 1 else given.at_list * deal.years
    kept = [answer is False for answer in years]
    if kept != [seller is None for seller in agreement.at_list]:
        year = next(y for y, stays in enumerate(kept) if not stays)
        spans = resolve(deal).taken_for(agreement.offer, agreement.term_months).spans
        ends = ", ".join(str(span.end // 12) for span in spans)
        raise InputError(
            Problem(
                f"seats.{seat_type}.at_list",
                f"left at the start of contract year {year + 1}, but its terms end with contract year {ends}",
            )
        )


def _without_monthly(sold: Sequence[SeatOffer], contracted: tuple[int, ...]) -> tuple[int, ...]:
    """Return seats per contract year, none where users are charged by the month."""
    return tuple(0 if seat.is_billed_by_users else seats for seat, seats in zip(sold, contracted, strict=True))


def _below_order(
    seat_type: str, sold: Sequence[SeatOffer], contracted: tuple[int, ...], ordered: tuple[int, ...]
) -> Iterator[str]:
    for year, (seats, minimum) in enumerate(zip(contracted, ordered, strict=True), 1):
        if seats < minimum:
            yield (
                f"{seats} {seat_type} seats in contract year {year} are fewer than the {minimum} of the expected users "
                f"that the initial order of {sold[year - 1].offer_id} asks for; they are priced as given."
            )


def _expected_seats(
    deal: Deal, scenarios: ScenarioSet, tracks: dict[str, tuple[str, ...]], agreement: SeatAgreement, seat_type: str
) -> tuple[int, ...]:
    """Per year the expected peak count rounded up, not below the minimum, not above the maximum, not falling."""
    seat_plan = deal.card.plan_of(seat_type)
    contracted: list[int] = []
    for span in resolve(deal).taken(agreement).spans:
        part = resolve(deal).seat_of(agreement, seat_type, span.years.start).part
        minimum = max(part.minimum or 0, seat_plan.minimum if seat_plan else 0)
        before = 0
        for year in span.years:
            on = [cohort for cohort, years in tracks.items() if years[year] == seat_type]
            users = [_served(deal, scenarios, tracks, cohort, year) for cohort in on]
            if users:
                peak = np.sum(users, axis=0).max(axis=0)
                before = max(before, math.ceil(scenarios.mean(peak) - 1e-9), minimum)
                before = before if part.maximum is None else min(before, part.maximum)
            contracted.append(before if users else 0)
    return tuple(contracted)


def _served(deal: Deal, scenarios: ScenarioSet, tracks: dict[str, tuple[str, ...]], cohort: str, year: int) -> Array:
    """Return the users of a cohort without those above the maximum of its plan, (12, S)."""
    months = slice(12 * year, 12 * year + 12)
    users, excess = scenarios.users, excess_in(deal, tracks, cohort, year)
    if excess is None:
        return users[cohort][months]
    return (users[cohort] - users_above(users, cohort, excess.ahead, excess.maximum))[months]
