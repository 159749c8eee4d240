"""Seats under a hard cap: users above N go unserved (model §5; formulation §3, "True-up and hard cap").

unserved[c,t] ≤ A[c,t] · T[c]
Σ_c unserved[c,t] ≥ Σ_c A[c,t] · T[c] - N
"""

from __future__ import annotations

import numpy as np

from deal_solve.deal.deal import Deal
from deal_solve.formulation.clauses.drawdown_cost import DrawdownCost, Period
from deal_solve.formulation.clauses.offers import SeatCandidate
from deal_solve.formulation.clauses.seats import Seats
from deal_solve.formulation.clauses.tracks import Tracks
from deal_solve.formulation.model.expression import Expression, Variable, total
from deal_solve.formulation.model.program import Program
from deal_solve.formulation.model.rate_groups import Item, RateGroups
from deal_solve.uncertainty.scenario_set import Array


def hard_cap(
    program: Program,
    deal: Deal,
    seats: Seats,
    tracks: Tracks,
    candidate: SeatCandidate,
    cohorts: list[str],
    users: list[Array],
    year: int,
) -> None:
    """Add Σ_c unserved[c] >= Σ_c A[c]·T[c] - N per month, unserved[c] <= A[c]·T[c], at each cohort's cost."""
    on = {name: on for name in cohorts if (on := tracks.on_seat(name, candidate, year)) is not None}
    number = seats.years[candidate, year].count
    for month in range(12 * year, 12 * year + 12):
        active = np.array([counts[month] for counts in users])
        if program.by_cuts:
            program.recourse.append(_cost(program, deal, cohorts, on, number, active, month))
            continue
        counts, inverse = np.unique(active, axis=1, return_inverse=True)
        flat = inverse.reshape(-1)
        for group in range(counts.shape[1]):
            members = np.flatnonzero(flat == group)
            above: list[Expression] = []
            for name, count in zip(cohorts, counts[:, group], strict=True):
                taken = on[name]
                unserved = program.variable(f"unserved_{name}", 0, float(count))
                program.add("unserved_most", unserved <= float(count) * taken)
                above.append(unserved - float(count) * taken)
                price = deal.cohorts[name].unserved_usd_per_user_month or 0.0
                program.pay("unserved", unserved, price, month + 1, month, members)
            program.add("hard_cap", number + total(above) >= 0)


def _cost(
    program: Program,
    deal: Deal,
    cohorts: list[str],
    on: dict[str, Variable],
    number: Expression,
    users: Array,
    month: int,
) -> DrawdownCost:
    """Return what users (cohorts, S) above N cost in a month: seats are a balance, drawn down by the dearest first."""
    dollars = [deal.cohorts[name].unserved_usd_per_user_month or 0.0 for name in cohorts]
    indices = [program.index(on[name]) for name in cohorts]
    ratios = [usd / program.unit_usd for usd in dollars]
    items = [Item(index, row, 1.0) for row, index in enumerate(indices)]
    usage = RateGroups(users, items, range(len(items)))
    period = Period(usage, ratios, program.linear(number), (month + 1, month))
    return DrawdownCost([period], arrears=False, line="unserved")
