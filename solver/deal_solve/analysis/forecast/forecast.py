"""Forecast: the fan of every workload of exports, month by month, and its test on history."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import numpy as np

from deal_solve.analysis.forecast.result import ForecastMonth, ForecastResult
from deal_solve.analysis.measure.defaults import MONTHS
from deal_solve.analysis.measure.growth import DAYS_PER_MONTH, PRODUCTS, Z_P90, Fan, Floats, fan_of, learned, own_shock
from deal_solve.analysis.measure.result import MeasureResult
from deal_solve.analysis.measure.season import season_of, without_season
from deal_solve.deal.base import months_later
from deal_solve.frames import Table


def forecast(found: MeasureResult, months: int = MONTHS) -> ForecastResult:
    """Return the fan of every workload that was measured (by `measure`), for so many months."""
    widening = max((work.growth.widening for work in found.workloads), default=1.0)
    daily = found.daily or {}
    last = date.fromisoformat(found.last)
    first, ahead = date.fromisoformat(found.first), np.arange(1.0, months + 1)
    seasons = {name: season_of(days, first) for name, days in daily.items()}
    flat = {name: without_season(days, first, seasons[name]) for name, days in daily.items()}
    prior = learned(PRODUCTS, map(own_shock, flat.values()))
    rows = Table(
        row
        for name, days in flat.items()
        for row in _months(name, fan_of(days, prior, ahead, widening), last, seasons[name])
    )
    return ForecastResult(last=found.last, widening=widening, months=rows, backtest=found.backtest, daily=found.daily)


def _months(name: str, fan: Fan, last: date, season: Floats | None) -> Iterator[ForecastMonth]:
    p10, p50, p90 = (DAYS_PER_MONTH * fan.quantile(z) for z in (-Z_P90, 0.0, Z_P90))
    for index in range(len(fan.mean)):
        month = months_later(last, index + 1)
        factor = 1.0 if season is None else season[month.month - 1]
        low, middle, high = (float(factor * each[index]) for each in (p10, p50, p90))
        yield ForecastMonth(name, f"{month:%Y-%m}", index + 1, low, middle, high)
