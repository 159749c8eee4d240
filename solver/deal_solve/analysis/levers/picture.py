"""The levers as a picture: a bar per step from everything at list to the best deal, with what each takes off."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deal_solve.analysis.levers.result import Waterfall
from deal_solve.deal.deal import Deal
from deal_solve.messages import counted
from deal_solve.report.picture import DARK, LIGHT, canvas, scale_of
from deal_solve.report.text import whole_money

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def figure_of(deal: Deal, found: Waterfall) -> Figure:
    """Return the waterfall from today's routing as a picture; raises InputError where matplotlib is not installed."""
    steps = found.from_today
    last = len(steps)
    top = max(step.expected_usd for step in steps)
    size, word = scale_of(top)
    with canvas(6.8, 1.2 + 0.32 * last, f"{deal.title or 'This deal'}: what the levers are worth") as figure:
        panel = figure.subplots()
        for index, step in enumerate((*steps, steps[-1])):
            is_total = index in (0, last)
            before = 0.0 if is_total else steps[index - 1].expected_usd
            start, end = sorted((before, step.expected_usd))
            panel.barh(index, (end - start) / size, left=start / size, color=DARK if is_total else LIGHT, height=0.62)
            label = whole_money(step.expected_usd) if is_total else whole_money(step.expected_usd - before)
            panel.annotate(label, (end / size, index), xytext=(4, 0), textcoords="offset points", va="center")
        panel.set_yticks(range(last + 1), [*(step.lever for step in steps), "best deal"])
        panel.set_ylim(last + 0.5, -0.5)
        panel.set_xlim(0, 1.25 * (top / size or 1.0))
        panel.set_xlabel(
            f"cost over {counted(deal.compared_months, 'month')}, {word}USD; dark: the cost, light: what a step changes"
        )
        panel.spines[["top", "right"]].set_visible(False)
        panel.tick_params(axis="y", length=0)
    return figure
