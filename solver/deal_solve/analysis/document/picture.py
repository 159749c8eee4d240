"""The pictures of a document, as SVG that stands inside a page."""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import cycle
from typing import TYPE_CHECKING

from markupsafe import Markup, escape

from deal_solve.analysis.document.page import subject_of
from deal_solve.analysis.document.result import Document
from deal_solve.analysis.document.tables import SideBySide, side_by_side
from deal_solve.deal.deal import Deal
from deal_solve.facts.names import listed, user_name
from deal_solve.facts.spending.spending import drivers, users_months
from deal_solve.facts.usage.routing import routing
from deal_solve.facts.years import years
from deal_solve.outputs import figure, has_picture, question_of
from deal_solve.report.basics import Answered
from deal_solve.report.picture import DARK, LIGHT, canvas, scale_of, write_figure
from deal_solve.report.spending.picture import (
    cash_figure,
    distribution_figure,
    drawdown_figure,
    drivers_figure,
    users_figure,
)
from deal_solve.report.text import percent, shortened, whole_money
from deal_solve.settlement.lines import SIDES
from deal_solve.settlement.settle import Settlement

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MAX_BARS = 24
WIDTH_OF_LETTER = 1.1
"""Percent of the width of a panel, so that words are left out where they do not fit."""


@dataclass(frozen=True)
class Picture:
    """One picture as an `svg` element, with its title."""

    title: str
    svg: Markup


def pictures_of(found: Document, section: str) -> tuple[Picture, ...]:
    """Return the pictures of a section; none where matplotlib, an extra, is not installed: the tables say it all."""
    if find_spec("matplotlib") is None:
        return ()
    return tuple(
        Picture(title, _inline(drawn, f"{section}{index}", title))
        for index, (title, drawn) in enumerate(_figures(found, section))
    )


def picture_of(found: Answered) -> tuple[Picture, ...]:
    """Return the picture of any answer; none where it has none, or matplotlib is not installed."""
    if find_spec("matplotlib") is None or not has_picture(found):
        return ()
    title = question_of(found)
    return (Picture(title, _inline(figure(found), "picture", title)),)


def _figures(found: Document, section: str) -> Iterator[tuple[str, Figure]]:
    settlement = found.solution.settlement
    deal = settlement.deal
    if section == "curve" and found.curve is not None:
        yield "What each commitment costs and risks, band by band, with no commitment as a line", figure(found.curve)
    if section == "clauses" and found.clauses is not None and found.clauses.values:
        yield "What one step of each clause is worth", figure(found.clauses)
    if section == "levers" and found.levers is not None:
        yield "How the cost falls, lever by lever", figure(found.levers)
    if section == "routing" and routing(deal, settlement.plan):
        yield "Which option answers which share of the requests", routing_figure(deal, settlement)
    if section == "spend":
        yield "What is paid in each month, with its range", cash_figure(deal, settlement)
        if settlement.drawdown:
            yield "How the commitment is drawn down, and when it is used up", drawdown_figure(settlement)
    if section == "distribution" and len(settlement.weights) > 1:
        yield "How likely each cost is, with the worst tenth and the budgets", distribution_figure(settlement)
    if section == "drivers" and drivers(deal, settlement.plan):
        yield "What each forecast moves at this plan", drivers_figure(deal, settlement)
    if section == "frontier" and found.frontier is not None:
        yield "What caution costs", figure(found.frontier)
    if section == "offers":
        yield "This plan and the others, side by side", side_by_side_figure(side_by_side(subject_of(found)))
    if section == "seats" and users_months(settlement):
        yield "Users against contracted seats, month by month", users_figure(deal, settlement)
    if section == "payers":
        yield "Cost per year, with its range", figure_of(deal, found)


def _inline(drawn: Figure, name: str, title: str) -> Markup:
    """Return a figure as an element that can stand in a page: no declaration, no names of other places, own ids.

    What says nothing is left out: metadata, names that nothing refers to, fonts, digits of coordinates, line ends.
    """
    buffer = io.StringIO()
    write_figure(drawn, buffer, "svg")
    svg = buffer.getvalue()
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    head, body = svg.split(">", 1)
    _, _, width, height = re.search(r'viewBox="([^"]*)"', head)[1].split()  # type: ignore[index]
    body = _classed(_shortened(body.replace("xlink:href", "href")), name)
    body = re.sub(r'(\bid="|\bhref="#|url\(#)', rf"\g<1>{name}-", body)
    words = f"<title>{escape(title)}</title><desc>{escape(title)}; the table below has its numbers.</desc>"
    size = f'viewBox="0 0 {width} {height}" style="max-width: {width}pt" font-family="DejaVu Sans, Verdana, sans-serif"'
    return Markup(f'<svg {size} role="img" aria-label="{escape(title)}">{words}{body.strip()}')


def _shortened(body: str) -> str:
    """Return the body of a picture without what says nothing."""
    used = set(re.findall(r'(?:href="#|url\(#)([^")]*)', body))
    body = re.sub(r' id="([^"]*)"', lambda found: found[0] if found[1] in used else "", body)
    body = re.sub(r"font-family: [^;\"]*;? ?", "", body)
    body = re.sub(r' transform="rotate\(-?0 [^"]*\)"', "", body)
    points = r' (?:d|x|y|transform)="[^"]*"'
    body = re.sub(points, lambda found: re.sub(r"(\.\d)\d+", r"\1", found[0]), body)
    body = re.sub(r'style="[^"]*"', lambda found: found[0].replace("; ", ";").replace(": ", ":"), body)
    body = re.sub(r"\s*\n\s*", " ", body)
    return body.replace("> <", "><").replace("<g></g>", "")


