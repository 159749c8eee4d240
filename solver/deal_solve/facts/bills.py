"""What is billed for use, monthly in arrears and at the end of a commitment period; what seats are expected to cost."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from deal_solve.facts.accrual import commitment_start, each_part_with_rows
from deal_solve.facts.names import line_title, listed
from deal_solve.facts.once import once
from deal_solve.settlement.ledger import Row
from deal_solve.settlement.settle import Settlement

USAGE_LINES = ("usage", "uncounted_usage", "other_charges")
"""Lines that the API is billed on month by month."""
PERIOD_LINES = ("overage", "shortfall")
"""Lines that are settled at the end of a commitment period."""
Key = tuple[str, str, int, int, int]
"""Line, item, first month, last month, and when it is paid."""


@dataclass(frozen=True)
class Bill:
    """What is billed for use in several equal steps or in one; expected USD, not discounted.

    `paid` is when the first is paid, in months; `invoices` how many there are; `item` what is billed, in a few words.
    """

    paid: int
    usd: float
    invoices: int
    item: str
    what: str


@once
def expected_rows(settlement: Settlement) -> dict[Key, float]:
    """Return the expected amount of every payment, not discounted."""
    found: dict[Key, float] = {}
    for key, usd in (each for part in each_part_with_rows(settlement, _expected) for each in part):
        found[key] = found.get(key, 0.0) + usd
    return found


def _expected(part: Settlement) -> list[tuple[Key, float]]:
    weights = part.weights
    return [
        (
            (row.line, row.item, row.first, row.last, row.paid),
            float(weights @ np.broadcast_to(row.amount, weights.shape)),
        )
        for row in part.rows or ()
    ]


def seats_usd(settlement: Settlement, seat_type: str, contract_year: int) -> float:
    """Return the expected fees of a seat type for a contract year."""
    rows = expected_rows(settlement).items()
    return sum(
        usd for (line, item, _, last, _), usd in rows if (line, item, last // 12) == ("seats", seat_type, contract_year)
    )


def bills(settlement: Settlement) -> Iterator[Bill]:
    """Yield the monthly bills for the API, those of one contract year together, and what ends a commitment period."""
    monthly: dict[int, dict[int, float]] = {}
    at_end: dict[int, dict[str, float]] = {}
    months: dict[int, str] = {}
    deal, plan = settlement.deal, settlement.plan
    for (line, item, first, last, paid), usd in expected_rows(settlement).items():
        if line in USAGE_LINES:
            by_month = monthly.setdefault(last // 12, {})
            by_month[paid] = by_month.get(paid, 0.0) + usd
        elif line in PERIOD_LINES:
            title, period = line_title(deal, plan, line), at_end.setdefault(paid, {})
            period[title] = period.get(title, 0.0) + usd
            row = Row(line, item, 1, usd, paid, first, last)
            start = first if first < 0 else commitment_start(deal, plan, row)
            months[paid] = deal.span(start, last + 1)
    for year, amounts in monthly.items():
        billed = {paid: usd for paid, usd in amounts.items() if usd >= 0.5}
        if billed:
            when = f"of contract year {year + 1}" if year >= 0 else "before signing"
            what = f"API usage {when}, billed monthly in arrears (expected)"
            yield Bill(min(billed), sum(billed.values()), len(billed), "API usage", what)
    for paid, by_title in at_end.items():
        names = [title for title, usd in by_title.items() if usd >= 0.5]
        if names:
            item = listed(names)
            yield Bill(paid, sum(by_title.values()), 1, item, f"{item}, {months[paid]} (expected)")
