"""What people use: metered usage of seats and internal tools (model §3, §4; formulation §3).

Σ_j n[c,y,j] + n[c,y,∅] = T[c,·]              n: the part of a track billed under regime j, or at list (∅);
                                              T[v,s] and T[c,s,k] - Σ_v T[v,s] where some users are unserved
n[c,y,j] ≤ β_j
n[c,y,∅] + Σ_j β_j ≤ 1                        j: of the agreement that the usage counts toward
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from deal_solve.deal.deal import Deal
from deal_solve.deal.offers.channel import Channel
from deal_solve.formulation.clauses.api.rates import Regime, channel_of
from deal_solve.formulation.clauses.offers import Agreements, SeatCandidate, channel_of_seats
from deal_solve.formulation.clauses.routing import Activity, Routing, route
from deal_solve.formulation.clauses.seats.allowance import Included, extra_usage
from deal_solve.formulation.clauses.seats.tracks import Tracks
from deal_solve.formulation.model.expression import Expression, Variable, total
from deal_solve.formulation.model.program import Program
from deal_solve.plan.crowds import Excess
from deal_solve.plan.resolved import User, resolve
from deal_solve.plan.terms import TermSpan


def route_people(program: Program, deal: Deal, agreements: Agreements, tracks: Tracks, routing: Routing) -> None:
    """Add the shares of a cohort, one set per track and API regime; their activities add up to the track's binary."""
    included: dict[tuple[SeatCandidate, TermSpan, int], list[Included]] = {}
    for name, cohort in deal.cohorts.items():
        if cohort.use is None:
            continue
        user = resolve(deal).users[name]
        routing.epochs[name] = user.epochs
        metered = _Metered(program, deal, agreements, routing, user)
        for year in range(deal.years):
            for (who, track, when), on in tracks.other.items():
                if (who, when) == (name, year) and track in deal.internal_tools:
                    metered.route_year(year, on, dict.fromkeys(agreements.of_year(year), 1.0), 1.0)
            for candidate in agreements.seats:
                seat = resolve(deal).seat(candidate, candidate.seat_type)
                for span, on_seat in tracks.on_seat(name, candidate, year).items() if seat.prices_usage(name) else ():
                    regimes = _regimes(agreements, candidate, year, seat.part.counts_toward_commitment)
                    share = 1.0 if seat.allowance else 1 - seat.covered_share[name]
                    on_allowance = included.setdefault((candidate, span, year), []) if seat.allowance else []
                    own = replace(metered, is_included=seat.allowance is not None, seat=candidate)
                    excesses = tracks.excess_of(candidate, span, [year])
                    unserved = {each: v for each, v in excesses.items() if each.cohort == name}
                    for excess, variable in unserved.items():
                        made = own.route_year(year, variable, regimes, share, excess)
                        on_allowance += [Included(excess, v) for v in made.values()]
                    if all(variable is not on_seat for variable in unserved.values()):
                        made = own.route_year(year, on_seat - total(unserved.values()), regimes, share)
                        on_allowance += [Included(name, v) for v in made.values()]
    for (candidate, _, year), users in included.items():
        extra_usage(program, deal, routing, (candidate, year), users)


def _regimes(agreements: Agreements, candidate: SeatCandidate, year: int, counted: float) -> dict[Regime | None, float]:
    """Return what a seat's metered usage may be billed under, and the share of it that is `counted` there.

    These are its own offer's regimes, and none (all of it at list).
    """
    if counted == 0:
        return {None: 1.0}
    own = [r for r in agreements.of_year(year) if r.agreement == candidate.agreement and not r.span.left]
    return {**dict.fromkeys(own, counted), None: 1.0}


@dataclass(frozen=True)
class _Metered:
    """The metered usage of one cohort, or what `is_included` in the allowance of a seat."""

    program: Program
    deal: Deal
    agreements: Agreements
    routing: Routing
    user: User
    is_included: bool = False
    seat: SeatCandidate | None = None

    def route_year(
        self,
        year: int,
        on: Expression | Variable,
        regimes: Mapping[Regime | None, float],
        share: float,
        excess: Excess | None = None,
    ) -> dict[Regime | None, Variable]:
        """Add n ≤ β_j, n[∅] + Σ_j β_j ≤ 1, Σ_j n = T in a contract year, and the routing of each n; return them.

        `regimes` maps each to the share of the usage that counts there. With an excess the requests are those of the
        users of the cohort who are served then.
        """
        program, agreements = self.program, self.agreements
        activity: dict[Regime | None, Variable] = {}
        for regime in regimes:
            activity[regime] = program.variable(f"metered_{self.user.name}_{year}", 0, 1)
            if regime is not None:
                program.add("metered_regime", activity[regime] <= agreements.regimes[regime])
        if None in activity:
            # At list only if the API agreement is not the one this usage counts toward, or is left.
            own = [agreements.regimes[regime] for regime in regimes if regime is not None]
            if own:
                program.add("metered_counts", activity[None] + total(own) <= 1)
        program.add("metered_disaggregated", total(activity.values()) == on)
        made = [
            Activity(variable, regime, share, regimes[regime], excess, self.is_included, self._channel(regime))
            for regime, variable in activity.items()
        ]
        for epoch in self.user.epochs:
            for own_activity in made if epoch.year == year else ():
                route(program, self.routing, self.user, epoch, own_activity)
        return activity

    def _channel(self, regime: Regime | None) -> Channel | None:
        """Return the channel of the agreement of the seat; usage of an internal tool is billed under the regime."""
        if self.seat is not None:
            return channel_of_seats(self.deal, self.seat)
        return None if regime is None else channel_of(self.deal, regime)
