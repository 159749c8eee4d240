"""Whether a plan is already as a choice would force it to be: then there is nothing to solve."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

from deal_solve.deal.deal import Deal
from deal_solve.deal.money import CENT_TOLERANCE_USD
from deal_solve.deal.requests.routing_options import Epoch
from deal_solve.plan.choices.restriction import Restriction
from deal_solve.plan.plan import ApiTerm, Plan, Route, SeatAgreement
from deal_solve.plan.proposal import ProposedApi, ProposedRoute
from deal_solve.plan.resolved import OfferTerms, resolve
from deal_solve.plan.terms import TermSpan, left_in

Item = TypeVar("Item")
NEARLY_ALL = 1 - 1e-6


def satisfies(deal: Deal, plan: Plan, restriction: Restriction) -> bool:
    """Whether a plan is already as `forced` would make it."""
    return (
        _satisfies_api(deal, plan, restriction.api)
        and _satisfies_seats(plan, restriction)
        and _satisfies_tracks(deal, plan, restriction)
        and _satisfies_projects(plan, restriction)
        and all(_satisfies_route(deal, name, plan.routing[name], given) for name, given in restriction.routing.items())
        and all(_satisfies_route(deal, name, plan.use.get(name, ()), given) for name, given in restriction.use.items())
    )


def _each(values: Sequence[Item], count: int) -> tuple[Item, ...]:
    """Return one value per place from one for all."""
    return tuple(values) if len(values) == count else tuple(values) * count


def _satisfies_api(deal: Deal, plan: Plan, wanted: ProposedApi) -> bool:
    api = plan.api
    if wanted.offer not in (None, api.offer) or wanted.term_months not in (None, api.term_months):
        return False
    taken = resolve(deal).taken(api)
    if wanted.at_list is not None and left_in(_each(wanted.at_list, deal.years)) != api.left:
        return False
    return all(
        _satisfies_term(deal, taken, (place, span), term, wanted)
        for place, (span, term) in enumerate(zip(taken.spans, api.terms, strict=True))
        if not taken.is_at_list(span)
    )


def _satisfies_term(
    deal: Deal, taken: OfferTerms, at: tuple[int, TermSpan], term: ApiTerm, wanted: ProposedApi
) -> bool:
    """One number for the commitment stands for the mean of a term whose years have a ramp; `at` is which term it is."""
    (place, span), bands, amounts = at, wanted.band_usd_per_year, wanted.commitment_usd
    if bands is not None and abs(bands[min(place, len(bands) - 1)] - term.band_usd_per_year) > CENT_TOLERANCE_USD:
        return False
    if amounts is None:
        return True
    due = _each(amounts, deal.years)[span.years.start : span.years.stop]
    is_mean = len(amounts) == 1 and taken.api is not None and taken.api.ramp is not None
    agreed = (sum(term.commitment_usd) / len(due),) * len(due) if is_mean else term.commitment_usd
    return all(abs(usd - other) <= CENT_TOLERANCE_USD for usd, other in zip(agreed, due, strict=True))


def _satisfies_seats(plan: Plan, restriction: Restriction) -> bool:
    """Where nobody has seats of a type, no offer for it is wrong."""
    for name, wanted in restriction.seats.items():
        agreement = plan.seats.get(name)
        if agreement is None:
            if any(wanted.contracted or ()):
                return False
            continue
        if wanted.offer not in (None, agreement.offer) or wanted.term_months not in (None, agreement.term_months):
            return False
        if wanted.at_list is not None and not _is_left(agreement, wanted.at_list):
            return False
        if wanted.contracted and _each(wanted.contracted, len(agreement.contracted)) != agreement.contracted:
            return False
    return True


def _is_left(agreement: SeatAgreement, wanted: Sequence[str | bool]) -> bool:
    """Whether an agreement is left in the contract years, and for the list, that are wanted."""
    answers = zip(_each(wanted, len(agreement.contracted)), agreement.at_list, strict=True)
    return all(
        seller == answer or (answer is True and seller is not None) or not (answer or seller)
        for answer, seller in answers
    )


def _satisfies_tracks(deal: Deal, plan: Plan, restriction: Restriction) -> bool:
    one = {name: tuple((track,) for track in _each(years, deal.years)) for name, years in restriction.tracks.items()}
    return all(
        track in open_to
        for name, by_year in (*one.items(), *restriction.among.items())
        for track, open_to in zip(plan.tracks[name], by_year, strict=True)
    )


def _satisfies_projects(plan: Plan, restriction: Restriction) -> bool:
    lists = all(set(plan.projects.get(name, ())) == set(bought) for name, bought in restriction.projects.items())
    return lists and all(
        (project in plan.projects.get(name, ())) == bought
        for name, decided in restriction.decided.items()
        for project, bought in decided.items()
    )


def _satisfies_route(deal: Deal, user: str, routes: Sequence[Route], wanted: Sequence[ProposedRoute]) -> bool:
    """Whether every option has its share wherever it is open; who has no routes meters nothing."""
    return not routes or all(
        _share_of(epoch, route, key) >= share * NEARLY_ALL
        for epoch, route in zip(resolve(deal).epochs(user), routes, strict=True)
        for key, share in _shares_at(epoch.start, wanted).items()
        if epoch.option(key) is not None
    )


def _shares_at(month: int, wanted: Sequence[ProposedRoute]) -> Mapping[str, float]:
    """Return the shares that are wanted from a month on."""
    begun = [route for route in wanted if (route.from_month or 0) <= month]
    return begun[-1].shares if begun else {}


def _share_of(epoch: Epoch, route: Route, key: str) -> float:
    """Return the share of an option and of those that differ from it in name only."""
    option = epoch.option(key)
    total = 0.0
    for other, share in route.shares.items():
        found = epoch.option(other)
        if option and found and (found.equivalence_key, found.counts_as) == (option.equivalence_key, option.counts_as):
            total += share
    return total
