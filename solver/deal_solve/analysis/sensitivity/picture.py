"""The tornado as a picture, with the plan held beside every bar, and the Sobol indices below."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from deal_solve.analysis.sensitivity.result import Bar, Sensitivity, SobolIndex
from deal_solve.analysis.sensitivity.text import moves, short
from deal_solve.deal.deal import Deal
from deal_solve.messages import counted
from deal_solve.report.picture import DARK, canvas, scale_of
from deal_solve.report.text import round_money

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MAX_BARS = 20
"""Bars that are drawn, the longest ones."""
LIGHT = "#a9bdd6"


def figure_of(deal: Deal, found: Sensitivity) -> Figure:
    """Return a tornado as a picture; raises InputError where matplotlib is not installed."""
    today = found.best.objective_usd
    bars = [bar for bar in found.bars if moves(bar, today) and (bar.low_in_time or bar.high_in_time)][:MAX_BARS]
    spread = [row for row in (found.sobol.indices if found.sobol else ()) if row.of == "cost"]
    heights = [0.9 + 0.36 * len(bars), *([0.9 + 0.3 * len(spread)] if spread else [])]
    title = f"{deal.title or 'This deal'}: what it depends on over {counted(deal.compared_months, 'month')}"
    with canvas(9.6, 0.8 + sum(heights), title) as figure:
        panels = figure.subplots(len(heights), 1, squeeze=False, height_ratios=heights).ravel()
        _tornado(panels[0], bars, today)
        if spread:
            _indices(panels[1], spread)
        late = sum(not (bar.low_in_time and bar.high_in_time) for bar in found.bars)
        marks = f"{counted(late, 'number')} not solved at both ends in the time; " if late else ""
        marks += "dark: deal re-optimised; light: today's plan held; ring: another deal is best there"
        figure.supxlabel(marks, fontsize=8, x=0.01, ha="left")
    return figure


def _tornado(panel: Axes, bars: list[Bar], today: float) -> None:
    ends = [usd for bar in bars for usd in (bar.low_usd, bar.high_usd, bar.held_low_usd, bar.held_high_usd)]
    far = max((abs(usd - today) for usd in ends if usd is not None), default=1.0)
    size, word = scale_of(far)
    for index, bar in enumerate(bars):
        sides = (
            (bar.low, bar.low_usd, bar.held_low_usd, bar.flips_low),
            (bar.high, bar.high_usd, bar.held_high_usd, bar.flips_high),
        )
        for _, usd, held, flips in sides:
            for offset, amount, shade in ((-0.17, usd, DARK), (0.17, held, LIGHT)):
                if amount is not None:
                    panel.barh(index + offset, (amount - today) / size, height=0.32, color=shade)
            if flips and usd is not None:
                panel.plot((usd - today) / size, index - 0.17, "o", markersize=7, fillstyle="none", color="black")
        _name_ends(panel, index, [(value, 0.0 if usd is None else (usd - today) / size) for value, usd, _, _ in sides])
    panel.axvline(0, color="black", linewidth=0.8)
    panel.set_yticks(range(len(bars)), [bar.path for bar in bars])
    panel.set_ylim(len(bars) - 0.4, -0.6)
    panel.set_xlim(-1.3 * far / size, 1.3 * far / size)
    panel.set_title(f"Objective above and below today's {round_money(round(today))}, {word}USD", loc="left", fontsize=8)
    panel.spines[["top", "right", "left"]].set_visible(False)
    panel.tick_params(axis="y", length=0)


def _name_ends(panel: Axes, index: int, ends: list[tuple[float, float]]) -> None:
    """Write the low and the high value (value, end of the bar) beside it, that of the lesser cost to the left."""
    for (value, end), side in zip(sorted(ends, key=lambda end: end[1]), (-1, 1), strict=True):
        at = min(end, 0.0) if side < 0 else max(end, 0.0)
        where: dict[str, Any] = {"ha": "right" if side < 0 else "left", "va": "center", "fontsize": 7}
        panel.annotate(short(value), (at, index - 0.17), xytext=(7 * side, 0), textcoords="offset points", **where)


def _indices(panel: Axes, rows: list[SobolIndex]) -> None:
    for index, row in enumerate(rows):
        first = (index - 0.15, row.first, row.first_low, row.first_high, "o")
        total = (index + 0.15, row.total, row.total_low, row.total_high, "s")
        for at, share, low, high, marker in (first, total):
            panel.plot([100 * low, 100 * high], [at, at], "-", color=DARK, linewidth=1)
            panel.plot(100 * share, at, marker, color=DARK, markersize=5, markerfacecolor="white", clip_on=False)
    panel.set_yticks(range(len(rows)), [row.factor for row in rows])
    panel.set_ylim(len(rows) - 0.5, -0.5)
    panel.set_xlim(0, max(100.0, *(100 * row.first_high for row in rows)))
    title = "Share of the variance of the cost of today's plan, %: alone (ring), with others (square)"
    panel.set_title(title, loc="left", fontsize=8)
    panel.spines[["top", "right"]].set_visible(False)
