"""What months of measuring tell: simulated observations of usage, and the scenarios after each of them (Bayes' rule).

Watched is, of every workload and cohort, what is used in the first month and how it moves from each month to the next,
the move into the month of signing included. Both are seen in logarithms, and each is blurred by one monthly shock of
the forecast (a random walk about the scenario). Level is then known to one shock, and growth per year after m months
to sqrt(144 · shock² / m), the variance with which `measure` weighs a slope against its prior.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from deal_solve.analysis.uncertainty.replicates import LEVEL
from deal_solve.analysis.uncertainty.result import Estimate
from deal_solve.uncertainty.sampling import quasi_normals
from deal_solve.uncertainty.scenario_set import BLOCK, Array, ScenarioSet
from deal_solve.uncertainty.sobol import sobol_points

NO_USAGE = 1e-6
"""What counts as no usage at all in a logarithm."""
KEPT = 1 - 1e-6
"""Of the probability after an observation; scenarios that hold the rest are left out."""


@dataclass(frozen=True, eq=False)
class Posterior:
    """The scenarios of a set after an observation: which are left (K,), and their probabilities (K,)."""

    rows: NDArray[np.int64]
    weights: Array

    @property
    def effective(self) -> float:
        """The number of equally likely scenarios that would say as much."""
        return float(1 / (self.weights**2).sum())


@dataclass(frozen=True, eq=False)
class Observations:
    """N simulated observations of a scenario set, from its first month on.

    `moves` (W, M+1, S) is the logarithm of what is watched in the first month, then its change into each month; `seen`
    (N, W, M+1) is the same as it is measured where a scenario is true, one in every N-th of the probability.
    """

    moves: Array
    seen: Array
    weights: Array
    shock: float

    def after(self, index: int, months: int) -> Posterior:
        """Return the scenarios after the first months of an observation; 0 months tell nothing."""
        if not months or not len(self.moves):
            return _kept(self.weights)
        missed = self.seen[index, :, : months + 1, None] - self.moves[:, : months + 1]
        logs = -(missed**2).sum(axis=(0, 1)) / (2 * self.shock**2)
        found = self.weights * np.exp(logs - logs[self.weights > 0].max())
        return _kept(found / found.sum())


def observations(scenarios: ScenarioSet, order: Array, months: int, shock: float, count: int) -> Observations:
    """Return simulated observations of so many months; true scenarios are drawn evenly in an order (S,).

    A longer observation begins with a shorter one of the same seed.
    """
    moves = _moves(scenarios, months)
    seed = scenarios.seed or 0
    ranks = np.argsort(order, kind="stable")
    reached = np.cumsum(scenarios.weights[ranks])
    first = _normals(len(moves) + 1, seed, 0)[:, :count]
    first = first[:, np.argsort(first[0])]
    drawn = np.searchsorted(reached / reached[-1], _strata(first[0]), side="right")
    truths = ranks[drawn.clip(max=len(ranks) - 1)]
    shocks = [first[1:], *(_normals(len(moves), seed, month)[:, :count] for month in range(1, months + 1))]
    seen = moves[:, :, truths].transpose(2, 0, 1) + shock * np.stack(shocks, axis=-1).transpose(1, 0, 2)
    return Observations(moves, seen, scenarios.weights, shock)


def _moves(scenarios: ScenarioSet, months: int) -> Array:
    """Return what is watched, (W, M+1, S); what is the same in all scenarios tells nothing and is left out."""
    watched = (*scenarios.requests.values(), *scenarios.users.values(), *scenarios.per_user.values())
    logs = [np.log(np.maximum(path[: months + 1], NO_USAGE)) for path in watched]
    uncertain = [np.diff(each, axis=0, prepend=0.0) for each in logs if np.ptp(each, axis=1).any()]
    return np.stack(uncertain) if uncertain else np.zeros((0, months + 1, scenarios.size))


def _normals(dimensions: int, seed: int, month: int) -> Array:
    """Return the shocks of a month, (dimensions, BLOCK): points of a Sobol sequence of its own."""
    if not dimensions:
        return np.zeros((0, BLOCK))
    return quasi_normals(sobol_points(dimensions, int(np.random.SeedSequence([seed, month]).generate_state(1)[0])), 0)


def _strata(normals: Array) -> Array:
    """Return numbers from 0 to 1 for N rising ones, one in every N-th."""
    from scipy.special import ndtr

    count = len(normals)
    return np.asarray((np.arange(count) + (count * ndtr(normals)) % 1) / count)


def estimate_of(values: Array, control: Array, expected: float) -> Estimate:
    """Return the mean of what came of N observations (an even number, in their order) with its 95 % interval.

    `control` (N,) goes along with the values and has a mean over all observations that is known, `expected`: what the
    ones that were drawn miss of it, the values miss in proportion (a control variate). There is one observation in
    every stratum, and neighbours are collapsed in pairs (Cochran, Sampling Techniques, 5A.12). The interval is about
    the observations that were drawn, not about the scenarios.
    """
    from scipy.special import stdtrit

    count, off, missed = len(values), control - control.mean(), float(control.mean()) - expected
    spread = float(off @ off)
    slope = float(off @ values) / spread if spread else 0.0
    pairs = (values - slope * control).reshape(-1, 2)
    mean = float(values.mean()) - slope * missed
    error = math.sqrt(
        float((np.diff(pairs) ** 2).sum()) / count * (1 / count + (missed**2 / spread if spread else 0.0))
    )
    half = float(stdtrit(len(pairs) - 1, (1 + LEVEL) / 2)) * error
    return Estimate(mean, mean - half, mean + half)


def _kept(weights: Array) -> Posterior:
    """Return the likeliest scenarios that hold nearly all of the probability, in their order."""
    falling = np.argsort(-weights, kind="stable")
    count = int(np.searchsorted(np.cumsum(weights[falling]), KEPT)) + 1
    rows = np.sort(falling[:count])
    return Posterior(rows, weights[rows] / weights[rows].sum())
