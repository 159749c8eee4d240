"""A grid of complete plans of a small deal, made without the optimiser: what it must not be beaten by."""

import itertools
import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from deal_solve import Infeasible, solve
from deal_solve.deal.deal import AT_LIST, LIST, Deal
from deal_solve.errors import InputError
from deal_solve.plan.completion.complete import complete
from deal_solve.plan.dearer import dearer_in, dearer_options
from deal_solve.plan.plan import Plan
from deal_solve.plan.proposal import Proposal
from deal_solve.plan.resolved import resolve
from deal_solve.plan.validation.validity import refuse_impossible
from deal_solve.settlement.settle import settle
from deal_solve.uncertainty.expansion import scenarios_of
from deal_solve.uncertainty.first_users import first_users
from deal_solve.uncertainty.scenario_set import Scenarios, ScenarioSet
from tests.support.oracle import broken_limits, objective

Data = dict[str, Any]
MULTIPLES = (1.0, 1.15, 1.4, 2.0)
TRACKS = 40
"""Combinations of tracks that are tried, where there are more."""


def grid(deal: Deal, scenarios: ScenarioSet, near: Plan, most: int, seed: int) -> Iterator[Plan]:
    """Yield up to `most` possible plans: agreement x band x commitment, seats and tracks, routing and projects.

    `near`, the plan to beat, lends its parts: they are combined with all others, and its numbers are moved a little.
    """
    yield from neighbours(deal, near, scenarios)
    routings = [_as_data(near.routing), *_routings(deal, near)]
    people = [_people_of(near), *_people(deal, scenarios)]
    agreements = [near.api.model_dump(mode="json"), *_agreements(deal, scenarios, near)]
    everything = len(routings) * len(people) * len(agreements)
    rng = np.random.default_rng(seed)
    chosen = range(everything) if everything <= most else rng.choice(everything, most, replace=False)
    for number in chosen:
        number, routing = divmod(int(number), len(routings))
        api, one = divmod(number, len(people))
        plan = _plan(deal, scenarios, {"api": agreements[api], **people[one], "routing": routings[routing]})
        if plan:
            yield plan


def neighbours(deal: Deal, plan: Plan, scenarios: Scenarios, most: int | None = None, seed: int = 0) -> Iterator[Plan]:
    """Yield possible plans that differ from a plan in one number: a commitment, the seats of a year, one share.

    With `most` only so many are tried.
    """
    moves = [*_other_commitments(plan), *_other_seats(plan), *_other_shares(deal, plan)]
    if most is not None and most < len(moves):
        moves = [moves[n] for n in np.random.default_rng(seed).choice(len(moves), most, replace=False)]
    first, dearer = first_users(scenarios), dearer_options(deal, scenarios)
    for changed in moves:
        try:
            refuse_impossible(deal, changed, first, scenarios)
        except InputError:
            continue
        if not dearer_in(deal, changed, dearer, scenarios):
            yield changed


def _other_commitments(plan: Plan) -> Iterator[Plan]:
    for index, term in enumerate(plan.api.terms):
        for factor in (0.9, 0.99, 1.01, 1.1):
            moved = term.model_copy(update={"commitment_usd": tuple(c * factor for c in term.commitment_usd)})
            terms = (*plan.api.terms[:index], moved, *plan.api.terms[index + 1 :])
            yield plan.model_copy(update={"api": plan.api.model_copy(update={"terms": terms})})


def _other_seats(plan: Plan) -> Iterator[Plan]:
    for name, agreement in plan.seats.items():
        years = len(agreement.contracted)
        for step, which in itertools.product((-5, -1, 1, 5), (*range(years), None)):
            counts = tuple(max(n + step * (which in (None, y)), 0) for y, n in enumerate(agreement.contracted))
            moved = agreement.model_copy(update={"contracted": counts})
            yield plan.model_copy(update={"seats": {**plan.seats, name: moved}})


def _other_shares(deal: Deal, plan: Plan) -> Iterator[Plan]:
    """Move a part of each epoch's requests to another open option (and buy what it needs)."""
    for kind, users in {"routing": plan.routing, "use": plan.use}.items():
        for user, routes in users.items():
            for index, (epoch, route) in enumerate(zip(resolve(deal).epochs(user), routes, strict=True)):
                for option, part in itertools.product(epoch.options, (0.1, 1.0)):
                    shares = {key: share * (1 - part) for key, share in route.shares.items()}
                    shares[option.key] = shares.get(option.key, 0.0) + part
                    moved = (*routes[:index], route.model_copy(update={"shares": shares}), *routes[index + 1 :])
                    update: Data = {kind: {**users, user: moved}}
                    bought = dict.fromkeys((*plan.projects.get(user, ()), *option.projects))
                    if bought:
                        update["projects"] = {**plan.projects, user: tuple(bought)}
                    yield plan.model_copy(update=update)