def _classed(body: str, name: str) -> str:
    """Return the body of a picture in which a style that occurs again and again is named once."""
    styles = Counter(re.findall(r'style="([^"]*)"', body))
    named = [style for style, times in styles.items() if times > 2]
    classes = {style: f"{name}-{index}" for index, style in enumerate(named)}
    body = re.sub(
        r'style="([^"]*)"', lambda found: f'class="{classes[found[1]]}"' if found[1] in classes else found[0], body
    )
    rules = "".join(f".{each}{{{style}}}" for style, each in classes.items())
    return body.replace("</style>", f"{rules}</style>", 1)


def figure_of(deal: Deal, found: Document) -> Figure:
    """Return the cost of each year with its range as a picture; raises InputError where matplotlib is not installed."""
    rows = years(found.solution.settlement, found.fiscal_year_start)
    top = max(max(row.cost.expected_usd, row.cost.p90_usd) for row in rows)
    size, word = scale_of(top)
    with canvas(6.4, 0.9 + 0.45 * len(rows), f"{deal.title or 'This deal'}: cost per year") as drawn:
        panel = drawn.subplots()
        for index, row in enumerate(rows):
            cost = row.cost
            panel.barh(index, cost.expected_usd / size, color=LIGHT, height=0.6)
            ends = [cost.p10_usd / size, cost.p90_usd / size]
            panel.plot(ends, [index, index], color=DARK, linewidth=1.5, marker="|", markersize=8)
            label = whole_money(cost.expected_usd)
            place = (max(cost.expected_usd / size, *ends), index)
            panel.annotate(label, place, xytext=(5, 0), textcoords="offset points", va="center")
        panel.set_yticks(range(len(rows)), [row.months for row in rows])
        panel.set_ylim(len(rows) - 0.5, -0.5)
        panel.set_xlim(0, 1.25 * (top / size or 1.0))
        panel.set_xlabel(f"{word}USD, not discounted; bar: expected; line: P10 to P90")
        panel.spines[["top", "right"]].set_visible(False)
    return drawn


def routing_figure(deal: Deal, settlement: Settlement) -> Figure:
    """Return a bar of shares for each workload or cohort and each run of months that is routed alike."""
    bars: dict[tuple[str, int, int], list[tuple[str, float]]] = {}
    for row in routing(deal, settlement.plan):
        bars.setdefault((row.user, row.start, row.end), []).append((row.option, row.share))
    shown = list(bars.items())[:MAX_BARS]
    with canvas(6.8, 0.8 + 0.34 * len(shown), "Routing of requests") as drawn:
        panel = drawn.subplots()
        for index, (_, options) in enumerate(shown):
            start = 0.0
            for place, (option, share) in enumerate(options):
                shade = (LIGHT, "white")[place % 2]
                panel.barh(index, 100 * share, left=start, color=shade, edgecolor=DARK, linewidth=0.6, height=0.66)
                words = f"{option} {percent(share, 0)}"
                if 100 * share > WIDTH_OF_LETTER * len(words):
                    panel.annotate(words, (start + 50 * share, index), ha="center", va="center", fontsize=6.5)
                start += 100 * share
        names = [f"{shortened(user_name(deal, user), 34)}\n{deal.span(*months)}" for (user, *months), _ in shown]
        panel.set_yticks(range(len(shown)), names, fontsize=6)
        panel.set_ylim(len(shown) - 0.5, -0.5)
        panel.set_xlim(0, 100)
        panel.set_xlabel("% of the requests")
        panel.spines[["top", "right"]].set_visible(False)
        panel.tick_params(axis="y", length=0)
    return drawn


def side_by_side_figure(rows: Sequence[SideBySide]) -> Figure:
    """Return bars of plans in nominal dollars, one piece per side of the bill, each named, with the range."""
    top = max(max(row.total.p90_usd, row.total.expected_usd) for row in rows)
    size, word = scale_of(top)
    sides = [side for side in SIDES if any(row.by_side[side] for row in rows)] or list(SIDES[:1])
    with canvas(6.8, 0.9 + 0.5 * len(rows), "Side by side") as drawn:
        panel = drawn.subplots()
        for index, row in enumerate(rows):
            start = 0.0
            for shade, side in zip(cycle((LIGHT, "white", "#d9dfe8")), sides, strict=False):
                usd = row.by_side[side]
                panel.barh(index, usd / size, left=start, color=shade, edgecolor=DARK, linewidth=0.6, height=0.6)
                if usd / top > WIDTH_OF_LETTER * len(side) / 80:
                    panel.annotate(side, (start + usd / size / 2, index), ha="center", va="center", fontsize=6.5)
                start += usd / size
            ends = [row.total.p10_usd / size, row.total.p90_usd / size]
            panel.plot(ends, [index + 0.4, index + 0.4], color=DARK, linewidth=1.2, marker="|", markersize=5)
            place = (max(start, ends[1]), index)
            words = whole_money(row.total.expected_usd)
            panel.annotate(words, place, xytext=(5, 0), textcoords="offset points", va="center", fontsize=7)
        panel.set_yticks(range(len(rows)), [shortened(row.name, 44) for row in rows], fontsize=7)
        panel.set_ylim(len(rows) - 0.4, -0.6)
        panel.set_xlim(0, 1.25 * (top / size or 1.0))
        words = f"{word}USD, expected, not discounted; from left: {listed(sides)}; line: P10 to P90"
        drawn.supxlabel(words, fontsize=8, x=0.01, ha="left")
        panel.spines[["top", "right"]].set_visible(False)
    return drawn
