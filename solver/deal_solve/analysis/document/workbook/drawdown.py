"""The ledger of the commitment in one scenario: month by month what is drawn, period by period what is left."""

from __future__ import annotations

import numpy as np

from deal_solve.analysis.document.workbook.cells import Book, Cell, Formula, Number, Sheet
from deal_solve.deal.money import CENT_TOLERANCE_USD
from deal_solve.deal.offers.api import ApiPart, Rollover
from deal_solve.plan.resolved import resolve
from deal_solve.settlement.api.drawdown import PeriodRecord
from deal_solve.settlement.settle import Settlement
from deal_solve.uncertainty.scenario_set import Array

HEADERS = (
    "months",
    "committed",
    "carried in",
    "usage",
    "covered",
    "uncovered",
    "overage rate",
    "overage",
    "own shortfall",
    "rolled over",
    "forfeited",
)


def write_drawdown(book: Book, alone: Settlement, scenario: str) -> None:
    """Write the ledger of a settlement of one scenario; nothing without a commitment."""
    records, deal, part = alone.drawdown, alone.deal, resolve(alone.deal).taken(alone.plan.api).api
    if not records or part is None:
        return
    sheet = Sheet(book, "Drawdown", f"How the commitment is drawn down, {scenario}", [22, *[16] * 10])
    sheet.prose(
        "USD, not discounted, usage at contracted rates. A balance covers usage until it is used up; what is uncovered "
        "is charged at its overage rate (the average of what is uncovered, contracted usage = 1). All but usage, "
        "commitment and overage rate is worked out here."
    )
    first_month = sheet.next + len(records) + 5
    sheet.header(HEADERS, is_frozen=True)
    begin, row = sheet.next, first_month
    for index, record in enumerate(records):
        sheet.row(_period(alone, part, index, sheet.next, row))
        row += record.end - record.start
    sums = [float(sum(_values(record)[index] for record in records)) for index in range(10)]
    letters = "BCDEFGHIJK"
    sheet.total(
        [
            "total",
            *(
                Formula(f"=SUM({letter}{begin}:{letter}{sheet.next - 1})", total) if letter != "G" else ""
                for letter, total in zip(letters, sums, strict=True)
            ),
        ]
    )
    sheet.skip()
    sheet.prose("Month by month, drawn down as used", bold=True)
    sheet.header(["month", "usage", "drawn in the period", "balance left", "balance used up"])
    for index, record in enumerate(records):
        drawn = 0.0
        top = sheet.next
        balance = _number(record.commitment_usd) + _number(record.carried_in_usd) - float(record.minimum_usd.sum())
        for month in range(record.start, record.end):
            usd = float(record.monthly_usd[month - record.start, 0])
            drawn += usd
            at, left = sheet.next, max(0.0, balance - drawn)
            owed = f"$B${begin + index}+$C${begin + index}{_less_minimum(record)}"
            sheet.row(
                [
                    f"{deal.calendar(month):%Y-%m}",
                    Number(usd),
                    Formula(f"=SUM(B${top}:B{at})", drawn),
                    Formula(f"=MAX(0,{owed}-C{at})", left),
                    Formula(
                        f'=IF(C{at}>{owed}+{CENT_TOLERANCE_USD},"used up","")',
                        "used up" if drawn > balance + CENT_TOLERANCE_USD else "",
                    ),
                ]
            )
    sheet.done()


def _values(record: PeriodRecord) -> list[float]:
    """Return the columns of a period after its months."""
    uncovered = _number(record.usage_usd) - _number(record.covered_usd)
    overage = _number(record.overage_usd)
    return [
        *map(_number, (record.commitment_usd, record.carried_in_usd, record.usage_usd, record.covered_usd)),
        uncovered,
        overage / uncovered if uncovered > 0 else 1.0,
        overage,
        *map(_number, (record.own_shortfall_usd, record.rolled_over_usd, record.forfeited_usd)),
    ]


def _period(alone: Settlement, part: ApiPart, index: int, row: int, first_month: int) -> list[Cell]:
    """Return one period as a row; a formula that does not come to what was settled stands as the number."""
    records = alone.drawdown
    record, before = records[index], records[index - 1] if index else None
    committed, carried, usage, covered, uncovered, rate, overage, own, rolled, forfeited = _values(record)
    less = _less_minimum(record)
    months = record.end - record.start
    used_first = min(usage, carried)
    own_value = max(0.0, committed - (covered - used_first))
    cells: list[Cell] = [alone.deal.span(record.start, record.end), Number(committed)]
    is_carried = before is not None and abs(_number(before.rolled_over_usd) - carried) < CENT_TOLERANCE_USD
    cells.append(Formula(f"=J{row - 1}", carried) if is_carried else Number(carried))
    cells += [
        Formula(f"=SUM(B{first_month}:B{first_month + months - 1})", usage),
        Formula(f"=MIN(D{row},B{row}+C{row}{less})", covered),
        Formula(f"=D{row}-E{row}", uncovered),
        Number(rate, "factor"),
        Formula(f"=F{row}*G{row}", overage),
        _checked(Formula(f"=MAX(0,B{row}-(E{row}-MIN(D{row},C{row})))", own_value), own),
        _rolled(part, row, rolled),
        _checked(Formula(f"=I{row}-J{row}+C{row}-MIN(D{row},C{row})", own - rolled + carried - used_first), forfeited),
    ]
    return cells


def _rolled(part: ApiPart, row: int, rolled: float) -> Cell:
    """Return what rolls over; nothing does out of the last period of a term."""
    if not isinstance(part.unused, Rollover) or rolled == 0:
        return Number(rolled)
    return Formula(f"=MIN({part.unused.rollover!r}*I{row},{part.unused.cap!r}*B{row})", rolled)


def _checked(formula: Formula, settled: float) -> Cell:
    """Return a formula if it comes to what was settled (a clause may say otherwise), else the number."""
    return formula if abs(float(formula.value) - settled) < CENT_TOLERANCE_USD else Number(settled)


def _less_minimum(record: PeriodRecord) -> str:
    """Return what of the balance was charged because usage lacked to the yearly minimum."""
    charged = float(record.minimum_usd.sum())
    return f"-{charged!r}" if charged else ""


def _number(value: Array | float) -> float:
    """Return the one number of a single scenario."""
    return float(np.ravel(value)[0])
