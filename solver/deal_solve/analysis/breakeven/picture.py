"""A break-even as a picture: the objective along the field, a line at every flip, every stretch named by number."""

from __future__ import annotations

from pathlib import Path

from deal_solve.analysis.breakeven.result import Breakeven
from deal_solve.analysis.breakeven.text import at_text
from deal_solve.deal.deal import Deal
from deal_solve.report.picture import DARK, canvas, scale_of
from deal_solve.report.text import round_money

FEW = 12
"""Up to so many flips each has its value written on it."""
APART = 0.22
"""Between the values of neighbouring flips, as a share of the height of the panel."""


def write_picture(deal: Deal, found: Breakeven, path: str | Path, kind: str) -> None:
    """Write a break-even to a file of this kind (svg or png); raises InputError where matplotlib is not installed."""
    points = sorted(
        {
            *found.solved,
            *((flip.low, flip.before_usd) for flip in found.flips if flip.before_usd is not None),
            *((flip.high, flip.after_usd) for flip in found.flips if flip.after_usd is not None),
        }
    )
    least = min(usd for _, usd in points)
    size, word = scale_of(max(usd for _, usd in points) - least)
    across, wide = scale_of(max(abs(found.low), abs(found.high)) / 10)
    title = f"{deal.title or 'This deal'}: where it flips over {deal.horizon_months} months"
    with canvas(path, kind, 6.4, 4.4, title) as figure:
        panel = figure.subplots()
        for stretch in found.stretches:
            inside = [(x, usd) for x, usd in points if stretch.low <= x <= stretch.high]
            if stretch.plan is not None and inside:
                xs, ys = zip(*inside, strict=True)
                panel.plot([x / across for x in xs], [(y - least) / size for y in ys], "-o", color=DARK, markersize=3)
        top = 1.18 * max((max(usd for _, usd in points) - least) / size, 1e-9)
        box = {"facecolor": "white", "edgecolor": "none", "pad": 0.5}
        for number, flip in enumerate(found.flips):
            panel.axvspan(flip.low / across, flip.high / across, color="#7d93ad", linewidth=0.8, zorder=0)
            if len(found.flips) <= FEW:
                at = flip.value / across, (0.03 + APART * (number % 3)) * top
                panel.annotate(at_text(flip), at, rotation=90, ha="center", va="bottom", fontsize=7, bbox=box)
        for index, stretch in enumerate(found.stretches, 1):
            middle = (stretch.low + stretch.high) / 2 / across
            panel.text(middle, 0.96 * top, f"{index}", ha="center", va="center", fontweight="bold", bbox=box)
            if stretch.at_target:
                panel.plot(
                    [stretch.low / across, stretch.high / across], [0.91 * top] * 2, "-", color=DARK, linewidth=4
                )
        if found.today is not None and found.low <= found.today <= found.high:
            panel.axvline(found.today / across, color="black", linestyle=":", linewidth=1.2)
            at = found.today / across, 0.72 * top
            panel.annotate("today", at, rotation=90, ha="center", va="bottom", bbox=box)
        marks = "number: stretch in which one deal is best; vertical line: flip"
        marks = marks.replace("one deal is best", "the target is reached or not") if found.target else marks
        figure.supxlabel(marks + "; bar: target reached" * bool(found.target), fontsize=8, x=0.01, ha="left")
        panel.set_title(f"Objective above {round_money(round(least))}, {word}USD", loc="left", fontsize=8)
        panel.set_xlabel(found.path + f", {wide.strip()}" * bool(wide))
        panel.set_xlim(found.low / across, found.high / across)
        panel.set_ylim(0, top)
        panel.spines[["top", "right"]].set_visible(False)
