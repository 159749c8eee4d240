"""Measures of one number per scenario (model §7)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from deal_solve.uncertainty.scenario_set import Array


def cvar(values: Array, weights: Array, confidence: float) -> float:
    """Return the mean of the worst (1 - confidence) of the probability, the atom at the quantile split.

    >>> round(cvar(np.array([10.0, 20, 30, 40]), np.full(4, 0.25), 0.6), 2)
    36.25
    """
    dearest, likely = _in_order(-values, weights)
    before = np.cumsum(likely) - likely
    taken = np.clip(1 - confidence - before, 0, likely)
    total = taken.sum()  # sums, not products of BLAS: their bits do not depend on threads
    return float((taken * -dearest).sum() / total) if total > 0 else float(values.max())


def quantile(values: Array, weights: Array, level: float) -> float:
    """Return the smallest value that is not exceeded with at least probability `level`."""
    return float(quantiles(values, weights, (level,))[0])


def quantiles(values: Array, weights: Array, levels: Sequence[float]) -> Array:
    """Return such values for several levels, shape (levels, …), of values of shape (…, S)."""
    ascending, likely = _in_order(values, weights)
    reached = np.cumsum(likely, axis=-1)
    chosen = np.stack([np.argmax(reached >= level - 1e-12, axis=-1) for level in levels], axis=-1)
    if chosen.ndim == 1:
        return np.moveaxis(ascending[..., chosen], -1, 0)
    return np.moveaxis(np.take_along_axis(ascending, chosen, axis=-1), -1, 0)


def _in_order(values: Array, weights: Array) -> tuple[Array, Array]:
    """Return values of shape (…, S) in ascending order, and the weight of each; equal weights need no places."""
    if weights.min() == weights.max():
        return np.sort(values, axis=-1), weights
    order = np.argsort(values, axis=-1, kind="stable")
    return np.take_along_axis(values, order, axis=-1), weights[order]


def worst(values: Array, weights: Array) -> float:
    """Return the largest value among scenarios that can happen."""
    return float(values[weights > 0].max())


def probability(holds: np.ndarray[tuple[int], np.dtype[np.bool_]], weights: Array) -> float:
    """Return the probability of the scenarios in which something holds."""
    return float(weights[holds].sum())


@dataclass(frozen=True)
class Against:
    """What cost is compared with: `baseline` (S,) for loss, `best` (S,) for regret, in dollars."""

    baseline: Array | None = None
    best: Array | None = None

    def loss(self, cost: Array) -> Array:
        """Return what each scenario costs above the baseline, (S,)."""
        return cost - _known(self.baseline, "the baseline")

    def regret(self, cost: Array) -> Array:
        """Return what each scenario costs above the best plan for it alone, (S,)."""
        return cost - _known(self.best, "the best plan of each scenario")


def _known(cost: Array | None, whose: str) -> Array:
    if cost is None:
        raise ValueError(f"the cost of {whose} is needed by the risk criterion and was not given")
    return cost
