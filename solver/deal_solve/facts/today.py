"""Today's bill: what a deal file implies for its first month on today's routing, at list; and going on as today."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from deal_solve.deal.cohort import NONE
from deal_solve.deal.deal import AT_LIST, LIST, Deal
from deal_solve.deal.requests.request_cost import effective_hit_rate, other_usd, request_cost, request_tokens
from deal_solve.deal.requests.routing_options import Option
from deal_solve.deal.requests.today import is_retired, todays_option
from deal_solve.errors import InputError
from deal_solve.facts.usage.rates_in_force import BillInForce, bill_in_force, rates_in_force, seats_in_force
from deal_solve.frames import Table
from deal_solve.plan.completion.complete import complete
from deal_solve.plan.completion.routing import default_shares
from deal_solve.plan.proposal import Proposal
from deal_solve.plan.resolved import SeatOffer, User, resolve
from deal_solve.plan.tracks import is_seat_type, missing_controls
from deal_solve.plan.unknown_limits import is_closed
from deal_solve.record import Record
from deal_solve.settlement.settle import Settlement, settle
from deal_solve.uncertainty.expansion import central
from deal_solve.uncertainty.months import in_months_of
from deal_solve.uncertainty.scenario_set import ScenarioSet, first_block

if TYPE_CHECKING:
    import pandas as pd

PER_MILLION = 1e6
TOKENS = {
    "input_mtok": "uncached",
    "cache_write_mtok": "written",
    "cache_read_mtok": "read",
    "output_mtok": "output",
}
"""The fields of a use by class of token, with their names in RequestTokens."""
DOLLARS = ("usage_usd", "other_usd", "included_usd", "in_force_usd")


@dataclass(frozen=True, kw_only=True)
class TodaysUse(Record):
    """What one workload or cohort comes to in the first month, at today's list; null where it does not apply."""

    kind: Annotated[Literal["workload", "cohort"], Field(description="software, or people")]
    name: Annotated[str, Field(description="its name in the file")]
    title: Annotated[str, Field(description="its title, else its name")]
    starts: Annotated[str, Field(description="its first month, YYYY-MM; nothing is used before")]
    runs_on: Annotated[str, Field(description="option, or shares of options, that answer; empty where nothing is used")]
    priced_as: Annotated[str, Field(description="the models whose prices are taken, divided by commas")]
    is_stated: Annotated[bool, Field(description="whether the file says what runs today; else the best quality open")]
    is_retired: Annotated[
        bool, Field(description="whether the model of `today` is gone: what took its place is priced")
    ]
    requests: Annotated[float | None, Field(description="in the month; null for a cohort without a use section")]
    input_mtok: Annotated[float | None, Field(description="million input tokens that are not cached")]
    cache_write_mtok: Annotated[float | None, Field(description="million input tokens written to the cache")]
    cache_read_mtok: Annotated[float | None, Field(description="million input tokens read from the cache")]
    output_mtok: Annotated[float | None, Field(description="million output tokens")]
    usage_usd: Annotated[float, Field(description="tokens that are billed")]
    other_usd: Annotated[float, Field(description="other charges per request")]
    included_usd: Annotated[float, Field(description="list value of the usage that the seats include, not billed")]
    in_force_usd: Annotated[
        float, Field(description="tokens and other charges at the rates in force; as at list without an agreement")
    ]
    people: Annotated[float | None, Field(description="headcount of the cohort")] = None
    users: Annotated[float | None, Field(description="of them with a seat or the tool")] = None
    track: Annotated[
        str | None, Field(description="its first seat type in force, else the first track that is open to it")
    ] = None
    seat_usd: Annotated[float | None, Field(description="list price of its seat per user-month")] = None
    seats_usd: Annotated[float, Field(description="users times the price of the seat")] = 0.0

    @property
    def total_usd(self) -> float:
        """Everything that is billed for the month."""
        return self.usage_usd + self.other_usd + self.seats_usd


@dataclass(frozen=True, kw_only=True)
class TodaysBill(Record):
    """The bill of one month that a file implies: what is used today, at list, and under the agreement in force, USD.

    Every band is at its P50 and nothing has grown; the season of the month counts. Tokens are counted as the model that
    answers counts them.
    """

    month: Annotated[str, Field(description="the first month of the deal, YYYY-MM")]
    uses: Annotated[Table[TodaysUse], Field(description="the workloads, then the cohorts, as in the file")]
    usage_usd: Annotated[float, Field(description="API usage, other charges included")]
    seats_usd: Annotated[float, Field(description="seats")]
    total_usd: Annotated[float, Field(description="both")]
    in_force: Annotated[
        BillInForce | None, Field(description="the same under the agreement in force; null without one")
    ] = None

    def to_frame(self) -> pd.DataFrame:
        """Return one row per workload and cohort."""
        return self.uses.to_frame()


