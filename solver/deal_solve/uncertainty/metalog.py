"""Metalogs of three terms: a distribution with exactly the P10, P50 and P90 of a band (model §1)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from deal_solve.deal.numbers import Band
from deal_solve.uncertainty.scenario_set import Array

BOUNDS = {
    "usage": (0.0, math.inf),
    "growth": (-1.0, math.inf),
    "adoption": (0.0, 1.0),
    "price": (-1.0, math.inf),
    "cache": (0.0, 1.0),
    "cloud": (0.0, math.inf),
}
"""Least and largest value of a quantity, per group of bands."""

LOGIT_90 = math.log(9)
"""ln(0.9 / 0.1)."""
STEEPEST = 0.599839320128867
"""The largest value of (y - 0.5) + y·(1-y)·ln(y/(1-y)): with |a3| · STEEPEST <= a2 a metalog never falls."""
MIN_PROBABILITY = 0.5 - 0.4 / (2 * STEEPEST)
"""The least (P50 - P10) / (P90 - P10) of a metalog of three terms, 0.1666; the largest is 1 minus it."""


@dataclass(frozen=True)
class Metalog:
    """M(y) = a1 + a2·L + a3·(y - 0.5)·L with L = ln(y/(1-y)), of a value between `low` and `high`.

    `form` says what M is: ln(x - low) where only `low` bounds it, ln((x - low)/(high - x)) where both do, and x itself,
    cut off at the bounds, where a quantile lies on one of them, which then has at least 10 % of the probability.
    """

    form: Literal["log", "logit", "cut"]
    low: float
    high: float
    a1: float
    a2: float
    a3: float

    @property
    def tail(self) -> float:
        """Growth of M per unit of L far above; a value of form `log` has a mean only where it is below 1."""
        return self.a2 + self.a3 / 2


def fit(band: Band, low: float, high: float) -> Metalog:
    """Return the metalog of an uncertain band.

    Raises ValueError, with the nearest P50 that can be, where no metalog of three terms has these quantiles.
    """
    on_bound = band.p10 <= low or band.p90 >= high
    form: Literal["log", "logit", "cut"] = "cut" if on_bound else "log" if high == math.inf else "logit"
    first, middle, last = (_forward(form, x, low, high) for x in band.quantiles)
    index = (middle - first) / (last - first)
    nearest = min(max(index, MIN_PROBABILITY), 1 - MIN_PROBABILITY)
    rounding = 8 * np.finfo(float).eps * max(abs(first), abs(last)) / (last - first)
    if abs(index - nearest) > 1e-12 + rounding:
        p50 = _backward(form, first + nearest * (last - first), low, high)
        raise ValueError(
            f"no metalog has P10 {band.p10:.15g}, P50 {band.p50:.15g} and P90 {band.p90:.15g}: the P50 is too close "
            f"to the {'P10' if index < nearest else 'P90'}; the nearest that can be is "
            f"{_inward(p50, up=index < nearest)}"
        )
    a2 = (last - first) / (2 * LOGIT_90)
    a3 = (1 - 2 * index) * (last - first) / (0.8 * LOGIT_90)
    return Metalog(form, low, high, middle, a2, a3)


def values(metalogs: Sequence[Metalog], normals: Array) -> Array:
    """Return the value of every metalog at y = Φ(normals), one row each; shapes (B, S).

    Row by row: what a row takes on the way stays in a processor's cache.
    """
    from scipy.special import expit, ndtr

    found = np.empty(normals.shape)
    for each, normal, value in zip(metalogs, normals, found, strict=True):
        tail = ndtr(-np.abs(normal))
        logit = np.log1p(-tail) - np.log(tail)  # |L|; y - 0.5 has the sign of L
        value[:] = each.a1 + each.a2 * np.copysign(logit, normal) + each.a3 * (0.5 - tail) * logit
        if each.form == "log":
            np.add(each.low, np.exp(value), out=value)
        elif each.form == "logit":
            np.add(each.low, (each.high - each.low) * expit(value), out=value)
        else:
            np.clip(value, each.low, each.high, out=value)
    return found


def _forward(form: str, x: float, low: float, high: float) -> float:
    return x if form == "cut" else math.log(x - low) - (math.log(high - x) if form == "logit" else 0.0)


def _backward(form: str, m: float, low: float, high: float) -> float:
    if form == "cut":
        return m
    return low + math.exp(m) if form == "log" else low + (high - low) / (1 + math.exp(-m))


def _inward(value: float, up: bool) -> str:
    """Return `value` in few digits, rounded up or down only."""
    rounded = (float(f"{value:.{digits}g}") for digits in range(4, 17))
    return f"{next((number for number in rounded if (number > value) == up), value):.15g}"
