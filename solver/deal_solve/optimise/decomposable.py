"""Whether a deal can be solved by Benders cuts (formulation §8, "Where cuts are not enough")."""

from __future__ import annotations

from deal_solve.deal.deal import Deal
from deal_solve.formulation.clauses.risk import is_exact_chance
from deal_solve.uncertainty.scenario_set import Scenarios


def is_decomposable(deal: Deal, scenarios: Scenarios, solver: str = "highs") -> bool:
    """Whether cuts can carry the whole deal: a probability held scenario by scenario needs a binary for each.

    Cuts close to a billionth of the cost; a solver that hands its answer over as rounded text would never get there.
    """
    return solver == "highs" and not any(is_exact_chance(limit, scenarios.size) for limit in deal.limits)
