"""A simulation as a picture: how likely it is that the plan costs more than each amount."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deal_solve.analysis.simulate.result import Simulation
from deal_solve.deal.deal import Deal
from deal_solve.messages import counted
from deal_solve.report.difference import present_value
from deal_solve.report.picture import DARK, LIGHT, apart, canvas, scale_of
from deal_solve.report.text import percent, whole_money

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def figure_of(deal: Deal, found: Simulation) -> Figure:
    """Return the exceedance curve with its percentiles; raises InputError where matplotlib is not installed."""
    rows = found.exceedance
    size, word = scale_of(max(row.cost_usd for row in rows))
    xs = [row.cost_usd / size for row in rows]
    ys = [100 * row.probability for row in rows]
    title = f"{deal.title or 'This deal'}: what the plan costs in {counted(found.size, 'scenario')}"
    with canvas(7.0, 3.4, title) as figure:
        panel = figure.subplots()
        panel.step([xs[0], *xs], [100, *ys], where="post", color=DARK, linewidth=1.4)
        for each in found.percentiles:
            panel.plot(each.cost_usd / size, 100 * (1 - each.level), "o", color=DARK, markersize=3.5)
            words = f"P{percent(each.level)[:-1]} {whole_money(each.cost_usd)}"
            place = (each.cost_usd / size, 100 * (1 - each.level))
            panel.annotate(words, place, xytext=(6, 3), textcoords="offset points", fontsize=7)
        tail = f"mean of the worst {percent(1 - found.confidence)}"
        marks = sorted({"mean": found.mean_usd, tail: found.cvar_usd}.items(), key=lambda item: item[1])
        for index, (name, usd) in zip(apart([0.92] * len(marks)), marks, strict=True):
            panel.axvline(usd / size, color="black", linewidth=0.9, linestyle=":")
            panel.text(usd / size, 100 * index, f" {name} {whole_money(usd)}", fontsize=7, va="center")
        wide = max(max(xs) - xs[0], found.cvar_usd / size - xs[0]) or 1.0
        panel.axvspan(found.cvar_usd / size, xs[0] + 1.45 * wide, color=LIGHT, alpha=0.25, linewidth=0)
        panel.set_title("Probability, %, that it costs more", loc="left", fontsize=8)
        over = f"cost over {counted(deal.compared_months, 'month')}{present_value(deal)}, {word}USD"
        panel.set_xlabel(over)
        panel.set_xlim(xs[0] - 0.02 * wide, xs[0] + 1.45 * wide)
        panel.set_ylim(0, 104)
        panel.spines[["top", "right"]].set_visible(False)
    return figure
