"""A settled plan as pictures: cash by month, the commitment drawn down, users on seats, and how the cost spreads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from deal_solve.deal.deal import Deal
from deal_solve.facts.names import path_name, track_name
from deal_solve.facts.spending.spending import (
    CashMonth,
    DrawnMonth,
    Driver,
    UsersMonth,
    cash_months,
    drawn_months,
    drivers,
    users_months,
)
from deal_solve.facts.summary import periods
from deal_solve.messages import counted
from deal_solve.report.picture import DARK, LIGHT, apart, canvas, panels_of, scale_of
from deal_solve.report.text import chance, digits, shortened, whole_money
from deal_solve.settlement.settle import Settlement
from deal_solve.uncertainty.measures import cvar, quantile

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MAX_DRIVERS = 14
WORST_TENTH = 0.9
MAX_POINTS = 200
"""Of the curve of a distribution: more are not told apart."""


def figure_of(deal: Deal, settlement: Settlement) -> Figure:
    """Return a plan as one picture: cash, drawdown and distribution, where there is one; needs matplotlib."""
    drawn, is_certain = drawn_months(settlement), len(settlement.weights) == 1
    count = 1 + bool(drawn) + (not is_certain)
    with canvas(7.2, 0.4 + 2.4 * count, f"{deal.title or 'This deal'}: what it spends") as figure:
        panels = iter(panels_of(figure, count, 1))
        _draw_cash(next(panels), deal, cash_months(settlement))
        if drawn:
            _draw_drawdown(next(panels), settlement, drawn)
        if not is_certain:
            _draw_distribution(next(panels), settlement)
    return figure


def cash_figure(deal: Deal, settlement: Settlement) -> Figure:
    """Return what is paid in each month with its range."""
    with canvas(6.8, 2.7, "Cash by month") as figure:
        _draw_cash(figure.subplots(), deal, cash_months(settlement))
    return figure


def drawdown_figure(settlement: Settlement) -> Figure:
    """Return usage against the balance of each commitment period, with the month in which it is used up."""
    with canvas(6.8, 3.0, "The commitment drawn down") as figure:
        _draw_drawdown(figure.subplots(), settlement, drawn_months(settlement))
    return figure


def distribution_figure(settlement: Settlement) -> Figure:
    """Return how likely it is that the cost stays below each amount, with tail and budgets."""
    with canvas(6.8, 3.0, f"Cost over {counted(settlement.deal.horizon_months, 'month')}") as figure:
        _draw_distribution(figure.subplots(), settlement)
    return figure


def users_figure(deal: Deal, settlement: Settlement) -> Figure:
    """Return users against contracted seats month by month, a panel per seat type."""
    by_type: dict[str, list[UsersMonth]] = {}
    for row in users_months(settlement):
        by_type.setdefault(row.seat_type, []).append(row)
    columns = min(len(by_type), 2)
    with canvas(6.8, 0.6 + 2.1 * -(-len(by_type) // columns), "Users against contracted seats") as figure:
        for panel, (name, rows) in zip(panels_of(figure, len(by_type), columns), by_type.items(), strict=True):
            _draw_users(panel, deal, rows)
            panel.set_title(shortened(track_name(deal, name), 40), loc="left", fontsize=8)
        figure.supxlabel("step: contracted; line: users, expected; band: P10 to P90", fontsize=8, x=0.01, ha="left")
    return figure


def drivers_figure(deal: Deal, settlement: Settlement) -> Figure:
    """Return a tornado: what each forecast at P10 and at P90 moves at this plan, the largest on top."""
    rows = drivers(deal, settlement.plan)[:MAX_DRIVERS]
    with canvas(6.8, 0.9 + 0.3 * len(rows), "What each forecast moves") as figure:
        _draw_drivers(figure.subplots(), deal, rows)
    return figure


def _draw_cash(panel: Axes, deal: Deal, rows: tuple[CashMonth, ...]) -> None:
    size, word = scale_of(max(row.cash.p90_usd for row in rows))
    for row in rows:
        panel.bar(row.month, row.cash.expected_usd / size, color=LIGHT, width=0.8)
        if row.cash.p90_usd > row.cash.p10_usd:
            ends = [row.cash.p10_usd / size, row.cash.p90_usd / size]
            panel.plot([row.month, row.month], ends, color=DARK, linewidth=1)
    panel.set_title(f"Cash by month, {word}USD; bar: expected; line: P10 to P90", loc="left", fontsize=8)
    _months(panel, deal)


def _draw_drawdown(panel: Axes, settlement: Settlement, rows: tuple[DrawnMonth, ...]) -> None:
    """Draw the usage of each period so far as a fan, its balance as a line, and the month in which it is used up."""
    deal = settlement.deal
    top = max(max(row.drawn.p90_usd, row.balance_usd) for row in rows)
    size, word = scale_of(top)
    starts = [index for index, row in enumerate(rows) if row.is_first]
    for begin, end in zip(starts, [*starts[1:], len(rows)], strict=True):
        own = rows[begin:end]
        at = [own[0].month - 0.5, *(row.month + 0.5 for row in own)]
        low, middle, high = (
            [0.0, *(getattr(row.drawn, name) / size for row in own)] for name in ("p10_usd", "expected_usd", "p90_usd")
        )
        panel.fill_between(at, low, high, color=LIGHT, linewidth=0)
        panel.plot(at, middle, color=DARK, linewidth=1.4)
        panel.plot([at[0], at[-1]], [own[0].balance_usd / size] * 2, "--", color="black", linewidth=1.2)
    for period in periods(settlement):
        if period.exhausted_month is not None:
            balance = (period.commitment_usd + period.carried_in_usd) / size
            panel.plot(period.exhausted_month, balance, "v", color="black", markersize=6)
            words = f"used up {period.exhausted}\n({chance(period.exhausted_probability)})"
            where: dict[str, Any] = {"xytext": (0, 7), "textcoords": "offset points", "ha": "center", "fontsize": 7}
            where["bbox"] = {"facecolor": "white", "edgecolor": "none", "pad": 0.5, "alpha": 0.8}
            if len(starts) <= 5:
                panel.annotate(words, (period.exhausted_month, balance), **where)
    marks = "band: P10 to P90; dashed: commitment; triangle: used up"
    panel.set_title(f"Usage of each commitment period so far, {word}USD; {marks}", loc="left", fontsize=7.5)
    _months(panel, deal)
    panel.set_ylim(0, 1.25 * top / size)


def _draw_distribution(panel: Axes, settlement: Settlement) -> None:
    """Draw the probability that the cost stays below each amount; the worst tenth is dark, budgets are lines."""
    usd, weights = settlement.undiscounted, settlement.weights
    order = np.argsort(usd)
    values, reached = usd[order], np.cumsum(weights[order])
    size, word = scale_of(float(values[-1]))
    kept = np.unique(np.linspace(0, len(values) - 1, min(len(values), MAX_POINTS)).astype(int))
    xs = np.concatenate([[values[0]], values[kept]]) / size
    ys = 100 * np.concatenate([[0.0], reached[kept]])
    panel.step(xs, ys, where="post", color=DARK, linewidth=1.4)
    panel.fill_between(xs, ys, 100, where=ys >= 100 * WORST_TENTH - 1e-9, step="post", color=LIGHT, linewidth=0)
    for level in (0.1, 0.5, 0.9):
        at = quantile(usd, weights, level)
        panel.plot(at / size, 100 * level, "o", color=DARK, markersize=4)
        where: dict[str, Any] = {"xytext": (6, -9), "textcoords": "offset points", "fontsize": 7}
        panel.annotate(f"P{100 * level:g} {whole_money(at)}", (at / size, 100 * level), **where)
    marks = {"worst tenth on average": cvar(usd, weights, WORST_TENTH)}
    budgets = [each for each in settlement.deal.limits if each.contract_year is None and not each.is_certain]
    marks |= {f"budget ({each.of})": settlement.deal.at_most_usd(each) for each in budgets if not each.discounted}
    shown = sorted(marks.items(), key=lambda item: item[1])
    for place, (name, at) in zip(apart([0.3] * len(shown)), shown, strict=True):
        panel.axvline(at / size, color="black", linewidth=1, linestyle="--" if name.startswith("budget") else ":")
        panel.text(at / size, 100 * place, f" {name} {whole_money(at)}", fontsize=7, va="center")
    panel.set_title(f"Probability, %, that the cost (not discounted) stays below; {word}USD", loc="left", fontsize=8)
    panel.set_xlim(right=xs[0] + 1.25 * (max(float(xs[-1]), *(at / size for at in marks.values())) - xs[0] or 1.0))
    panel.set_ylim(0, 100)
    panel.spines[["top", "right"]].set_visible(False)


def _draw_users(panel: Axes, deal: Deal, rows: list[UsersMonth]) -> None:
    months = [row.month for row in rows]
    panel.fill_between(
        months, [row.users.p10_usd for row in rows], [row.users.p90_usd for row in rows], color=LIGHT, linewidth=0
    )
    panel.plot(months, [row.users.expected_usd for row in rows], color=DARK, linewidth=1.4)
    panel.step(months, [row.contracted for row in rows], "--", where="post", color="black", linewidth=1.2)
    _months(panel, deal)


def _draw_drivers(panel: Axes, deal: Deal, rows: tuple[Driver, ...]) -> None:
    far = max(abs(usd - row.middle_usd) for row in rows for usd in (row.low_usd, row.high_usd)) or 1.0
    size, word = scale_of(far)
    for index, row in enumerate(rows):
        ends = [(row.low_usd - row.middle_usd) / size, (row.high_usd - row.middle_usd) / size]
        for end, shade in sorted(zip(ends, (LIGHT, DARK), strict=True), key=lambda each: -abs(each[0])):
            panel.barh(index, end, height=0.62, color=shade)
        for place, value in enumerate((row.low, row.high)):
            side = _side(ends[place], ends[1 - place])
            where: dict[str, Any] = {
                "xytext": (4 * side, 0),
                "textcoords": "offset points",
                "va": "center",
                "fontsize": 6.5,
            }
            at = ends[place] if side * ends[place] >= 0 else 0.0
            panel.annotate(digits(value), (at, index), ha="left" if side > 0 else "right", **where)
    panel.axvline(0, color="black", linewidth=0.8)
    panel.set_yticks(range(len(rows)), [shortened(path_name(deal, row.path), 54) for row in rows], fontsize=6.5)
    panel.set_ylim(len(rows) - 0.4, -0.6)
    panel.set_xlim(-1.3 * far / size, 1.3 * far / size)
    title = f"cost above and below {whole_money(rows[0].middle_usd)}, {word}USD; light: at P10; dark: at P90"
    panel.figure.supxlabel(title, fontsize=8, x=0.01, ha="left")
    panel.spines[["top", "right", "left"]].set_visible(False)
    panel.tick_params(axis="y", length=0)


def _side(end: float, other: float) -> int:
    """Return on which side of the axis the label of a bar stands: beside it, but across where the other one is longer.

    >>> _side(2.0, -1.0), _side(2.0, 5.0), _side(5.0, 2.0), _side(0.0, -3.0)
    (1, -1, 1, 1)
    """
    own, longer = (1 if end >= 0 else -1), (1 if other >= 0 else -1)
    is_shorter = abs(end) < abs(other)
    return -longer if is_shorter and (own == longer or end == 0) else own


def _months(panel: Axes, deal: Deal) -> None:
    """Write the years below months, amounts from 0 on."""
    first = [month for month in range(deal.horizon_months) if month == 0 or deal.calendar(month).month == 1]
    panel.set_xticks(first, [f"{deal.calendar(month):%Y-%m}" for month in first])
    panel.set_xlim(-0.6, deal.horizon_months - 0.4)
    panel.set_ylim(0)
    panel.spines[["top", "right"]].set_visible(False)
