"""Forecast: the fan of every workload of exports, month by month, and its test on history."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import numpy as np

from deal_solve.analysis.forecast.result import ForecastMonth, ForecastResult
from deal_solve.analysis.measure.growth import DAYS_PER_MONTH, PRODUCTS, Z_P90, Floats, fan_of
from deal_solve.analysis.measure.result import MeasureResult
from deal_solve.deal.base import months_later
from deal_solve.frames import Table

MONTHS = 12


def forecast(found: MeasureResult, months: int = MONTHS) -> ForecastResult:
    """Return the fan of every workload that was measured (by `measure`), for so many months."""
    widening = max((work.growth.widening for work in found.workloads), default=1.0)
    daily = found.daily or {}
    last = date.fromisoformat(found.last)
    rows = Table(row for name, days in daily.items() for row in _months(name, days, last, months, widening))
    return ForecastResult(last=found.last, widening=widening, months=rows, backtest=found.backtest, daily=found.daily)


def _months(name: str, daily: Floats, last: date, months: int, widening: float) -> Iterator[ForecastMonth]:
    ahead = np.arange(1.0, months + 1)
    fan = fan_of(daily, PRODUCTS, ahead, widening)
    p10, p50, p90 = (DAYS_PER_MONTH * fan.quantile(z) for z in (-Z_P90, 0.0, Z_P90))
    for index in range(months):
        label = f"{months_later(last, index + 1):%Y-%m}"
        yield ForecastMonth(name, label, index + 1, float(p10[index]), float(p50[index]), float(p90[index]))
