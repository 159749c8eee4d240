"""The sums that a program is made of, with what is paid before the month of signing."""

from __future__ import annotations

from deal_solve.deal.deal import Deal
from deal_solve.errors import InputError
from deal_solve.formulation.model.known_before import KnownBefore
from deal_solve.formulation.model.scenario_sums import ScenarioSums
from deal_solve.settlement.in_force.before import paid_before, retired_before, seats_at_end, undrawn_before
from deal_solve.uncertainty.first_users import FirstUsers
from deal_solve.uncertainty.scenario_set import Scenarios

SIGN_FIRST = (
    "this deal follows an agreement in force or may be signed later, and this question is about one month of signing: "
    "ask it of deal.signed_in(month)"
)


def sums_of(deal: Deal, scenarios: Scenarios, expected: FirstUsers | None = None) -> ScenarioSums:
    """Return the sums of a scenario set; an initial order is placed for the `expected` users, where they are given.

    Raises InputError for a deal that is not yet signed in a month.
    """
    if deal.is_open:
        raise InputError(SIGN_FIRST)
    at_end = seats_at_end(deal, scenarios)
    known = KnownBefore(
        paid_before(deal, scenarios),
        undrawn_before(deal, scenarios),
        retired_before(deal, scenarios),
        {name: seats.carried for name, seats in at_end.items() if seats.carried is not None},
        {name: seats.due_usd for name, seats in at_end.items() if seats.due_usd.any()},
    )
    return ScenarioSums(deal, scenarios, expected, known)
