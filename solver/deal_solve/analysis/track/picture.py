"""A tracked deal as a picture: the commitment burned down, as measured and to come, and each line against the plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deal_solve.analysis.track.result import Track
from deal_solve.deal.deal import Deal
from deal_solve.report.picture import DARK, LIGHT, canvas, panels_of, scale_of
from deal_solve.report.text import shortened

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MAX_LABELS, MAX_LINES = 12, 8


def figure_of(deal: Deal, found: Track) -> Figure:
    """Return a tracked deal as a picture: the balance if anything is committed, and the lines; needs matplotlib."""
    count = 1 + bool(found.outlook.left)
    title = f"{deal.title or 'The signed deal'}: until {found.until}"
    with canvas(7.2, 0.4 + 2.8 * count, title) as figure:
        panels = iter(panels_of(figure, count, 1))
        if found.outlook.left:
            _draw_balance(next(panels), found)
        _draw_lines(next(panels), found)
    return figure


def _draw_balance(panel: Axes, found: Track) -> None:
    rows, balance = found.outlook.left, found.position.balance_usd
    size, word = scale_of(balance)
    today = sum(each.is_measured for each in rows)
    past = [balance / size, *(each.p50_usd / size for each in rows[:today])]
    low, middle, high = (
        [past[-1], *(getattr(each, name) / size for each in rows[today:])] for name in ("p10_usd", "p50_usd", "p90_usd")
    )
    months = list(range(today, len(rows) + 1))
    panel.fill_between(months, low, high, color=LIGHT, linewidth=0)
    panel.plot(range(today + 1), past, color=DARK, linewidth=1.6)
    panel.plot(months, middle, "--", color=DARK, linewidth=1.4)
    panel.plot([0, len(rows)], [balance / size, 0], ":", color="black", linewidth=1.0)
    panel.axvline(today, color="black", linewidth=0.6)
    step = -(-len(rows) // MAX_LABELS)
    panel.set_xticks([at + 0.5 for at in range(0, len(rows), step)], [each.month for each in rows[::step]])
    panel.tick_params(axis="x", labelrotation=30)
    panel.set_ylim(bottom=0)
    panel.spines[["top", "right"]].set_visible(False)
    marks = "line: measured; dashed: median; band: P10 to P90; dotted: even pace"
    panel.set_title(f"Balance left at the end of each month, {word}USD; {marks}", loc="left", fontsize=7.5)


def _draw_lines(panel: Axes, found: Track) -> None:
    rows = [*found.spent[: MAX_LINES - 1], found.spent[-1]] if len(found.spent) > MAX_LINES else found.spent
    size, word = scale_of(max(max(each.p90_usd, each.came_usd) for each in rows) or 1.0)
    for place, each in enumerate(reversed(rows)):
        panel.barh(place, each.expected_usd / size, height=0.6, color=LIGHT)
        panel.plot([each.p10_usd / size, each.p90_usd / size], [place, place], color="black", linewidth=1)
        panel.plot(each.came_usd / size, place, "D", color=DARK, markersize=5)
    panel.set_yticks(range(len(rows)), [shortened(each.line, 30) for each in reversed(rows)], fontsize=7)
    panel.spines[["top", "right"]].set_visible(False)
    marks = "bar: planned; line: P10 to P90; diamond: what came"
    panel.set_title(f"Used since signing at contracted rates, {word}USD; {marks}", loc="left", fontsize=7.5)
