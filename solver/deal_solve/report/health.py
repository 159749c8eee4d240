"""The health of commitment and seats in print, and the calendar."""

from __future__ import annotations

from deal_solve.deal.deal import Deal
from deal_solve.facts.calendar import calendar
from deal_solve.facts.cost_split import cost_split, crossover_month
from deal_solve.facts.health import commitment_health, seat_health
from deal_solve.facts.savings import savings
from deal_solve.messages import counted
from deal_solve.report.text import bullets, chance, labelled, money, percent, table, whole_money
from deal_solve.settlement.settle import Settlement


def commitment_health_table(settlement: Settlement) -> str:
    """Return how the commitment of each contract year is used; '' without one."""
    rows = commitment_health(settlement)
    if not len(rows):
        return ""
    headers = ["contract year", "utilisation", "coverage", "burn rate", "left at end", "overage", "shortfall"]
    cells = [
        [
            f"{row.first_contract_year + 1}-{row.contract_year + 1}"
            if row.first_contract_year < row.contract_year
            else f"{row.contract_year + 1}",
            percent(row.utilisation),
            percent(row.coverage),
            f"{row.burn_rate:.2f}",
            money(row.remaining_usd),
            chance(row.overage_probability),
            chance(row.shortfall_probability),
        ]
        for row in rows
    ]
    title = "Health of the commitment per contract year (USD, expected; overage, shortfall: their probability)"
    return table(title, headers, cells)


def seats_table(settlement: Settlement) -> str:
    """Return contracted seats per type and contract year against the users that are expected."""
    rows = [row for row in seat_health(settlement) if row.contracted or row.expected_peak]
    headers = ["seat type", "year", "from", "contracted", "active", "peak", "added", "idle", "any added"]
    cells = [
        [
            row.seat_type,
            f"{row.contract_year + 1}",
            settlement.plan.seats[row.seat_type].seller(row.contract_year),
            f"{row.contracted:,}",
            f"{row.expected_active:,.1f}",
            f"{row.expected_peak:,.1f}",
            f"{row.expected_added:,.1f}",
            f"{row.expected_idle:,.1f}",
            chance(row.added_probability),
        ]
        for row in rows
    ]
    title = "Seats per contract year (active and idle: mean of the months; expected; any added: probability)"
    return table(title, headers, cells, left=3, keys=2) if cells else ""


def cost_split_table(deal: Deal, settlement: Settlement) -> str:
    """Return the cost of seats, API, and projects and tools."""
    rows = cost_split(settlement)
    headers = ["side", "expected cost", "P10", "P90", "share of the spread"]
    cells = [
        [
            row.side,
            *map(money, (row.expected_usd, row.p10_usd, row.p90_usd)),
            "-" if row.spread_share is None else percent(row.spread_share),
        ]
        for row in rows
    ]
    value = ", present value" if deal.cost_of_capital_per_year else ""
    text = table(f"Cost by side over {counted(deal.compared_months, 'month')} (USD{value})", headers, cells)
    if {"API", "seats"} <= {row.side for row in rows}:
        text += "\n" + "\n".join(labelled("-", _crossover(deal, crossover_month(settlement)), 2))
    return text


def _crossover(deal: Deal, month: int | None) -> str:
    if month is None:
        return "expected API spend is not above that for seats in the last month"
    when = "in every month" if month == 0 else f"in every month from {deal.calendar(month):%Y-%m} on"
    return f"expected API spend is above that for seats {when}"


def savings_table(deal: Deal, settlement: Settlement) -> str:
    """Return the savings rates of the API agreement; '' without usage that counts."""
    found = savings(settlement)
    if found is None:
        return ""
    lines = [
        f"theoretical savings rate {percent(found.theoretical)}: usage at contracted rates against list",
        f"effective savings rate {percent(found.effective)}: {money(found.paid_usd)} paid, overage and forfeiture "
        f"included, for {money(found.list_usd)} at list",
    ]
    if found.return_on_commitment is not None:
        returned = f"{found.return_on_commitment:.2f} USD saved for each USD committed"
        lines.append(f"return on commitment {percent(found.return_on_commitment)}: {returned}")
    title = (
        f"Savings rates of the API agreement over {counted(deal.horizon_months, 'month')} (expected, not discounted)"
    )
    return bullets(title, lines)


def calendar_table(deal: Deal, settlement: Settlement) -> str:
    """Return every dated event."""
    events = calendar(settlement)
    cells = [
        [f"{event.day:%Y-%m-%d}", event.what, "" if event.usd is None else whole_money(event.usd)] for event in events
    ]
    paid = sum(event.usd or 0.0 for event in events)
    if paid and not settlement.plan.later:
        cells.append(["", "all that is paid", whole_money(paid)])
    title = "Calendar (USD, expected, not discounted; all invoices or bills of a line together)"
    return table(title, ["date", "what", "paid"], cells, left=2) if cells else ""
