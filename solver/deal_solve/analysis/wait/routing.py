"""What of the cost of waiting is no price: workloads run as today for longer, at list."""

from __future__ import annotations

import numpy as np

from deal_solve.deal.deal import Deal
from deal_solve.plan.plan import Plan
from deal_solve.settlement.in_force.usage import Until, usage_before
from deal_solve.settlement.usage import Usage, usage_of
from deal_solve.uncertainty.months import in_months_of
from deal_solve.uncertainty.scenario_set import ScenarioSet


def listed_usd(deal: Deal, plan: Plan, scenarios: ScenarioSet) -> float | None:
    """Return the expected list value of workloads over the whole horizon, discounted: as today, then as planned.

    None for a plan whose routing is decided later, by what is observed.
    """
    if plan.later:
        return None
    signed = in_months_of(deal, scenarios).in_memory()
    usd = _listed_usd(deal, usage_of(deal, plan, signed, deal.workloads), signed, 0)
    if signed.before is not None:
        until = Until(0, 0, signed.before.months)
        usage = usage_before(deal.held, signed.before, {}, until, deal.workloads)
        usd += _listed_usd(deal, usage, signed.before, -until.signed)
    return usd


def _listed_usd(deal: Deal, usage: Usage, scenarios: ScenarioSet, first: int) -> float:
    discount = np.array([deal.discount(first + month + 1) for month in range(scenarios.months)])
    values = [
        usd * scenarios.index[deal.card.model(name).family]
        for counted in (usage.counted, usage.uncounted)
        for name, usd in counted.items()
    ]
    return sum(float(discount @ (value @ scenarios.weights)) for value in values)
