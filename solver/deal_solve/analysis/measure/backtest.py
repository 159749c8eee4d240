"""How far the method missed before: forecasts from every month of history, held against what came.

Inside of history (horizons of at most a third of it) the fan is widened or narrowed so that its 80 % band would have
held 80 % of what came: a conformal quantile of the scaled errors, pooled over all workloads.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated

import numpy as np
from pydantic import Field

from deal_solve.analysis.measure.growth import (
    DAYS_PER_MONTH,
    LEVEL_DAYS,
    MONTHLY_SHOCK,
    PRODUCTS,
    Z_P90,
    Floats,
    Prior,
    fan_of,
    learned,
    own_shock,
    width_at,
)
from deal_solve.analysis.measure.season import season_of, without_season
from deal_solve.frames import Table
from deal_solve.record import Record

HORIZONS = (1, 3, 6, 12)
MIN_ORIGIN_MONTHS = 2
"""Months of history before the first forecast."""
MIN_ERRORS = 20
"""Fewer errors widen nothing: the declared width stands."""
WIDENING_LIMITS = 0.5, 3.0
QUANTILES = (0.1, -Z_P90), (0.5, 0.0), (0.9, Z_P90)
RESAMPLES = 200


@dataclass(frozen=True)
class Backtest(Record):
    """How forecasts of one horizon did on the history of all workloads, beside two plain methods."""

    months: Annotated[int, Field(description="months ahead")]
    forecasts: Annotated[int, Field(description="forecasts that could be held against what came")]
    coverage: Annotated[float, Field(description="share of what came inside the 80 % band")]
    pinball: Annotated[float, Field(description="mean pinball loss of P10, P50, P90, in logarithms; lower is better")]
    extrapolation: Annotated[float, Field(description="the same of the slope so far, drawn on")]
    bootstrap: Annotated[float, Field(description="the same of months of history, drawn at random")]


@dataclass(frozen=True)
class _Miss:
    """One forecast of a logarithm and what came."""

    months: int
    came: float
    mean: float
    deviation: float
    extrapolated: tuple[float, float]
    drawn: tuple[float, float, float]


def widening_of(series: Sequence[Floats], prior: Prior = PRODUCTS, first: date | None = None) -> float:
    """Return the factor on the declared width of the fan that history supports; 1 where it is too short to say.

    A season is found anew at each origin, from the days before it, where `first` says which day the series begin on.
    """
    return _widening([_scaled(_misses(daily, prior, first), daily) for daily in series])


def _scaled(misses: list[_Miss], daily: Floats) -> list[float]:
    """Return the errors of horizons inside of a third of history, in declared deviations."""
    longest = len(daily) / DAYS_PER_MONTH / 3
    return [abs(miss.came - miss.mean) / miss.deviation for miss in misses if miss.months <= longest]


def _widening(scaled: Iterable[list[float]]) -> float:
    errors = [error for each in scaled for error in each]
    if len(errors) < MIN_ERRORS:
        return 1.0
    rank = min(np.ceil(0.8 * (len(errors) + 1)) / len(errors), 1.0)
    low, high = WIDENING_LIMITS
    return float(np.clip(np.quantile(errors, rank, method="higher") / Z_P90, low, high))


def backtest(series: Sequence[Floats], prior: Prior = PRODUCTS, first: date | None = None) -> Table[Backtest]:
    """Return coverage and pinball loss at 1, 3, 6 and 12 months, as far as history goes.

    A season is found anew at each origin, from the days before it, where `first` says which day the series begin on;
    the plain methods know of none. Shocks and width of each series are what the others say, so that no forecast was
    fitted to what it is held against.
    """
    shocks = [own_shock(_flat(daily, first)) for daily in series]
    others = [shocks[:index] + shocks[index + 1 :] for index in range(len(series))]
    misses = [_misses(daily, learned(prior, each), first) for daily, each in zip(series, others, strict=True)]
    scaled = [_scaled(each, daily) for each, daily in zip(misses, series, strict=True)]
    found: list[tuple[_Miss, float]] = []
    for index, each in enumerate(misses):
        factor = _widening(errors for number, errors in enumerate(scaled) if number != index)
        widths = width_at(np.array([float(miss.months) for miss in each]), len(series[index]), factor)
        found += zip(each, widths.tolist(), strict=True)
    rows = []
    for months in HORIZONS:
        held = [(miss, factor) for miss, factor in found if miss.months == months]
        if held:
            rows.append(_row(months, held))
    return Table(rows)


def _row(months: int, held: list[tuple[_Miss, float]]) -> Backtest:
    inside = [abs(miss.came - miss.mean) <= Z_P90 * factor * miss.deviation for miss, factor in held]
    own = [[miss.mean + z * factor * miss.deviation for _, z in QUANTILES] for miss, factor in held]
    plain = [[miss.extrapolated[0] + z * miss.extrapolated[1] for _, z in QUANTILES] for miss, _ in held]
    came = np.array([miss.came for miss, _ in held])
    drawn = [list(miss.drawn) for miss, _ in held]
    losses = (_pinball(came, np.array(each)) for each in (own, plain, drawn))
    return Backtest(months, len(held), float(np.mean(inside)), *losses)


def _pinball(came: Floats, quantiles: Floats) -> float:
    """Return the mean pinball loss of quantiles (N, 3)."""
    errors = came[:, None] - quantiles
    shares = np.array([share for share, _ in QUANTILES])
    return float(np.mean(np.maximum(shares * errors, (shares - 1) * errors)))


def _flat(daily: Floats, first: date | None) -> Floats:
    """Return a series without the season that it shows."""
    return daily if first is None else without_season(daily, first, season_of(daily, first))


def _misses(daily: Floats, prior: Prior, first: date | None) -> list[_Miss]:
    """Return the forecasts from every month of a series, each of the mean of 28 days at a horizon."""
    found: list[_Miss] = []
    origin = len(daily) - round(HORIZONS[0] * DAYS_PER_MONTH)
    while origin >= MIN_ORIGIN_MONTHS * DAYS_PER_MONTH:
        past = daily[:origin]
        ends = [(months, origin + round(months * DAYS_PER_MONTH)) for months in HORIZONS]
        came = {months: end for months, end in ends if end <= len(daily) and daily[end - LEVEL_DAYS : end].sum() > 0}
        if past[-LEVEL_DAYS:].sum() > 0 and came:
            found += _of_origin(daily, origin, came, (prior, first))
        origin -= round(DAYS_PER_MONTH)
    return found


def _of_origin(daily: Floats, origin: int, came: dict[int, int], known: tuple[Prior, date | None]) -> Iterator[_Miss]:
    """Yield what each method said at one moment of months after it; `came` are the ends of the days held against."""
    (prior, first), past = known, daily[:origin]
    season = None if first is None else season_of(past, first)
    flat = daily if first is None else without_season(daily, first, season)
    fan = fan_of(flat[:origin], prior, np.array([float(months) for months in came]))
    level = float(np.log(past[-LEVEL_DAYS:].mean()))
    blocks = past[len(past) % LEVEL_DAYS :].reshape(-1, LEVEL_DAYS).mean(axis=1)
    steps = np.diff(np.log(blocks[blocks > 0])) * DAYS_PER_MONTH / LEVEL_DAYS
    spread = float(steps.std()) if len(steps) > 1 else MONTHLY_SHOCK
    slope = fan.slope if season is None else fan_of(past, prior, np.array([1.0])).slope
    for index, (months, end) in enumerate(came.items()):
        value, without = (float(np.log(each[end - LEVEL_DAYS : end].mean())) for each in (daily, flat))
        plain = (level + months / 12 * (slope or 0.0), max(spread, 1e-6) * float(np.sqrt(months)))
        drawn = (level, level, level)
        if len(steps):
            paths = np.random.default_rng(0).choice(steps, (RESAMPLES, months)).sum(axis=1)
            low, middle, high = (level + float(each) for each in np.quantile(paths, [0.1, 0.5, 0.9]))
            drawn = (low, middle, high)
        yield _Miss(months, value, float(fan.mean[index]) + value - without, float(fan.deviation[index]), plain, drawn)
