"""The commitment curve as a picture: a panel per quantity, every axis from 0, every band named where its line ends."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from deal_solve.analysis.curve.result import Curve, CurvePoint
from deal_solve.deal.deal import Deal
from deal_solve.messages import counted
from deal_solve.report.picture import DARK, apart, canvas, panels_of, scale_of
from deal_solve.report.sentences import offer_sentence
from deal_solve.report.text import round_money

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

STYLES = (("-", "o", DARK), ("--", "s", "#4a74a8"), ("-.", "^", "#7d93ad"), (":", "v", "#2b2b2b"))
"""Line, marker and shade of a band: any one of the three tells them apart."""
COLUMNS = 3
ABOVE_AXIS = 0.04
"""The lowest place of a label, as a share of the height of a panel."""


class Quantity(NamedTuple):
    """What a panel shows: `unit` of money, else a share."""

    title: str
    unit: str
    of: Callable[[CurvePoint], float | None]


def figure_of(deal: Deal, curve: Curve) -> Figure:
    """Return a curve as a picture; raises InputError where matplotlib is not installed."""
    quantities = _quantities(deal, curve)
    rows = math.ceil(len(quantities) / COLUMNS)
    title = f"{deal.title or 'This deal'}: {offer_sentence(deal, curve.offer, curve.term_months)}"
    with canvas(1 + 3.4 * COLUMNS, 1 + 2.4 * rows, title) as figure:
        for panel, quantity in zip(panels_of(figure, len(quantities), COLUMNS), quantities, strict=True):
            _draw(panel, curve, quantity)
        marks = "line: a band, by its threshold; ring: best commitment of the band"
        marks += "; dotted: no commitment" * (curve.uncommitted is not None)
        figure.supxlabel(
            marks + "; diamond: the proposal" * (curve.proposed is not None), fontsize=8, x=0.01, ha="left"
        )
    return figure


def _quantities(deal: Deal, curve: Curve) -> list[Quantity]:
    """Return what is drawn; the objective where it is not the expected cost."""
    minimum = min(point.expected_usd for point in curve.points)
    best = curve.optimum.objective_usd
    months = f"over {counted(deal.compared_months, 'month')}"
    found = [
        Quantity(
            f"Expected cost above {round_money(round(minimum))}", f"USD {months}", lambda p: p.expected_usd - minimum
        )
    ]
    if any(abs(point.objective_usd - point.expected_usd) > 1 for point in curve.points):
        name = f"Objective above {round_money(round(best))}"
        found.append(Quantity(name, f"USD {months}", lambda p: p.objective_usd - best))
    return [
        *found,
        Quantity("Utilisation of the commitments", "", lambda p: p.utilisation),
        Quantity("Probability of overage in any year", "", lambda p: p.overage_probability),
        Quantity("Probability of shortfall in any year", "", lambda p: p.shortfall_probability),
        Quantity("Forfeited, expected", f"USD {months}", lambda p: p.forfeited_usd),
    ]


def _draw(panel: Axes, curve: Curve, quantity: Quantity) -> None:
    points = [*curve.points, *(each for each in (curve.uncommitted, curve.proposed) if each)]
    top = max((quantity.of(point) or 0.0 for point in points), default=0.0) if quantity.unit else 1.0
    low = min(0.0, *(quantity.of(point) or 0.0 for point in points))
    size, word = scale_of(max(top, -low)) if quantity.unit else (0.01, "")
    wide, amount = scale_of(max(point.commitment_usd_per_year for point in points))
    bottom, height = 1.08 * low / size, 1.08 * max(top - low, 1e-9) / size
    ends: list[tuple[float, float, str]] = []
    for index, band in enumerate(dict.fromkeys(point.band_usd_per_year for point in curve.points)):
        line, marker, shade = STYLES[index % len(STYLES)]
        own = [(p, quantity.of(p)) for p in curve.points if p.band_usd_per_year == band]
        known = [(p.commitment_usd_per_year / wide, value / size, p.mark) for p, value in own if value is not None]
        if not known:
            continue
        xs, ys, marks = zip(*known, strict=True)
        panel.plot(xs, ys, line, marker=marker, markersize=3, color=shade, linewidth=1.3, clip_on=False)
        best = marks.index("optimum")
        panel.plot(xs[best], ys[best], "o", markersize=9, fillstyle="none", color=shade, clip_on=False)
        ends.append(
            (max(round((ys[-1] - bottom) / height, 3), ABOVE_AXIS), xs[-1], round_money(band) if band else "none")
        )
    without = quantity.of(curve.uncommitted) if curve.uncommitted and quantity.unit else None
    if without:
        level = without / size
        panel.axhline(level, color=DARK, linewidth=0.8, linestyle=(0, (1, 2)))
        panel.annotate("no commitment", (0, level), xytext=(3, 2), textcoords="offset points", fontsize=7)
    today = quantity.of(curve.proposed) if curve.proposed else None
    if curve.proposed and today is not None:
        at = curve.proposed.commitment_usd_per_year / wide, today / size
        panel.plot(*at, "D", color="black", clip_on=False)
        panel.annotate("today", at, xytext=(0, 7), textcoords="offset points", ha="center")
    panel.set_title(f"{quantity.title}\n{word}{quantity.unit or '%'}", loc="left", fontsize=8)
    panel.set_xlabel(f"commitment, {amount}USD a year", fontsize=7)
    panel.set_xlim(0)
    panel.set_ylim(bottom, bottom + height)
    panel.spines[["top", "right"]].set_visible(False)
    _name_ends(panel, sorted(ends))


def _name_ends(panel: Axes, ends: list[tuple[float, float, str]]) -> None:
    """Write the thresholds beside the last points, (height as a share, x, name) in rising order."""
    indices = apart([height for height, _, _ in ends])
    for index, (_, x, name) in zip(indices, ends, strict=True):
        panel.annotate(
            name,
            (x, index),
            xycoords=panel.get_xaxis_transform(),
            xytext=(7, 0),
            textcoords="offset points",
            va="center",
        )
