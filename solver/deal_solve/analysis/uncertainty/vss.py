"""What planning with averages costs: the deal of the expected scenario, over all scenarios."""

from __future__ import annotations

from typing import Any, Unpack

import numpy as np

from deal_solve.analysis.uncertainty.replicates import Replicates, replicates
from deal_solve.analysis.uncertainty.result import MeanValue
from deal_solve.deal.risk import Risk
from deal_solve.errors import Infeasible
from deal_solve.optimise.options import SolveKeywords
from deal_solve.optimise.solution import Solution
from deal_solve.optimise.solve import solve
from deal_solve.settlement.limit_checks import limit_checks
from deal_solve.uncertainty.scenario_set import PATHS, Array, Scenarios, ScenarioSet, blocks


def vss(solution: Solution, drawn: Replicates | None = None, **keywords: Unpack[SolveKeywords]) -> MeanValue:
    """Return what the mean-value deal costs above a solution; the keywords are those of the solve.

    Raises LimitReached where its time limit passes first.
    """
    drawn = drawn or replicates(solution)
    deal, scenarios = solution.settlement.deal, solution.settlement.scenarios
    neutral = deal.model_copy(update={"risk": Risk()})
    try:
        plan = solve(neutral, mean_scenario(scenarios), **keywords).optimised().plan
    except Infeasible as error:
        return MeanValue(None, None, str(error))
    broken = [check.limit for check in limit_checks(deal, drawn.settled(plan)) if not check.is_kept]
    if broken:
        return MeanValue(plan, None, f"it breaks a limit over the scenarios: {', '.join(broken)}")
    return MeanValue(plan, drawn.cost_increase(plan))


def mean_scenario(scenarios: Scenarios) -> ScenarioSet:
    """Return the one scenario in which everything is at its expected value: requests, users, list prices, hit rates."""
    total: dict[str, dict[str, Array]] = {name: {} for name in PATHS}
    before = scenarios.block(0).before
    for block in (each.all_months() for each in blocks(scenarios)):
        for name in PATHS:
            for key, values in getattr(block, name).items():
                total[name][key] = total[name].get(key, np.zeros(values.shape[:-1])) + values @ block.weights
    one: dict[str, Any] = {
        name: {key: np.asarray(mean)[..., None] for key, mean in keys.items()} for name, keys in total.items()
    }
    mean = ScenarioSet("certain", ("expected",), np.ones(1), **one)
    return mean if before is None else mean.from_month(before.months)
