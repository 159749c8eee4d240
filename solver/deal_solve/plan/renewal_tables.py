"""Tables of later decisions: one row per bucket, and the plan on the path of rows that a scenario takes (model §6)."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from deal_solve.deal.deal import LIST, Deal
from deal_solve.errors import Problem
from deal_solve.plan.leaving import seat_terms
from deal_solve.plan.plan import (
    ApiAgreement,
    ApiTerm,
    EntriesIfLeft,
    Plan,
    RenewalRow,
    RenewalTable,
    Route,
    SeatAgreement,
    SellerAtList,
)
from deal_solve.plan.renewal_buckets import Buckets, Edges, observed
from deal_solve.plan.resolved import resolve
from deal_solve.uncertainty.scenario_set import ScenarioSet

MAX_PATHS = 30
"""Paths of buckets that a program may tell apart."""

Path: TypeAlias = tuple[int, ...]
"""A bucket per month with a table."""


def edges_of_table(table: RenewalTable) -> Edges:
    """Return the edges of a table."""
    return Edges(table.usage_edges_usd, table.users_edges)


def paths_of(deal: Deal, plan: Plan, block: ScenarioSet) -> Iterator[tuple[Plan, Buckets]]:
    """Yield every plan without tables that some scenarios of a block follow, with their places.

    The row of a scenario is found from its months before the table's, whatever comes after.
    """
    if not plan.later:
        yield plan, np.arange(block.size)
        return
    rows = [edges_of_table(table).bucket(*observed(deal, block, table.month)) for table in plan.later]
    for path, indices in groups_of(rows):
        yield on_path(deal, plan, path), indices


def plans_of(deal: Deal, plan: Plan, block: ScenarioSet) -> Iterator[tuple[Plan, ScenarioSet]]:
    """Yield every plan without tables that some scenarios of a block follow, with these scenarios."""
    for flat, indices in paths_of(deal, plan, block):
        yield flat, block.rows(indices) if plan.later else block


def groups_of(rows: Sequence[Buckets]) -> Iterator[tuple[Path, Buckets]]:
    """Yield every path that occurs, with the places (in order) of the scenarios on it; `rows` has (S,) per month."""
    found, inverse = np.unique(np.array(rows), axis=1, return_inverse=True)
    for index, path in enumerate(zip(*found.tolist(), strict=True)):
        yield path, np.flatnonzero(inverse.reshape(-1) == index)


def broken_tables(deal: Deal, plan: Plan) -> Iterator[Problem]:
    """Yield what is wrong with the shape of the tables of a plan."""
    starts = range(12, deal.horizon_months, 12)
    months = [table.month for table in plan.later]
    if months != sorted(set(months) & set(starts)):
        yield Problem("later", f"tables of months {months}; expected some of {list(starts)}, in order")
    for index, table in enumerate(plan.later):
        if len(table.rows) != edges_of_table(table).count:
            expected = f"expected {edges_of_table(table).count}, one per bucket"
            yield Problem(f"later[{index}].rows", f"{len(table.rows)} given; {expected}")
        for number, row in enumerate(table.rows):
            where = f"later[{index}].rows[{number}]"
            for part, names in _named(row):
                known: Mapping[str, object] = getattr(
                    plan, "seats" if part.endswith("at_list") else part.split(".")[-1]
                )
                for name in names - known.keys():
                    yield Problem(f"{where}.{part}.{name}", "is not in the plan")
            if row.api is not None and resolve(deal).taken(plan.api).starting(table.month) is None:
                yield Problem(f"{where}.api", f"no API term starts in month {table.month}")


def _named(row: RenewalRow) -> Iterator[tuple[str, set[str]]]:
    """Yield the parts of a row with the names that stand in each."""
    yield from ((part, set(getattr(row, part))) for part in ("seats", "at_list", "tracks", "routing", "use"))
    for part in EntriesIfLeft.model_fields if row.if_left is not None else ():
        yield f"if_left.{part}", set(getattr(row.if_left, part))


def all_paths(plan: Plan) -> Iterator[Path]:
    """Yield every path through the tables of a plan, whether a scenario takes it or not."""
    yield from itertools.product(*(range(len(table.rows)) for table in plan.later))


def on_path(deal: Deal, plan: Plan, path: Path) -> Plan:
    """Return the plan without tables on one path: a row replaces what is decided in its month."""
    bound: dict[str, int] = {}
    flat = plan.model_copy(update={"later": ()})
    for table, index in zip(plan.later, path, strict=True):
        flat = _replaced(deal, flat, table.month, table.rows[index], bound)
    return flat


def _replaced(deal: Deal, plan: Plan, month: int, row: RenewalRow, bound: dict[str, int]) -> Plan:
    """Return a plan with the decisions of a row; until its month in `bound` a cohort keeps the track it has."""
    if_left = row.if_left or EntriesIfLeft()
    seats = {
        name: _left_seats(agreement, if_left.seats.get(name), month // 12)
        if agreement.was_left(month)
        else _with_seats(deal, agreement, row.seats.get(name), row.at_list.get(name), month // 12)
        for name, agreement in plan.seats.items()
    }
    tracks = dict(plan.tracks)
    for cohort in plan.tracks:
        if bound.get(cohort, 0) > month:
            continue
        following = (if_left if _was_on_left(plan, cohort, month) else row).tracks.get(cohort)
        if following is not None:
            years = _bound_years(deal, seats, following[0], month)
            tracks[cohort] = (
                *tracks[cohort][: years.start],
                *(following[0] for _ in years),
                *tracks[cohort][years.stop :],
            )
            bound[cohort] = 12 * years.stop
    routing, use = dict(row.routing), dict(row.use)
    if plan.api.was_left(month):
        routing, use = {**routing, **if_left.routing}, {**use, **if_left.use}
    return plan.model_copy(
        update={
            "api": _with_term(deal, plan.api, month, row.api),
            "seats": seats,
            "tracks": tracks,
            "routing": {name: _with_routes(routes, routing.get(name)) for name, routes in plan.routing.items()},
            "use": {name: _with_routes(routes, use.get(name)) for name, routes in plan.use.items()},
        }
    )


def _was_on_left(plan: Plan, cohort: str, month: int) -> bool:
    """Whether a cohort is, in the month before, on a seat type that was left."""
    agreement = plan.seats.get(plan.tracks[cohort][(month - 1) // 12])
    return agreement is not None and agreement.was_left(month)


def _bound_years(deal: Deal, seats: Mapping[str, SeatAgreement], track: str, month: int) -> range:
    """Return the contract years for which a track is taken: the term of its seat agreement, else one year."""
    span = resolve(deal).taken(seats[track]).starting(month) if track in seats else None
    return range(month // 12, month // 12 + 1) if span is None else span.years


def _with_term(deal: Deal, agreement: ApiAgreement, month: int, term: ApiTerm | None) -> ApiAgreement:
    """Return an agreement with the term of a row that starts in a month; once it is left, it stays left."""
    if term is None or agreement.was_left(month):
        return agreement
    terms = list(agreement.terms)
    for place, span in enumerate(resolve(deal).taken(agreement).spans):
        if span.start == month:
            terms[place] = term
        elif span.start > month and term.offer is not None:
            terms[place] = ApiTerm(offer=term.offer, band_usd_per_year=0, commitment_usd=(0.0,) * len(span.years))
    return agreement.model_copy(update={"terms": tuple(terms)})


def _with_seats(
    deal: Deal, agreement: SeatAgreement, counts: tuple[int, ...] | None, seller: SellerAtList | None, year: int
) -> SeatAgreement:
    """Return an agreement with the seats of a term that starts in a contract year, for good at list if it is left."""
    if counts is None:
        return agreement
    end, contracted = year + len(counts), agreement.contracted
    contracted = (*contracted[:year], *counts, *contracted[end:])
    at_list = (*agreement.at_list[:year], *(None for _ in counts), *agreement.at_list[end:])
    if seller is not None:
        contracted = (*contracted[:end], *(counts[-1] for _ in contracted[end:]))
        at_list = (*at_list[:year], *(seller for _ in at_list[year:]))
    terms = seat_terms(deal, agreement.offer, agreement.term_months, at_list)
    return agreement.model_copy(update={"contracted": contracted, "terms": terms})


def _left_seats(agreement: SeatAgreement, counts: tuple[int, ...] | None, year: int) -> SeatAgreement:
    """Return an agreement that was left with its seats at list in a contract year, and in those that follow."""
    if counts is None or agreement.at_list[year] != LIST:
        return agreement
    after = len(agreement.contracted) - year
    return agreement.model_copy(update={"contracted": (*agreement.contracted[:year], *(counts[:1] * after))})


def _with_routes(routes: tuple[Route, ...], changed: tuple[Route, ...] | None) -> tuple[Route, ...]:
    known = {route.from_month: route for route in changed or ()}
    return tuple(known.get(route.from_month, route) for route in routes)


Entry: TypeAlias = tuple[str, str, bool]
"""A part of a row, the name that it decides (or "") and whether that was left before."""


def _decided(deal: Deal, plan: Plan, month: int) -> Iterator[tuple[Entry, Any, bool]]:
    """Yield what a plan without tables decides in a month, and whether it tells: not of the routing of nobody."""
    year, api_left = month // 12, plan.api.was_left(month)
    spans = resolve(deal).taken(plan.api).spans
    api_span = next((span for span in spans if span.start == month), None)
    if api_span is not None:
        yield ("api", "", api_left), plan.api.terms[spans.index(api_span)], True
        for name, routes in plan.routing.items():
            own = tuple(r for r in routes if api_span.start <= r.from_month < api_span.end)
            yield ("routing", name, api_left), own, True
    starting = {}
    for name, agreement in plan.seats.items():
        span = resolve(deal).taken(agreement).starting(month)
        if span is not None:
            starting[name] = span.years
            left, counts = agreement.was_left(month), agreement.contracted[span.years.start : span.years.stop]
            yield ("seats", name, left), counts, not left or agreement.at_list[year] == LIST
            if not left:
                yield ("at_list", name, left), agreement.at_list[year], True
    for cohort, by_year in plan.tracks.items():
        track, left = by_year[year], _was_on_left(plan, cohort, month)
        if track not in plan.seats or track in starting:
            yield ("tracks", cohort, left), (track,) * len(starting.get(track, (year,))), True
    for name, routes in plan.use.items():
        starts = {epoch.start for epoch in resolve(deal).epochs(name) if epoch.year == year}
        seats = plan.seats.get(plan.tracks[name][year])
        track = plan.tracks[name][year]
        metered = track in deal.internal_tools or (
            seats is not None and resolve(deal).seat_of(seats, track, year).prices_usage(name)
        )
        yield ("use", name, api_left), tuple(route for route in routes if route.from_month in starts), metered


def tabulated(
    deal: Deal,
    months: Sequence[int],
    edges: Mapping[int, Edges],
    plans: Mapping[Path, Plan],
    likely: Mapping[Path, float],
) -> Plan:
    """Return one plan with tables from the plans on all paths that occur, with their probabilities.

    What is not in a row is as on the likeliest path; a bucket that does not occur decides as its nearest neighbour. A
    table whose rows all decide the same is left out.
    """
    best = max(plans, key=lambda path: likely[path])
    tables = []
    for index, month in enumerate(months):
        entries: dict[int, dict[Entry, Any]] = {}
        chances: dict[int, float] = {}
        found = {path: list(_decided(deal, plans[path], month)) for path in sorted(plans, key=lambda p: -likely[p])}
        for first in (True, False):
            for path, decided in found.items():
                own = entries.setdefault(path[index], {})
                for entry, value, matters in decided:
                    if matters == first:
                        own.setdefault(entry, value)
        for path in found:
            chances[path[index]] = chances.get(path[index], 0.0) + likely[path]
        known = list(dict.fromkeys(entry for own in entries.values() for entry in own))
        rows = []
        for bucket in range(edges[month].count):
            near = sorted(entries, key=lambda other: abs(other - bucket))
            decides = {entry: next(entries[at][entry] for at in near if entry in entries[at]) for entry in known}
            rows.append(_row(decides, min(chances.get(bucket, 0.0), 1.0)))
        rows_alike = [row.model_dump(exclude={"probability"}) for row in rows]
        own = {entry: value for entry, value, _ in found[best]}
        is_same = own.keys() == set(known) and all(_alike(value, decides[entry]) for entry, value in own.items())
        if not (is_same and all(_alike(one, rows_alike[0]) for one in rows_alike)):
            cut = edges[month]
            tables.append(
                RenewalTable(month=month, usage_edges_usd=cut.usage_usd, users_edges=cut.users, rows=tuple(rows))
            )
    return plans[best].model_copy(update={"later": tuple(tables)})


def _row(decides: Mapping[Entry, Any], probability: float) -> RenewalRow:
    """Return the row of a bucket from its entries."""
    parts: dict[bool, dict[str, dict[str, Any]]] = {False: {}, True: {}}
    for (part, name, left), value in decides.items():
        if value is not None:
            parts[left].setdefault(part, {})[name] = value
    api = parts[False].pop("api", {}).get("")
    parts[True].pop("api", None)
    if_left = EntriesIfLeft(**parts[True]) if parts[True] else None
    return RenewalRow(probability=probability, api=api, **parts[False], if_left=if_left)


def _alike(one: Any, other: Any) -> bool:
    """Whether two decisions are the same but for the last digits of a solver."""
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(_alike(value, other[key]) for key, value in one.items())
    if isinstance(one, tuple):
        return len(one) == len(other) and all(map(_alike, one, other))
    return math.isclose(one, other, rel_tol=1e-8, abs_tol=1e-8) if isinstance(one, float) else bool(one == other)
