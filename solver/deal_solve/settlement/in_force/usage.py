"""Usage before the month of signing, routed as today (model §6)."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

import numpy as np

from deal_solve.deal.cohort import NONE
from deal_solve.deal.deal import AT_LIST, Deal
from deal_solve.deal.requests.request_cost import effective_hit_rate, other_usd, request_cost, usd_at_p50
from deal_solve.deal.requests.routing_options import Epoch, Option
from deal_solve.deal.requests.today import todays_option
from deal_solve.deal.workload import Workload
from deal_solve.errors import InputError
from deal_solve.plan.resolved import SeatOffer, User, resolve
from deal_solve.plan.unknown_limits import is_closed
from deal_solve.settlement.seats.allowance import extra_usage
from deal_solve.settlement.usage import Usage
from deal_solve.uncertainty.scenario_set import Array, ScenarioSet


@dataclass(frozen=True)
class TrackToday:
    """Where a cohort is before the month of signing: a seat type, in force or as the card sells it, or no track.

    `held` is the seat in force, None without one; `at_list` the seat at the card's cheapest price, a twelfth of its
    year a month, None without a track; a user without one costs the buyer `unserved_usd` a month.
    """

    track: str
    held: SeatOffer | None
    at_list: SeatOffer | None
    unserved_usd: float = 0.0


def tracks_today(deal: Deal) -> dict[str, TrackToday]:
    """Return the track of each cohort: the first of its seat types in force, else the cheapest that is open to it.

    A track costs what a user costs a month at today's list, all bands at P50: the card's cheapest price of the seat, a
    twelfth of its year, and what is metered; or the unserved cost. `deal` has the agreement in force as its only offer.
    """
    return {name: _track_today(deal, name) for name in deal.cohorts}


def _track_today(deal: Deal, name: str) -> TrackToday:
    in_force = deal.in_force
    for track in deal.cohorts[name].tracks:
        if in_force is not None and track in in_force.seats:
            held = resolve(deal).offers[in_force.offer].seats[track]
            return TrackToday(track, held, min(_at_list(deal, name, track), key=lambda seat: seat.usd, default=held))
    found = [(usd, track, seat) for track in deal.cohorts[name].tracks for usd, seat in _costs(deal, name, track)]
    if not found:
        message = "no seat type of it is in force, and none of its tracks is open without an agreement or a tool"
        raise InputError(deal.problem(("cohorts", name, "tracks"), f"before the month of signing {message}"))
    usd, track, seat = min(found, key=lambda each: each[0])
    return TrackToday(track, None, seat, usd if seat is None else 0.0)


def _at_list(deal: Deal, name: str, track: str) -> list[SeatOffer]:
    """Return a seat type as the card sells it, in each billing that is open to a cohort."""
    sellers = [(seller, on_table.seats.get(track)) for seller, on_table in resolve(deal).offers.items()]
    return [
        seat
        for seller, seat in sellers
        if seat is not None
        and seller in AT_LIST
        and seat.provides.issuperset(deal.cohorts[name].requires)
        and not is_closed(deal, name, track, seller)
    ]


def _costs(deal: Deal, name: str, track: str) -> Iterator[tuple[float, SeatOffer | None]]:
    """Yield what a user costs a month on a track, from whom it is sold at list."""
    if track == NONE:
        yield deal.cohorts[name].unserved_usd_per_user_month or 0.0, None
    for seat in _at_list(deal, name, track):
        yield seat.usd + _beside_usd(deal, name, seat), seat


def _beside_usd(deal: Deal, name: str, seat: SeatOffer) -> float:
    """Return what a mean user costs a month beside a seat: what is metered, or what is beyond its allowance.

    It is at today's list and P50, on the cheapest open option.
    """
    use = deal.cohorts[name].use
    if use is None:
        return 0.0
    user = resolve(deal).users[name]
    request_usd = min(
        (usd_at_p50(use, option, user.usage_multiplier) for option in user.epochs[0].options), default=0.0
    )
    used_usd = use.requests_per_user_month.p50 * request_usd
    if seat.allowance is None:
        return (1 - seat.covered_share[name]) * used_usd
    extra = extra_usage(deal, seat.allowance, {name: np.array([[used_usd]])}, {name: np.array([[1.0]])})[name]
    return float(extra[0, 0]) * seat.allowance.usd_per_extra_usd


def option_today(deal: Deal, user: User, epoch: Epoch) -> Option:
    """Return the option that a workload or cohort runs on in an epoch before the month of signing.

    That of `today`; without one the cheapest that is open and needs no project.
    """
    if isinstance(user.request, Workload) and user.request.today is not None:
        today = user.request.today
        return epoch.option(today.key) or todays_option(deal, user.request, today)
    free = [option for option in epoch.options if not option.projects]
    if not free:
        message = "nothing is open without a project before the month of signing; state what runs today"
        section = "workloads" if isinstance(user.request, Workload) else "cohorts"
        raise InputError(deal.problem((section, user.name), message))
    return min(free, key=lambda option: usd_at_p50(user.request, option, user.usage_multiplier))


@dataclass(frozen=True)
class Until:
    """The first months, counted from the start, in which the API (0: there is none) and the seats in force no longer
    run, and the month of signing. The API in force ends with it at the latest; seats run to their end.
    """

    api: int
    seats: int
    signed: int


def usage_before(
    deal: Deal, before: ScenarioSet, tracks: dict[str, TrackToday], until: Until, users: Collection[str] | None = None
) -> Usage:
    """Return the usage of the months before signing, of all or of some users, arrays (months, S), USD at today's list.

    What is used while the API agreement in force runs counts toward its commitment: all of workloads, and of people on
    a seat in force the share that the offer states. From then on nothing counts. People on a seat in force are on it
    until that ends, whatever is signed.
    """
    usage, resolved = Usage(), resolve(deal)
    wanted = resolved.users if users is None else users
    for name in [name for name in deal.workloads if name in wanted]:
        for months, counted in ((range(until.api), 1.0), (range(until.api, until.signed), 0.0)):
            _add(deal, usage, before, _Sent(resolved.users[name], before.requests[name], months, 1.0, counted))
    for name, at in tracks.items():
        ends = until.seats if at.held else 0
        parts = (
            (range(min(ends, until.api)), at.held, True),
            (range(until.api, ends), at.held, False),
            (range(ends, until.signed), at.at_list, False),
        )
        for months, seat, may_count in parts:
            if name in wanted and seat is not None:
                requests, metered = before.users[name] * before.per_user[name], 1 - seat.covered_share[name]
                counted = seat.part.counts_toward_commitment if may_count else 0.0
                _add(deal, usage, before, _Sent(resolved.users[name], requests, months, metered, counted))
    return usage


def value_before(deal: Deal, before: ScenarioSet, name: str, months: range) -> Array:
    """Return all usage of a cohort in some months, at the list prices of each month, (months of `before`, S).

    Charges per request beside the model are part of it.
    """
    usage, requests = Usage(), before.users[name] * before.per_user[name]
    _add(deal, usage, before, _Sent(resolve(deal).users[name], requests, months, 1.0, 0.0))
    listed = (usd * before.index[deal.card.model(model_id).family] for model_id, usd in usage.uncounted.items())
    return sum((*listed, *usage.other.values()), np.zeros(requests.shape))


@dataclass(frozen=True, eq=False)
class _Sent:
    """Requests of a workload or cohort, (months, S), in some `months`; of the share `metered` the share `counted`."""

    user: User
    requests: Array
    months: range
    metered: float
    counted: float


def _add(deal: Deal, usage: Usage, before: ScenarioSet, sent: _Sent) -> None:
    user, hits = sent.user, before.hit_rate[sent.user.name]
    for epoch in user.epochs if sent.metered > 0 else ():
        here = slice(max(epoch.start, sent.months.start), min(epoch.end, sent.months.stop))
        if here.start >= here.stop:
            continue
        option, requests = option_today(deal, user, epoch), sent.requests[here] * sent.metered
        hit_rate = effective_hit_rate(user.request.cache, option.batch, hits)
        for part in option.parts:
            usd = request_cost(user.request, option, part, user.usage_multiplier).at(hit_rate)
            for table, share in ((usage.counted, sent.counted), (usage.uncounted, 1 - sent.counted)):
                if share > 0:
                    table.setdefault(part.model_id, np.zeros(sent.requests.shape))[here] += requests * (share * usd)
        other = other_usd(user.request, option)
        if other > 0:
            usage.other.setdefault(user.name, np.zeros(sent.requests.shape))[here] = requests * other
