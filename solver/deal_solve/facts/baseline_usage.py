"""Usage routed as today: the yardstick for thresholds."""

from __future__ import annotations

import numpy as np

from deal_solve.deal.deal import Deal
from deal_solve.errors import InputError
from deal_solve.plan.completion.complete import complete
from deal_solve.plan.proposal import Proposal
from deal_solve.settlement.usage import Usage, usage_of
from deal_solve.uncertainty.scenario_set import Array, Scenarios, ScenarioSet, each_block


def usage_at_list(deal: Deal, scenarios: ScenarioSet) -> Array | None:
    """Return yearly API usage at list in USD, (Y, S), routed as today on the first open tracks; None if impossible."""
    try:
        plan, _ = complete(deal, Proposal(), scenarios)
        usage = usage_of(deal, plan, scenarios)
    except InputError:
        return None
    yearly: Array = _at_list(deal, usage, scenarios).reshape(deal.years, 12, scenarios.size).sum(axis=1)
    return yearly


def monthly_at_list(deal: Deal, scenarios: Scenarios) -> Array | None:
    """Return monthly API usage at list in USD, (H, S), routed likewise, block by block; None if impossible."""
    try:
        plan, _ = complete(deal, Proposal(), scenarios.block(0))
        parts = each_block(scenarios, lambda _, block: _at_list(deal, usage_of(deal, plan, block), block))
        return np.concatenate(parts, axis=1)
    except InputError:
        return None


def _at_list(deal: Deal, usage: Usage, scenarios: ScenarioSet) -> Array:
    """Return usage at the list prices of each month in USD, (H, S)."""
    monthly: Array = np.zeros((scenarios.months, scenarios.size))
    for values in (usage.counted, usage.uncounted):
        for model_id, value in values.items():
            monthly += value * scenarios.index[deal.card.model(model_id).family]
    return monthly
