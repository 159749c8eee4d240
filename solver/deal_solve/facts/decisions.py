"""What one plan does otherwise than another, decision by decision."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from deal_solve.deal.deal import AT_LIST, LIST, Deal
from deal_solve.deal.money import CENT_TOLERANCE_USD
from deal_solve.frames import Table
from deal_solve.messages import counted, usd
from deal_solve.plan.plan import ApiTerm, EntriesIfLeft, Plan, RenewalRow, Route
from deal_solve.plan.resolved import resolve
from deal_solve.record import NotWritten, Record
from deal_solve.settlement.settle import Settlement
from deal_solve.settlement.usage import priced_share
from deal_solve.uncertainty.scenario_set import Array, blocks

DecisionKind = Literal[
    "api_agreement", "band", "commitment", "later", "seats", "seat_offer", "track", "projects", "routing"
]

NAMES: dict[DecisionKind, str] = {
    "api_agreement": "API agreement",
    "band": "band, from USD a year",
    "commitment": "commitment, USD a year",
    "later": "from {subject} on",
    "seats": "{subject} seats",
    "seat_offer": "{subject} seats from",
    "track": "track of {subject}",
    "projects": "projects of {subject}",
    "routing": "routing of {subject}",
}
"""How the decisions of each kind are called; read by people only, never taken apart."""

NONE = "none"
"""What a plan does of a decision that it does not take."""

MIN_SHOWN_SHARE = 0.005
"""Options of a routing that answer less than this share of the requests are left out."""


@dataclass(frozen=True)
class Decision(Record):
    """One decision of a plan, in words."""

    what: Annotated[str, Field(description="the decision")]
    plan: Annotated[str, Field(description="what the plan does; contract years stand between slashes")]
    kind: NotWritten[DecisionKind] = field(repr=False)
    subject: NotWritten[str] = field(repr=False)
    """A seat type, cohort, workload or month; empty for the API agreement. With `kind` it says the same as `what`."""


@dataclass(frozen=True)
class Change(Record):
    """One decision that another plan takes otherwise, in words; contract years stand between slashes."""

    what: Annotated[str, Field(description="the decision")]
    winner: Annotated[str, Field(description="in the plan of the result")]
    other: Annotated[str, Field(description="in the other plan")]
    kind: NotWritten[DecisionKind] = field(repr=False)
    subject: NotWritten[str] = field(repr=False)


def plan_changes(winner: Settlement, other: Settlement) -> Table[Change]:
    """Return what differs: offers, commitment, seats, tracks, projects, then routing over the whole horizon."""
    before, after = ({(each.kind, each.subject): each for each in decisions(one)} for one in (winner, other))
    found = []
    for key, decision in {**before, **after}.items():
        one, two = (each[key].plan if key in each else NONE for each in (before, after))
        if one != two:
            found.append(Change(decision.what, one, two, *key))
    return Table(tuple(found))


def decisions(settlement: Settlement) -> Table[Decision]:
    """Return what a plan decides: offers, commitment, seats, tracks, projects, then routing over the whole horizon."""
    return Table(
        tuple(
            Decision(NAMES[kind].format(subject=subject), plan, kind, subject)
            for kind, subject, plan in _decided(settlement)
        )
    )


def _decided(settlement: Settlement) -> Iterator[tuple[DecisionKind, str, str]]:
    """Yield kind, subject and what the plan does."""
    deal, plan = settlement.deal, settlement.plan
    api = plan.api
    yield "api_agreement", "", f"{api.offer}, {counted(api.term_months, 'month')}"
    yield "band", "", _by_year([usd(term.band_usd_per_year) if term.offer is None else LIST for term in api.terms])
    yield "commitment", "", _by_year([usd(round(c, 2)) for term in api.terms for c in term.commitment_usd])
    for table in plan.later:
        yield (
            "later",
            f"{deal.calendar(table.month):%Y-%m}",
            f"by table of {counted(len(table.rows), 'bucket')}; here the likeliest",
        )
    for name, agreement in plan.seats.items():
        if any(agreement.contracted):
            yield "seats", name, _by_year([f"{seats:,}" for seats in agreement.contracted])
        if any(plan.takes_seats(name, year) for year in range(deal.years)):
            _, *then = (seller for seller, _ in groupby(map(agreement.seller, range(len(agreement.contracted)))))
            left = f", then {', '.join(then)}" if then else ""
            yield "seat_offer", name, f"{agreement.offer}, {counted(agreement.term_months, 'month')}{left}"
    for cohort, tracks in plan.tracks.items():
        yield "track", cohort, _by_year(tracks)
    for workload in deal.workloads:
        yield "projects", workload, ", ".join(sorted(plan.projects.get(workload, ()))) or NONE
    for user, requests in answered(settlement):
        yield "routing", user, _mix(requests)


def answered(settlement: Settlement) -> Iterator[tuple[str, dict[str, float]]]:
    """Yield every workload and metered cohort with the expected requests per option over the whole horizon."""
    deal, plan = settlement.deal, settlement.plan
    for workload, routes in plan.routing.items():
        yield workload, _answered(deal, workload, routes, _expected(settlement, workload))
    for cohort, routes in plan.use.items():
        priced = [priced_share(deal, plan, cohort, month // 12) for month in range(deal.horizon_months)]
        yield cohort, _answered(deal, cohort, routes, _expected(settlement, cohort) * np.array(priced))


def _expected(settlement: Settlement, user: str) -> Array:
    """Return the expected requests a month of a workload, or of all users of a cohort, (H,)."""
    total = np.zeros(settlement.deal.horizon_months)
    for block in blocks(settlement.scenarios):
        is_work = user in block.requests
        total += (block.requests[user] if is_work else block.users[user] * block.per_user[user]) @ block.weights
    return total


def _by_year(values: Sequence[str]) -> str:
    return values[0] if len(set(values)) == 1 else " / ".join(values)


def _answered(deal: Deal, user: str, routes: Sequence[Route], requests: Array) -> dict[str, float]:
    """Return how many of the requests of each month, (H,), every option answers."""
    found: dict[str, float] = {}
    for epoch, route in zip(resolve(deal).epochs(user), routes, strict=True):
        for key, share in route.shares.items():
            found[key] = found.get(key, 0.0) + share * float(requests[epoch.start : epoch.end].sum())
    return found


def _mix(requests: dict[str, float]) -> str:
    """Return the options and their shares of the requests, the largest first."""
    total = sum(requests.values())
    shares = {key: value / total for key, value in requests.items()} if total else {}
    shown = sorted((key for key, share in shares.items() if share >= MIN_SHOWN_SHARE), key=lambda key: -shares[key])
    return ", ".join(key if shares[key] > 1 - MIN_SHOWN_SHARE else f"{key} {shares[key]:.0%}" for key in shown) or NONE


def deal_in_a_line(settlement: Settlement) -> str:
    """Return what a plan decides but for its routing; at list there is no band and no commitment."""
    unsaid = {"routing", *(("band", "commitment") if settlement.plan.api.offer in AT_LIST else ())}
    stated = [each for each in decisions(settlement) if each.kind not in unsaid and each.plan != NONE]
    return "; ".join(f"{each.what}: {each.plan}" for each in stated)


def key_of(deal: Deal, plan: Plan) -> tuple[Hashable, Hashable]:
    """Return what a plan decides, bands by their place: all but seats, commitments and shares; contracted seats."""

    def index(term: ApiTerm) -> int:
        if term.offer is not None:
            return -1
        part = resolve(deal).offers[plan.api.offer].api
        bands = part.bands if part else ()
        near = (
            n for n, b in enumerate(bands) if abs(b.commit_usd_per_year - term.band_usd_per_year) <= CENT_TOLERANCE_USD
        )
        return next(near, -1)

    rows = [(table.month, row) for table in plan.later for row in table.rows]
    taken = {track for tracks in plan.tracks.values() for track in tracks}
    agreements = (
        (name, a.offer, a.term_months, tuple(map(str, a.at_list)))
        for name, a in plan.seats.items()
        if any(a.contracted) or name in taken
    )
    decided = (
        (plan.api.offer, plan.api.term_months, *map(index, plan.api.terms)),
        tuple(sorted(plan.tracks.items())),
        tuple(sorted((name, tuple(sorted(bought))) for name, bought in plan.projects.items() if bought)),
        tuple(sorted(agreements)),
        tuple(
            (
                month,
                row.api and index(row.api),
                *_listed(row.tracks, row.at_list, left.tracks),
                left.api and index(left.api),
                left.taken_again,
            )
            for month, row, left in ((month, row, _if_left(row)) for month, row in rows)
        ),
    )
    seats = tuple(sorted((name, a.contracted) for name, a in plan.seats.items() if any(a.contracted)))
    return decided, (seats, tuple(_listed(row.seats, _if_left(row).seats) for _, row in rows))


def _if_left(row: RenewalRow) -> EntriesIfLeft:
    return row.if_left or EntriesIfLeft()


def _listed(*entries: Mapping[str, Hashable]) -> tuple[Hashable, ...]:
    return tuple(tuple(sorted(each.items())) for each in entries)
