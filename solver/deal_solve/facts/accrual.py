"""Payments of a settlement one by one, the months that each is for, and the month in which it is paid."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from deal_solve.deal.deal import Deal
from deal_solve.deal.offers.true_up import TrueUp
from deal_solve.plan.plan import Plan
from deal_solve.plan.resolved import resolve
from deal_solve.settlement.api.drawdown import YEARLY_MINIMUM
from deal_solve.settlement.ledger import Row
from deal_solve.settlement.lines import LINES
from deal_solve.settlement.settle import Settlement, settle
from deal_solve.uncertainty.scenario_set import each_block

Result = TypeVar("Result")


def each_part_with_rows(settlement: Settlement, work: Callable[[Settlement], Result]) -> list[Result]:
    """Return what `work` makes of a settlement with its rows: of the whole if it kept them, else block by block."""
    if settlement.rows is not None:
        return [work(settlement)]
    deal, plan, order = settlement.deal, settlement.plan, settlement.order
    return each_block(settlement.scenarios, lambda _, block: work(settle(deal, plan, block, order, keep_rows=True)))


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
