"""Options that cost more at list than another one that would do: closed under a commitment measured at list (model §4).

There a dollar more at list cuts the shortfall, so that without this rule a plan could gain by wasting: by a dearer
model where a cheaper one is as good, or by a request that is not cached where it might be.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations
from typing import TypeAlias

import numpy as np

from deal_solve.deal.deal import Deal
from deal_solve.deal.requests.request_cost import effective_hit_rate, other_usd, request_cost
from deal_solve.deal.requests.routing_options import Epoch, Option
from deal_solve.deal.workload import Request
from deal_solve.plan.plan import Plan, Route
from deal_solve.plan.renewal_paths import plans_by_path
from deal_solve.plan.resolved import User, resolve
from deal_solve.uncertainty.scenario_set import Array, Scenarios, ScenarioSet, each_block

Place: TypeAlias = tuple[str, int, str]
"""(workload or cohort, start of the epoch, option key)."""

ROOM = 1e-9


def is_measured_at_list(deal: Deal) -> bool:
    """Whether some offer counts its commitment in list dollars."""
    return any(offer.api is not None and offer.api.is_measured_at_list for offer in deal.offers.values())


def may_replace(request: Request, better: Option, worse: Option) -> bool:
    """Whether an option can stand wherever another one stands: no project, batch or limited name that it has not."""
    limited = frozenset(request.shares)
    return (
        set(better.projects) <= set(worse.projects)
        and (worse.batch or not better.batch)
        and better.counts_as & limited == worse.counts_as & limited
    )


def dearer_options(deal: Deal, scenarios: Scenarios) -> frozenset[Place]:
    """Return the options that cost more at list than one that may replace them, in every scenario and month.

    Those of no better quality alone; none in a deal in which no offer is measured at list.
    """
    if not is_measured_at_list(deal):
        return frozenset()
    found = each_block(scenarios, lambda _, block: {*_dearer_pairs(deal, block)})
    return frozenset(place for place, _ in set.intersection(*found))


def _dearer_pairs(deal: Deal, block: ScenarioSet) -> Iterator[tuple[Place, str]]:
    """Yield each dearer option of a block with one that may replace it."""
    for user in resolve(deal).users.values():
        for epoch in user.epochs:
            usd = {option.key: list_usd(user, epoch, option, block) for option in epoch.options}
            for better, worse in permutations(epoch.options, 2):
                is_as_good = (better.quality or 0.0) >= (worse.quality or 0.0) - ROOM
                is_dearer = np.all(usd[worse.key] > usd[better.key] * (1 + ROOM))
                if is_as_good and is_dearer and may_replace(user.request, better, worse):
                    yield (user.name, epoch.start, worse.key), better.key


def list_usd(user: User, epoch: Epoch, option: Option, block: ScenarioSet) -> Array:
    """Return USD a request at list, (months, S), in the months of an epoch in which some price may be another one."""
    families = dict.fromkeys(part.family for other in epoch.options for part in other.parts)
    moves = [
        month
        for month in range(epoch.start, epoch.end)
        if month == epoch.start or any(np.any(block.index[f][month] != block.index[f][month - 1]) for f in families)
    ]
    hit = effective_hit_rate(user.request.cache, option.batch, block.hit_rate[user.name])
    usd = np.full((len(moves), block.size), other_usd(user.request, option))
    for part in option.parts:
        usd += request_cost(user.request, option, part, user.usage_multiplier).at(hit) * block.index[part.family][moves]
    return usd


def years_measured_at_list(deal: Deal, plan: Plan) -> frozenset[int]:
    """Return the contract years in which a plan has a commitment that is measured at list."""
    taken = resolve(deal).taken(plan.api)
    if taken.api is None or not taken.api.is_measured_at_list:
        return frozenset()
    terms = zip(taken.spans, plan.api.terms, strict=True)
    return frozenset(year for span, term in terms if term.band_usd_per_year > 0 for year in span.years)


def dearer_in(deal: Deal, plan: Plan, dearer: frozenset[Place], scenarios: Scenarios) -> tuple[Place, ...]:
    """Return the closed options that a plan uses in years of a commitment that is measured at list, on the paths
    through its tables that scenarios take.
    """
    flat = plans_by_path(deal, plan, scenarios).values() if dearer else ()
    return tuple(dict.fromkeys(place for one in flat for place in _dearer_on_path(deal, one, dearer)))


def _dearer_on_path(deal: Deal, plan: Plan, dearer: frozenset[Place]) -> tuple[Place, ...]:
    years = years_measured_at_list(deal, plan)
    return tuple(
        (user, route.from_month, key)
        for user, routes in (*plan.routing.items(), *plan.use.items())
        for route in routes
        for key in _used(route)
        if (user, route.from_month, key) in dearer
        and route.from_month // 12 in years
        and counts_toward(deal, plan, user, route.from_month // 12)
    )


def counts_toward(deal: Deal, plan: Plan, user: str, year: int) -> bool:
    """Whether usage counts toward the commitment: of software, of tools, of seats where the offer says so."""
    track = plan.tracks[user][year] if user in plan.tracks else None
    if track is None or track in deal.internal_tools:
        return True
    agreement = plan.seats.get(track)
    if agreement is None or agreement.seller(year) != plan.api.offer:
        return False
    seat = resolve(deal).seat_of(agreement, track, year)
    return seat.covered_share[user] < 1 and seat.part.counts_toward_commitment > 0


def _used(route: Route) -> Iterator[str]:
    yield from (key for key, share in route.shares.items() if share > ROOM)