def today(deal: Deal) -> TodaysBill:
    """Return what a file implies for the first month: requests, tokens by class, seats and dollars at list.

    A workload runs on its `today` (a retired model is priced as what has taken its place), else on the best quality
    open; a cohort is on its first seat type in force, else on the first of its tracks that is open to it. Raises
    InputError where a workload has no open option.
    """
    scenario = central(deal)
    works = [_workload(deal, name, scenario) for name in deal.workloads]
    uses = (*works, *(_cohort(deal, name, scenario) for name in deal.cohorts))
    usage = sum(use.usage_usd + use.other_usd for use in uses)
    seats = sum(use.seats_usd for use in uses)
    held, users = seats_in_force(deal), defaultdict[str, float](float)
    for use in uses:
        users[use.track or ""] += use.users or 0.0
    return TodaysBill(
        month=f"{deal.start:%Y-%m}",
        uses=Table(uses),
        usage_usd=usage,
        seats_usd=seats,
        total_usd=usage + seats,
        in_force=bill_in_force(
            deal,
            sum(use.in_force_usd for use in uses),
            users,
            sum(use.seats_usd for use in uses if use.track not in held),
        ),
    )


def _workload(deal: Deal, name: str, scenario: ScenarioSet) -> TodaysUse:
    work = deal.workloads[name]
    stated = work.today and todays_option(deal, work, work.today)
    options = [(stated, 1.0)] if stated else _assumed(resolve(deal).users[name])
    return TodaysUse(
        kind="workload",
        name=name,
        title=work.title or name,
        starts=f"{deal.calendar(deal.month(work.starts)):%Y-%m}",
        is_stated=stated is not None,
        is_retired=work.today is not None and is_retired(deal, work.today),
        **_billed(deal, resolve(deal).users[name], options, scenario, (float(scenario.requests[name][0, 0]), 1.0, 1.0)),
    )


def _cohort(deal: Deal, name: str, scenario: ScenarioSet) -> TodaysUse:
    cohort = deal.cohorts[name]
    track, seat = _track(deal, name)
    users = float(scenario.users[name][0, 0])
    user = resolve(deal).users.get(name) if track != NONE else None
    metered = 1.0 if seat is None else _billed_share(deal, name, seat, scenario)
    requests = users * float(scenario.per_user[name][0, 0])
    counted = seat.part.counts_toward_commitment if seat is not None and track in seats_in_force(deal) else 0.0
    return TodaysUse(
        kind="cohort",
        name=name,
        title=cohort.title or name,
        starts=f"{deal.calendar(deal.month(cohort.starts)):%Y-%m}",
        is_stated=False,
        is_retired=False,
        people=cohort.headcount,
        users=users,
        track=track,
        seat_usd=None if seat is None else seat.card_usd,
        seats_usd=0.0 if seat is None else users * seat.card_usd,
        **_billed(deal, user, _assumed(user), scenario, (requests, metered, counted)),
    )


def _billed_share(deal: Deal, name: str, seat: SeatOffer, scenario: ScenarioSet) -> float:
    """Return the share of a cohort's usage that is billed on a seat: beyond its covered share, or its allowance."""
    allowance = seat.allowance
    if allowance is None:
        return 1 - seat.covered_share[name]
    together = [each for each in deal.cohorts if each == name or (allowance.pooled and _track(deal, each)[1] is seat)]
    used = sum(_used(deal, each, scenario) for each in together)
    included = allowance.usd_per_user_month * sum(float(scenario.users[each][0, 0]) for each in together)
    if not used or allowance.beyond == "blocked":
        return 0.0
    use = deal.cohorts[name].use
    classes = [(one.share, one.factor) for one in use.spread] if use and not allowance.pooled else []
    extra = sum(share * max(0.0, factor * used - included) for share, factor in classes or [(1.0, 1.0)])
    return (1 - allowance.extra_discount) * extra / used


def _used(deal: Deal, name: str, scenario: ScenarioSet) -> float:
    """Return what a cohort uses in the month at list, charges per request beside the model included."""
    requests = float(scenario.users[name][0, 0] * scenario.per_user[name][0, 0])
    user = resolve(deal).users.get(name)
    billed = _billed(deal, user, _assumed(user), scenario, (requests, 1.0, 1.0))
    return float(billed["usage_usd"] + billed["other_usd"])


