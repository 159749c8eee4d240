"""Good plans by rule of thumb, without the optimiser: what limits are set around, so that they bind and can be met."""

import itertools
import json
from collections.abc import Iterator
from typing import Any

from deal_solve.deal.deal import Deal
from deal_solve.deal.requests.routing_options import Epoch
from deal_solve.deal.workload import Workload
from deal_solve.errors import InputError
from deal_solve.plan.completion.complete import complete
from deal_solve.plan.initial_order import initial_order
from deal_solve.plan.plan import Plan
from deal_solve.plan.proposal import Proposal
from deal_solve.plan.resolved import SeatOffer, resolve
from deal_solve.plan.validation.routing import route_problems
from deal_solve.plan.validation.validity import refuse_impossible
from deal_solve.settlement.settle import Settlement, settle
from deal_solve.uncertainty.expansion import scenarios_of
from deal_solve.uncertainty.first_users import first_users
from tests.support.generators.estimate import option_usd

Data = dict[str, Any]
KEPT = 2


def heuristic_plans(deal: Deal) -> list[Settlement]:
    """Return settled plans, cheapest first: the best tracks, then offers and bands, then seats and commitment."""
    routings = [{name: cheapest_routing(deal, name, buys) for name in deal.workloads} for buys in (True, False)]
    papers = {api["offer"]: api for api in reversed([*_agreements(deal)])}
    first = itertools.product(papers.values(), _tracks(deal), routings)
    known: dict[str, Settlement] = {}
    start = _settled(
        deal, known, [{"api": api, "tracks": tracks, "routing": routing} for api, tracks, routing in first]
    )
    people = [one.plan for one in start[:KEPT]]
    parts = [
        {"api": api, "tracks": _listed(plan.tracks), "routing": routing}
        for api, plan, routing in itertools.product(_agreements(deal), people, routings)
    ]
    found = [*start, *_settled(deal, known, parts)]
    found.sort(key=_expected)
    finer = [change for one in found[:KEPT] for change in _finer(deal, one.plan)]
    return sorted([*found, *_settled(deal, known, finer)], key=_expected)


def _expected(settled: Settlement) -> float:
    return float(settled.weights @ settled.cost)


def _settled(deal: Deal, known: dict[str, Settlement], proposals: list[Data]) -> list[Settlement]:
    """Return the settled plans of the possible proposals, cheapest first; none that is `known` is settled again."""
    scenarios = scenarios_of(deal)
    first = first_users(scenarios)
    asked: dict[str, Settlement | None] = {}
    for proposal in proposals:
        if (written := json.dumps(proposal)) in asked:
            continue
        asked[written] = None
        try:
            plan, _ = complete(deal, Proposal.model_validate(proposal), scenarios)
            name = plan.model_dump_json()
            if name not in known:
                refuse_impossible(deal, plan, first, scenarios)
                known[name] = settle(deal, plan, scenarios)
        except InputError:
            continue
        asked[written] = known[name]
    found = (asked[json.dumps(proposal)] for proposal in proposals)
    return sorted((settled for settled in found if settled is not None), key=_expected)


def _tracks(deal: Deal) -> Iterator[dict[str, list[str]]]:
    """Yield every choice of one track per cohort for all years."""
    for chosen in itertools.product(*(cohort.tracks for cohort in deal.cohorts.values())):
        yield {name: [track] for name, track in zip(deal.cohorts, chosen, strict=True)}


def _listed(tracks: dict[str, tuple[str, ...]]) -> dict[str, list[str]]:
    return {name: list(years) for name, years in tracks.items()}


def _agreements(deal: Deal) -> Iterator[Data]:
    for offer, on_table in resolve(deal).offers.items():
        part = on_table.api
        for months in on_table.first_terms if part else ():
            for band in part.bands:
                yield {"offer": offer, "term_months": months, "band_usd_per_year": band.commit_usd_per_year}


def _finer(deal: Deal, plan: Plan) -> Iterator[Data]:
    """Yield a plan with other commitments, and with fewer or more seats: no fewer than are ordered at the start."""
    data = plan.model_dump(mode="json")
    first = first_users(scenarios_of(deal))
    used = {track for years in plan.tracks.values() for track in years}
    for factor in (1.0, 1.2, 1.5):
        for seats in (0.0, 0.6, 0.85, 1.0, 1.15):
            moved = {**data, "seats": {name: dict(one) for name, one in data["seats"].items() if name in used}}
            for name, agreement in moved["seats"].items():
                seat = resolve(deal).offers[agreement["offer"]].seats[name]
                if seat.is_billed_by_users:
                    continue
                ordered = initial_order(deal, (seat,) * deal.years, plan.tracks, first)
                moved_to = [round(n * seats) for n in agreement["contracted"]]
                agreement["contracted"] = _allowed(deal, seat, moved_to, ordered)
            api = data["api"]
            terms = [{**term, "commitment_usd": [c * factor for c in term["commitment_usd"]]} for term in api["terms"]]
            yield {**moved, "api": {**api, "terms": terms}}


def _allowed(deal: Deal, seat: SeatOffer, contracted: list[int], ordered: tuple[int, ...]) -> list[int]:
    """Return the nearest numbers between the minimum and the maximum of the type and of its plan, orders included."""
    plan, part = deal.card.plan_of(seat.seat_type), seat.part
    minimum = max(part.minimum or 0, plan.minimum if plan else 0)
    maxima = [most for most in (part.maximum, plan.maximum if plan else None) if most is not None]
    return [min(max(n, minimum, order), *maxima, 10**9) for n, order in zip(contracted, ordered, strict=True)]


def cheapest_routing(deal: Deal, workload: str, buys: bool) -> list[Data]:
    """Return, per epoch, the cheapest mix of at most two options that keeps all limits; with or without projects."""
    request, hit_rate = deal.workloads[workload], scenarios_of(deal).hit_rate[workload]
    user, routes = resolve(deal).users[workload], []
    for epoch in user.epochs:
        usd = {one.key: option_usd(deal, workload, one, hit_rate) for one in epoch.options if buys or not one.projects}
        bought = frozenset(request.projects) if buys else frozenset()
        mixes = sorted(_mixes(request, epoch, list(usd)), key=lambda mix: sum(usd[key] * s for key, s in mix.items()))
        good = (mix for mix in mixes if not list(route_problems(user, epoch, mix, bought, "")))
        best = next(good, None)
        if best:
            routes.append({"from_month": epoch.start, "shares": best})
    return routes


def _mixes(request: Workload, epoch: Epoch, keys: list[str]) -> Iterator[dict[str, float]]:
    """Yield single options and pairs with the shares at which some limit may bind."""
    quality = {option.key: option.quality or 0.0 for option in epoch.options}
    edges = {request.batchable, *(edge for limit in request.shares.values() for edge in (limit.minimum, limit.maximum))}
    for key in keys:
        yield {key: 1.0}
    for one, other in itertools.permutations(keys, 2):
        shares = set(edges)
        if request.quality.mean_floor is not None and quality[one] != quality[other]:
            shares.add((request.quality.mean_floor - quality[other]) / (quality[one] - quality[other]))
        yield from ({one: share, other: 1 - share} for share in shares if 1e-9 < share < 1 - 1e-9)
