"""Tables of later decisions: one row per bucket, and the plan on the path of rows that a scenario takes (model §6)."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from deal_solve.deal.cohort import NONE
from deal_solve.deal.deal import Deal
from deal_solve.errors import Problem
from deal_solve.plan.leaving import seat_terms
from deal_solve.plan.plan import Plan, RenewalRow, RenewalTable, Route, SeatAgreement, SellerAtList
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
            known: dict[str, Mapping[str, object]] = {
                "seats": plan.seats,
                "at_list": plan.seats,
                "tracks": plan.tracks,
                "routing": plan.routing,
                "use": plan.use,
            }
            for part, names in known.items():
                for name in getattr(row, part).keys() - names.keys():
                    yield Problem(f"later[{index}].rows[{number}].{part}.{name}", "is not in the plan")
            if row.api is not None and resolve(deal).taken(plan.api).starting(table.month) is None:
                yield Problem(f"later[{index}].rows[{number}].api", f"no API term starts in month {table.month}")


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
    terms, year = list(plan.api.terms), month // 12
    for place, span in enumerate(resolve(deal).taken(plan.api).spans):
        if span.start == month and row.api is not None:
            terms[place] = row.api
    tracks = dict(plan.tracks)
    for cohort, following in row.tracks.items():
        if bound.get(cohort, 0) <= month:
            tracks[cohort] = (*tracks[cohort][:year], *following, *tracks[cohort][year + len(following) :])
            bound[cohort] = month + 12 * len(following)
    return plan.model_copy(
        update={
            "api": plan.api.model_copy(update={"terms": tuple(terms)}),
            "seats": {
                name: _with_seats(deal, agreement, row.seats.get(name), row.at_list.get(name), year)
                for name, agreement in plan.seats.items()
            },
            "tracks": tracks,
            "routing": {name: _with_routes(routes, row.routing.get(name)) for name, routes in plan.routing.items()},
            "use": {name: _with_routes(routes, row.use.get(name)) for name, routes in plan.use.items()},
        }
    )


def _with_seats(
    deal: Deal, agreement: SeatAgreement, counts: tuple[int, ...] | None, seller: SellerAtList | None, year: int
) -> SeatAgreement:
    """Return an agreement with the seats of a term that starts in a contract year, at list if it is left."""
    if counts is None:
        return agreement
    end = year + len(counts)
    at_list = (*agreement.at_list[:year], *(seller for _ in counts), *agreement.at_list[end:])
    return agreement.model_copy(
        update={
            "contracted": (*agreement.contracted[:year], *counts, *agreement.contracted[end:]),
            "terms": seat_terms(deal, agreement.offer, agreement.term_months, at_list),
        }
    )


def _with_routes(routes: tuple[Route, ...], changed: tuple[Route, ...] | None) -> tuple[Route, ...]:
    known = {route.from_month: route for route in changed or ()}
    return tuple(known.get(route.from_month, route) for route in routes)


def decided_in(deal: Deal, plan: Plan, month: int, probability: float) -> RenewalRow:
    """Return what a plan without tables decides in a month: the row of a bucket."""
    year = month // 12
    spans = resolve(deal).taken(plan.api).spans
    api_span = next((span for span in spans if span.start == month), None)
    seats: dict[str, tuple[int, ...]] = {}
    at_list: dict[str, SellerAtList] = {}
    tracks: dict[str, tuple[str, ...]] = {}
    for name, agreement in plan.seats.items():
        span = resolve(deal).taken(agreement).starting(month)
        if span is not None:
            seats[name] = agreement.contracted[span.years.start : span.years.stop]
            seller = agreement.at_list[year]
            if seller is not None:
                at_list[name] = seller
    for cohort, by_year in plan.tracks.items():
        track = by_year[year]
        if track == NONE or track in deal.internal_tools:
            tracks[cohort] = (track,)
        elif track in seats:
            tracks[cohort] = (track,) * len(seats[track])
    routing, use = {}, {}
    if api_span is not None:
        for name, routes in plan.routing.items():
            routing[name] = tuple(r for r in routes if api_span.start <= r.from_month < api_span.end)
    for name, routes in plan.use.items():
        starts = {epoch.start for epoch in resolve(deal).epochs(name) if epoch.year == year}
        use[name] = tuple(route for route in routes if route.from_month in starts)
    return RenewalRow(
        probability=probability,
        api=None if api_span is None else plan.api.terms[spans.index(api_span)],
        seats=seats,
        at_list=at_list,
        tracks=tracks,
        routing=routing,
        use=use,
    )


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
    plans = _same_agreements(plans)
    best = max(plans, key=lambda path: likely[path])
    tables = []
    for index, month in enumerate(months):
        first: dict[int, Path] = {}
        chances: dict[int, float] = {}
        for path in sorted(plans, key=lambda path: -likely[path]):
            first.setdefault(path[index], path)
            chances[path[index]] = chances.get(path[index], 0.0) + likely[path]
        rows = []
        for bucket in range(edges[month].count):
            nearest = min(first, key=lambda known: abs(known - bucket))
            chance = min(chances.get(bucket, 0.0), 1.0)
            rows.append(decided_in(deal, plans[first[nearest]], month, chance))
        decided = [row.model_dump(exclude={"probability"}) for row in rows]
        if not all(_alike(one, decided[0]) for one in decided):
            cut = edges[month]
            tables.append(
                RenewalTable(month=month, usage_edges_usd=cut.usage_usd, users_edges=cut.users, rows=tuple(rows))
            )
    return plans[best].model_copy(update={"later": tuple(tables)})


def _alike(one: Any, other: Any) -> bool:
    """Whether two decisions are the same but for the last digits of a solver."""
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(_alike(value, other[key]) for key, value in one.items())
    if isinstance(one, tuple):
        return len(one) == len(other) and all(map(_alike, one, other))
    return math.isclose(one, other, rel_tol=1e-8, abs_tol=1e-8) if isinstance(one, float) else bool(one == other)


def _same_agreements(plans: Mapping[Path, Plan]) -> dict[Path, Plan]:
    """Return the plans with every seat agreement that one of them has, without seats where they do not need it."""
    agreements = {name: agreement for plan in plans.values() for name, agreement in plan.seats.items()}
    none = {
        name: agreement.model_copy(update={"contracted": (0,) * len(agreement.contracted), "terms": ()})
        for name, agreement in agreements.items()
    }
    return {path: plan.model_copy(update={"seats": {**none, **plan.seats}}) for path, plan in plans.items()}
