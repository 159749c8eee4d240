"""Whether a plan is already as it would be forced to be."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from deal_solve.deal.deal import Deal
from deal_solve.plan.forced import Forced
from deal_solve.plan.options import Epoch, menu
from deal_solve.plan.papers import HALF_A_CENT
from deal_solve.plan.plan import Plan, Route
from deal_solve.plan.proposal import ProposedApi, ProposedRoute
from deal_solve.plan.terms import terms_of

Item = TypeVar("Item")
NEARLY_ALL = 1 - 1e-6


def keeps(deal: Deal, plan: Plan, forced: Forced) -> bool:
    """Whether a plan is already as it would be forced to be."""
    return (
        _keeps_api(deal, plan, forced.api)
        and _keeps_seats(plan, forced)
        and all(plan.tracks[name] == _each(years, deal.years) for name, years in forced.tracks.items())
        and all(
            track in open_to
            for name, years in forced.among.items()
            for track, open_to in zip(plan.tracks[name], years, strict=True)
        )
        and all(set(plan.projects.get(name, ())) == set(bought) for name, bought in forced.projects.items())
        and all(
            (project in plan.projects.get(name, ())) == bought
            for name, projects in forced.decided.items()
            for project, bought in projects.items()
        )
        and all(_keeps_routes(deal, name, plan.routing[name], given) for name, given in forced.routing.items())
        and all(_keeps_routes(deal, name, plan.use[name], given) for name, given in forced.use.items())
    )


def _each(values: Sequence[Item], count: int) -> tuple[Item, ...]:
    """Return one value per place from one for all."""
    return tuple(values) if len(values) == count else tuple(values) * count


def _keeps_api(deal: Deal, plan: Plan, wanted: ProposedApi) -> bool:
    api = plan.api
    if wanted.offer not in (None, api.offer) or wanted.term_months not in (None, api.term_months):
        return False
    offer = deal.offer(api.offer)
    spans = terms_of(deal, api.offer, api.term_months)
    for span, term in zip(spans, api.terms, strict=True):
        if offer.renewal == "list" and span.index > 0:
            continue
        if wanted.band_usd_per_year is not None:
            bands = wanted.band_usd_per_year
            if abs(bands[min(span.index, len(bands) - 1)] - term.band_usd_per_year) > HALF_A_CENT:
                return False
        if wanted.commitment_usd is not None:
            due = _each(wanted.commitment_usd, deal.years)[span.years.start : span.years.stop]
            has_shape = len(wanted.commitment_usd) == 1 and offer.api is not None and offer.api.ramp is not None
            agreed = (sum(term.commitment_usd) / len(due),) * len(due) if has_shape else term.commitment_usd
            if any(abs(usd - other) > HALF_A_CENT for usd, other in zip(agreed, due, strict=True)):
                return False
    return True


def _keeps_seats(plan: Plan, forced: Forced) -> bool:
    """Where nobody has seats of a type, no paper for it is wrong."""
    for name, wanted in forced.seats.items():
        agreement = plan.seats.get(name)
        if agreement is None:
            if any(wanted.contracted or ()):
                return False
            continue
        if wanted.offer not in (None, agreement.offer) or wanted.term_months not in (None, agreement.term_months):
            return False
        if wanted.contracted and _each(wanted.contracted, len(agreement.contracted)) != agreement.contracted:
            return False
    return True


def _keeps_routes(deal: Deal, user: str, routes: Sequence[Route], wanted: Sequence[ProposedRoute]) -> bool:
    """Whether one option (all of a single route without a month) answers everything wherever it is open."""
    (key,) = wanted[0].shares
    return all(
        _share_of(epoch, route, key) >= NEARLY_ALL
        for epoch, route in zip(menu(deal, user), routes, strict=True)
        if epoch.option(key) is not None
    )


def _share_of(epoch: Epoch, route: Route, key: str) -> float:
    """Return the share of an option and of those that differ from it in name only."""
    option = epoch.option(key)
    total = 0.0
    for other, share in route.shares.items():
        found = epoch.option(other)
        if option and found and (found.sameness, found.counts_as) == (option.sameness, option.counts_as):
            total += share
    return total
