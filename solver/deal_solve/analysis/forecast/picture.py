"""The fan of usage against its history: a panel per workload, dearest first."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from deal_solve.analysis.forecast.result import ForecastResult
from deal_solve.analysis.measure.growth import DAYS_PER_MONTH
from deal_solve.report.picture import DARK, canvas, panels_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLUMNS, MAX_PANELS = 2, 8
WEEK = 7


def figure_of(found: ForecastResult) -> Figure:
    """Return a forecast as a picture; raises InputError where matplotlib is not installed."""
    names = list(dict.fromkeys(each.workload for each in found.months))[:MAX_PANELS]
    rows = math.ceil(len(names) / COLUMNS)
    with canvas(1 + 4.5 * COLUMNS, 1 + 2.4 * rows, f"Requests a month until {found.last}, and to come") as figure:
        for panel, name in zip(panels_of(figure, len(names), COLUMNS), names, strict=True):
            _draw(panel, found, name)
        figure.supxlabel(
            "months from the last day; line: weeks measured; band: P10 to P90", fontsize=8, x=0.01, ha="left"
        )
    return figure


def _draw(panel: Axes, found: ForecastResult, name: str) -> None:
    daily = (found.daily or {})[name]
    weeks = DAYS_PER_MONTH * daily[len(daily) % WEEK :].reshape(-1, WEEK).mean(axis=1)
    past = (np.arange(len(weeks)) - len(weeks) + 0.5) * WEEK / DAYS_PER_MONTH
    months = [each for each in found.months if each.workload == name]
    ahead = [each.months_ahead for each in months]
    panel.plot(past, weeks, color=DARK, linewidth=1)
    panel.fill_between(ahead, [m.p10 for m in months], [m.p90 for m in months], color=DARK, alpha=0.2, linewidth=0)
    panel.plot(ahead, [m.p50 for m in months], color=DARK, linestyle="--", linewidth=1)
    panel.set_title(name, fontsize=9, loc="left", parse_math=False)
    panel.set_ylim(bottom=0)
