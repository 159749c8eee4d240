"""Seats under a hard cap: users above N go unserved (model §5; formulation §3).

unserved[c,t] ≤ A[c,t] · T[c]
Σ_c unserved[c,t] ≥ Σ_c A[c,t] · T[c] - N
"""

from __future__ import annotations

import numpy as np

from deal_solve.deal.deal import Deal
from deal_solve.formulation.clauses.drawdown_cost import DrawdownCost, Period
from deal_solve.formulation.clauses.seats import Seats
from deal_solve.formulation.clauses.tracks import CandidateYear
from deal_solve.formulation.model.expression import Expression, Variable, total
from deal_solve.formulation.model.program import Due, Program
from deal_solve.formulation.model.rate_groups import Item, RateGroups
from deal_solve.uncertainty.scenario_set import Array


def hard_cap(program: Program, deal: Deal, seats: Seats, at: CandidateYear) -> None:
    """Add Σ_c unserved[c] >= Σ_c A[c]·T[c] - N per month, unserved[c] <= A[c]·T[c], at each cohort's cost."""
    number = seats.years[at.candidate, at.year].count
    usd = {name: deal.cohorts[name].unserved_usd_per_user_month or 0.0 for name in at.on}
    for month in range(12 * at.year, 12 * at.year + 12):
        active = np.array([counts[month] for counts in at.users])
        if program.by_cuts:
            priced = [(on, usd[name]) for name, on in at.on.items()]
            program.recourse.append(_cost(program, priced, number, active, month))
            alike = [(on, program.unit_usd) for on in at.on.values()]
            program.unserved_recourse.append(_cost(program, alike, number, active, month))
            continue
        counts, inverse = np.unique(active, axis=1, return_inverse=True)
        flat = inverse.reshape(-1)
        for group in range(counts.shape[1]):
            due = Due(month + 1, month, np.flatnonzero(flat == group))
            above: list[Expression] = []
            for (name, on), count in zip(at.on.items(), counts[:, group], strict=True):
                unserved = program.variable(f"unserved_{name}", 0, float(count))
                program.add("unserved_high", unserved <= float(count) * on)
                above.append(unserved - float(count) * on)
                program.pay("unserved", unserved, usd[name], due)
                program.leave_unserved(unserved, 1.0, due.where)
            program.add("hard_cap", number + total(above) >= 0)


def _cost(
    program: Program, priced: list[tuple[Variable, float]], number: Expression, users: Array, month: int
) -> DrawdownCost:
    """Return what users (cohorts, S) above N cost in a month: seats are a balance, drawn down by the dearest first.

    `priced` are T of each cohort and what an unserved user of it costs, in dollars.
    """
    items = [Item(program.index(on), row, 1.0) for row, (on, _) in enumerate(priced)]
    usage = RateGroups(users, items, range(len(items)))
    ratios = [usd / program.unit_usd for _, usd in priced]
    period = Period(usage, ratios, program.linear(number), (month + 1, month))
    return DrawdownCost([period], arrears=False, line="unserved")
