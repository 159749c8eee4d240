"""What `forecast` prints: the fan of every workload, and how such fans did on history."""

from __future__ import annotations

from deal_solve.analysis.forecast.result import ForecastResult
from deal_solve.analysis.measure.backtest_table import backtest_table
from deal_solve.report.text import bullets, heading, table

SHOWN = (1, 2, 3, 6, 9, 12, 18, 24, 36)
"""Months ahead that are printed."""


def forecast_report(found: ForecastResult) -> str:
    """Return a forecast in print."""
    rows = [
        [each.workload, each.month, *(f"{value:,.0f}" for value in (each.p10, each.p50, each.p90))]
        for each in found.months
        if each.months_ahead in SHOWN
    ]
    fan = table("Requests a month to come", ["workload", "month", "P10", "P50", "P90"], rows)
    first = next((each.month for each in found.months), None)
    about = (
        f"{first} is a month of growth after the last 28 days; the file that measure writes starts with those 28 days."
    )
    parts = [
        "\n".join(heading(f"Forecast from usage until {found.last} (UTC)")),
        fan,
        bullets("", [about] * bool(first)),
        backtest_table(found.backtest),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"
