"""What people use: metered usage of seats and internal tools (deal model, sections 3, 4 and 8)."""

from __future__ import annotations

from deal_solve.deal.deal import Deal
from deal_solve.formulation.clauses.offers import Agreements, SeatCandidate
from deal_solve.formulation.clauses.rates import Regime
from deal_solve.formulation.clauses.routing import Routing, route
from deal_solve.formulation.clauses.seats import Seats
from deal_solve.formulation.clauses.tracks import Tracks
from deal_solve.formulation.model.expression import Variable, total
from deal_solve.formulation.model.program import Program
from deal_solve.plan.resolved import resolve


def route_people(
    program: Program, deal: Deal, agreements: Agreements, seats: Seats, tracks: Tracks, routing: Routing
) -> None:
    """Add a cohort's routing with one copy per track and API regime, Σ of the copies = the track's binary."""
    for name, cohort in deal.cohorts.items():
        if cohort.use is None:
            continue
        routing.menus[name] = resolve(deal).epochs(name)
        for year in range(deal.years):
            for (who, track, when), on in tracks.other.items():
                if (who, when) == (name, year) and track in deal.internal_tools:
                    counted: list[Regime | None] = [*agreements.of_year(year)]
                    _copies(program, deal, agreements, routing, name, year, on, counted, 1.0)
            for candidate in agreements.seats:
                on_seat = tracks.on_seat(name, candidate, year)
                metered = 1 - deal.covered_share(name, candidate.offer, candidate.seat_type)
                if on_seat is not None and metered > 0:
                    regimes = _regimes(agreements, seats, candidate, year)
                    _copies(program, deal, agreements, routing, name, year, on_seat, regimes, metered)


def _regimes(agreements: Agreements, seats: Seats, candidate: SeatCandidate, year: int) -> list[Regime | None]:
    """Return what a seat's metered usage may be billed under: its own offer's regimes, or none (at list)."""
    if not seats.parts[candidate].counts_toward_commitment:
        return [None]
    return [*(r for r in agreements.of_year(year) if r.agreement == candidate.agreement), None]


def _copies(
    program: Program,
    deal: Deal,
    agreements: Agreements,
    routing: Routing,
    name: str,
    year: int,
    on: Variable,
    regimes: list[Regime | None],
    metered: float,
) -> None:
    activity: dict[Regime | None, Variable] = {}
    for regime in regimes:
        activity[regime] = program.variable(f"metered_{name}_{year}", 0, 1)
        if regime is not None:
            program.add("metered_regime", activity[regime] <= agreements.regimes[regime])
    if None in activity:
        # At list only if the API agreement is not the one this usage counts toward.
        own = {r.agreement for r in regimes if r is not None}
        for agreement in own:
            program.add("metered_counts", activity[None] + agreements.api[agreement] <= 1)
    program.add("metered_copies", total(activity.values()) == on)
    for epoch in routing.menus[name]:
        if epoch.year == year:
            for regime, share in activity.items():
                useful = routing.useful(deal, name, epoch, regime)
                route(program, deal, routing, name, epoch, share, regime, metered, useful)
