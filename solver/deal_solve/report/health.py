"""The health of commitment and seats in print, and the calendar."""

from __future__ import annotations

from deal_solve.analysis.calendar import calendar
from deal_solve.analysis.health import commitment_health, seat_health
from deal_solve.analysis.savings import savings
from deal_solve.analysis.sides import overtaking_month, sides
from deal_solve.deal.deal import Deal
from deal_solve.report.text import labelled, money, percent, round_money, table
from deal_solve.settlement.settle import Settlement


def health_tables(deal: Deal, settlement: Settlement) -> list[str]:
    """Return every table that has rows."""
    parts = [_commitment(deal, settlement), _seats(settlement), _sides(deal, settlement), _savings(deal, settlement)]
    return [part for part in [*parts, _calendar(deal, settlement)] if part]


def _commitment(deal: Deal, settlement: Settlement) -> str:
    rows = commitment_health(settlement)
    if not len(rows):
        return ""
    headers = ["contract year", "utilisation", "coverage", "burn rate", "left", "runs out", "overage", "shortfall"]
    cells = [
        [
            f"{row.contract_year + 1}",
            percent(row.utilisation),
            percent(row.coverage),
            f"{row.burn_rate:.2f}",
            money(row.remaining_usd),
            "never" if row.exhausted_month is None else f"{deal.calendar(row.exhausted_month):%Y-%m}",
            percent(row.overage_probability, 0),
            percent(row.shortfall_probability, 0),
        ]
        for row in rows
    ]
    title = "Health of the commitment per contract year (expected; overage and shortfall: their probability)"
    return table(title, headers, cells)


def _seats(settlement: Settlement) -> str:
    rows = seat_health(settlement)
    headers = ["seat type", "contract year", "contracted", "active", "peak", "added", "idle", "seats are added"]
    cells = [
        [
            row.seat_type,
            f"{row.contract_year + 1}",
            f"{row.contracted:,}",
            *(f"{count:,.1f}" for count in (row.active, row.peak, row.added, row.idle)),
            percent(row.added_probability, 0),
        ]
        for row in rows
    ]
    title = "Health of the seats per contract year (contracted is certain, the rest expected; last: probability)"
    return table(title, headers, cells) if cells else ""


def _sides(deal: Deal, settlement: Settlement) -> str:
    rows = sides(settlement)
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
    text = table(f"Cost by side over {deal.horizon_months} months (USD{value})", headers, cells)
    month = overtaking_month(settlement)
    if month is not None:
        when = "from the start" if month == 0 else f"from {deal.calendar(month):%Y-%m} on"
        text += f"\nExpected API spend is above that for seats {when}."
    return text


def _savings(deal: Deal, settlement: Settlement) -> str:
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
    title = f"Savings rates of the API agreement over {deal.horizon_months} months (expected, not discounted)"
    return "\n".join([title, *(line for text in lines for line in labelled("-", text, 2))])


def _calendar(deal: Deal, settlement: Settlement) -> str:
    cells = [
        [f"{event.day:%Y-%m-%d}", event.what, "" if event.usd is None else round_money(event.usd)]
        for event in calendar(deal, settlement.plan)
    ]
    return table("Calendar (amounts in USD, certain)", ["date", "what", "invoice"], cells, left=2) if cells else ""
