"""The level of a daily series, its growth, and the fan of what it may come to (the bands of a measured deal).

The logarithm of usage moves by a growth that itself returns to its mean, with a half-life of a year, and by shocks of
0.145 a month. The measured slope and the prior of growth (0.3 ± 0.45 a year) are weighted by what each is known to: a
slope of T months misses by sqrt(144 · 0.145² / T). These numbers reproduce what 129 growing companies did: deviations
of 0.26, 0.41, 0.64 and 1.02 after 3, 6, 12 and 24 months (0.30, 0.43, 0.64 and 0.94 observed), and shares of the growth
of 3, 6 and 12 months that carry over of 0.17, 0.29 and 0.45 (0.20, 0.42 and 0.52). Shocks are those of the series' own
months, weighted with those of all series and the declared ones. Inside of a third of history the fan is as wide as the
same method missed before; beyond it a narrower one returns to the declared width, a wider one stays.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from deal_solve.record import Record

Floats = NDArray[np.float64]
Z_P90 = 1.2815515655446004
"""The 90 % quantile of the normal distribution."""
MONTHLY_SHOCK = 0.145
"""Standard deviation of the logarithm of usage from one month to the next, growth apart."""
DAYS_PER_MONTH = 365.25 / 12
HALF_LIFE_MONTHS = 12
DAYS_PER_WEEK = 7
WEEKS_PER_YEAR = 365.25 / DAYS_PER_WEEK
LEVEL_DAYS = 28
MIN_WEEKS = 4
"""Fewer weeks have no slope: the prior stands alone."""
SLOPE_WEEKS = 52
"""Growth of longer ago has returned to its mean."""
RESAMPLES = 200
PAUSED = 0.25
"""Share of the weeks without use from which on a series is one that is used now and then."""
MIN_BLOCKS, OWN_MONTHS, PRIOR_MONTHS, MIN_SHOCK = 6, 6, 12, 0.05
"""Fewer months say nothing of their shocks; what is known before counts as so many months; no shock is smaller."""


@dataclass(frozen=True)
class Prior:
    """What is thought of growth before anything is measured: mean and deviation of the yearly logarithm, and shocks."""

    mean: float
    deviation: float
    shock: float = MONTHLY_SHOCK


PRODUCTS, PEOPLE = Prior(0.3, 0.45), Prior(0.1, 0.35)
"""Of software that calls the API, and of people."""


@dataclass(frozen=True)
class Growth(Record):
    """The level of a series and its growth in the year to come, with the bands that follow."""

    per_day: Annotated[float, Field(description="mean of the last 28 days")]
    per_day_error: Annotated[float, Field(description="standard error of that mean")]
    p10: Annotated[float, Field(description="growth in a year that is exceeded in 90 %, as a share")]
    p50: Annotated[float, Field(description="median growth in a year, as a share")]
    p90: Annotated[float, Field(description="growth in a year that is exceeded in 10 %, as a share")]
    measured_weight: Annotated[float, Field(description="weight of the measured slope, the rest is the prior's")]
    measured: Annotated[float | None, Field(description="measured growth per year, as a share; null: too few weeks")]
    widening: Annotated[float, Field(description="factor on the declared width, from how far the method missed before")]
    is_intermittent: Annotated[
        bool,
        Field(description="whether it is used now and then: its mean of a year and the prior's growth stand"),
    ] = False


@dataclass(frozen=True)
class Fan:
    """What a series may come to: mean and deviation of the logarithm of its daily amount, months from today (M,)."""

    mean: Floats
    deviation: Floats
    weight: float
    slope: float | None

    def quantile(self, z: float) -> Floats:
        """Return the amounts a day at a quantile of the normal distribution."""
        amounts: Floats = np.exp(self.mean + z * self.deviation)
        return amounts


def fan_of(daily: Floats, prior: Prior, months: Floats, widening: float = 1.0) -> Fan:
    """Return the fan of a series of daily amounts (D,), oldest first, at `months` from its last 28 days (M,).

    `years` are those that today's growth lasts, less and less of it: the integral of 2^(-m / half-life); `renewed` is
    the variance that new growth, which nothing tells yet, adds by then.
    """
    level, error = level_of(daily)
    shock = shock_of(daily, prior)
    slope, variance = (None, math.inf) if is_intermittent(daily) else _slope(daily, shock)
    precision = 1 / prior.deviation**2 + (0.0 if slope is None else 1 / variance)
    weight = 0.0 if slope is None else 1 / variance / precision
    now = prior.mean if slope is None else weight * slope + (1 - weight) * prior.mean
    rate, time = math.log(2) * 12 / HALF_LIFE_MONTHS, months / 12
    years = -np.expm1(-rate * time) / rate
    drift = prior.mean * time + (now - prior.mean) * years
    renewed = (prior.deviation / rate) ** 2 * (
        2 * rate * time - 3 + 4 * np.exp(-rate * time) - np.exp(-2 * rate * time)
    )
    averaged = LEVEL_DAYS / DAYS_PER_MONTH / 3  # both ends are means of 28 days
    width = width_at(months, len(daily), widening)
    miss = (error / (level or 1.0)) ** 2 + shock**2 * (months - averaged)
    deviation = width * np.sqrt(miss + years**2 / precision + renewed)
    return Fan(math.log(level) + drift if level else np.full(len(months), -math.inf), deviation, weight, slope)


def level_of(daily: Floats) -> tuple[float, float]:
    """Return the level of a series of daily amounts and its standard error: the mean of its last 28 days.

    Of one that is used now and then, the mean of all its weeks of the last year: amount by interval (Croston).
    """
    last = _since_first(daily) if is_intermittent(daily) else _weeks(daily[-LEVEL_DAYS:])
    error = float(last.std(ddof=1) / math.sqrt(len(last))) if len(last) > 1 else 0.0
    return float(last.mean() if is_intermittent(daily) else daily[-LEVEL_DAYS:].mean()), error


def is_intermittent(daily: Floats) -> bool:
    """Whether a series is used now and then: a quarter of its weeks without use, between the first and the last used.

    One that has ended is not: it was not used for more than twice its longest pause.
    """
    weeks = _since_first(daily)
    used = np.flatnonzero(weeks > 0)
    if len(used) < 2:
        return len(used) == 1 and len(weeks) >= MIN_WEEKS
    pauses, since = np.diff(used) - 1, len(weeks) - 1 - used[-1]
    return bool(pauses.sum() >= PAUSED * (used[-1] - used[0] + 1) and since <= 2 * pauses.max())


def _since_first(daily: Floats) -> Floats:
    """Return the weekly means of the last year, from the first week with use on."""
    weeks = _weeks(daily)[-SLOPE_WEEKS:]
    used = np.flatnonzero(weeks > 0)
    return weeks[used[0] :] if len(used) else weeks[-1:]


def width_at(months: Floats, days: int, widening: float) -> Floats:
    """Return the factor on the width at horizons: `widening` up to a third of history, less and less of it beyond."""
    known = np.minimum(days / DAYS_PER_MONTH / 3 / np.maximum(months, 1e-9), 1.0)
    width: Floats = widening**known if widening < 1 else np.full(len(months), widening)
    return width


def learned(prior: Prior, shocks: Iterable[tuple[int, float]]) -> Prior:
    """Return a prior whose shock is that of several series, weighted with its own, which counts as a year of months."""
    return replace(prior, shock=_weighted(prior.shock, shocks, PRIOR_MONTHS))


def shock_of(daily: Floats, prior: Prior) -> float:
    """Return the deviation of monthly shocks of a series: of its own months, weighted with that of the prior."""
    return _weighted(prior.shock, [own_shock(daily)], OWN_MONTHS)


def _weighted(shock: float, own: Iterable[tuple[int, float]], months: int) -> float:
    known, total = months, months * shock**2
    for count, variance in own:
        known, total = known + count, total + count * variance
    return math.sqrt(max(total / known, MIN_SHOCK**2))


def own_shock(daily: Floats) -> tuple[int, float]:
    """Return of how many months the variance of monthly shocks is known, and that variance; 0 of too few.

    Of means of 28 days the variance of changes over two steps, less that over one, is that of a step: noise inside of
    months and growth that stays fall out.
    """
    blocks = daily[len(daily) % LEVEL_DAYS :].reshape(-1, LEVEL_DAYS).mean(axis=1)
    logs = np.log(blocks[blocks > 0])
    if len(logs) < MIN_BLOCKS:
        return 0, 0.0
    two, one = (float(np.var(logs[step:] - logs[:-step], ddof=1)) for step in (2, 1))
    return len(logs), (two - one) * DAYS_PER_MONTH / LEVEL_DAYS


def growth_of(daily: Floats, prior: Prior, widening: float = 1.0) -> Growth:
    """Return level and growth of a series of daily amounts (D,), oldest first; days without usage are zeros."""
    level, error = level_of(daily)
    fan = fan_of(daily, prior, np.array([12.0]), widening)
    change = float(fan.mean[0]) - math.log(level) if level else prior.mean
    p10, p50, p90 = (math.expm1(change + z * float(fan.deviation[0])) for z in (-Z_P90, 0.0, Z_P90))
    measured = None if fan.slope is None else math.expm1(fan.slope)
    return Growth(level, error, p10, p50, p90, fan.weight, measured, widening, is_intermittent(daily))


def _weeks(daily: Floats) -> Floats:
    """Return the means of whole weeks, which no weekday moves, counted back from the last day."""
    weeks: Floats = daily[len(daily) % DAYS_PER_WEEK :].reshape(-1, DAYS_PER_WEEK).mean(axis=1)
    return weeks


def _slope(daily: Floats, shock: float) -> tuple[float | None, float]:
    """Return the slope of the logarithm per year and its variance as a forecast; None of too few weeks."""
    weeks = _weeks(daily)[-SLOPE_WEEKS:]
    used = np.flatnonzero(weeks > 0)
    if len(used) < MIN_WEEKS:
        return None, math.inf
    times, logs = used / WEEKS_PER_YEAR, np.log(weeks[used])
    first, second = np.triu_indices(len(times), 1)
    slope = float(np.median((logs[second] - logs[first]) / (times[second] - times[first])))
    years = float(times[-1] - times[0]) + 1 / WEEKS_PER_YEAR
    return slope, _variance(times, logs - slope * times) + 12 * shock**2 / years


def _variance(times: Floats, rest: Floats) -> float:
    """Return the variance of a slope, pairs of weeks of its residuals resampled with a fixed seed."""
    rng = np.random.default_rng(0)
    starts = rng.integers(0, len(rest) - 1, (RESAMPLES, -(-len(rest) // 2)))
    drawn = rest[np.stack([starts, starts + 1], axis=2).reshape(RESAMPLES, -1)[:, : len(rest)]]
    centred = times - times.mean()
    slopes = drawn @ centred / (centred @ centred)
    return float(slopes.var())
