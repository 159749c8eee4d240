"""List billed monthly: no contracted seats, the users of each month are charged (model §5; formulation §3).

u[s,y] ≥ T[c,s,k]
D[t] ≥ min_s · u[s,y] - Σ_c A[c,t] · T[c,s,k]
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from deal_solve.deal.deal import Deal
from deal_solve.formulation.clauses.offers import Agreements, SeatCandidate
from deal_solve.formulation.clauses.rates import rates_of
from deal_solve.formulation.clauses.tracks import Tracks
from deal_solve.formulation.clauses.true_up_cost import Counts, TrueUpCost
from deal_solve.formulation.model.expression import Expression, Variable
from deal_solve.formulation.model.program import Due, Program, equal_columns
from deal_solve.formulation.model.scenario_sums import ScalarOrArray
from deal_solve.plan.resolved import resolve


@dataclass(frozen=True)
class _Month:
    """A month of list billed monthly: T of each cohort that may be on it, `usd` per user, the seats index."""

    month: int
    on: dict[str, Variable]
    usd: float
    index: ScalarOrArray


def charge_users(program: Program, deal: Deal, agreements: Agreements, tracks: Tracks) -> None:
    """Charge users · monthly list price at the start of each month; at least the minimum where a cohort is on it."""
    for candidate in agreements.seats:
        seat = resolve(deal).seat(candidate, candidate.seat_type)
        if not seat.is_billed_by_users:
            continue
        for year in range(deal.years):
            on = {
                name: v for (name, taken, span), v in tracks.seats.items() if taken == candidate and year in span.years
            }
            if on:
                minimum = _minimum(program, candidate, on, seat.part.minimum or 0)
                for month in range(12 * year, 12 * year + 12):
                    index = rates_of(program.sums, deal).protected(candidate.agreement, "seats", month)
                    _charge(program, deal, _Month(month, on, seat.usd, index), minimum)


def _minimum(program: Program, candidate: SeatCandidate, on: dict[str, Variable], minimum: int) -> Expression | None:
    """Return minimum · u with u >= T, or None where each cohort alone has so many users in every month."""
    if all(float(program.sums.users[name].min()) >= minimum for name in on):
        return None
    is_taken = program.variable(f"taken_{candidate.seat_type}_{candidate.offer}", 0, 1)
    for variable in on.values():
        program.add("list_monthly_taken", is_taken >= variable)
    return float(minimum) * is_taken


def _charge(program: Program, deal: Deal, at: _Month, minimum: Expression | None) -> None:
    """Pay users · price, and what they lack to the minimum."""
    for name, on in at.on.items():
        users = program.sums.users_in(name, at.month)
        program.pay("seats", on, at.usd, Due(at.month, at.month), users * at.index)
    if minimum is not None:
        _charge_missing(program, deal, at, minimum)


def _charge_missing(program: Program, deal: Deal, at: _Month, minimum: Expression) -> None:
    """Pay max(0, minimum - Σ A·T) · price: as rows, or as recourse (max(minimum, Σ A·T) - Σ A·T)."""
    if program.by_cuts:
        indices = np.array([program.index(on) for on in at.on.values()], dtype=np.int64)
        rows = np.array([list(deal.cohorts).index(name) for name in at.on], dtype=np.int64)
        counts = Counts(indices, rows, program.sums.active[:, at.month : at.month + 1])
        price, due = program.usd(at.usd), ((at.month, at.month),)
        program.recourse.append(
            TrueUpCost((counts,), program.linear(minimum), (1,), (1,), due, price, at.index, False, line="seats")
        )
        program.pay("seats", minimum, at.usd, Due(at.month, at.month), at.index)
        for name, on in at.on.items():
            users = program.sums.users_in(name, at.month)
            program.pay("seats", on, -at.usd, Due(at.month, at.month), users * at.index)
        return
    limit = sum(factor for _, factor in minimum)
    users_of = np.array([program.sums.users[name][at.month] for name in at.on])
    for members in equal_columns(users_of):
        missing = program.variable("users_missing", 0, limit)
        counted = Expression([(on, float(n)) for on, n in zip(at.on.values(), users_of[:, members[0]], strict=True)])
        program.add("list_monthly_minimum", missing + counted >= minimum)
        column = at.index[members] if isinstance(at.index, np.ndarray) else at.index
        program.pay("seats", missing, at.usd, Due(at.month, at.month, members), column)
