"""Tables that stand beside the pictures of a document alone: by month, by percentile, by forecast, side by side."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from deal_solve.analysis.solve.page.subject import Subject
from deal_solve.facts.names import quoted_offer, track_name
from deal_solve.facts.spending.spending import cash_months, cost_levels, drawn_months, drivers, users_months
from deal_solve.facts.summary import Range, spread
from deal_solve.facts.years import years
from deal_solve.messages import counted
from deal_solve.plan.plan import Plan
from deal_solve.report.text import chance, digits, table, whole_money
from deal_solve.settlement.lines import LINES, SIDES, SideName
from deal_solve.settlement.settle import Settlement, settle


@dataclass(frozen=True)
class SideBySide:
    """One plan beside the others, expected USD over the horizon, not discounted, by side of the bill."""

    name: str
    by_side: dict[SideName, float]
    total: Range


def spend_tables(of: Subject) -> str:
    """Return what is paid in every month, those before signing as one, and how the commitment is drawn down."""
    deal, so_far, rows = of.deal, 0.0, []
    paid = [("before", year.cash) for year in years(of.settlement) if year.start < 0]
    paid += [(f"{deal.calendar(row.month):%Y-%m}", row.cash) for row in cash_months(of.settlement)]
    for month, cash in paid:
        so_far += cash.expected_usd
        rows.append([month, *map(whole_money, (cash.expected_usd, cash.p10_usd, cash.p90_usd, so_far))])
    months = table("Cash by month (USD, not discounted)", ["month", "expected", "P10", "P90", "so far"], rows)
    drawn = [
        [
            f"{deal.calendar(row.month):%Y-%m}",
            *map(whole_money, (row.drawn.expected_usd, row.drawn.p10_usd, row.drawn.p90_usd)),
            *map(whole_money, (row.balance_usd, row.left_usd)),
            chance(row.used_up),
        ]
        for row in drawn_months(of.settlement)
    ]
    headers = ["month", "drawn", "P10", "P90", "of", "left", "used up"]
    title = "How the commitment is drawn down in each of its periods (USD at contracted rates; used up: probability)"
    return "\n\n".join([months, table(title, headers, drawn)] if drawn else [months])


def distribution_table(of: Subject) -> str:
    """Return the percentiles of the cost; '' where it is certain."""
    if of.is_certain:
        return ""
    rows = [
        [f"P{100 * row.level:g}", whole_money(row.undiscounted_usd), whole_money(row.cost_usd)]
        for row in cost_levels(of.settlement)
    ]
    summary = of.summary
    rows.append(["expected", whole_money(summary.paid.expected_usd), whole_money(summary.total.expected_usd)])
    title = f"Cost over {counted(of.deal.compared_months, 'month')} that is not exceeded, by probability (USD)"
    return table(title, ["", "not discounted", "present value"], rows)


def drivers_table(of: Subject) -> str:
    """Return what each uncertain forecast moves at this plan; '' where all are certain."""
    rows = [
        [
            row.path,
            *map(digits, (row.low, row.high)),
            *(whole_money(usd - row.middle_usd) for usd in (row.low_usd, row.high_usd)),
        ]
        for row in drivers(of.deal, of.plan)
    ]
    title = "What each forecast moves at this plan (USD above or below all of them at P50, present value)"
    return table(title, ["forecast", "at P10", "at P90", "cost at P10", "at P90"], rows) if rows else ""


def users_table(of: Subject) -> str:
    """Return users against contracted seats by month; '' without seats."""
    rows = [
        [
            track_name(of.deal, row.seat_type),
            f"{of.deal.calendar(row.month):%Y-%m}",
            f"{row.contracted:,.0f}",
            *(f"{count:,.0f}" for count in (row.users.expected_usd, row.users.p10_usd, row.users.p90_usd)),
        ]
        for row in users_months(of.settlement)
        if row.month % 3 == 0
    ]
    title = "Users against contracted seats, every third month"
    return table(title, ["seat type", "month", "contracted", "users", "P10", "P90"], rows, left=2) if rows else ""


def side_by_side(of: Subject) -> list[SideBySide]:
    """Return this plan and those that it is compared with, each settled in the same scenarios."""
    return [_beside(name, each) for name, each in _plans(of)]


def side_by_side_table(of: Subject) -> str:
    """Return this plan and those that it is compared with, by side of the bill."""
    found = side_by_side(of)
    sides = [side for side in SIDES if any(row.by_side[side] for row in found)]
    rows = []
    for row in found:
        amounts = [row.by_side[side] for side in sides]
        amounts += [row.total.expected_usd, row.total.p10_usd, row.total.p90_usd]
        rows.append([row.name, *map(whole_money, amounts)])
    title = f"Side by side over {counted(of.deal.compared_months, 'month')} (USD, expected, not discounted)"
    return table(title, ["plan", *sides, "total", "P10", "P90"], rows)


def _plans(of: Subject) -> Iterator[tuple[str, Settlement]]:
    deal, compared = of.deal, of.compared
    yield f"this plan ({quoted_offer(deal, of.plan.api.offer)})", of.settlement
    if compared is None:
        return
    others = {
        "runner-up": compared.runner_up,
        "cheapest": compared.cheapest,
        "no commitment": compared.no_commitment,
        "as today": compared.as_today,
    }
    for name, other in others.items():
        if other is not None:
            yield f"{name} ({quoted_offer(deal, other.plan.api.offer)})", _settled(of, other.plan)


def _settled(of: Subject, plan: Plan) -> Settlement:
    return settle(of.deal, plan, of.scenarios)


def _beside(name: str, settlement: Settlement) -> SideBySide:
    found = years(settlement)
    by_line = {line: sum(year.cost_by_line.get(line, 0.0) for year in found) for line in LINES}
    sides = {side: sum(usd for line, usd in by_line.items() if LINES[line].side == side) for side in SIDES}
    return SideBySide(name, sides, spread(settlement.undiscounted, settlement.weights))


EXTRA_TABLES = {
    "spend": spend_tables,
    "distribution": distribution_table,
    "users": users_table,
    "drivers": drivers_table,
    "side by side": side_by_side_table,
}
"""By name, in the order of the sections that show them."""
