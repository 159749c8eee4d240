"""Requests times routing shares: the list value of all API usage, by model and month (model §2 to §5)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from deal_solve.deal.cohort import NONE
from deal_solve.deal.deal import Deal
from deal_solve.deal.requests.request_cost import effective_hit_rate, other_usd, request_cost
from deal_solve.deal.requests.routing_options import Epoch, Option
from deal_solve.errors import InputError
from deal_solve.plan.plan import Plan, Route
from deal_solve.plan.resolved import User, resolve
from deal_solve.settlement.ledger import Ledger, Row
from deal_solve.settlement.seats.seat_plans import served
from deal_solve.uncertainty.scenario_set import Array, ScenarioSet


@dataclass(frozen=True, eq=False)
class Usage:
    """API usage in USD at today's list, each array (H, S).

    `counted[model id]` draws down the commitment, `uncounted[model id]` is billed at list; `other[user]` are charges
    per request that are neither discounted nor drawn down (USD as paid).
    """

    counted: dict[str, Array] = field(default_factory=dict)
    uncounted: dict[str, Array] = field(default_factory=dict)
    other: dict[str, Array] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Stream:
    """Requests of one workload or cohort in months [start, end), (end - start, S); the share `metered` is billed.

    Of that, the share `counted` counts toward the commitment.
    """

    user: User
    start: int
    end: int
    requests: Array
    metered: float
    counted: float


def usage_of(deal: Deal, plan: Plan, scenarios: ScenarioSet, users: Collection[str] | None = None) -> Usage:
    """Return the metered usage of a plan, of all workloads and cohorts or of some `users` only.

    Shares are the same in every scenario (model §3). Users above the maximum of a plan of seats have no usage (model
    §5).
    """
    usage, scenarios = Usage(), served(deal, plan, scenarios)[0]
    for stream in streams(deal, plan, scenarios):
        if users is None or stream.user.name in users:
            for start, end, shares in routed(deal, plan, stream):
                _add(usage, scenarios, stream, slice(start, end), shares)
    return usage


def usage_by_user(deal: Deal, plan: Plan, scenarios: ScenarioSet) -> dict[str, Usage]:
    """Return the metered usage of a plan by workload and cohort, in their order; of some of them it is empty."""
    found = {name: Usage() for name in (*deal.workloads, *deal.cohorts)}
    scenarios = served(deal, plan, scenarios)[0]
    for stream in streams(deal, plan, scenarios):
        for start, end, shares in routed(deal, plan, stream):
            _add(found[stream.user.name], scenarios, stream, slice(start, end), shares)
    return found


def value_of(deal: Deal, plan: Plan, scenarios: ScenarioSet, cohort_id: str, year: int) -> Array:
    """Return all usage of a cohort in a contract year, at the list prices of each month, (months, S).

    Charges per request beside the model are part of it. The users are those of the scenarios, served ones.
    """
    months = _slice(deal.months_of(year))
    requests = scenarios.users[cohort_id][months] * scenarios.per_user[cohort_id][months]
    stream = Stream(resolve(deal).users[cohort_id], months.start, months.stop, requests, 1.0, 0.0)
    usage, value = Usage(), np.zeros(requests.shape)
    for start, end, shares in routed(deal, plan, stream):
        _add(usage, scenarios, stream, slice(start, end), shares)
    for model_id, usd in usage.uncounted.items():
        value += usd[months] * scenarios.index[deal.card.model(model_id).family][months]
    for usd in usage.other.values():
        value += usd[months]
    return value


def _slice(months: range) -> slice:
    return slice(months.start, months.stop)


def streams(deal: Deal, plan: Plan, scenarios: ScenarioSet) -> Iterator[Stream]:
    """Yield every stream of requests: workloads, and cohorts for each contract year in which they are metered."""
    senders = resolve(deal).users
    for key in deal.workloads:
        yield Stream(senders[key], 0, scenarios.months, scenarios.requests[key], 1.0, 1.0)
    for key in deal.cohorts:
        for year in range(deal.years):
            metered, counted = metered_share(deal, plan, key, year)
            if metered > 0:
                if key not in senders:
                    raise InputError(f"cohorts.{key}: its usage is metered, so it needs a use section")
                months = _slice(deal.months_of(year))
                requests = scenarios.users[key][months] * scenarios.per_user[key][months]
                yield Stream(senders[key], months.start, months.stop, requests, metered, counted)


def metered_share(deal: Deal, plan: Plan, cohort_id: str, year: int) -> tuple[float, float]:
    """Return (share of a cohort's usage that is metered in a contract year, the share of that which counts).

    An internal tool meters all of it, and it counts. A seat meters 1 - covered_share; where seat and API agreement are
    of the same offer, neither of them left, the share of it counts toward the commitment that the offer states.
    """
    track = plan.tracks[cohort_id][year]
    if track == NONE:
        return 0.0, 0.0
    if track in deal.internal_tools:
        return 1.0, 1.0
    seat = resolve(deal).seat_of(plan.seats[track], track, year)
    is_same = seat.offer_id == plan.api.offer and not resolve(deal).taken(plan.api).span_of(year).left
    return 1 - seat.covered_share[cohort_id], seat.part.counts_toward_commitment if is_same else 0.0


def priced_share(deal: Deal, plan: Plan, cohort_id: str, year: int) -> float:
    """Return the share of a cohort's usage that has a price in a contract year: metered, or against an allowance."""
    track = plan.tracks[cohort_id][year]
    if track in plan.seats and resolve(deal).seat_of(plan.seats[track], track, year).allowance is not None:
        return 1.0
    return metered_share(deal, plan, cohort_id, year)[0]


def routed(deal: Deal, plan: Plan, stream: Stream) -> Iterator[tuple[int, int, list[tuple[Option, float]]]]:
    """Yield (start, end, [(option, share above 0)]) of a stream's routes, cut at epochs."""
    routes = _routes(deal, plan, stream)
    ends = [*(route.from_month for route in routes[1:]), stream.end]
    for epoch in stream.user.epochs:
        for route, route_end in zip(routes, ends, strict=True):
            start = max(stream.start, epoch.start, route.from_month)
            end = min(stream.end, epoch.end, route_end)
            if start < end:
                taken = {key: share for key, share in route.shares.items() if share > 0}
                yield start, end, [(_open(epoch, key, stream.user.name), share) for key, share in taken.items()]


def _open(epoch: Epoch, key: str, user: str) -> Option:
    option = epoch.option(key)
    if option is None:
        names = ", ".join(each.key for each in epoch.options) or "none"
        raise InputError(f"{user}: {key!r} is not open in {epoch.months}; open options: {names}")
    return option


def _routes(deal: Deal, plan: Plan, stream: Stream) -> tuple[Route, ...]:
    name = stream.user.name
    routes = plan.routing.get(name) or plan.use.get(name) or ()
    if not routes or routes[0].from_month != 0:
        raise InputError(
            f"{name}: the plan has no route from month {deal.dated(0)}; expected one, its usage is metered"
        )
    for route in routes:
        if abs(sum(route.shares.values()) - 1) > 1e-6:
            total, month = sum(route.shares.values()), deal.dated(route.from_month)
            raise InputError(f"{name}: the shares from month {month} add up to {total:g}; expected 1")
    return routes


def _add(
    usage: Usage, scenarios: ScenarioSet, stream: Stream, months: slice, shares: Sequence[tuple[Option, float]]
) -> None:
    """Add the requests of months [start, end), answered by these shares of options: each part on its own model.

    What a request costs on a model is the same in all these months, so it is added up before the months are touched.
    """
    user, request = stream.user, stream.user.request
    hits = _hit_rate(scenarios, user.name)
    usd: dict[str, Array] = {}
    other = 0.0
    for option, share in shares:
        hit_rate = effective_hit_rate(request.cache, option.batch, hits)
        for part in option.parts:
            cost = share * request_cost(request, option, part, user.usage_multiplier).at(hit_rate)
            usd[part.model_id] = usd[part.model_id] + cost if part.model_id in usd else cost
        other += share * other_usd(request, option)
    requests = stream.requests[months.start - stream.start : months.stop - stream.start]
    charges: list[tuple[dict[str, Array], str, Array | float]] = []
    for table, billed in ((usage.counted, stream.counted), (usage.uncounted, 1 - stream.counted)):
        charges += [(table, name, billed * each_usd) for name, each_usd in usd.items() if billed > 0]
    if other > 0:
        charges.append((usage.other, user.name, other))
    for table, name, each_usd in charges:
        if name not in table:
            table[name] = np.zeros((scenarios.months, scenarios.size))
        table[name][months] += requests * (stream.metered * each_usd)


def _hit_rate(scenarios: ScenarioSet, user: str) -> Array:
    """Return h of a workload or cohort, (S,), or (1,) where it is the same in every scenario."""
    rate = scenarios.hit_rate[user]
    return rate[:1] if rate.min() == rate.max() else rate


def post_uncounted(ledgers: Sequence[Ledger], deal: Deal, usage: Usage, scenarios: ScenarioSet, user: str = "") -> None:
    """Post what is not counted, at list · Π of the month, and other charges as they are; at the end of each month.

    `ledgers` has one for each month: the same, or through the channels of the agreements that they are billed under.
    `user` is whose usage it is, where it is that of one workload or cohort alone.
    """
    for model_id, value in usage.uncounted.items():
        listed = value * scenarios.index[deal.card.model(model_id).family]
        for t, own in enumerate(ledgers):
            own.post(Row("uncounted_usage", model_id, value[t], listed[t], t + 1, first=t, last=t, user=user))
    for name, charge in usage.other.items():
        for t, own in enumerate(ledgers):
            own.post(Row("other_charges", name, charge[t], charge[t], paid=t + 1, first=t, last=t))
