"""The allowance of seats: usage beyond the dollars that a seat includes (model §5)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from deal_solve.deal.allowance import Allowance
from deal_solve.deal.deal import Deal
from deal_solve.plan.plan import Plan
from deal_solve.plan.resolved import resolve
from deal_solve.settlement.channel import channel_of_seats
from deal_solve.settlement.ledger import Ledger, Row
from deal_solve.settlement.usage import value_of
from deal_solve.uncertainty.scenario_set import Array, ScenarioSet


def post_extra(ledger: Ledger, deal: Deal, plan: Plan, scenarios: ScenarioSet) -> None:
    """Post usage beyond the allowances of seats at the end of each month: billed at list, or refused.

    `scenarios` have the users that are served: idle seats bring nothing.
    """
    for year in range(deal.years):
        for seat_type, agreement in plan.seats.items():
            cohorts = [name for name in deal.cohorts if plan.tracks[name][year] == seat_type]
            allowance = resolve(deal).seat_of(agreement, seat_type, year).allowance
            if cohorts and allowance is not None:
                months = deal.months_of(year)
                values = {name: value_of(deal, plan, scenarios, name, year) for name in cohorts}
                users = {name: scenarios.users[name][months.start : months.stop] for name in cohorts}
                own = ledger.through(channel_of_seats(deal, plan, seat_type, year))
                for name, extra in extra_usage(deal, allowance, values, users).items():
                    post_beyond(own, allowance, name, months.start, extra)


def extra_usage(
    deal: Deal, allowance: Allowance, values: Mapping[str, Array], users: Mapping[str, Array]
) -> dict[str, Array]:
    """Return dollars beyond the allowance by cohort; all arrays (months, S), values at list.

    A user alone: Σ_j s_j · max(0, f_j · V - a · A). Pooled: max(0, Σ V - a · Σ A), in proportion to what each uses.
    """
    usd = allowance.usd_per_user_month
    if allowance.pooled:
        used: Array = np.sum([*values.values()], axis=0)
        share = np.maximum(0.0, used - usd * np.sum([*users.values()], axis=0)) / np.where(used > 0, used, 1.0)
        return {name: value * share for name, value in values.items()}
    found = {}
    for name, value in values.items():
        use = deal.cohorts[name].use
        classes = [(one.share, one.factor) for one in use.spread] if use and use.spread else [(1.0, 1.0)]
        found[name] = sum(
            (share * np.maximum(0.0, factor * value - usd * users[name]) for share, factor in classes), np.zeros(1)
        )
    return found


def post_beyond(ledger: Ledger, allowance: Allowance, cohort_id: str, start: int, extra: Array) -> None:
    """Post dollars beyond the allowance, (months, S) from month `start` on, at the end of each month."""
    line = "extra_usage" if allowance.beyond == "billed" else "refused_usage"
    for row in np.flatnonzero(extra.any(axis=1)).tolist():
        t, amount = start + row, extra[row] * allowance.usd_per_extra_usd
        ledger.post(Row(line, cohort_id, extra[row], amount, paid=t + 1, first=t, last=t))
