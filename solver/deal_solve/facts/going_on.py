"""Going on as today: list prices, the models that the file says are used today, no project, people as in a plan."""

from __future__ import annotations

from deal_solve.deal.deal import LIST
from deal_solve.errors import InputError
from deal_solve.plan.completion.complete import complete
from deal_solve.plan.proposal import Proposal
from deal_solve.settlement.settle import Settlement, settle
from deal_solve.uncertainty.scenario_set import first_block


def as_today(settlement: Settlement) -> Settlement | None:
    """Return what nothing signed and nothing changed costs, people on the tracks of a settled plan.

    None where nobody sells at list what people use. This is what every printout calls "as today".
    """
    deal, scenarios = settlement.deal, settlement.scenarios
    asked = Proposal.model_validate({"api": {"offer": LIST}, "tracks": settlement.plan.tracks})
    try:
        plan, _ = complete(deal, asked, first_block(scenarios))
    except InputError:
        return None
    return settle(deal, plan, scenarios)
