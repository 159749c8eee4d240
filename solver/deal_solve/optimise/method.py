"""How a solve treats what follows from the scenario: left to Benders cuts, or written out (formulation §8)."""

from __future__ import annotations

from typing import Literal, get_args

from deal_solve.deal.deal import Deal
from deal_solve.formulation.clauses.risk import is_exact_chance
from deal_solve.uncertainty.scenario_set import Scenarios

Method = Literal["decomposition", "extensive"]
METHODS: tuple[Method, ...] = get_args(Method)


def is_decomposable(deal: Deal, scenarios: Scenarios, solver: str = "highs") -> bool:
    """Whether cuts can carry the whole deal: a probability held scenario by scenario needs a binary for each.

    Cuts close to a billionth of the cost; a solver that hands its answer over as rounded text would never get there.
    """
    return solver == "highs" and not any(is_exact_chance(limit, scenarios.size) for limit in deal.limits)