def _plan(deal: Deal, scenarios: ScenarioSet, parts: Data) -> Plan | None:
    """Return the complete plan of a proposal, None if it is not possible."""
    try:
        plan, _ = complete(deal, Proposal.model_validate(parts), scenarios)
        refuse_impossible(deal, plan, first_users(scenarios), scenarios)
    except InputError:
        return None
    return None if dearer_in(deal, plan, dearer_options(deal, scenarios), scenarios) else plan


def _as_data(routes: dict[str, Any]) -> Data:
    return {name: [route.model_dump(mode="json") for route in each] for name, each in routes.items()}


# Agreement x term x band x commitment


def _agreements(deal: Deal, scenarios: ScenarioSet, near: Plan) -> list[Data]:
    found: list[Data] = []
    for offer, on_table in resolve(deal).offers.items():
        part = on_table.api
        for months in on_table.first_terms if part else ():
            for band in part.bands:
                threshold = band.commit_usd_per_year
                head = {"offer": offer, "term_months": months, "band_usd_per_year": threshold}
                amounts = _amounts(deal, scenarios, near, head) if threshold else [0.0]
                found += [{**head, "commitment_usd": usd} for usd in amounts]
                if offer not in AT_LIST:
                    found += [
                        {**head, "commitment_usd": usd, "at_list": list(years)}
                        for usd in amounts
                        for years in _years_left(deal)
                    ]
    return found


def _years_left(deal: Deal) -> Iterator[tuple[bool, ...]]:
    """Yield every choice of later contract years in which something can be left."""
    for later in itertools.product((False, True), repeat=deal.years - 1):
        if any(later):
            yield (False, *later)


def _amounts(deal: Deal, scenarios: ScenarioSet, near: Plan, head: Data) -> list[float]:
    """Return commitments worth trying: the threshold, multiples of it, and what a scenario uses in a contract year."""
    threshold = head["band_usd_per_year"]
    used: set[float] = set()
    parts = {"api": {**head, "commitment_usd": threshold}, "routing": _as_data(near.routing)}
    plan = _plan(deal, scenarios, {**parts, **_people_of(near)}) or _plan(deal, scenarios, parts)
    if plan:
        yearly: dict[int, Any] = {}
        for period in settle(deal, plan, scenarios).drawdown:
            yearly[period.contract_year] = yearly.get(period.contract_year, 0.0) + period.usage_usd
        used = {round(float(usd), 2) for values in yearly.values() for usd in values}
    step = resolve(deal).offers[head["offer"]].api.step_usd
    wanted = {threshold * factor for factor in MULTIPLES} | {usd for usd in used if usd > threshold}
    return sorted({math.ceil(usd / step - 1e-9) * step for usd in wanted} if step else wanted)


# Seats and tracks


def _people_of(plan: Plan) -> Data:
    seats = {name: agreement.model_dump(mode="json") for name, agreement in plan.seats.items()}
    tracks = {name: list(years) for name, years in plan.tracks.items()}
    return {"seats": seats, "tracks": tracks}


def _people(deal: Deal, scenarios: ScenarioSet) -> list[Data]:
    """Return seats and tracks: every offer, tracks of each cohort per year (some of many), counts worth trying."""
    ways = [[*itertools.product(cohort.tracks, repeat=deal.years)] for cohort in deal.cohorts.values()]
    every = math.prod(map(len, ways))
    chosen = range(every) if every <= TRACKS else np.random.default_rng(0).choice(every, TRACKS, replace=False)
    found: list[Data] = []
    for number in chosen if deal.cohorts else ():
        places = np.unravel_index(int(number), [len(each) for each in ways])
        tracks = {name: each[place] for name, each, place in zip(deal.cohorts, ways, places, strict=True)}
        found += _seats(deal, scenarios, tracks)
    return found


