"""Waiting as a picture: what each wait costs beside what it tells, with its interval."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deal_solve.analysis.wait.result import Wait
from deal_solve.deal.deal import Deal
from deal_solve.messages import counted
from deal_solve.report.difference import present_value
from deal_solve.report.picture import DARK, LIGHT, canvas, scale_of
from deal_solve.report.text import whole_money

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WIDTH = 0.35


def figure_of(deal: Deal, found: Wait) -> Figure:
    """Return two bars per month of signing; raises InputError where matplotlib is not installed."""
    rows = found.months
    size, word = scale_of(max(max(row.value_high_usd, abs(row.cost_usd)) for row in rows))
    title = f"{deal.title or 'This deal'}: waiting to measure over {counted(deal.compared_months, 'month')}"
    with canvas(6.4, 3.2, title) as drawn:
        panel = drawn.subplots()
        for index, row in enumerate(rows):
            panel.bar(index - WIDTH / 2, row.cost_usd / size, WIDTH, color=LIGHT, label="waiting costs" * (not index))
            panel.bar(index + WIDTH / 2, row.value_usd / size, WIDTH, color=DARK, label="learning saves" * (not index))
            ends = [row.value_low_usd / size, row.value_high_usd / size]
            panel.plot([index + WIDTH / 2] * 2, ends, color="black", linewidth=1, marker="_", markersize=8)
            saved = f"saves {whole_money(row.net_usd)}" if row.net_usd > 0 else f"loses {whole_money(-row.net_usd)}"
            top = max(row.cost_usd, row.value_high_usd, 0.0) / size
            panel.annotate(saved, (index, top), xytext=(0, 4), textcoords="offset points", ha="center")
        panel.axhline(0, color="black", linewidth=0.8)
        panel.set_xticks(range(len(rows)), [row.calendar_month for row in rows])
        panel.set_xlabel("signed in")
        panel.set_ylabel(f"{word}USD{present_value(deal)}")
        panel.margins(y=0.12)
        panel.legend(frameon=False)
        panel.spines[["top", "right"]].set_visible(False)
    return drawn
