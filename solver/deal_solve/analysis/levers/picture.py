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
    steps = [(step.lever, step.expected_usd) for step in found.from_today if step.expected_usd is not None]
    last, costs = len(steps), [usd for _, usd in steps]
    top = max(costs)
    size, word = scale_of(top)
    with canvas(6.8, 1.2 + 0.32 * last, f"{deal.title or 'This deal'}: what the levers are worth") as figure:
        panel = figure.subplots()
        for index, usd in enumerate((*costs, costs[-1])):
            is_total = index in (0, last)
            before = 0.0 if is_total else costs[index - 1]
            start, end = sorted((before, usd))
            panel.barh(index, (end - start) / size, left=start / size, color=DARK if is_total else LIGHT, height=0.62)
            label = whole_money(usd) if is_total else whole_money(usd - before)
            panel.annotate(label, (end / size, index), xytext=(4, 0), textcoords="offset points", va="center")
        panel.set_yticks(range(last + 1), [*(lever for lever, _ in steps), "best deal"])
        panel.set_ylim(last + 0.5, -0.5)
        panel.set_xlim(0, 1.25 * (top / size or 1.0))
        late = len(found.from_today) - last
        stated = f"{counted(late, 'step')} not in the time; " if late else ""
        stated += f"cost over {counted(deal.compared_months, 'month')}, {word}USD; dark: the cost, "
        panel.set_xlabel(f"{stated}light: what a step changes")
        panel.spines[["top", "right"]].set_visible(False)
        panel.tick_params(axis="y", length=0)
    return figure
