"""Seats under a hard cap: users above N go unserved (model §5; formulation §3).

unserved[c,t] ≤ A[c,t] · T[c]                 A · T less what the maximum of the plan leaves unserved
Σ_c unserved[c,t] ≥ Σ_c A[c,t] · T[c] - N
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from deal_solve.deal.deal import Deal
from deal_solve.formulation.clauses.api.drawdown_cost import DrawdownCost
from deal_solve.formulation.clauses.seats.seats import Seats
from deal_solve.formulation.clauses.seats.tracks import CandidateYear
from deal_solve.formulation.model.expression import Expression, total
from deal_solve.formulation.model.per_scenario import cohort_of
from deal_solve.formulation.model.period import Period
from deal_solve.formulation.model.program import Due, Program
from deal_solve.formulation.model.rate_groups import Item, RateGroups


def hard_cap(program: Program, deal: Deal, seats: Seats, at: CandidateYear) -> None:
    """Add Σ_c unserved[c] >= Σ_c A[c]·T[c] - N per month, unserved[c] <= A[c]·T[c], at each cohort's cost."""
    number = seats.years[at.candidate, at.span, at.year].count
    usd = {name: deal.cohorts[name].unserved_usd_per_user_month or 0.0 for name in at.on}
    for month in deal.months_of(at.year):
        if program.by_cuts:
            program.recourse.append(_cost(program, at, usd, number, month))
            alike = dict.fromkeys(usd, program.unit_usd)
            program.unserved_recourse.append(_cost(program, at, alike, number, month))
            continue
        active = program.sums.counted(tuple(at.whose), range(month, month + 1))[:, 0]
        counts, inverse = np.unique(active, axis=1, return_inverse=True)
        flat = inverse.reshape(-1)
        for group in range(counts.shape[1]):
            due = Due(month + 1, month, np.flatnonzero(flat == group))
            counted = list(zip(at.whose.items(), counts[:, group].tolist(), strict=True))
            above: list[Expression] = []
            for name, largest in zip(at.on, counts[:, group].tolist(), strict=False):
                users = total(count * on for (who, on), count in counted if name == cohort_of(who))
                unserved = program.variable(f"unserved_{name}", 0, largest)
                program.add("unserved_high", unserved <= users)
                above.append(unserved - users)
                program.pay("unserved", unserved, usd[name], due)
                program.leave_unserved(unserved, 1.0, due.where)
            program.add("hard_cap", number + total(above) >= 0)


def _cost(
    program: Program, at: CandidateYear, usd: Mapping[str, float], number: Expression, month: int
) -> DrawdownCost:
    """Return what users above N cost in a month: seats are a balance, drawn down by the dearest first.

    `usd` is what an unserved user of each cohort costs.
    """
    items = [Item(on.place, row, 1.0) for row, on in enumerate(at.whose.values())]
    groups = [list(usd).index(cohort_of(who)) for who in at.whose]
    usage = RateGroups(program.sums.counted(tuple(at.whose), range(month, month + 1))[:, 0], items, groups)
    ratios = [dollars / program.unit_usd for dollars in usd.values()]
    period = Period(usage, ratios, program.linear(number), (month + 1, month))
    return DrawdownCost([period], arrears=False, line="unserved")