def _assumed(user: User | None) -> list[tuple[Option, float]]:
    """Return the options of best quality that are open in the first month, with their shares."""
    if user is None:
        return []
    epoch = user.epochs[0]
    shares = default_shares(user, epoch, [], False)
    return [(option, shares[option.key]) for option in epoch.options if shares.get(option.key)]


def _track(deal: Deal, name: str) -> tuple[str, SeatOffer | None]:
    """Return the first seat type in force of a cohort, else the first track that is open to it, else its first one, and
    its seat: at list where list has it.
    """
    offers, held = resolve(deal), seats_in_force(deal)
    for track in deal.cohorts[name].tracks:
        if track in held:
            return track, held[track]
    tracks = [
        (track, seller)
        for track in deal.cohorts[name].tracks
        for seller in (offers.sellers(track) if is_seat_type(deal, track) else (None,))
    ]
    is_open = (
        each
        for each in tracks
        if not missing_controls(deal, name, each[0], LIST, each[1]) and not is_closed(deal, name, *each)
    )
    track, seller = next(is_open, tracks[0])
    return track, None if seller is None else offers.offers[seller].seats[track]


def _billed(
    deal: Deal,
    user: User | None,
    options: list[tuple[Option, float]],
    scenario: ScenarioSet,
    sent: tuple[float, float, float],
) -> dict[str, Any]:
    """Return requests, tokens and dollars of a month that these options answer.

    `sent` are the requests, the share of them that is billed, and the share of that which counts toward a commitment.
    """
    requests, metered, counted = sent
    if user is None or not options:
        nothing = dict.fromkeys(("requests", *TOKENS))
        return {"runs_on": "", "priced_as": "", **nothing, **dict.fromkeys(DOLLARS, 0.0)}
    usd = in_force = other = 0.0
    rate = rates_in_force(deal)
    tokens = dict.fromkeys(TOKENS.values(), 0.0)
    for option, share in options:
        hits = effective_hit_rate(user.request.cache, option.batch, scenario.hit_rate[user.name])
        for part in option.parts:
            own_usd = share * float(request_cost(user.request, option, part, user.usage_multiplier).at(hits)[0])
            usd += own_usd
            in_force += own_usd * rate(part.model_id, counted)
            own = request_tokens(user.request, option, part, float(hits[0]))
            for kind in tokens:
                tokens[kind] += share * getattr(own, kind)
        other += share * other_usd(user.request, option)
    return {
        "runs_on": ", ".join(option.key if share == 1 else f"{share:.0%} {option.key}" for option, share in options),
        "priced_as": ", ".join(dict.fromkeys(part.model_id for option, _ in options for part in option.parts)),
        "requests": requests,
        **{field: requests * tokens[kind] / PER_MILLION for field, kind in TOKENS.items()},
        "usage_usd": requests * metered * usd,
        "other_usd": requests * metered * other,
        "included_usd": requests * (1 - metered) * usd,
        "in_force_usd": requests * metered * (in_force + other),
    }


def end_in_force(whole: Deal) -> int:
    """Return the month from which no agreement is in force if nothing is signed, from the start of the whole deal."""
    return whole.month(whole.in_force.ends) if whole.in_force else 0


def as_today(settlement: Settlement) -> Settlement | None:
    """Return what nothing signed at any time and nothing changed costs, people on the tracks of a settled plan.

    An agreement in force runs to its end, then API and seats are at list. None where nobody sells at list what people
    use. This is what every printout calls "as today"; no more is settled of it than what it costs.
    """
    deal, signed = settlement.deal, settlement.deal.signing_month
    month = max(signed, end_in_force(deal.whole))
    own = deal if month == signed else deal.whole.signed_in(month)
    tracks = {
        name: tuple(years[(month - signed + 12 * year) // 12] for year in range(own.years))
        for name, years in settlement.plan.tracks.items()
    }
    taken = {track for years in tracks.values() for track in years if is_seat_type(own, track)}
    sellers = {name: next((each for each in AT_LIST if each in resolve(own).sellers(name)), None) for name in taken}
    seats = {name: {"offer": seller} for name, seller in sorted(sellers.items())}
    scenarios = in_months_of(own, settlement.scenarios)
    try:
        asked = Proposal.model_validate({"api": {"offer": LIST}, "seats": seats, "tracks": tracks})
        plan, _ = complete(own, asked, first_block(scenarios))
    except InputError:
        return None
    return None if None in sellers.values() else settle(own, plan, scenarios, costs_alone=True)
