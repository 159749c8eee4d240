"""Sixteen sets of fresh scenarios, scrambled apart: what an amount is over all scenarios, with an interval."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from deal_solve.analysis.uncertainty.result import Estimate
from deal_solve.deal.deal import Deal
from deal_solve.errors import InputError
from deal_solve.optimise.solution import Solution
from deal_solve.plan.plan import Plan
from deal_solve.settlement.objective import objective_of
from deal_solve.settlement.settle import Settlement, settle
from deal_solve.uncertainty.measures import Against
from deal_solve.uncertainty.sampling import SampledSet, SamplingMethod, sample
from deal_solve.uncertainty.scenario_set import Array

REPLICATES = 16
"""Sets of an interval; the points of one Sobol set are not independent, whole sets with scrambles of their own are."""
LEVEL = 0.95
"""Of all intervals."""


def estimate(values: Array) -> Estimate:
    """Return mean ± t·s/√n of n independent values: exact where they are normal, as means of many scenarios nearly are.

    >>> found = estimate(np.array([1.0, 2.0, 3.0]))
    >>> round(found.low_usd, 3), found.usd, round(found.high_usd, 3)
    (-0.484, 2.0, 4.484)
    """
    from scipy.special import stdtrit

    mean, count = float(values.mean()), len(values)
    half = float(stdtrit(count - 1, (1 + LEVEL) / 2)) * float(values.std(ddof=1)) / math.sqrt(count)
    return Estimate(mean, mean - half, mean + half)


def seeds(seed: int) -> tuple[int, ...]:
    """Return the seeds of the replicates: a hash of the seed, so that none is the seed of another run."""
    return tuple(int(each) for each in np.random.SeedSequence(seed).generate_state(REPLICATES, np.uint64))


@dataclass(frozen=True, eq=False)
class Replicates:
    """A solution and R sets of fresh scenarios, as many each as it was found on; none where its scenarios are no
    sample.

    Plans are compared on the same sets (common random numbers): what both have of luck cancels.
    """

    solution: Solution
    sets: tuple[SampledSet, ...] = field(repr=False)

    def settled(self, plan: Plan) -> Settlement:
        """Return the settlement of a plan over the scenarios that the solution was found on."""
        return settle(self.deal, plan, self.solution.settlement.scenarios)

    def settlements(self, plan: Plan, deal: Deal | None = None) -> Iterator[Settlement]:
        """Yield the settlement of a plan on every set, under the offers of another deal if one is given."""
        return (settle(deal or self.deal, plan, scenarios) for scenarios in self.sets)

    def objectives(self, plan: Plan, deal: Deal | None = None) -> Array:
        """Return the objective of a plan on every set, (R,), under the offers of another deal if one is given."""
        both = zip(self.settlements(plan, deal), self._baselines, strict=True)
        return np.array([self._objective(settlement, baseline) for settlement, baseline in both])

    def cost_increase(self, plan: Plan) -> Estimate:
        """Return how much more the objective of a plan is than that of the solution's own."""
        if self.sets:
            return estimate(self.objectives(plan) - self.own)
        objective_usd = self._objective(self.settled(plan), self.solution.baseline_cost)
        return Estimate(objective_usd - self.solution.objective_usd)

    @cached_property
    def own(self) -> Array:
        """The objective of the solution's plan on every set, (R,)."""
        return self.objectives(self.solution.plan)

    @property
    def deal(self) -> Deal:
        """The deal that was solved."""
        return self.solution.settlement.deal

    def _objective(self, settlement: Settlement, baseline: Array | None) -> float:
        return objective_of(self.deal, settlement.cost, settlement.weights, Against(baseline=baseline))

    @cached_property
    def _baselines(self) -> tuple[Array | None, ...]:
        """The cost of the baseline on every set, as far as the objective needs it."""
        plan = self.solution.baseline
        return tuple(None if plan is None else settle(self.deal, plan, scenarios).cost for scenarios in self.sets)


def replicates(solution: Solution, sampling: SamplingMethod = "sobol", count: int | None = None) -> Replicates:
    """Return a solution with its fresh scenarios, `count` in each set (default: as many as it was found on).

    Raises InputError for worst case and regret, which are about listed scenarios and nothing beyond them.
    """
    deal, scenarios = solution.settlement.deal, solution.settlement.scenarios
    refuse_alone(deal)
    if scenarios.kind != "sampled" or scenarios.seed is None:
        return Replicates(solution, ())
    count = count or scenarios.size
    return Replicates(solution, tuple(sample(deal, count, seed, sampling) for seed in seeds(scenarios.seed)))


def refuse_alone(deal: Deal) -> None:
    """Raise InputError where the deal looks at the worst case or regret alone."""
    if deal.risk.criterion != "expected":
        words = f"{deal.risk.criterion} looks at listed scenarios alone, which has no cost of uncertainty"
        raise InputError(deal.problem(("risk", "criterion"), f"{words}; expected a risk weight"))
