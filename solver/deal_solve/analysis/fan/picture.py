"""The fan as a picture: one panel per quantity, every axis from 0, every band named where it ends."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from deal_solve.analysis.fan.fan import Fan
from deal_solve.analysis.fan.text import level_names
from deal_solve.deal.deal import Deal
from deal_solve.report.picture import DARK, apart, canvas, panels_of, scale_of
from deal_solve.report.scenarios import scenarios_text
from deal_solve.uncertainty.scenario_set import Scenarios

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

OUTER, INNER, LINE = "#c9d7e8", "#8fabcc", DARK
"""Light, middle and dark: as far apart in grey as in colour."""
PANELS_A_ROW = 3


def figure_of(deal: Deal, scenarios: Scenarios, fans: tuple[Fan, ...]) -> Figure:
    """Return the fans as a picture; raises InputError where matplotlib is not installed."""
    columns = min(PANELS_A_ROW, len(fans))
    rows = math.ceil(len(fans) / columns)
    title = f"{deal.title or 'This deal'}: {scenarios_text(scenarios)}"
    with canvas(1 + 3.2 * columns, 0.6 + 2.3 * rows, title) as figure:
        for panel, fan in zip(panels_of(figure, len(fans), columns), fans, strict=True):
            _draw(panel, deal, fan)
    return figure


def _draw(panel: Axes, deal: Deal, fan: Fan) -> None:
    top = max(float(fan.quantiles.max()), 1e-9)
    size, word = scale_of(top)
    months = range(deal.horizon_months)
    lowest, low, middle, high, highest = fan.quantiles / size
    panel.fill_between(months, lowest, highest, color=OUTER, linewidth=0)
    panel.fill_between(months, low, high, color=INNER, linewidth=0)
    panel.plot(months, middle, color=LINE, linewidth=1.5)
    panel.set_title(f"{fan.name}\n{word}{fan.unit}", loc="left", fontsize=8)
    panel.set_xlim(0, deal.horizon_months - 1)
    panel.set_ylim(0, 1.05 * top / size)
    years = [month for month in months if deal.calendar(month).month == 1] or [0]
    panel.set_xticks(years, [f"{deal.calendar(month):%Y}" for month in years])
    panel.spines[["top", "right"]].set_visible(False)
    _name_ends(panel, dict(zip(level_names(fan), fan.quantiles[:, -1] / size, strict=True)), 1.05 * top / size)


def _name_ends(panel: Axes, ends: dict[str, Any], height: float) -> None:
    """Write the names of the quantiles beside their last values, apart enough to be read; equal ones share a label."""
    labels: dict[float, list[str]] = {}
    for name, end in ends.items():
        labels.setdefault(round(float(end) / height, 6), []).append(name)
    indices, names = list(labels), ["–".join(dict.fromkeys((each[0], each[-1]))) for each in labels.values()]
    for name, index in zip(names, apart(indices), strict=True):
        panel.text(1.01, index, name, transform=panel.transAxes, va="center", color=LINE)
