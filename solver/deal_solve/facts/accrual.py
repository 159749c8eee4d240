"""Payments of a settlement one by one, the months that each is for and when it is paid; what is billed for use."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np

from deal_solve.deal.deal import Deal
from deal_solve.deal.offers.true_up import TrueUp
from deal_solve.facts.names import line_title, listed
from deal_solve.facts.once import once
from deal_solve.plan.plan import Plan
from deal_solve.plan.resolved import resolve
from deal_solve.settlement.api.drawdown import YEARLY_MINIMUM
from deal_solve.settlement.ledger import Row
from deal_solve.settlement.lines import LINES, is_billed
from deal_solve.settlement.settle import Settlement, settle
from deal_solve.uncertainty.scenario_set import ScenarioSet, each_block

Result = TypeVar("Result")
USAGE_LINES = ("usage", "uncounted_usage", "other_charges")
"""Lines that the API is billed on month by month."""
PERIOD_LINES = ("overage", "shortfall")
"""Lines that are settled at the end of a commitment period."""
Key = tuple[str, str, int, int, int]
"""Line, item, first month, last month, and when it is paid."""


def each_part_with_rows(settlement: Settlement, work: Callable[[Settlement], Result]) -> list[Result]:
    """Return what `work` makes of a settlement with its rows: of the whole if it kept them, else block by block."""
    known = _known(settlement)
    ready: list[Result] | None = known.get(work)
    known[work] = None  # parts are large: handed over, not kept
    return ready if ready is not None else _in_one_pass(settlement, (work,))[0]


def each_part(settlement: Settlement, work: Callable[[Settlement], Result]) -> list[Result]:
    """Return what `work`, which reads no rows, makes of a settlement block by block; from a pass with rows if it was
    done there (`go_once_through`).
    """
    if _known(settlement).get(work) is not None:
        return each_part_with_rows(settlement, work)
    return each_block(settlement.scenarios, lambda _, block: work(replace(settlement, scenarios=block)))


def go_once_through(settlement: Settlement, *works: Callable[[Settlement], Any]) -> None:
    """Go through all parts of a settlement with their rows once, for those works that nobody has asked for yet."""
    known = _known(settlement)
    new = [work for work in works if work not in known]
    known.update(zip(new, _in_one_pass(settlement, new) if new else (), strict=True))


@once
def _known(settlement: Settlement) -> dict[Callable[[Settlement], Any], list[Any] | None]:
    return {}


def _in_one_pass(settlement: Settlement, works: Sequence[Callable[[Settlement], Any]]) -> list[list[Any]]:
    """Return, for each work, what it makes of each part of a settlement with its rows."""
    if settlement.rows is not None:
        return [[work(settlement)] for work in works]

    def worked(_: int, block: ScenarioSet) -> list[Any]:
        part = settle(settlement.deal, settlement.plan, block, settlement.order, keep_rows=True)
        return [work(part) for work in works]

    return [list(parts) for parts in zip(*each_block(settlement.scenarios, worked), strict=True)]


def months_of(settlement: Settlement, row: Row) -> slice:
    """Return the months that a payment is for: overage and unused commitment are for all of their commitment period,
    seats added for the rest of the contract year unless their ratchet is none.
    """
    deal, plan, end = settlement.deal, settlement.plan, row.last + 1
    first = commitment_start(deal, plan, row)
    accrual = LINES[row.line].accrual
    if accrual == "contract_year":
        clause = resolve(deal).seat_of(plan.seats[row.item], row.item, row.year).part.true_up
        if isinstance(clause, TrueUp) and clause.ratchet != "none":
            end = min(first // 12 * 12 + 12, deal.horizon_months)
    return slice(first, end)


def commitment_start(deal: Deal, plan: Plan, row: Row) -> int:
    """Return the first month that a payment is for: that of the commitment period which ends with its last one.

    What usage lacks to a yearly minimum is for the contract year.
    """
    if LINES[row.line].accrual != "commitment_period":
        return row.first
    return row.last // 12 * 12 if row.item == YEARLY_MINIMUM else commitment_period(deal, plan, row).start


def commitment_period(deal: Deal, plan: Plan, row: Row) -> range:
    """Return the months of the commitment period that holds the last month which a payment is charged for."""
    taken = resolve(deal).taken(plan.api)
    span = taken.span_at(row.last)
    return next(months for months in taken.require_api().periods(range(span.start, span.end)) if row.last in months)


def paid_in(row: Row) -> int:
    """Return the month in which a payment falls: what is paid at the end of a month falls in that month."""
    return row.paid - 1 if row.paid > row.last else row.paid


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
    for key, usd in (each for part in each_part_with_rows(settlement, expected_of) for each in part):
        found[key] = found.get(key, 0.0) + usd
    return found


def expected_of(part: Settlement) -> list[tuple[Key, float]]:
    """Return the expected amount of every payment in a part of a settlement, not discounted."""
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
    before: dict[str, dict[int, float]] = {}
    deal, plan = settlement.deal, settlement.plan
    for (line, item, first, last, paid), usd in expected_rows(settlement).items():
        if line in USAGE_LINES:
            by_month = monthly.setdefault(last // 12, {})
            by_month[paid] = by_month.get(paid, 0.0) + usd
        elif line in PERIOD_LINES:
            title, period = line_title(deal, plan, line), at_end.setdefault(paid, {})
            period[title] = period.get(title, 0.0) + usd
            row = Row(line, item, 1, usd, paid, first, last)
            months[paid] = deal.span(commitment_start(deal, plan, row), last + 1)
        elif line == "before" and is_billed(line, item):
            by_month = before.setdefault(item, {})
            by_month[paid] = by_month.get(paid, 0.0) + usd
    for year, amounts in monthly.items():
        billed = {paid: usd for paid, usd in amounts.items() if usd >= 0.5}
        if billed:
            what = f"API usage of contract year {year + 1}, billed monthly in arrears (expected)"
            yield Bill(min(billed), sum(billed.values()), len(billed), "API usage", what)
    for paid, by_title in at_end.items():
        names = [title for title, usd in by_title.items() if usd >= 0.5]
        if names:
            item = listed(names)
            yield Bill(paid, sum(by_title.values()), 1, item, f"{item}, {months[paid]} (expected)")
    for item, amounts in before.items():
        yield from _before(item, {paid: usd for paid, usd in sorted(amounts.items()) if usd >= 0.5})


def _before(item: str, billed: dict[int, float]) -> Iterator[Bill]:
    """Yield what is billed for the months before signing: month by month together, or else each on its day."""
    months = list(billed)
    is_monthly = len(months) > 1 and months == list(range(months[0], months[-1] + 1))
    for group in [months] if is_monthly else [[paid] for paid in months]:
        pace = ", billed monthly" if is_monthly else ""
        whose = "of the months before signing" if group[-1] <= 0 else "before signing and of seats in force"
        what = f"{item}, {whose}{pace} (expected)"
        yield Bill(group[0], sum(billed[paid] for paid in group), len(group), item, what)
