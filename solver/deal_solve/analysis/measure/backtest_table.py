"""How forecasts did on history, in print: a table that the measurement and the forecast share."""

from __future__ import annotations

from deal_solve.analysis.measure.backtest import Backtest
from deal_solve.frames import Table
from deal_solve.report.text import table


def backtest_table(found: Table[Backtest]) -> str:
    """Return how forecasts did on history in print; empty where it is too short for any."""
    rows = [
        [
            f"{each.months}",
            f"{each.forecasts}",
            f"{each.coverage:.0%}",
            f"{each.pinball:.3f}",
            f"{each.extrapolation:.3f}",
            f"{each.bootstrap:.3f}",
        ]
        for each in found
    ]
    headers = ["months ahead", "forecasts", "in the 80% band", "loss", "slope drawn on", "months redrawn"]
    return (
        table("Tested on this history (pinball loss of P10, P50, P90; lower is better)", headers, rows) if rows else ""
    )
