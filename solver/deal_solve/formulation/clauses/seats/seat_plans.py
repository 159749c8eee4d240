"""The plans of the vendor: maximum and minimum of all their seat types together (model §5; formulation §3).

Σ_s N[s,y] ≤ max_P
Σ_{c in K} Σ_s T[c,s,k] ≤ |K| - 1             K: a smallest set of cohorts with more than max_P users in some scenario,
                                              one of which states no unserved cost
q[H+c] ≤ left[H],  Σ_H q[H+c] ≤ Σ_s T[c,s,k] ≤ 1 - Σ_H (left[H] - q[H+c])
                                              left[H]: of the cohorts served before c exactly those of H are on P
Σ_s T[v,s] = q[H+c],  Σ_v T[v,s] ≤ T[c,s,k]   v: the users of c above max_P where those of H are on P
Σ_s N[s,y] ≥ min_P · (T[c,s,k] - Σ_m u[m,y])  s contracted, m on monthly list
T[c,m,k] ≤ u[m,y] ≤ Σ_c T[c,m,k]
v[m,y] ≥ u[m,y] - Σ_{cheaper m'} u[m',y]
D[t] ≥ min_P · v[m,y] - Σ_s N[s,y] - Σ_{c,m} A[c,t] · T[c,m,k]
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from deal_solve.deal.deal import Deal
from deal_solve.deal.offers.running import is_running, seats_run
from deal_solve.deal.rate_card import SeatPlan
from deal_solve.formulation.clauses.api.rates import rates_of
from deal_solve.formulation.clauses.offers import Agreements, SeatCandidate
from deal_solve.formulation.clauses.seats.seats import Seats
from deal_solve.formulation.clauses.seats.tracks import Tracks
from deal_solve.formulation.clauses.seats.true_up_cost import Counts, TrueUpCost
from deal_solve.formulation.model.expression import Expression, Variable, total
from deal_solve.formulation.model.per_scenario import ScalarOrArray, Who
from deal_solve.formulation.model.program import Due, Program, equal_columns
from deal_solve.plan.crowds import Crowding, Excess, closed_crowds, crowding
from deal_solve.plan.resolved import resolve
from deal_solve.plan.terms import TermSpan


def serve(program: Program, deal: Deal, tracks: Tracks) -> None:
    """Add q for the combinations of cohorts in which users above a plan's maximum are unserved, at their cost."""
    for seat_plan in deal.card.plans:
        for year in range(deal.years):
            combinations = crowding(deal, program.sums.first_users, seat_plan, year)
            if combinations is not None and combinations.distinguished:
                _serve(program, deal, tracks, seat_plan, combinations)


def _serve(program: Program, deal: Deal, tracks: Tracks, seat_plan: SeatPlan, combinations: Crowding) -> None:
    """Add q[H+c] cohort after cohort, in the order in which they are served.

    `left[H]` is 1 where exactly the cohorts of H are on the plan, of those that are served before the next one, and
    users may still be unserved with them.
    """
    left: dict[tuple[str, ...], Expression] = {(): Expression(constant=1.0)}
    for cohort, sets in combinations.distinguished.items():
        on = {
            (candidate, span): variable
            for (name, candidate, span), variable in tracks.seats.items()
            if name == cohort and candidate.seat_type in seat_plan.seats and combinations.year in span.years
        }
        left = {ahead: left[ahead] for ahead in sets if ahead in left}
        taken = total(on.values())
        beside = _beside(program, cohort, left, taken) if on else {}
        unserved = {e: beside[e.ahead] for e in combinations.excesses[cohort] if e.ahead in beside}
        for excess, together in unserved.items():
            _leave_out(program, deal, excess, together)
        _by_candidate(program, tracks, on, unserved, is_alone=beside.get(()) is taken)
        left = {
            **{ahead: rest - beside[ahead] if on else rest for ahead, rest in left.items()},
            **{(*ahead, cohort): both for ahead, both in beside.items()},
        }


