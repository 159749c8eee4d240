"""Usage routed as today: the yardstick for thresholds."""

from __future__ import annotations

import numpy as np

from deal_solve.deal.deal import Deal
from deal_solve.errors import InputError
from deal_solve.plan.complete import complete
from deal_solve.plan.proposal import Proposal
from deal_solve.settlement.usage import usage_of
from deal_solve.uncertainty.scenarios import Array, ScenarioSet


def usage_at_list(deal: Deal, scenarios: ScenarioSet) -> Array | None:
    """Return yearly API usage at list in USD, (Y, S), routed as today on the first open tracks; None if impossible."""
    try:
        plan, _ = complete(deal, Proposal(), scenarios)
        usage = usage_of(deal, plan, scenarios)
    except InputError:
        return None
    monthly: Array = np.zeros((scenarios.months, scenarios.size))
    for values in (usage.counted, usage.uncounted):
        for model_id, value in values.items():
            monthly += value * scenarios.index[deal.card.model(model_id).family].T
    yearly: Array = monthly.reshape(deal.years, 12, scenarios.size).sum(axis=1)
    return yearly
