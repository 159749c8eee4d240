"""Why not otherwise, as a picture: what the other plan costs more and less, line by line, and in all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deal_solve.analysis.why_not.result import WhyNot
from deal_solve.deal.deal import Deal
from deal_solve.errors import InputError
from deal_solve.messages import counted
from deal_solve.report.difference import present_value
from deal_solve.report.picture import DARK, LIGHT, canvas, scale_of
from deal_solve.report.text import whole_money
from deal_solve.settlement.lines import CAUSES

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MIN_USD = 0.5
"""What is printed as 0 has no bar."""


def figure_of(deal: Deal, found: WhyNot) -> Figure:
    """Return the difference of two plans; raises InputError where there is no other plan, and without matplotlib."""
    if found.difference is None:
        raise InputError(f"why not {found.asked}: there is no other plan to draw, its outcome is {found.outcome!r}")
    bars = [(CAUSES[row.line], row.difference_usd) for row in found.difference.lines]
    bars = [(name, usd) for name, usd in bars if abs(usd) >= MIN_USD]
    ends = [("expected cost", found.difference.expected_usd)]
    if abs(found.difference.risk_usd) >= MIN_USD:
        ends += [("risk", found.difference.risk_usd), ("objective", found.difference.objective_usd)]
    far = max(abs(usd) for _, usd in (*bars, *ends)) or 1.0
    size, word = scale_of(far)
    with canvas(7.2, 1.2 + 0.32 * (len(bars) + len(ends)), f"Why not {found.asked}?") as figure:
        panel = figure.subplots()
        for index, (_, usd) in enumerate((*bars, *ends)):
            panel.barh(index, usd / size, color=LIGHT if index < len(bars) else DARK, height=0.62)
            side = 1 if usd >= 0 else -1
            panel.annotate(
                whole_money(usd),
                (usd / size, index),
                xytext=(4 * side, 0),
                textcoords="offset points",
                va="center",
                ha="left" if side > 0 else "right",
                fontsize=7,
            )
        panel.axvline(0, color="black", linewidth=0.8)
        panel.set_yticks(range(len(bars) + len(ends)), [name for name, _ in (*bars, *ends)])
        panel.invert_yaxis()
        panel.set_xlim(-1.35 * far / size, 1.35 * far / size)
        over = f"costs more over {counted(deal.compared_months, 'month')}{present_value(deal)}"
        figure.supxlabel(f"{over}, {word}USD; light: its lines", fontsize=8, x=0.01, ha="left")
        panel.spines[["top", "right", "left"]].set_visible(False)
        panel.tick_params(axis="y", length=0)
    return figure
