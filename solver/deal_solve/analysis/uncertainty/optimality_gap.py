"""Whether the scenarios can tell the two best agreements apart, and how many would."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Unpack

import numpy as np

from deal_solve.analysis.uncertainty.replicates import Replicates, estimate, replicates
from deal_solve.analysis.uncertainty.result import Apart, Estimate, Gap
from deal_solve.analysis.why_not.alternatives import nearest
from deal_solve.errors import Infeasible, LimitReached
from deal_solve.optimise.options import SolveKeywords, SolveOptions
from deal_solve.optimise.solution import Solution
from deal_solve.optimise.solve import solve
from deal_solve.uncertainty.sampling import MAX_SCENARIOS

SHARE = 0.01
"""Of the cost: a gap that may be larger leaves the answer open."""
MIN_SCENARIOS = 256
"""Fewest scenarios of a search for the gap, where there are so many: enough for a tail at 0.95, and above EXACT_CHANCE,
so that a chance constraint has the same stand-in as in the solve."""
SEARCH_GAP = 1e-4
"""Relative gap of those searches, unless the solve itself has a wider one."""
RATE = 0.5
"""Intervals are taken to shrink as 1/N^RATE: independent draws do, Sobol points shrink faster or as fast."""


def distinguished(solution: Solution, drawn: Replicates | None = None, **keywords: Unpack[SolveKeywords]) -> Apart:
    """Return whether a solution can be told from its runner-up; the keywords are those of the solve.

    Raises LimitReached where their time limit passes before.
    """
    drawn, options = drawn or replicates(solution), SolveOptions.of(keywords).begun()
    other = nearest(solution, lambda branch: True, options)
    options.refuse_late()
    cost_increase = drawn.cost_increase(other.plan) if other else None
    gap = optimality_gap(solution, drawn, options=options)
    options.refuse_late()
    ratio = _ratio(solution.objective_usd, cost_increase, gap)
    needed = solution.settlement.scenarios.size * ratio ** (1 / RATE)
    is_open = ratio > 1 and needed <= MAX_SCENARIOS
    return Apart(
        runner_up=other.plan if other else None,
        dearer=cost_increase,
        gap=gap,
        is_apart=ratio <= 1,
        needed=2 ** math.ceil(math.log2(needed)) if is_open else None,
    )


def _ratio(cost_usd: float, cost_increase: Estimate | None, gap: Gap | None) -> float:
    """Return how many times too wide the intervals are; at most 1 where the two can be told apart."""
    maximum, ratio = SHARE * abs(cost_usd), 0.0
    if cost_increase is not None:
        if cost_increase.usd <= 0:
            return math.inf
        maximum, ratio = min(maximum, cost_increase.usd), cost_increase.half_usd / cost_increase.usd
    if gap is None or gap.above.high_usd is None or gap.above.high_usd <= 0:
        return ratio
    return max(ratio, gap.above.high_usd / maximum if maximum else math.inf)


def optimality_gap(
    solution: Solution, drawn: Replicates | None = None, **keywords: Unpack[SolveKeywords]
) -> Gap | None:
    """Return how far a plan may be from the best one over all scenarios; None where its scenarios are no sample.

    Sixteen searches, each over a sixteenth of the scenarios or LEAST. Also None where a search finds no plan within the
    limits of the deal or of time.
    """
    drawn = drawn or replicates(solution)
    if not drawn.sets:
        return None
    size = solution.settlement.scenarios.size
    smaller = replicates(solution, drawn.sets[0].method, max(size // len(drawn.sets), min(size, MIN_SCENARIOS)))
    options = SolveOptions.of(keywords)
    options = replace(options, gap=max(options.gap, SEARCH_GAP), baseline=solution.baseline)
    try:
        minimum = [solve(smaller.deal, each.in_memory(), options=options).bound_usd for each in smaller.sets]
    except (Infeasible, LimitReached):
        return None
    return Gap(estimate(smaller.own - np.array(minimum)), smaller.sets[0].size)
