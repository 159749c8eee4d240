"""Tables of later decisions: one row per bucket, and the plan on the path of rows that a scenario takes (model §6)."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence, Set
from typing import Any, TypeAlias

import numpy as np

from deal_solve.deal.deal import LIST, LIST_MONTHLY, Deal
from deal_solve.plan.leaving import bound_beside, seat_terms
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
from deal_solve.plan.terms import TermSpan, left_in
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
    for path, indices in groups_of(rows_of(deal, plan, block)):
        yield on_path(deal, plan, path), indices


def plans_of(deal: Deal, plan: Plan, block: ScenarioSet) -> Iterator[tuple[Plan, ScenarioSet]]:
    """Yield every plan without tables that some scenarios of a block follow, with these scenarios."""
    for flat, indices in paths_of(deal, plan, block):
        yield flat, block.rows(indices) if plan.later else block


def rows_of(deal: Deal, plan: Plan, block: ScenarioSet) -> list[Buckets]:
    """Return the row (S,) of each scenario of a block in every table of a plan."""
    return [edges_of_table(table).bucket(*observed(deal, block, table.month)) for table in plan.later]


def groups_of(rows: Sequence[Buckets]) -> Iterator[tuple[Path, Buckets]]:
    """Yield every path that occurs, with the places (in order) of the scenarios on it; `rows` has (S,) per month."""
    found, inverse = np.unique(np.array(rows), axis=1, return_inverse=True)
    for index, path in enumerate(zip(*found.tolist(), strict=True)):
        yield path, np.flatnonzero(inverse.reshape(-1) == index)


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
    seats = {name: _next_seats(deal, plan, name, month, row) for name in plan.seats}
    tracks = dict(plan.tracks)
    for cohort in plan.tracks:
        if bound.get(cohort, 0) > month:
            continue
        following = (if_left if _was_on_left(plan, cohort, month) else row).tracks.get(cohort)
        if following is not None and not _changes_inside_a_term(deal, plan, cohort, following[0], month):
            years = _bound_years(deal, seats, following[0], month)
            tracks[cohort] = (
                *tracks[cohort][: years.start],
                *(following[0] for _ in years),
                *tracks[cohort][years.stop :],
            )
            bound[cohort] = 12 * years.stop
    starts = resolve(deal).taken(plan.api).starting(month) is not None
    routing, use = dict(row.routing) if starts else {}, dict(row.use)
    if plan.api.was_left(month):
        routing, use = {**routing, **if_left.routing}, {**use, **if_left.use}
    return plan.model_copy(
        update={
            "api": _next_term(deal, plan, month, row),
            "seats": seats,
            "tracks": tracks,
            "routing": {name: _with_routes(routes, routing.get(name)) for name, routes in plan.routing.items()},
            "use": {name: _with_routes(routes, use.get(name)) for name, routes in plan.use.items()},
        }
    )


def _next_term(deal: Deal, plan: Plan, month: int, row: RenewalRow) -> ApiAgreement:
    """Return the API agreement with what a row decides; what was left is taken again, or stays left."""
    agreement = plan.api
    if not _may_return(deal, agreement.offer):
        return _with_term(deal, agreement, month, row.api)
    if resolve(deal).taken(agreement).starting(month) is None:
        return agreement
    if not agreement.was_left(month):
        return agreement if row.api is None else _laid_anew(deal, agreement, month, row.api)
    again = row.if_left.api if row.if_left and not bound_beside(deal, plan, "api", month) else None
    return _laid_anew(deal, agreement, month, again or _left_term(1))


def _may_return(deal: Deal, offer: str) -> bool:
    return resolve(deal).offers[offer].offer.renewal.may_return


def _left_term(years: int) -> ApiTerm:
    return ApiTerm(offer=LIST, band_usd_per_year=0, commitment_usd=(0.0,) * years)


def _laid_anew(deal: Deal, agreement: ApiAgreement, month: int, term: ApiTerm) -> ApiAgreement:
    """Return an agreement with the term that starts in a month, taken or left, and its later terms laid after that.

    Tables decide those; until then a later one is as before where it starts in the same month, else it is left.
    """
    before = {span.start: own for span, own in zip(resolve(deal).taken(agreement).spans, agreement.terms, strict=True)}
    at_list = [own.offer is not None for own in agreement.terms for _ in own.commitment_usd]
    at_list[month // 12 :] = [term.offer is not None] * (deal.years - month // 12)
    while True:
        spans = resolve(deal).taken_for(agreement.offer, agreement.term_months, left_in(at_list)).spans
        known = {**before, month: term}
        lacking = next((span for span in spans if not span.left and not _fits(known.get(span.start), span)), None)
        if lacking is None:
            break
        at_list[lacking.years.start :] = [True] * (deal.years - lacking.years.start)
    terms = tuple(_left_term(len(span.years)) if span.left else known[span.start] for span in spans)
    return agreement.model_copy(update={"terms": terms})


def _fits(term: ApiTerm | None, span: TermSpan) -> bool:
    return term is not None and term.offer is None and len(term.commitment_usd) == len(span.years)


def _next_seats(deal: Deal, plan: Plan, seat_type: str, month: int, row: RenewalRow) -> SeatAgreement:
    """Return the agreement of a seat type with what a row decides; what was left is taken again, or stays left."""
    agreement, year, if_left = plan.seats[seat_type], month // 12, row.if_left or EntriesIfLeft()
    if resolve(deal).taken(agreement).starting(month) is None:
        return agreement
    if not agreement.was_left(month):
        return _with_seats(deal, agreement, row.seats.get(seat_type), row.at_list.get(seat_type), year)
    counts = if_left.seats.get(seat_type)
    if seat_type in if_left.taken_again and not bound_beside(deal, plan, seat_type, month):
        return _with_seats(deal, agreement, counts, None, year)
    seller = agreement.at_list[year - 1]
    if seller is not None and _may_return(deal, agreement.offer):
        at_list = (*agreement.at_list[:year], *(seller for _ in agreement.at_list[year:]))
        terms = seat_terms(deal, agreement.offer, agreement.term_months, at_list)
        kept = agreement.contracted[year - 1 : year] * (len(at_list) - year)
        agreement = agreement.model_copy(update={"contracted": (*agreement.contracted[:year], *kept), "terms": terms})
    return _left_seats(agreement, None if seat_type in if_left.taken_again else counts, year)


def _changes_inside_a_term(deal: Deal, plan: Plan, cohort: str, track: str, month: int) -> bool:
    """Whether a cohort would leave its seat type, or come onto another one, inside a term of it."""
    before = plan.tracks[cohort][(month - 1) // 12]
    types = [name for name in (before, track) if before != track and name in plan.seats]
    return any(resolve(deal).taken(plan.seats[name]).starting(month) is None for name in types)


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
            yield ("seats", name, left), counts, not left or agreement.at_list[year] != LIST_MONTHLY
            if left:
                yield ("taken_again", name, left), agreement.at_list[year] is None, True
            else:
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

    What is not in a row is as on the likeliest path; a bucket that does not occur decides as its nearest neighbour, and
    where something may be taken again an entry that no path needs is as the bucket's other one. A table whose rows all
    decide the same is left out; where something may be taken again, only before the first one whose rows do not: later
    terms are laid anew after those.
    """
    best = max(plans, key=lambda path: likely[path])
    signed: dict[str, ApiAgreement | SeatAgreement] = {"": plans[best].api, **plans[best].seats}
    returning = {name for name, agreement in signed.items() if _may_return(deal, agreement.offer)}
    tables: list[RenewalTable] = []
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
            if returning and bucket in entries:
                decides |= _as_otherwise(entries[bucket], set(known), returning)
            rows.append(_row(decides, min(chances.get(bucket, 0.0), 1.0)))
        rows_alike = [row.model_dump(exclude={"probability"}) for row in rows]
        own = {entry: value for entry, value, _ in found[best]}
        is_same = own.keys() == set(known) and all(_alike(value, decides[entry]) for entry, value in own.items())
        is_laid_anew = bool(tables and returning)
        if is_laid_anew or not (is_same and all(_alike(one, rows_alike[0]) for one in rows_alike)):
            cut = edges[month]
            tables.append(
                RenewalTable(month=month, usage_edges_usd=cut.usage_usd, users_edges=cut.users, rows=tuple(rows))
            )
    return plans[best].model_copy(update={"later": tuple(tables)})


