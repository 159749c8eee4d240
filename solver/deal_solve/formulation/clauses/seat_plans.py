"""The plans of the vendor: maximum and minimum of all their seat types together (model §5; formulation §3).

Σ_s N[s,y] ≤ max_P
Σ_{c in K} Σ_s T[c,s,k] ≤ |K| - 1             K: a smallest set of cohorts with more than max_P users in some scenario
Σ_s N[s,y] ≥ min_P · (T[c,s,k] - Σ_m u[m,y])  s contracted, m on monthly list
T[c,m,k] ≤ u[m,y] ≤ Σ_c T[c,m,k]
v[m,y] ≥ u[m,y] - Σ_{cheaper m'} u[m',y]
D[t] ≥ min_P · v[m,y] - Σ_s N[s,y] - Σ_{c,m} A[c,t] · T[c,m,k]
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from deal_solve.deal.deal import Deal
from deal_solve.deal.rate_card import SeatPlan
from deal_solve.formulation.clauses.offers import Agreements, SeatCandidate
from deal_solve.formulation.clauses.rates import rates_of
from deal_solve.formulation.clauses.seats import Seats
from deal_solve.formulation.clauses.tracks import Tracks
from deal_solve.formulation.clauses.true_up_cost import Counts, TrueUpCost
from deal_solve.formulation.model.expression import Expression, Variable, total
from deal_solve.formulation.model.program import Due, Program, equal_columns
from deal_solve.formulation.model.scenario_sums import ScalarOrArray
from deal_solve.plan.crowds import crowds
from deal_solve.plan.resolved import resolve


@dataclass(frozen=True)
class _PlanYear:
    """A plan in one contract year: N of all its seats, and T of each cohort and candidate, dearest users last.

    `monthly` are the candidates at list billed monthly, the cheapest first.
    """

    seat_plan: SeatPlan
    year: int
    contracted: Expression
    on: dict[tuple[str, SeatCandidate], Variable]
    monthly: list[SeatCandidate]


def limit_plans(program: Program, deal: Deal, agreements: Agreements, seats: Seats, tracks: Tracks) -> None:
    """Add maximum and minimum of every plan, in each contract year."""
    for seat_plan in deal.card.plans:
        candidates = [candidate for candidate in agreements.seats if candidate.seat_type in seat_plan.seats]
        monthly = [c for c in candidates if resolve(deal).seat(c, c.seat_type).is_billed_by_users]
        monthly.sort(key=lambda candidate: resolve(deal).seat(candidate, candidate.seat_type).usd)
        for year in range(deal.years) if candidates else ():
            contracted = total(seats.years[candidate, year].count for candidate in candidates)
            on = {
                (name, candidate): variable
                for (name, candidate, span), variable in tracks.seats.items()
                if candidate in candidates and year in span.years
            }
            at = _PlanYear(seat_plan, year, contracted, on, monthly)
            if seat_plan.maximum is not None:
                _maximum(program, at)
            if seat_plan.minimum:
                _minimum(program, deal, at)


def _maximum(program: Program, at: _PlanYear) -> None:
    """Add Σ N <= maximum, and that not all cohorts of a set are on the plan that are too many together."""
    maximum = at.seat_plan.maximum or 0
    program.add("plan_maximum", at.contracted <= float(maximum))
    cohorts = tuple(dict.fromkeys(name for name, _ in at.on))
    for crowd in crowds(program.sums.first_users, cohorts, at.year, maximum):
        taken = total(variable for (name, _), variable in at.on.items() if name in crowd)
        program.add("plan_crowded", taken <= len(crowd) - 1)


def _minimum(program: Program, deal: Deal, at: _PlanYear) -> None:
    """Add that contracted seats reach the minimum, or that what they and monthly users lack is charged."""
    minimum, taken = float(at.seat_plan.minimum), dict[SeatCandidate, Variable]()
    for candidate in at.monthly:
        on = [variable for (_, other), variable in at.on.items() if other == candidate]
        if on:
            taken[candidate] = program.variable(f"monthly_{candidate.seat_type}_{at.year}", 0, 1)
            program.add("monthly_taken_at_most", taken[candidate] <= total(on))
            for variable in on:
                program.add("monthly_taken", taken[candidate] >= variable)
    for (_, candidate), variable in at.on.items():
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
    on = [(name, variable) for (name, other), variable in at.on.items() if other in at.monthly]
    for month in range(12 * at.year, 12 * at.year + 12):
        if all(float(program.sums.users[name][month].min()) >= at.seat_plan.minimum for name, _ in on):
            continue
        index = rates_of(program.sums, deal).protected(candidate.agreement, "seats", month)
        if program.by_cuts:
            _missing_cost(program, deal, on, minimum - at.contracted, month, usd, index)
            continue
        users = np.array([program.sums.users[name][month] for name, _ in on])
        for members in equal_columns(users):
            missing = program.variable("users_missing", 0, float(at.seat_plan.minimum))
            pairs = zip(on, users[:, members[0]].tolist(), strict=True)
            counted = Expression([(variable, count) for (_, variable), count in pairs])
            program.add("plan_missing", missing + at.contracted + counted >= minimum)
            column = index[members] if isinstance(index, np.ndarray) else index
            program.pay("seats", missing, usd, Due(month, month, members), column)


def _missing_cost(
    program: Program,
    deal: Deal,
    on: list[tuple[str, Variable]],
    minimum: Expression,
    month: int,
    usd: float,
    index: ScalarOrArray,
) -> None:
    """Pay max(minimum, Σ A·T) - Σ A·T, of which the first part less the minimum is recourse."""
    rows = [list(deal.cohorts).index(name) for name, _ in on]
    indices = [program.index(variable) for _, variable in on]
    counts = Counts(np.array(indices), np.array(rows), program.sums.active[:, month : month + 1])
    price, charges = program.usd(usd), ((month, month),)
    number = program.linear(minimum)
    program.recourse.append(TrueUpCost((counts,), number, (1,), (1,), charges, price, index, False, line="seats"))
    program.pay("seats", minimum, usd, Due(month, month), index)
    for name, variable in on:
        users = program.sums.users_in(name, month)
        program.pay("seats", variable, -usd, Due(month, month), users * index)
