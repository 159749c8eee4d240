"""What is expected to be invoiced: every payment, with the expected quantity and the average rate behind it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, TypeAlias

import numpy as np
from pydantic import Field

from deal_solve.facts.accrual import each_part_with_rows, paid_in
from deal_solve.frames import Table
from deal_solve.record import ContractYear, Record
from deal_solve.settlement.ledger import Row
from deal_solve.settlement.settle import Settlement
from deal_solve.uncertainty.scenario_set import Array

Key: TypeAlias = tuple[str, str, int, int, int, int]
"""What one payment is for: line, item, months [first, last], when it is paid, and the month in which that falls."""
BEFORE = -1
"""Stands for the months before the month of signing, which belong to no contract year."""
NOTHING_USD = 1e-9
"""An expected payment that is left out."""


@dataclass(frozen=True)
class Payment(Record):
    """One payment in expectation, not discounted; `quantity` · `rate_usd` = `amount_usd`."""

    line: Annotated[str, Field(description="line of the bill")]
    item: Annotated[str, Field(description="what is paid for: a model, a seat type, a project …")]
    first: Annotated[int, Field(description="first month charged for, counted from 0")]
    last: Annotated[int, Field(description="last month charged for")]
    paid: Annotated[int, Field(description="time of the payment in months; the end of month t is t + 1")]
    cash_month: Annotated[int, Field(description="month in which it is paid; the end of a month falls in that month")]
    contract_year: ContractYear
    quantity: Annotated[float, Field(description="expected units: seat-months, user-months, dollars at list")]
    rate_usd: Annotated[float, Field(description="average over the scenarios, weighted by quantity")]
    amount_usd: Annotated[float, Field(description="expected")]


def payments(settlement: Settlement) -> Table[Payment]:
    """Return every expected payment in order of time; the amounts add up to the expected cost, not discounted."""
    totals: dict[Key, list[float]] = {}
    for part in each_part_with_rows(settlement, _expected):
        for key, sums in part.items():
            before = totals.setdefault(key, [0.0, 0.0])
            before[0] += sums[0]
            before[1] += sums[1]
    found = []
    for (line, item, first, last, paid, cash), (quantity, amount) in totals.items():
        if abs(amount) > NOTHING_USD:
            units, rate = (quantity, amount / quantity) if quantity else (1.0, amount)
            year = max(last // 12, BEFORE)
            found.append(Payment(line, item, first, last, paid, cash, year, units, rate, amount))
    return Table(tuple(sorted(found, key=lambda row: (row.first, row.paid))))


def _expected(settlement: Settlement) -> dict[Key, list[float]]:
    """Return [expected quantity, expected amount] of every posting of a block, by what it is for."""
    weights, last_month = settlement.weights, settlement.deal.horizon_months - 1
    found: dict[Key, list[float]] = {}
    for row in settlement.rows or ():
        sums = found.setdefault(_key(row, last_month), [0.0, 0.0])
        sums[0] += _mean(row.quantity, weights)
        sums[1] += _mean(row.amount, weights)
    return found


def _key(row: Row, last_month: int) -> Key:
    return row.line, row.item, row.first, row.last, row.paid, min(paid_in(row), last_month)


def _mean(values: Array | float, weights: Array) -> float:
    return float(weights @ values) if isinstance(values, np.ndarray) else values * float(weights.sum())
