"""Payments of a settlement one by one, the months that each is for, and the month in which it is paid."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from deal_solve.deal.offer import TrueUp
from deal_solve.plan.resolved import resolve
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
    deal, plan, first, end = settlement.deal, settlement.plan, row.first, row.last + 1
    accrual = LINES[row.line].accrual
    if accrual == "commitment_period":
        first = end - resolve(deal).taken(plan.api).require_api().period_months
    elif accrual == "contract_year":
        clause = resolve(deal).seat_of(plan.seats[row.item], row.item, row.year).part.true_up
        if isinstance(clause, TrueUp) and clause.ratchet != "none":
            end = first // 12 * 12 + 12
    return slice(first, end)


def paid_in(row: Row) -> int:
    """Return the month in which a payment falls: what is paid at the end of a month falls in that month."""
    return row.paid - 1 if row.paid > row.last else row.paid
