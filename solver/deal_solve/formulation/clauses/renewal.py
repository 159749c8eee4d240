"""Later terms by table: decisions on every path of buckets, tied by non-anticipativity (model §6; formulation §9).

x = x'                                        decisions of two paths that are in one bucket when they are taken
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from deal_solve.deal.cohort import NONE
from deal_solve.deal.deal import Deal
from deal_solve.deal.workload import ProjectName
from deal_solve.formulation.clauses.commitment import Commitments
from deal_solve.formulation.clauses.offers import Agreements, seat_candidates
from deal_solve.formulation.clauses.rates import Agreement
from deal_solve.formulation.clauses.routing import Routing
from deal_solve.formulation.clauses.seats import Seats
from deal_solve.formulation.clauses.tracks import Tracks
from deal_solve.formulation.model.expression import Expression, Variable, total
from deal_solve.formulation.model.program import Program
from deal_solve.plan.renewal_tables import Path
from deal_solve.plan.resolved import resolve


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
    offered = {*agreements, *(seats.agreement for seats in seat_candidates(deal))}
    months = {span.start for agreement in offered for span in resolve(deal).taken(agreement).spans}
    if any(cohort.use or {NONE, *deal.internal_tools} & {*cohort.tracks} for cohort in deal.cohorts.values()):
        months |= {*range(0, deal.horizon_months, 12)}
    return tuple(sorted(months - {0}))


def tie(program: Program, months: tuple[int, ...], paths: Sequence[Decisions]) -> None:
    """Add x = x' for paths that are in one bucket when x is decided; at signing all of them are."""
    kept: dict[tuple[int, int, int], Variable | Expression] = {}
    for decisions in paths:
        buckets = {0: 0, **dict(zip(months, decisions.path, strict=True))}
        for index, (month, variable) in enumerate(_decided(decisions)):
            first = kept.setdefault((index, month, buckets[month]), variable)
            if first is not variable:
                program.add("same_bucket", variable == first)


def _decided(decisions: Decisions) -> Iterator[tuple[int, Variable | Expression]]:
    """Yield every decision with the month in which it is taken, in the order in which all copies are made."""
    agreements, starts = decisions.agreements, dict[Variable, int]()
    for variable in (*agreements.api.values(), *agreements.seats.values(), *decisions.projects.values()):
        yield 0, variable
    for (_, span), held in agreements.seat_terms.items():
        yield span.start, held
    for regime, beta in agreements.regimes.items():
        starts[beta] = regime.span.start
        yield regime.span.start, beta
        bases = (v for year in regime.span.years for v, _ in decisions.commitments.get(regime, year))
        yield from ((regime.span.start, base) for base in dict.fromkeys(bases))
    for year in decisions.seats.years.values():
        for _, chosen, number in year.segments:
            yield from ((year.span.start, chosen), (year.span.start, number))
    for (_, _, span), on in decisions.tracks.seats.items():
        yield span.start, on
    for (_, _, when), on in decisions.tracks.other.items():
        yield 12 * when, on
    for (_, start, _), shares in decisions.routing.shares.items():
        parts: dict[object, list[tuple[Variable, Variable]]] = {}
        for share, activity in shares:
            parts.setdefault(decisions.routing.alike.get(activity, activity), []).append((share, activity))
        for own in parts.values():
            (first, activity), *others = own
            month = starts.get(activity, start // 12 * 12)
            yield month, total(share for share, _ in own) if others else first
