"""A review as a picture: bars from the proposal down to the best deal, one per step, all with their amounts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deal_solve.analysis.review.result import Review
from deal_solve.deal.deal import Deal
from deal_solve.messages import counted
from deal_solve.report.picture import DARK, LIGHT, canvas, scale_of
from deal_solve.report.sentences import best_deal
from deal_solve.report.text import round_money

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def figure_of(deal: Deal, found: Review) -> Figure:
    """Return a review as a picture; raises InputError where matplotlib is not installed."""
    steps, is_known = tuple(found.steps), found.loss_usd is not None
    base = steps[-1].objective_usd if is_known else 0.0
    above = [step.objective_usd - base for step in steps]
    scale, word = scale_of(max(map(abs, above)))
    names = [steps[0].step, *(f"{step.step}: {step.finding}" for step in steps[1:])]
    names += [best_deal(found.best)] * is_known
    starts = [0.0, *above[1:], *[0.0] * is_known]
    widths = [above[0], *(step.saved_usd or 0.0 for step in steps[1:]), *[0.0] * is_known]
    wide = 1.25 * max(*map(abs, above), scale * 1e-9) / scale
    title = f"{deal.title or 'This deal'}: a proposal over {counted(deal.compared_months, 'month')}"
    with canvas(7.2, 1.4 + 0.32 * len(names), title) as figure:
        panel = figure.subplots()
        for index, (start, width) in enumerate(zip(starts, widths, strict=True)):
            shade = LIGHT if index == 0 else DARK
            panel.barh(index, width / scale, left=start / scale, color=shade, height=0.62)
            end = max(start, start + width) / scale
            label = "" if index < len(steps) and steps[index].saved_usd is None else round_money(round(width))
            panel.annotate(label, (end, index), xytext=(4, 0), textcoords="offset points", va="center")
            if index < len(steps):
                panel.plot([above[index] / scale] * 2, [index, index + 1], color="#7d93ad", linewidth=0.6)
        panel.axvline(0, color="black", linewidth=0.8)
        panel.set_yticks(range(len(names)), names)
        panel.invert_yaxis()
        panel.set_xlim(min(0.0, *above) * 1.25 / scale, wide)
        above_what = f" above that of {best_deal(found.best)} ({round_money(round(base))})" if is_known else ""
        panel.set_xlabel(f"objective{above_what}, {word}USD")
        panel.spines[["top", "right", "left"]].set_visible(False)
        panel.tick_params(axis="y", length=0)
    return figure
