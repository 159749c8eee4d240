"""Scenarios of the months of a deal: all of them, or those from the month in which it is signed."""

from __future__ import annotations

from dataclasses import replace

from deal_solve.deal.deal import Deal
from deal_solve.uncertainty.sampling import SampledSet
from deal_solve.uncertainty.scenario_set import Scenarios


def in_months_of(deal: Deal, scenarios: Scenarios) -> Scenarios:
    """Return the same scenarios, from the month on in which a deal is signed; the months before are kept beside."""
    if scenarios.months == deal.horizon_months:
        return scenarios
    if isinstance(scenarios, SampledSet):
        return replace(scenarios, deal=deal)
    return scenarios.in_memory().all_months().from_month(deal.signing_month)
