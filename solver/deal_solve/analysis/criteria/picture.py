"""Criteria side by side as a picture: what the deal of each costs, expected and in the worst tenth."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deal_solve.analysis.criteria.result import Criteria
from deal_solve.deal.deal import Deal
from deal_solve.messages import counted
from deal_solve.report.basics import NOT_IN_TIME
from deal_solve.report.difference import present_value
from deal_solve.report.picture import DARK, LIGHT, canvas, scale_of
from deal_solve.report.text import whole_money
from deal_solve.uncertainty.measures import cvar

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WORST_TENTH = 0.9


def figure_of(deal: Deal, found: Criteria) -> Figure:
    """Return the criteria as a picture; raises InputError where matplotlib is not installed."""
    solved = [(row.criterion, row.solution) for row in found if row.solution is not None]
    settled = [solution.settlement for _, solution in solved]
    pairs = [(each.mean(each.cost), cvar(each.cost, each.weights, WORST_TENTH)) for each in settled]
    top = max(map(max, pairs), default=0.0)
    size, word = scale_of(top)
    title = f"{deal.title or 'This deal'}: what each criterion would sign"
    with canvas(7.0, 1.2 + 0.5 * len(pairs), title) as figure:
        panel = figure.subplots()
        for index, (mean, worst) in enumerate(pairs):
            for usd, shade, side in ((mean, DARK, -0.2), (worst, LIGHT, 0.2)):
                panel.barh(index + side, usd / size, color=shade, height=0.36)
                place = (usd / size, index + side)
                words = whole_money(usd)
                panel.annotate(words, place, xytext=(4, 0), textcoords="offset points", va="center", fontsize=7)
        panel.set_yticks(range(len(pairs)), [name for name, _ in solved])
        panel.invert_yaxis()
        panel.set_xlim(0, 1.25 * (top / size or 1.0))
        over = f"cost over {counted(deal.compared_months, 'month')}{present_value(deal)}"
        late = [row.criterion for row in found if row.solution is None]
        over = f"{', '.join(late)} {NOT_IN_TIME}; {over}" if late else over
        words = f"{over}, {word}USD; dark: expected; light: mean of the worst tenth"
        figure.supxlabel(words, fontsize=8, x=0.01, ha="left")
        panel.spines[["top", "right"]].set_visible(False)
        panel.tick_params(axis="y", length=0)
    return figure