def _as_otherwise(own: Mapping[Entry, Any], known: Set[Entry], returning: Set[str]) -> dict[Entry, Any]:
    """Return entries that a bucket does not need, as what it decides where the part was left, or was not, instead.

    Of `returning` are the seat types, and the API part as "", that may be taken again.
    """
    found: dict[Entry, Any] = {}
    for (part, name, left), value in own.items():
        entry = part, name, not left
        if entry not in known or entry in own or part in ("at_list", "taken_again"):
            continue
        if part in ("api", "seats") and name not in returning:
            continue
        if part != "seats":
            found[entry] = value
        elif not left:
            found[entry] = value
            found["taken_again", name, True] = own.get(("at_list", name, False)) is None
        elif own.get(("taken_again", name, True)):
            found[entry] = value
            found["at_list", name, False] = None
    return found


def _row(decides: Mapping[Entry, Any], probability: float) -> RenewalRow:
    """Return the row of a bucket from its entries."""
    parts: dict[bool, dict[str, dict[str, Any]]] = {False: {}, True: {}}
    for (part, name, left), value in decides.items():
        if value is not None:
            parts[left].setdefault(part, {})[name] = value
    api, again = (parts[left].pop("api", {}).get("") for left in (False, True))
    taken_again = tuple(name for name, is_taken in parts[True].pop("taken_again", {}).items() if is_taken)
    again = again if again is not None and again.offer is None else None
    if_left = None
    if parts[True] or again or taken_again:
        if_left = EntriesIfLeft(api=again, taken_again=taken_again, **parts[True])
    return RenewalRow(probability=probability, api=api, **parts[False], if_left=if_left)


def _alike(one: Any, other: Any) -> bool:
    """Whether two decisions are the same but for the last digits of a solver."""
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(_alike(value, other[key]) for key, value in one.items())
    if isinstance(one, tuple):
        return len(one) == len(other) and all(map(_alike, one, other))
    return math.isclose(one, other, rel_tol=1e-8, abs_tol=1e-8) if isinstance(one, float) else bool(one == other)