def _beside(
    program: Program, cohort: str, left: dict[tuple[str, ...], Expression], taken: Expression
) -> dict[tuple[str, ...], Expression]:
    """Return q[H+c] by H: q[H+c] <= left[H] and Σ_H q[H+c] <= T <= 1 - Σ_H (left[H] - q[H+c]); T for the first one."""
    if all(not rest.terms for rest in left.values()):
        return dict.fromkeys(left, taken)
    beside = {ahead: 1.0 * program.variable(f"beside_{cohort}", 0, 1) for ahead in left}
    for ahead, both in beside.items():
        program.add("beside_once", both <= left[ahead])
    program.add("beside_on_plan", total(beside.values()) <= taken)
    program.add("beside_all", total(left.values()) - total(beside.values()) <= 1 - taken)
    return beside


def _leave_out(program: Program, deal: Deal, excess: Excess, together: Expression) -> None:
    """Charge the users above the maximum at their cohort's cost, at the end of each month."""
    price = deal.cohorts[excess.cohort].unserved_usd_per_user_month or 0.0
    for month in deal.months_of(excess.year):
        users = program.sums.users_in(excess, month)
        program.pay("unserved", together, price, Due(month + 1, month), users)
        program.leave_unserved(together, users)


def _by_candidate(
    program: Program,
    tracks: Tracks,
    on: dict[tuple[SeatCandidate, TermSpan], Variable],
    unserved: dict[Excess, Expression],
    *,
    is_alone: bool,
) -> None:
    """Add T[v,s]: Σ_s T[v,s] = q, Σ_v T[v,s] <= T[c,s]; T[c,s] itself where nobody is served before (`is_alone`).

    With one candidate T[v,s] is q.
    """
    is_split = len(on) > 1 and not is_alone
    for excess, together in unserved.items():
        for (candidate, span), track in on.items():
            own = tracks.excess.setdefault((candidate, span, excess.year), {})
            own[excess] = track if is_alone else together.terms[0][0]
            if is_split:
                own[excess] = program.variable(f"unserved_{excess}", 0, 1)
        if is_split:
            parts = total(tracks.excess[*term, excess.year][excess] for term in on)
            program.add("unserved_by_agreement", parts == together)
    for term, track in on.items() if is_split and unserved else ():
        parts = total(tracks.excess[*term, excess.year][excess] for excess in unserved)
        program.add("unserved_on_track", parts <= track)


@dataclass(frozen=True)
class _PlanYear:
    """A plan in one contract year: N of all its seats, and T of each cohort and candidate, dearest users last.

    `unserved` are those of users above the maximum, `monthly` the candidates at list billed monthly, cheapest first.
    """

    seat_plan: SeatPlan
    year: int
    contracted: Expression
    on: dict[tuple[str, SeatCandidate, TermSpan], Variable]
    unserved: dict[tuple[Excess, SeatCandidate, TermSpan], Variable]
    monthly: list[SeatCandidate]

    def is_running(self, deal: Deal) -> bool:
        """Whether seats of the plan are in force when the year begins: they are its own as long as they run."""
        return self.year == 0 and any(is_running(deal, seat_type) for seat_type in self.seat_plan.seats)


def limit_plans(program: Program, deal: Deal, agreements: Agreements, seats: Seats, tracks: Tracks) -> None:
    """Add maximum and minimum of every plan, in each contract year."""
    for seat_plan in deal.card.plans:
        candidates = [candidate for candidate in agreements.seats if candidate.seat_type in seat_plan.seats]
        monthly = [c for c in candidates if resolve(deal).seat(c, c.seat_type).is_billed_by_users]
        monthly.sort(key=lambda candidate: resolve(deal).seat(candidate, candidate.seat_type).usd)
        for year in range(deal.years) if candidates else ():
            contracted = total(seats.count(candidate, year) for candidate in candidates)
            on = {
                (name, candidate, span): variable
                for (name, candidate, span), variable in tracks.seats.items()
                if candidate in candidates and year in span.years
            }
            unserved = {
                (excess, candidate, span): variable
                for candidate in candidates
                for (taken, span, when), own in tracks.excess.items()
                if (taken, when) == (candidate, year)
                for excess, variable in own.items()
            }
            at = _PlanYear(seat_plan, year, contracted, on, unserved, monthly)
            if seat_plan.maximum is not None:
                _maximum(program, deal, at)
            if seat_plan.minimum:
                _minimum(program, deal, at)


