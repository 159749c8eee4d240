"""Changes that can only make plans dearer: where one leaves the best plan as it is, nothing has to be solved again.

The laws of the model (§9.8) say that relaxing a clause for the buyer never raises the optimum. So a number that
is moved against the buyer never lowers it: no plan costs less than it did, and none can be signed that could not. A
plan that was best, and costs the same as before in every scenario, is still best. Of the plans that cost as much as it
none is new, and by no stage of the ties has one of them less than it had, so that it is still preferred among them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from deal_solve.deal.deal import Deal
from deal_solve.deal.risk import Risk
from deal_solve.deal.yaml_source import loc_of
from deal_solve.errors import InputError
from deal_solve.optimise.solution import Solution
from deal_solve.plan.validation.validity import refuse_impossible
from deal_solve.settlement.limit_checks import limit_checks
from deal_solve.settlement.settle import settle
from deal_solve.uncertainty.first_users import first_users

RELAXED_BY: Mapping[tuple[str, str], int] = {
    ("api", "commit_usd_per_year"): -1,
    ("api", "discount"): 1,
    ("api", "premium"): -1,
    ("api", "rollover"): 1,
    ("api", "cap"): 1,
    ("seats", "minimum"): -1,
    ("seats", "reduction_right"): 1,
    ("bundle", "combined_usd_per_year"): -1,
}
"""Numbers of an offer of which the laws speak: whether more (1) or less (-1) relaxes the clause. By the part of
the offer and the last key of the path, or `discount`, which may differ by model."""


def is_dearer(path: str, today: float, value: float) -> bool:
    """Return whether a number of an offer, by its dotted path, is moved against the buyer.

    >>> is_dearer("offers.quote.api.bands[1].discount.opus", 0.10, 0.09), is_dearer("offers.a.api.unused.cap", 0.2, 0.1)
    (True, True)
    >>> is_dearer("offers.quote.seats.team.tiers.steps[0].discount", 0.10, 0.09)
    False
    """
    names = [part for part in loc_of(path) if isinstance(part, str)]
    if names[:1] != ["offers"] or len(names) < 4:
        return False
    last = "discount" if names[2:5] == ["api", "bands", "discount"] else names[-1]
    return RELAXED_BY.get((names[2], last), 0) * (value - today) < 0


def is_unmoved(best: Solution, deal: Deal) -> bool:
    """Return whether the best plan of a deal is that of one that can only be dearer: it is proven, and costs the same
    in every scenario, as does what its loss is measured against.

    The laws hold where no limit is on a single contract year, nothing is compared with the best of each scenario, and
    no commitment is measured at list (there a cheaper option closes dearer ones).
    """
    is_plain = deal.whole is deal and deal.renewal_decisions is None and deal.risk.criterion != "regret"
    at_list = any(offer.api is not None and offer.api.is_measured_at_list for offer in deal.offers.values())
    by_year = any(limit.contract_year is not None for limit in deal.limits)
    if best.status != "optimal" or best.is_simple or not is_plain or at_list or by_year:
        return False
    scenarios = best.settlement.scenarios
    users = first_users(scenarios)
    free: dict[str, Any] = {"risk": Risk(), "limits": ()}
    known = [(deal, best.plan, best.settlement.cost), (deal.model_copy(update=free), best.baseline, best.baseline_cost)]
    try:
        for own, plan, cost in known:
            if plan is None or cost is None:
                continue
            refuse_impossible(own, plan, users, scenarios)
            settled = settle(own, plan, scenarios)
            if not np.array_equal(settled.cost, cost) or not all(c.is_kept for c in limit_checks(own, settled)):
                return False
    except InputError:
        return False
    return True
