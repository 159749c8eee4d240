"""Scenarios of the months of a deal: all of them, or those from the month in which it is signed."""

from __future__ import annotations

from dataclasses import replace

from deal_solve.deal.deal import Deal
from deal_solve.deal.offers.running import seats_run
from deal_solve.uncertainty.sampling import SampledSet
from deal_solve.uncertainty.scenario_set import Scenarios, ScenarioSet
from deal_solve.uncertainty.signed import from_signing


def in_months_of(deal: Deal, scenarios: Scenarios) -> Scenarios:
    """Return the same scenarios, from the month on in which a deal is signed; the months before are kept beside."""
    is_signed = scenarios.months == deal.horizon_months
    if isinstance(scenarios, SampledSet):
        is_signed = is_signed and seats_run(scenarios.deal) == seats_run(deal)
        return scenarios if is_signed else replace(scenarios, deal=deal)
    running = scenarios.running if isinstance(scenarios, ScenarioSet) else None
    if is_signed and (running.months if running else 0) == seats_run(deal):
        return scenarios
    return from_signing(deal, scenarios.in_memory().all_months())
