"""The sums that a program is made of, with what is paid before the month of signing."""

from __future__ import annotations

from deal_solve.deal.deal import Deal
from deal_solve.formulation.model.scenario_sums import ScenarioSums
from deal_solve.settlement.in_force.before import paid_before
from deal_solve.uncertainty.first_users import FirstUsers
from deal_solve.uncertainty.scenario_set import Scenarios


def sums_of(deal: Deal, scenarios: Scenarios, expected: FirstUsers | None = None) -> ScenarioSums:
    """Return the sums of a scenario set; an initial order is placed for the `expected` users, where they are given."""
    return ScenarioSums(deal, scenarios, expected, paid_before(deal, scenarios))
