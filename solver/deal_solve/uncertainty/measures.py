"""Measures of one number per scenario (deal model, section 7)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from deal_solve.uncertainty.scenarios import Array


def cvar(values: Array, weights: Array, confidence: float) -> float:
    """Return the mean of the worst (1 - confidence) of the probability, the atom at the quantile split.

    >>> round(cvar(np.array([10.0, 20, 30, 40]), np.full(4, 0.25), 0.6), 2)
    36.25
    """
    order = np.argsort(-values, kind="stable")
    tail = 1 - confidence
    before = np.cumsum(weights[order]) - weights[order]
    taken = np.clip(tail - before, 0, weights[order])
    return float(taken @ values[order] / taken.sum()) if taken.sum() > 0 else float(values.max())


def quantile(values: Array, weights: Array, level: float) -> float:
    """Return the smallest value that is not exceeded with at least probability `level`."""
    return quantiles(values, weights, (level,))[0]


def quantiles(values: Array, weights: Array, levels: Sequence[float]) -> tuple[float, ...]:
    """Return the quantile of every level."""
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weights[order])
    places = np.searchsorted(reached, np.array(levels) - 1e-12)
    return tuple(float(value) for value in values[order][np.minimum(places, len(values) - 1)])


def worst(values: Array, weights: Array) -> float:
    """Return the largest value among scenarios that can happen."""
    return float(values[weights > 0].max())


def probability(holds: np.ndarray[tuple[int], np.dtype[np.bool_]], weights: Array) -> float:
    """Return the probability of the scenarios in which something holds."""
    return float(weights[holds].sum())
