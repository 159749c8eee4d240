"""Growth of a workload: the measured slope and a prior, weighted by what each is known to.

A slope over few months says little of the year to come: monthly shocks of 0.19 (of the logarithm) let a slope of T
months miss the year by sqrt(144 · 0.19² / T). With two months a prior of 0.6 has almost nine tenths of the weight.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from deal_solve.record import Record

Z_P90 = 1.2815515655446004
"""The 90 % quantile of the normal distribution."""
MONTHLY_SHOCK = 0.19
"""Standard deviation of the logarithm of usage from one month to the next, of 129 growing companies."""
DAYS_PER_MONTH = 365.25 / 12
LEVEL_DAYS = 28
MIN_DAYS = 14
"""Fewer days have no slope: the prior stands alone."""
BLOCK_DAYS, RESAMPLES = 7, 200


@dataclass(frozen=True)
class Prior:
    """What is thought of growth before anything is measured: mean and deviation of the yearly logarithm."""

    mean: float
    deviation: float


PRODUCTS, PEOPLE = Prior(0.3, 0.6), Prior(0.1, 0.35)
"""Of software that calls the API, and of people."""


@dataclass(frozen=True)
class Growth(Record):
    """The level of a series and its growth per year, with the bands that follow."""

    per_day: Annotated[float, Field(description="mean of the last 28 days")]
    per_day_error: Annotated[float, Field(description="standard error of that mean")]
    p10: Annotated[float, Field(description="growth per year that is exceeded in 90 %, as a share")]
    p50: Annotated[float, Field(description="median growth per year, as a share")]
    p90: Annotated[float, Field(description="growth per year that is exceeded in 10 %, as a share")]
    measured_weight: Annotated[float, Field(description="weight of the measured slope, the rest is the prior's")]
    measured: Annotated[float | None, Field(description="measured growth per year, as a share; null: too few days")]


def growth_of(daily: NDArray[np.float64], prior: Prior) -> Growth:
    """Return level and growth of a series of daily amounts (D,), oldest first; days without usage are zeros."""
    last = daily[-LEVEL_DAYS:]
    level, error = float(last.mean()), _error(last)
    slope, variance = _slope(daily)
    weight = 0.0 if slope is None else (1 / variance) / (1 / variance + 1 / prior.deviation**2)
    mean = prior.mean if slope is None else weight * slope + (1 - weight) * prior.mean
    deviation = math.sqrt(1 / (1 / prior.deviation**2 + (0.0 if slope is None else 1 / variance)))
    p10, p50, p90 = (math.expm1(mean + z * deviation) for z in (-Z_P90, 0.0, Z_P90))
    return Growth(level, error, p10, p50, p90, weight, None if slope is None else math.expm1(slope))


def _error(last: NDArray[np.float64]) -> float:
    """Return the standard error of a mean of days, whole weeks resampled."""
    weeks = last[len(last) % BLOCK_DAYS :].reshape(-1, BLOCK_DAYS).mean(axis=1)
    return float(weeks.std(ddof=1) / math.sqrt(len(weeks))) if len(weeks) > 1 else 0.0


def _slope(daily: NDArray[np.float64]) -> tuple[float | None, float]:
    """Return the slope of the logarithm per year and its variance as a forecast; None of too few days."""
    used = np.flatnonzero(daily > 0)
    if len(used) < MIN_DAYS:
        return None, math.inf
    days, logs = used.astype(float), np.log(daily[used])
    slope = _theil_sen(days, logs)
    weekday = used % 7
    rest = logs - slope * days
    for each in range(7):
        chosen = weekday == each
        if chosen.any():
            logs[chosen] -= np.median(rest[chosen]) - np.median(rest)
    slope = _theil_sen(days, logs)
    months = (days[-1] - days[0] + 1) / DAYS_PER_MONTH
    return 365.25 * slope, 365.25**2 * _variance(days, logs, slope) + 144 * MONTHLY_SHOCK**2 / months


def _theil_sen(days: NDArray[np.float64], logs: NDArray[np.float64]) -> float:
    """Return the median of the slopes between all pairs of days."""
    first, second = np.triu_indices(len(days), 1)
    return float(np.median((logs[second] - logs[first]) / (days[second] - days[first])))


def _variance(days: NDArray[np.float64], logs: NDArray[np.float64], slope: float) -> float:
    """Return the variance of the slope, blocks of a week of residuals resampled with a fixed seed."""
    line = np.median(logs - slope * days) + slope * days
    rest, rng = logs - line, np.random.default_rng(0)
    blocks = -(-len(rest) // BLOCK_DAYS)
    starts = rng.integers(0, max(len(rest) - BLOCK_DAYS, 0) + 1, (RESAMPLES, blocks))
    index = (starts[:, :, None] + np.arange(BLOCK_DAYS)).reshape(RESAMPLES, -1)[:, : len(rest)]
    centred = days - days.mean()
    slopes = rest[np.minimum(index, len(rest) - 1)] @ centred / (centred @ centred)
    return float(slopes.var())
