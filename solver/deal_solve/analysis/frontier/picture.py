"""The frontier as a picture: expected cost against CVaR, both above their least, every point named."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deal_solve.analysis.frontier.result import Frontier
from deal_solve.analysis.frontier.text import tail_text, weights_text
from deal_solve.deal.deal import Deal
from deal_solve.messages import counted
from deal_solve.report.picture import DARK, canvas, scale_of
from deal_solve.report.text import round_money

if TYPE_CHECKING:
    from matplotlib.figure import Figure

APART = 0.04
"""Between two labels, as a share of the height of the panel."""


def figure_of(deal: Deal, found: Frontier) -> Figure:
    """Return a frontier as a picture; raises InputError where matplotlib is not installed."""
    points = found.points
    minimum, lowest = points[0].expected_usd, points[-1].cvar_usd
    across, wide = scale_of(points[0].cvar_usd - lowest)
    up, high = scale_of(points[-1].expected_usd - minimum)
    xs = [(point.cvar_usd - lowest) / across for point in points]
    ys = [(point.expected_usd - minimum) / up for point in points]
    width, height = 1.05 * max(*xs, 1.0), (1.05 + APART * len(points)) * max(*ys, 1.0)
    title = f"{deal.title or 'This deal'}: what caution costs over {counted(deal.compared_months, 'month')}"
    with canvas(6.4, 4.4, title) as figure:
        panel = figure.subplots()
        panel.plot(xs, ys, "-o", color=DARK, linewidth=1.3, markersize=5, clip_on=False)
        panel.plot([xs[0], xs[-1]], [ys[0], ys[-1]], ":", color="#7d93ad", linewidth=1)
        index = 0.0
        for number, (x, y, point) in enumerate(zip(xs, ys, points, strict=True), 1):
            name = f"{number}: weight {weights_text(point)}"
            if point.is_knee:
                panel.plot(x, y, "o", markersize=11, fillstyle="none", color=DARK, clip_on=False)
                name += ", knee"
            index = max(y / height, index) + APART  # labels stand right of a falling line, above it
            leader = {"arrowstyle": "-", "linewidth": 0.5, "relpos": (0, 0.5), "shrinkA": 0}
            box = {"facecolor": "white", "edgecolor": "none", "pad": 0.5}
            at = x + 0.03 * width, index * height
            panel.annotate(name, (x, y), xytext=at, arrowprops=leader, bbox=box)
        panel.set_title(f"Expected cost above {round_money(round(minimum))}, {high}USD", loc="left", fontsize=8)
        panel.set_xlabel(f"CVaR of {found.on} above {round_money(round(lowest))}, {wide}USD ({tail_text(found)})")
        panel.set_xlim(0, width)
        panel.set_ylim(0, height)
        panel.spines[["top", "right"]].set_visible(False)
    return figure
