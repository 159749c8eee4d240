"""The pictures of a document, as SVG that stands inside a page."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING

from markupsafe import Markup, escape

from deal_solve.analysis.document.result import Document
from deal_solve.deal.deal import Deal
from deal_solve.facts.health import seat_health
from deal_solve.facts.names import track_name, user_name
from deal_solve.facts.usage.routing import routing
from deal_solve.facts.years import years
from deal_solve.outputs import figure
from deal_solve.report.picture import DARK, LIGHT, canvas, panels_of, scale_of, write_figure
from deal_solve.report.text import percent, shortened
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
    if section == "seats" and _bought(settlement):
        yield "Contracted seats beside the users that are expected", seats_figure(deal, settlement)
    if section == "payers":
        yield "Cost per year, with its range", figure_of(deal, found)


def _inline(drawn: Figure, name: str, title: str) -> Markup:
    """Return a figure as an element that can stand in a page: no declaration, no names of other places, own ids."""
    buffer = io.StringIO()
    write_figure(drawn, buffer, "svg")
    svg = buffer.getvalue()
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    head, body = svg.split(">", 1)
    _, _, width, height = re.search(r'viewBox="([^"]*)"', head)[1].split()  # type: ignore[index]
    body = re.sub(r'(\bid="|xlink:href="#|\bhref="#|url\(#)', rf"\g<1>{name}-", body).replace("xlink:href", "href")
    body = re.sub(r' (?:d|x|y)="[^"]*"', lambda found: re.sub(r"(\.\d\d)\d+", r"\1", found[0]), body)  # of points
    words = f"<title>{escape(title)}</title><desc>{escape(title)}; the table below has its numbers.</desc>"
    size = f'viewBox="0 0 {width} {height}" style="max-width: {width}pt"'
    return Markup(f'<svg {size} role="img" aria-label="{escape(title)}">{words}{body.strip()}')


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
            label = f"{cost.expected_usd:,.0f}"
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


def _bought(settlement: Settlement) -> list[str]:
    """Return the seat types of which any are bought."""
    return list(dict.fromkeys(row.seat_type for row in seat_health(settlement) if row.contracted))


def seats_figure(deal: Deal, settlement: Settlement) -> Figure:
    """Return contracted seats per year beside active and peak users, a panel per seat type."""
    types = _bought(settlement)
    with canvas(6.4, 0.6 + 1.9 * -(-len(types) // 2), "Seats per contract year") as drawn:
        for panel, name in zip(panels_of(drawn, len(types), min(len(types), 2)), types, strict=True):
            rows = [row for row in seat_health(settlement) if row.seat_type == name]
            at = [row.contract_year + 1 for row in rows]
            panel.bar(at, [row.contracted for row in rows], color=LIGHT, width=0.6)
            for row in rows:
                panel.annotate(
                    f"{row.contracted:,}",
                    (row.contract_year + 1, 0),
                    xytext=(0, 4),
                    textcoords="offset points",
                    ha="center",
                    fontsize=7,
                )
            panel.plot(at, [row.expected_active for row in rows], "o-", color=DARK, markersize=4, linewidth=1)
            panel.plot(at, [row.expected_peak for row in rows], "^", color="black", markersize=4, linestyle="none")
            panel.set_title(shortened(track_name(deal, name), 40), loc="left", fontsize=8)
            panel.set_xticks(at)
            panel.set_ylim(0)
            panel.spines[["top", "right"]].set_visible(False)
        drawn.supxlabel(
            "bar: contracted; dot: active users, expected; triangle: their peak", fontsize=8, x=0.01, ha="left"
        )
    return drawn
