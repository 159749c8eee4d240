"""Scenarios of varied deals: the same object again where they are the same, which is how `SolveCache` knows them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from deal_solve.deal.deal import Deal
from deal_solve.uncertainty.scenario_set import PATHS, Scenarios, ScenarioSet, ready

CERTAIN = frozenset({"title", "cost_of_capital_per_year", "offers", "risk", "limits"})
"""The parts of a deal that its scenarios are not made of; of any other they may be."""

ScenariosOf = Callable[[Deal], Scenarios]
"""What makes the scenarios of a deal, the same for the same deal; it may be sent to other processes."""


class CommonScenarios:
    """Makes the scenarios of deals, in memory if they are few, anew only where something they are made of differs."""

    def __init__(self, scenarios_from: ScenariosOf) -> None:
        self.scenarios_from = scenarios_from
        self.last: tuple[Deal, Scenarios] | None = None

    def __call__(self, deal: Deal) -> Scenarios:
        """Return the scenarios of a deal."""
        if self.last is None or any(
            getattr(self.last[0], name) != getattr(deal, name) for name in Deal.model_fields.keys() - CERTAIN
        ):
            made = ready(self.scenarios_from(deal))
            is_same = self.last is not None and _are_same(self.last[1], made)
            self.last = deal, self.last[1] if self.last and is_same else made
        return self.last[1]


def _are_same(one: Scenarios, other: Scenarios) -> bool:
    """Whether sets in memory hold the same numbers, which may be so although workloads or cohorts differ."""
    if not (isinstance(one, ScenarioSet) and isinstance(other, ScenarioSet) and one.notes == other.notes):
        return False
    one, other = one.all_months(), other.all_months()
    held = [
        (each.weights, *(array for name in PATHS for array in getattr(each, name).values())) for each in (one, other)
    ]
    keys = [[list(getattr(each, name)) for name in PATHS] for each in (one, other)]
    return keys[0] == keys[1] and all(map(np.array_equal, *held))
