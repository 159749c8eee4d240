"""What knowing the future would save: the most that any forecast is worth."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from time import monotonic
from typing import Unpack

import numpy as np

from deal_solve.analysis.uncertainty.replicates import REPLICATES, Replicates, estimate, replicates
from deal_solve.analysis.uncertainty.result import Estimate, PerfectInformation
from deal_solve.deal.risk import Risk
from deal_solve.errors import LimitReached
from deal_solve.optimise.comparison import min_cost
from deal_solve.optimise.options import SolveKeywords, SolveOptions
from deal_solve.optimise.search.settings import SearchSettings
from deal_solve.optimise.solution import Solution
from deal_solve.optimise.solver.solvers import Clock
from deal_solve.plan.dearer import dearer_options
from deal_solve.settlement.settle import settle
from deal_solve.uncertainty.first_users import FirstUsers, first_users
from deal_solve.uncertainty.sampling import SEED
from deal_solve.uncertainty.scenario_set import BLOCK, ScenarioSet

MAX_ROUNDS = 4
"""Scenarios solved of each replicate."""
SECONDS = 120.0
"""Time after which no further round begins."""


def evpi(
    solution: Solution, drawn: Replicates | None = None, *, seconds: float = SECONDS, **keywords: Unpack[SolveKeywords]
) -> PerfectInformation:
    """Return the expected value of perfect information of a solution.

    Up to 64 scenarios that are no sample are all solved. Else a subsample is: the first ones of each replicate, or of a
    list 16 draws at a time, four rounds if they begin within `seconds`. Of the keywords of a solve, `solver`, `gap` and
    the time limit count; raises LimitReached where that passes before one round is done, or all are solved.
    """
    drawn = drawn or replicates(solution)
    scenarios = solution.settlement.scenarios
    options = SolveOptions.of(keywords).begun()
    dearer = dearer_options(solution.settlement.deal, scenarios)
    expected = replace(first_users(scenarios), dearer=dearer)
    if not drawn.sets and scenarios.size <= REPLICATES * MAX_ROUNDS:
        every = (scenarios.block(0).take(index) for index in range(scenarios.size))
        regrets = [regret(solution, alone, expected, options) for alone in every]
        return PerfectInformation(Estimate(float(scenarios.weights @ regrets)), scenarios.size, True)
    start = monotonic()
    rounds: list[list[float]] = []
    for each in _rounds(drawn):
        if rounds and monotonic() - start > seconds:
            break
        try:
            rounds.append([regret(solution, alone, expected, options) for alone in each])
        except LimitReached:
            if not rounds:
                raise
            break
    return PerfectInformation(estimate(np.mean(rounds, axis=0)), len(rounds) * REPLICATES, False)


def regret(solution: Solution, alone: ScenarioSet, expected: FirstUsers, options: SolveOptions) -> float:
    """Return what the plan of a solution costs in one scenario above the least that this future allows, USD.

    In each an initial order is placed for the `expected` users of all scenarios: the plans are the same.
    """
    deal = solution.settlement.deal
    certain = tuple(limit for limit in deal.limits if limit.is_certain)
    free = deal.model_copy(update={"risk": Risk(), "limits": certain})
    settings = SearchSettings(options.solver, options.gap, asks="cost")
    minimum = min_cost(free, alone, expected, settings, Clock(None, options.progress, options.until))
    options.refuse_late()
    return float(settle(deal, solution.plan, alone).cost[0]) - minimum


def _rounds(drawn: Replicates) -> Iterator[list[ScenarioSet]]:
    """Yield one scenario per replicate, round by round; of other sets, as many independent draws."""
    if drawn.sets:
        first = [each.block(0).rows(slice(0, MAX_ROUNDS)) for each in drawn.sets]
        yield from ([each.take(index) for each in first] for index in range(first[0].size))
        return
    scenarios = drawn.solution.settlement.scenarios
    generator = np.random.default_rng(SEED)
    for _ in range(MAX_ROUNDS):
        indices = generator.choice(scenarios.size, REPLICATES, p=scenarios.weights)
        yield [scenarios.block(index // BLOCK).take(index % BLOCK) for index in map(int, indices)]