def _seats(deal: Deal, scenarios: ScenarioSet, tracks: dict[str, tuple[str, ...]]) -> Iterator[Data]:
    """Yield these tracks with every offer of the seat types on them, and counts worth trying."""
    types = [t for t in dict.fromkeys(itertools.chain(*tracks.values())) if t in deal.seat_types]
    papers = [[(p, m) for p in resolve(deal).sellers(t) for m in resolve(deal).offers[p].first_terms] for t in types]
    for bought in itertools.product(*papers):
        options = [_counts(deal, scenarios, tracks, t, p) for t, (p, _) in zip(types, bought, strict=True)]
        for counts in itertools.product(*options):
            seats = {
                t: {"offer": p, "term_months": m, "contracted": list(n)}
                for t, (p, m), n in zip(types, bought, counts, strict=True)
            }
            for some in (seats, *_left(deal, seats)):
                yield {"seats": some, "tracks": {name: list(years) for name, years in tracks.items()}}


def _left(deal: Deal, seats: dict[str, Data]) -> Iterator[dict[str, Data]]:
    """Yield seats of which one type is left for one list, in each choice of later contract years."""
    for name, agreement in seats.items():
        for seller, years in itertools.product(AT_LIST, _years_left(deal)):
            if seller in resolve(deal).sellers(name) and agreement["offer"] not in AT_LIST:
                kept = agreement["contracted"]
                counts = kept if seller == LIST else [0 if gone else n for gone, n in zip(years, kept, strict=True)]
                at_list = [seller if gone else False for gone in years]
                yield {**seats, name: {**agreement, "contracted": counts, "at_list": at_list}}


def _counts(
    deal: Deal, scenarios: ScenarioSet, tracks: dict[str, tuple[str, ...]], seat_type: str, offer: str
) -> list[tuple[int, ...]]:
    """Return counts per year, up to the maximum of the plan: flat ones at minimum, tier steps and peaks, and peaks."""
    seat, plan = resolve(deal).offers[offer].seats[seat_type], deal.card.plan_of(seat_type)
    if seat.is_billed_by_users:
        return [(0,) * deal.years]
    part, users = seat.part, np.zeros((deal.years, 12, scenarios.size))
    for name, years in tracks.items():
        on = np.array([track == seat_type for track in years])
        whole = np.pad(
            scenarios.users[name], ((0, 12 * deal.years - deal.horizon_months), (0, 0))
        )  # a year that the horizon cuts
        users += on[:, None, None] * whole.reshape(users.shape)
    maximum = 10**9 if plan is None or plan.maximum is None else plan.maximum
    peaks = np.minimum(users.max(axis=1).T, maximum)
    levels = {0, part.minimum or 0, math.ceil(float(scenarios.weights @ peaks.max(axis=1)))}
    levels |= {step.seats - less for step in (part.tiers.steps if part.tiers else ()) for less in (0, 1)}
    levels |= {math.ceil(peak) for peak in peaks.max(axis=1)} | {math.ceil(peak) for peak in peaks[:, 0]}
    shapes = {(level,) * deal.years for level in levels} | {tuple(math.ceil(p) for p in row) for row in peaks}
    taken = [any(years[year] == seat_type for years in tracks.values()) for year in range(deal.years)]
    return sorted({tuple(n * on for n, on in zip(shape, taken, strict=True)) for shape in shapes})


# Routing and projects


def _routings(deal: Deal, near: Plan) -> list[Data]:
    """Return each workload on one option wherever it is open (the near plan elsewhere), and half and half."""
    found: list[Data] = []
    for user in deal.workloads:
        epochs, routes = resolve(deal).epochs(user), near.routing[user]
        keys = list(dict.fromkeys(option.key for epoch in epochs for option in epoch.options))
        for part, key in itertools.product((1.0, 0.5), keys):
            mixed = []
            for epoch, route in zip(epochs, routes, strict=True):
                shares = dict(route.shares)
                if epoch.option(key):
                    shares = {name: share * (1 - part) for name, share in shares.items()}
                    shares[key] = shares.get(key, 0.0) + part
                mixed.append({"from_month": epoch.start, "shares": shares})
            found.append({**_as_data(near.routing), user: mixed})
    return found


def no_plan_of_a_grid_is_better(deal: Deal, seed: int) -> None:
    """Assert that none of sixty stated plans within the limits is worth more than the bound of a solve allows."""
    try:
        solution = solve(deal)
    except Infeasible:
        return
    scenarios = scenarios_of(deal)
    for plan in grid(deal, scenarios, solution.plan, most=60, seed=seed):
        settled = settle(deal, plan, scenarios)
        worth = objective(deal, settled.cost, settled.weights, solution.baseline_cost)
        if next(broken_limits(deal, settled), None) is None:
            assert worth >= solution.bound_usd - max(2e-6 * abs(worth), 0.02), plan
