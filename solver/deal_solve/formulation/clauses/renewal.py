"""Later terms by table: decisions on every path of buckets, tied by non-anticipativity (model §6; formulation §9).

x = x'                                        decisions of two paths that came through the same buckets
|x - z| ≤ maximum · (1 - when)                   z: the entry of a bucket, where it decides x on a path
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

from deal_solve.deal.cohort import NONE
from deal_solve.deal.deal import AT_LIST, Deal
from deal_solve.deal.workload import ProjectName
from deal_solve.formulation.clauses.api.commitment import Commitments
from deal_solve.formulation.clauses.api.rates import Agreement, Regime
from deal_solve.formulation.clauses.offers import Agreements, SeatCandidate, seat_candidates
from deal_solve.formulation.clauses.routing import Routing
from deal_solve.formulation.clauses.seats.seats import Seats, SeatYear
from deal_solve.formulation.clauses.seats.tracks import Tracks
from deal_solve.formulation.clauses.terms import api_spans, left_years, seat_spans
from deal_solve.formulation.model.expression import Expression, Variable, total
from deal_solve.formulation.model.program import Program
from deal_solve.plan.leaving import may_return_api, may_return_seats
from deal_solve.plan.renewal_tables import Path
from deal_solve.plan.terms import TermSpan


@dataclass(frozen=True)
class Decisions:
    """The handles through which a plan is read, on one path of buckets: all there is where nothing is looked up."""

    deal: Deal
    program: Program
    path: Path
    probability: float
    agreements: Agreements
    projects: dict[tuple[str, ProjectName], Variable]
    routing: Routing
    seats: Seats
    tracks: Tracks
    commitments: Commitments
    committed: Expression
    signed: Expression

    @property
    def contracted(self) -> Expression:
        """Contracted seats, all types and years."""
        return total(year.count for year in self.seats.years.values())


def table_months(deal: Deal, agreements: Iterable[Agreement]) -> tuple[int, ...]:
    """Return the months in which something is looked up; none where all is decided at signing."""
    if deal.renewal_decisions is None:
        return ()
    months = {span.start for agreement in agreements for span in api_spans(deal, agreement)}
    for seats in seat_candidates(deal):
        months |= {span.start for span in seat_spans(deal, seats, seats.seat_type)}
        if may_return_seats(deal, seats.offer, seats.seat_type):
            months |= {span.start for span in left_years(deal, seats)}
    if any(cohort.use or {NONE, *deal.internal_tools} & {*cohort.tracks} for cohort in deal.cohorts.values()):
        months |= {*range(0, deal.horizon_months, 12)}
    return tuple(sorted(months - {0}))


Key: TypeAlias = tuple[object, ...]
"""What is decided: the same on every path."""
Entries: TypeAlias = tuple[tuple[Literal["stay", "left"], Expression], ...]
"""Entries for a part that was not left before, or was, each with what is 1 where it decides, else at most 0."""


class _Decision(NamedTuple):
    """A decision, its month, the largest value it can have, and the entries that decide it (none: there is one)."""

    key: Key
    month: int
    value: Expression
    maximum: float = 1.0
    when: Entries = ()


def tie(program: Program, months: tuple[int, ...], paths: Sequence[Decisions]) -> None:
    """Add x = x' for paths that came through the same buckets, and per bucket an entry z of the table for those that
    came through others: x = z where the entry is the one that decides x.
    """
    kept: dict[tuple[Key, Path], Expression] = {}
    by_bucket: dict[tuple[Key, Path], list[_Decision]] = {}
    for decisions in paths:
        for decision in _decided(decisions):
            came = decisions.path[: sum(month <= decision.month for month in months)]
            first = kept.get((decision.key, came))
            if first is None:
                kept[decision.key, came] = decision.value
                by_bucket.setdefault((decision.key, came[-1:]), []).append(decision)
            else:
                program.add("same_bucket", decision.value == first)
    for found in by_bucket.values():
        if len(found) > 1:
            _same_entries(program, found)


def _same_entries(program: Program, found: list[_Decision]) -> None:
    """Add x = z where the entry z decides x: |x - z| <= maximum · (1 - when)."""
    entries: dict[Literal["stay", "left"], Variable] = {}
    maximum = max(decision.maximum for decision in found)
    for decision in found:
        if not decision.when and decision is not found[0]:
            program.add("same_bucket", decision.value == found[0].value)
        for entry, when in decision.when:
            if entry not in entries:
                entries[entry] = program.variable("entry", 0, maximum)
            z = entries[entry]
            program.add("same_entry", decision.value - z <= maximum * (1 - when))
            program.add("same_entry", z - decision.value <= maximum * (1 - when))


def _decided(decisions: Decisions) -> Iterator[_Decision]:
    """Yield every decision with the month in which it is taken, the same in all copies."""
    agreements, left = decisions.agreements, _Left(decisions)
    for index, variable in enumerate((*agreements.api.values(), *agreements.seats.values())):
        yield _Decision(("signed", index), 0, 1.0 * variable)
    for project, bought in decisions.projects.items():
        yield _Decision(("project", *project), 0, 1.0 * bought)
    yield from _api_terms(decisions, left)
    yield from _seat_terms(decisions, left)
    yield from _tracks(decisions, left)
    yield from _routes(decisions, left)


def _api_terms(decisions: Decisions, left: _Left) -> Iterator[_Decision]:
    """Yield band and commitment of every term, whichever renewal it is; what was left before, and is not taken again,
    is at list, and nothing is decided.
    """
    alike: dict[Regime, list[Regime]] = {}
    for regime in decisions.agreements.regimes:
        alike.setdefault(regime._replace(span=_months(regime.span)), []).append(regime)
    for key, regimes in alike.items():
        month, when = key.span.start, left.api_term(key)
        band = total(decisions.agreements.regimes[regime] for regime in regimes)
        yield _Decision(("band", key), month, band, 1.0, when)
        bases = [
            dict.fromkeys(v for year in key.span.years for v, _ in decisions.commitments.get(regime, year))
            for regime in regimes
        ]
        for index, own in enumerate(zip(*bases, strict=True)):
            maximum = max(base.upBound for base in own)
            yield _Decision(("commitment", key, index), month, total(own), maximum, when)


def _months(span: TermSpan) -> TermSpan:
    """Return a term without what tells it from others of the same months: which renewal it is, and after what."""
    return span._replace(index=0, since=())


def _seat_terms(decisions: Decisions, left: _Left) -> Iterator[_Decision]:
    """Yield who sells a type, which is decided where it was not left before or may be taken again, and its seats."""
    sellers: dict[tuple[SeatCandidate, TermSpan], list[Variable]] = {}
    for (candidate, span), held in decisions.agreements.seat_terms.items():
        if held is not decisions.agreements.seats[candidate]:
            sellers.setdefault((candidate, _months(span)), []).append(held)
    for (candidate, span), members in sellers.items():
        yield _Decision(
            ("seller", candidate, span), span.start, total(members), 1.0, left.seller(candidate, span.start)
        )
    years: dict[tuple[SeatCandidate, TermSpan, int], list[SeatYear]] = {}
    for (candidate, span, number), year in decisions.seats.years.items():
        years.setdefault((candidate, _months(span), number), []).append(year)
    for key, alike in years.items():
        candidate, span, _ = key
        when = left.seats(candidate, span.start)
        for index, segments in enumerate(zip(*(year.segments for year in alike), strict=True)):
            chosen, count = (total(segment[part] for segment in segments) for part in (1, 2))
            yield _Decision(("segment", *key, index), span.start, chosen, 1.0, when)
            yield _Decision(("seats", *key, index), span.start, count, float(segments[0][0].high), when)


def _tracks(decisions: Decisions, left: _Left) -> Iterator[_Decision]:
    """Yield the track of every cohort that is not bound, whoever sells the seat type then."""
    starting: dict[tuple[str, str, int], list[Variable]] = {}
    for (cohort, candidate, span), on in decisions.tracks.seats.items():
        starting.setdefault((cohort, candidate.seat_type, span.start), []).append(on)
    for (cohort, track, year), on in decisions.tracks.other.items():
        starting.setdefault((cohort, track, 12 * year), []).append(on)
    for (cohort, track, month), members in starting.items():
        yield _Decision(("track", cohort, track, month), month, total(members), 1.0, left.tracks(cohort, month))


def _routes(decisions: Decisions, left: _Left) -> Iterator[_Decision]:
    """Yield the shares of a workload in each regime, and those of people whatever they are billed under."""
    metered: dict[tuple[str, int], dict[Variable, None]] = {}
    people: dict[tuple[str, int, str], list[Variable]] = {}
    workloads: dict[tuple[str, int, str, Regime], list[Variable]] = {}
    starts = {beta: regime for regime, beta in decisions.agreements.regimes.items()}
    for (user, start, option), shares in decisions.routing.shares.items():
        for share, activity in shares:
            if user in decisions.deal.workloads:
                regime = starts[activity]
                key = user, start, option, regime._replace(span=_months(regime.span))
                workloads.setdefault(key, []).append(share)
            else:
                metered.setdefault((user, start), {})[activity] = None
                people.setdefault((user, start, option), []).append(share)
    for key, own in workloads.items():
        regime = key[-1]
        yield _Decision(("routing", *key), regime.span.start, total(own), 1.0, left.routing(regime))
    for (user, start, option), own in people.items():
        month = start // 12 * 12
        none_metered = 1 - total(metered[user, start])
        when = tuple(
            (entry, holds - none_metered) for entry, holds in left.api(month) or (("stay", Expression([], 1)),)
        )
        yield _Decision(("use", user, start, option), month, total(own), 1.0, when)


class _Left:
    """What was left before a month, as entries of a table with an expression that is 1 where they decide.

    The first entry of each is that of a part that was not left before; there are none where nothing can be.
    """

    def __init__(self, decisions: Decisions) -> None:
        self._deal, self._agreements, self._tracks = decisions.deal, decisions.agreements, decisions.tracks

    def api(self, month: int) -> Entries:
        """Return the entries of the API part: at list in the term before, or not."""
        return _entries([b for r, b in self._agreements.regimes.items() if r.span.left and _holds(r.span, month - 1)])

    def api_term(self, regime: Regime) -> Entries:
        """Return the entries of a term of the API part; the second one where it may be taken again."""
        entries = self.routing(regime)
        return entries if may_return_api(self._deal, regime.agreement.offer) else entries[:1]

    def routing(self, regime: Regime) -> Entries:
        """Return the entries of the routing in a term of the API part; none decides inside another term."""
        month = regime.span.start
        entries = self.api(month)
        if not may_return_api(self._deal, regime.agreement.offer):
            return entries
        own = self._agreements.of_api(regime.agreement)
        return _without(entries, [b for r, b in own.items() if not r.span.left and r.span.start < month < r.span.end])

    def seller(self, candidate: SeatCandidate, month: int) -> Entries:
        """Return the entries of who sells a seat type; the second one where an offer may be taken again."""
        entries = self._seat_type(candidate.seat_type, month)
        return entries if self._may_return(candidate) else entries[:1]

    def seats(self, candidate: SeatCandidate, month: int) -> Entries:
        """Return the entries of seats of a type; the second one for a list that it is bought at already, or an offer
        that may be taken again.
        """
        held = self._held(candidate.seat_type, month)
        if candidate in held:
            return (*self._seat_type(candidate.seat_type, month)[:1], ("left", 1.0 * held[candidate]))
        return self.seller(candidate, month)

    def _may_return(self, candidate: SeatCandidate) -> bool:
        return may_return_seats(self._deal, candidate.offer, candidate.seat_type)

    def _held(self, seat_type: str, month: int) -> dict[SeatCandidate, Variable]:
        """Return the lists at which a type is bought in the month before."""
        return {
            candidate: variable
            for (candidate, span), variable in self._agreements.seat_terms.items()
            if candidate.seat_type == seat_type and candidate.offer in AT_LIST and _holds(span, month - 1)
        }

    def _seat_type(self, seat_type: str, month: int) -> Entries:
        """Return the entries of a seat type, which decide where no term of an offer that may be taken again goes on."""
        bound = [
            h
            for (candidate, span), h in self._agreements.seat_terms.items()
            if candidate.seat_type == seat_type and self._may_return(candidate) and span.start < month < span.end
        ]
        return _without(_entries(self._held(seat_type, month).values()), bound)

    def tracks(self, cohort: str, month: int) -> Entries:
        """Return the entries of a cohort that is not bound: it was on a seat type that was left, or not."""
        of = [(c, span, on) for (name, c, span), on in self._tracks.seats.items() if name == cohort]
        bound = [on for _, span, on in of if span.start < month < span.end]
        at_list = [
            (on, self._agreements.seats[c]) for c, span, on in of if c.offer in AT_LIST and _holds(span, month - 1)
        ]
        if not bound and not at_list:
            return ()
        return (
            ("stay", 1 - total((*bound, *(on for on, _ in at_list)))),
            *(("stay", on + signed - 1) for on, signed in at_list),  # bought at list from signing
            *(("left", on - signed) for on, signed in at_list),
        )


def _entries(left: Iterable[Variable]) -> Entries:
    was_left = total(left)
    return (("stay", 1 - was_left), ("left", was_left)) if was_left.terms else ()


def _without(entries: Entries, bound: Iterable[Variable]) -> Entries:
    """Return entries of which none decides for a part that is inside a term."""
    inside = total(bound)
    if not inside.terms:
        return entries
    (name, stays), *others = entries or (("stay", Expression([], 1.0)),)
    return ((name, stays - inside), *others)


def _holds(span: TermSpan, month: int) -> bool:
    return span.start <= month < span.end