def _maximum(program: Program, deal: Deal, at: _PlanYear) -> None:
    """Add Σ N <= maximum, and that not all cohorts of a set are on the plan that cannot be on it together."""
    program.add("plan_maximum", at.contracted <= float(at.seat_plan.maximum or 0))
    for crowd in closed_crowds(deal, program.sums.first_users, at.seat_plan, at.year):
        taken = total(variable for (name, *_), variable in at.on.items() if name in crowd)
        program.add("plan_crowded", taken <= len(crowd) - 1)


def _minimum(program: Program, deal: Deal, at: _PlanYear) -> None:
    """Add that contracted seats reach the minimum, or that what they and monthly users lack is charged."""
    minimum, taken = float(at.seat_plan.minimum), dict[SeatCandidate, Variable]()
    for candidate in at.monthly:
        on = [variable for (_, other, _), variable in at.on.items() if other == candidate]
        if on:
            taken[candidate] = program.variable(f"monthly_{candidate.seat_type}_{at.year}", 0, 1)
            program.add("monthly_taken_at_most", taken[candidate] <= total(on))
            for variable in on:
                program.add("monthly_taken", taken[candidate] >= variable)
    for (_, candidate, _), variable in at.on.items():
        if candidate not in taken:
            program.add("plan_minimum", at.contracted >= minimum * (variable - total(taken.values())))
    cheaper: list[Variable] = []
    for candidate, is_taken in taken.items():
        cheapest = is_taken
        if cheaper:
            cheapest = program.variable(f"cheapest_{candidate.seat_type}_{at.year}", 0, 1)
            program.add("cheapest_monthly", cheapest >= is_taken - total(cheaper))
        _charge_missing(program, deal, at, candidate, minimum * cheapest)
        cheaper.append(is_taken)


def _charge_missing(program: Program, deal: Deal, at: _PlanYear, candidate: SeatCandidate, minimum: Expression) -> None:
    """Pay max(0, minimum - Σ N - Σ A·T) at the monthly price of a candidate, in each month of the year."""
    usd = resolve(deal).seat(candidate, candidate.seat_type).usd
    on = [(name, variable) for (name, other, _), variable in at.on.items() if other in at.monthly]
    less = [(excess, variable) for (excess, other, _), variable in at.unserved.items() if other in at.monthly]
    whose: list[tuple[Who, Variable]] = [*on, *less]
    for month in deal.months_of(at.year)[seats_run(deal) if at.is_running(deal) else 0 :]:
        is_reached = all(float(program.sums.users[name][month].min()) >= at.seat_plan.minimum for name, _ in on)
        if is_reached and not less:
            continue
        index = rates_of(program.sums, deal).protected(candidate.agreement, "seats", month)
        if program.by_cuts:
            _missing_cost(program, whose, minimum - at.contracted, month, usd, index)
            continue
        users = program.sums.counted(tuple(who for who, _ in whose), range(month, month + 1))[:, 0]
        for members in equal_columns(users):
            missing = program.variable("users_missing", 0, float(at.seat_plan.minimum))
            pairs = zip(whose, users[:, members[0]].tolist(), strict=True)
            counted = Expression([(variable, count) for (_, variable), count in pairs])
            program.add("plan_missing", missing + at.contracted + counted >= minimum)
            column = index[members] if isinstance(index, np.ndarray) else index
            program.pay("seats", missing, usd, Due(month, month, members), column)


def _missing_cost(
    program: Program,
    whose: list[tuple[Who, Variable]],
    minimum: Expression,
    month: int,
    usd: float,
    index: ScalarOrArray,
) -> None:
    """Pay max(minimum, Σ A·T) - Σ A·T, of which the first part less the minimum is recourse."""
    indices = [variable.place for _, variable in whose]
    users = program.sums.counted(tuple(who for who, _ in whose), range(month, month + 1))
    counts = Counts(np.array(indices), np.arange(len(whose)), users)
    price, charges = program.usd(usd), ((month, month),)
    number = program.linear(minimum)
    program.recourse.append(TrueUpCost((counts,), number, (1,), (1,), charges, price, index, False, line="seats"))
    program.pay("seats", minimum, usd, Due(month, month), index)
    for who, variable in whose:
        counted = program.sums.users_in(who, month)
        sign = 1 if isinstance(who, Excess) else -1
        program.pay("seats", variable, sign * usd, Due(month, month), counted * index)
