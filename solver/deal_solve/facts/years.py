"""What a plan costs per year, contract year or fiscal year: cost in the months it is for, and cash when it is paid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Annotated, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from deal_solve.deal.deal import Deal
from deal_solve.facts.accrual import each_part_with_rows, months_of, paid_in
from deal_solve.facts.once import once
from deal_solve.facts.summary import Range, spread
from deal_solve.frames import Table
from deal_solve.record import Record
from deal_solve.settlement.lines import LINES
from deal_solve.settlement.settle import Settlement
from deal_solve.uncertainty.scenario_set import Array


@dataclass(frozen=True)
class YearCost(Record):
    """One year of a plan, USD, not discounted.

    Cost is spread evenly over the months that a payment is for; cash counts in the month in which it is paid, what is
    paid at the end of a month in that month. Users left unserved cost something, but no cash.
    """

    start: Annotated[int, Field(description="first month, counted from 0")]
    end: Annotated[int, Field(description="the month after the last one")]
    cost: Annotated[Range, Field(description="for the months of the year, whenever it is paid")]
    cash: Annotated[Range, Field(description="paid in the year, whatever it is for")]
    cost_by_line: Annotated[dict[str, float], Field(description="expected; the lines add up to cost.expected_usd")]
    cash_by_line: Annotated[dict[str, float], Field(description="expected; the lines add up to cash.expected_usd")]
    months: Annotated[str, Field(description="its months, YYYY-MM to YYYY-MM")] = ""


def year_ends(deal: Deal, fiscal_year_start: int | None = None) -> tuple[int, ...]:
    """Return the months after the last one of each year: contract years, or those that start in a calendar month.

    `fiscal_year_start` is 1 to 12; the first and the last fiscal year hold the months that lie inside the horizon.
    """
    first = 12 if fiscal_year_start is None else (fiscal_year_start - deal.start.month - 1) % 12 + 1
    return (*range(first, deal.horizon_months, 12), deal.horizon_months)


def years(settlement: Settlement, fiscal_year_start: int | None = None) -> Table[YearCost]:
    """Return cost and cash of every year of the horizon; the months before the month of signing come first."""
    known = _known(settlement)
    if fiscal_year_start not in known:
        known[fiscal_year_start] = _years(settlement, fiscal_year_start)
    return known[fiscal_year_start]


@once
def _known(settlement: Settlement) -> dict[int | None, Table[YearCost]]:
    return {}


def _years(settlement: Settlement, fiscal_year_start: int | None) -> Table[YearCost]:
    ends = _ends(settlement.deal, fiscal_year_start)
    work = by_contract_year if fiscal_year_start is None else partial(_by_year, ends=ends)
    parts = each_part_with_rows(settlement, work)
    cost, cash = np.concatenate([part.totals for part in parts], axis=-1)
    expected = np.sum([part.expected for part in parts], axis=0)
    is_any = np.asarray(np.any([part.is_any for part in parts], axis=0))
    weights = settlement.weights

    def by_line(kind: int, year: int) -> dict[str, float]:
        own = zip(LINES, expected[kind, :, year].tolist(), is_any[kind, :, year], strict=True)
        return {line: usd for line, usd, is_one in own if is_one}

    return Table(
        tuple(
            YearCost(
                start=start,
                end=end,
                cost=spread(cost[year], weights),
                cash=spread(cash[year], weights),
                cost_by_line=by_line(0, year),
                cash_by_line=by_line(1, year),
                months=settlement.deal.span(start, end),
            )
            for year, (start, end) in enumerate(zip((-settlement.deal.signing_month, *ends), ends, strict=False))
        )
    )


def _ends(deal: Deal, fiscal_year_start: int | None) -> tuple[int, ...]:
    return (*((0,) if deal.signing_month else ()), *year_ends(deal, fiscal_year_start))


class ByYear(NamedTuple):
    """Cost and cash of a part of a settlement by year: all lines in each scenario, `totals` (2, Y, S); and by line,
    (2, L, Y), what of it is `expected`, and whether there `is_any` in some scenario.
    """

    totals: Array
    expected: Array
    is_any: NDArray[np.bool_] | np.bool_


def by_contract_year(settlement: Settlement) -> ByYear:
    """Return cost and cash of a part of a settlement by contract year."""
    return _by_year(settlement, _ends(settlement.deal, None))


def _by_year(settlement: Settlement, ends: Sequence[int]) -> ByYear:
    """Return cost and cash of a part of a settlement by year."""
    amounts = np.zeros((2, len(LINES), len(ends), len(settlement.weights)))
    cost, cash = amounts
    before = settlement.deal.signing_month
    year_of = np.searchsorted(ends, np.arange(-before, ends[-1]), side="right")
    lines = list(LINES)
    for row in settlement.rows or ():
        line, months = lines.index(row.line), year_of[_from(-before, months_of(settlement, row))]
        for year in sorted({*months.tolist()}):
            cost[line, year] += row.amount * float(np.mean(months == year))
        if LINES[row.line].is_cash:
            cash[line, year_of[min(max(paid_in(row), -before), ends[-1] - 1) + before]] += row.amount
    return ByYear(amounts.sum(axis=1), amounts @ settlement.weights, amounts.any(axis=-1))


def _from(first: int, months: slice) -> slice:
    """Return months counted from the first one of an array; what is for earlier ones counts in it."""
    start = max(months.start, first)
    return slice(start - first, max(months.stop, start + 1) - first)
