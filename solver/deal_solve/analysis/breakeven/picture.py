"""A break-even as a picture: the objective along the field, a line at every breakpoint, numbered intervals."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deal_solve.analysis.breakeven.result import Breakeven
from deal_solve.analysis.breakeven.text import at_text
from deal_solve.deal.deal import Deal
from deal_solve.messages import counted
from deal_solve.report.picture import DARK, canvas, scale_of
from deal_solve.report.text import round_money

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MAX_LABELS = 12
"""Up to so many breakpoints each has its value written on it."""
APART = 0.22
"""Between the values of neighbouring breakpoints, as a share of the height of the panel."""


def figure_of(deal: Deal, found: Breakeven) -> Figure:
    """Return a break-even as a picture; raises InputError where matplotlib is not installed."""
    points = sorted(
        {
            *found.solved,
            *((point.low, point.before_usd) for point in found.flips if point.before_usd is not None),
            *((point.high, point.after_usd) for point in found.flips if point.after_usd is not None),
        }
    )
    minimum = min(usd for _, usd in points)
    size, word = scale_of(max(usd for _, usd in points) - minimum)
    across, wide = scale_of(max(abs(found.low), abs(found.high)) / 10)
    title = f"{deal.title or 'This deal'}: where the best deal changes over {counted(deal.compared_months, 'month')}"
    with canvas(6.4, 4.4, title) as figure:
        panel = figure.subplots()
        for interval in found.stretches:
            inside = [(x, usd) for x, usd in points if interval.low <= x <= interval.high]
            if interval.plan is not None and inside:
                xs, ys = zip(*inside, strict=True)
                panel.plot([x / across for x in xs], [(y - minimum) / size for y in ys], "-o", color=DARK, markersize=3)
        top = 1.18 * max((max(usd for _, usd in points) - minimum) / size, 1e-9)
        box = {"facecolor": "white", "edgecolor": "none", "pad": 0.5}
        for number, point in enumerate(found.flips):
            panel.axvspan(point.low / across, point.high / across, color="#7d93ad", linewidth=0.8, zorder=0)
            if len(found.flips) <= MAX_LABELS:
                at = point.value / across, (0.03 + APART * (number % 3)) * top
                panel.annotate(at_text(point), at, rotation=90, ha="center", va="bottom", fontsize=7, bbox=box)
        for index, interval in enumerate(found.stretches, 1):
            middle = (interval.low + interval.high) / 2 / across
            panel.text(middle, 0.96 * top, f"{index}", ha="center", va="center", fontweight="bold", bbox=box)
            if interval.at_target:
                panel.plot(
                    [interval.low / across, interval.high / across], [0.91 * top] * 2, "-", color=DARK, linewidth=4
                )
        if found.today is not None and found.low <= found.today <= found.high:
            panel.axvline(found.today / across, color="black", linestyle=":", linewidth=1.2)
            at = found.today / across, 0.72 * top
            panel.annotate("today", at, rotation=90, ha="center", va="bottom", bbox=box)
        marks = "number: interval in which one deal is best; vertical line: breakpoint"
        marks = marks.replace("one deal is best", "the target is reached or not") if found.target else marks
        figure.supxlabel(marks + "; bar: target reached" * bool(found.target), fontsize=8, x=0.01, ha="left")
        panel.set_title(f"Objective above {round_money(round(minimum))}, {word}USD", loc="left", fontsize=8)
        panel.set_xlabel(found.path + f", {wide.strip()}" * bool(wide))
        panel.set_xlim(found.low / across, found.high / across)
        panel.set_ylim(0, top)
        panel.spines[["top", "right"]].set_visible(False)
    return figure
