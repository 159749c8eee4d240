"""The months of signing as a picture: what each costs, of it before signing, with its range."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deal_solve.analysis.when.result import When
from deal_solve.deal.deal import Deal
from deal_solve.messages import counted
from deal_solve.report.difference import present_value
from deal_solve.report.picture import DARK, LIGHT, canvas, scale_of
from deal_solve.report.text import whole_money

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def figure_of(deal: Deal, found: When) -> Figure:
    """Return a bar per month of signing; raises InputError where matplotlib is not installed."""
    rows = [(month, month.expected_usd, month.before_usd or 0.0) for month in found.months]
    shown = [(month, usd, before) for month, usd, before in rows if usd is not None]
    size, word = scale_of(max(max(usd, month.p90_usd or 0.0) for month, usd, _ in shown))
    title = f"{deal.title or 'This deal'}: when to sign, cost over {counted(deal.compared_months, 'month')}"
    with canvas(6.4, 1.1 + 0.45 * len(shown), title) as drawn:
        panel = drawn.subplots()
        for index, (month, usd, before) in enumerate(shown):
            panel.barh(index, before / size, color=DARK, height=0.6)
            panel.barh(index, (usd - before) / size, left=before / size, color=LIGHT, height=0.6)
            ends = [(month.p10_usd or usd) / size, (month.p90_usd or usd) / size]
            panel.plot(ends, [index, index], color=DARK, linewidth=1.5, marker="|", markersize=8)
            place = (max(usd / size, *ends), index)
            panel.annotate(whole_money(usd), place, xytext=(5, 0), textcoords="offset points", va="center")
        names = [month.calendar_month + " (best)" * (month.month == found.best) for month, _, _ in shown]
        panel.set_yticks(range(len(shown)), names)
        panel.set_ylim(len(shown) - 0.5, -0.5)
        panel.set_xlim(0, 1.25 * max(max(usd, month.p90_usd or 0.0) for month, usd, _ in shown) / size)
        panel.set_xlabel(f"{word}USD{present_value(deal)}; dark: before signing; bar: expected; line: P10 to P90")
        panel.spines[["top", "right"]].set_visible(False)
    return drawn
