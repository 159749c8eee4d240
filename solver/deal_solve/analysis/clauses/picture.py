"""The concession list as a picture: a bar per clause that is worth something, with its amount and discount points."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deal_solve.analysis.clauses.result import GRANTED, Clauses
from deal_solve.analysis.clauses.text import points_text
from deal_solve.deal.deal import Deal
from deal_solve.messages import counted
from deal_solve.report.picture import DARK, LIGHT, canvas, scale_of
from deal_solve.report.text import round_money, shortened

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MAX_NAME = 46
"""Letters of a clause with its step beside a bar: more would leave no room for the bars."""


def figure_of(deal: Deal, found: Clauses) -> Figure:
    """Return the clauses as a picture; raises InputError where matplotlib is not installed."""
    rows = sorted((row for row in found.values if row.worth_usd > 0), key=lambda row: -row.worth_usd)
    top = max((max(row.worth_usd, row.high_usd or 0.0) for row in rows), default=0.0)
    scale, word = scale_of(top)
    title = f"{deal.title or 'This deal'}: what to ask of {found.offer}"
    with canvas(7.2, 1.3 + 0.32 * max(len(rows), 1), title) as figure:
        panel = figure.subplots()
        for index, row in enumerate(rows):
            shade = LIGHT if row.finding == GRANTED else DARK
            panel.barh(index, row.worth_usd / scale, color=shade, height=0.62)
            ends = [usd / scale for usd in (row.low_usd, row.high_usd) if usd is not None]
            if ends:
                panel.plot(ends, [index, index], color="black", linewidth=1, marker="|", markersize=6)
            label = round_money(round(row.worth_usd))
            label += f", {points_text(row)} points" if row.points is not None else ""
            end = max(row.worth_usd / scale, *ends) if ends else row.worth_usd / scale
            panel.annotate(label, (end, index), xytext=(4, 0), textcoords="offset points", va="center")
        names = [shortened(f"{row.clause}: {row.was} → {row.asked}", MAX_NAME) for row in rows]
        panel.set_yticks(range(len(rows)), names)
        panel.set_ylim(max(len(rows), 1) - 0.5, -0.5)
        panel.set_xlim(0, 1.6 * (top / scale or 1.0))
        about = ["light: already granted"] if any(row.finding == GRANTED for row in rows) else []
        about += ["whisker: 95% on fresh scenarios"] if any(row.low_usd is not None for row in rows) else []
        over = f"objective lower over {counted(deal.compared_months, 'month')}, {word}USD"
        figure.supxlabel("; ".join([over, *about]), fontsize=8, x=0.01, ha="left")
        panel.spines[["top", "right"]].set_visible(False)
        panel.tick_params(axis="y", length=0)
    return figure
