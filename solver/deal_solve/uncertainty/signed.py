"""Scenarios of all months as those of a deal that is signed in one of them."""

from __future__ import annotations

from deal_solve.deal.deal import Deal
from deal_solve.deal.offers.running import on_seats_in_force, seats_run
from deal_solve.uncertainty.scenario_set import ScenarioSet


def from_signing(deal: Deal, whole: ScenarioSet) -> ScenarioSet:
    """Return the months from that of signing on; who is on seats in force that outlast it comes after they end."""
    return whole.from_month(deal.signing_month, seats_run(deal), on_seats_in_force(deal))
