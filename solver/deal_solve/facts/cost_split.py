"""Seats against API: what each side costs, how much of the spread it brings, and when one overtakes the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from pydantic import Field

from deal_solve.deal.offer import TrueUp
from deal_solve.facts.once import once
from deal_solve.frames import Table
from deal_solve.plan.resolved import resolve
from deal_solve.record import Record
from deal_solve.settlement.ledger import Row
from deal_solve.settlement.lines import LINES, SIDES, lines_of
from deal_solve.settlement.settle import Settlement, settle
from deal_solve.uncertainty import measures
from deal_solve.uncertainty.scenario_set import Array, each_block


@dataclass(frozen=True)
class Side(Record):
    """One side of the deal over the horizon, discounted."""

    side: Annotated[str, Field(description="API, seats, or projects and tools")]
    expected_usd: Annotated[float, Field(description="mean over the scenarios")]
    p10_usd: Annotated[float, Field(description="10 % of the probability lies at or below it")]
    p90_usd: Annotated[float, Field(description="90 % of the probability lies at or below it")]
    spread_share: Annotated[
        float | None,
        Field(description="Cov(side, total) / Var(total), which add up to 1; null where the total is certain"),
    ]


def cost_split(settlement: Settlement) -> Table[Side]:
    """Return every side that costs anything."""
    weights, total = settlement.weights, settlement.cost
    centred = total - weights @ total
    variance = float(weights @ centred**2)
    is_certain = variance <= 1e-12 * max(float(weights @ total) ** 2, 1e-9)
    rows = []
    for side in SIDES:
        cost: Array = np.sum([settlement.by_line[line] for line in lines_of(side)], axis=0)
        if not np.any(cost):
            continue
        low, high = (measures.quantile(cost, weights, level) for level in (0.1, 0.9))
        share = None if is_certain else float(weights @ (cost * centred)) / variance
        rows.append(Side(side, float(weights @ cost), low, high, share))
    return Table(tuple(rows))


@once
def crossover_month(settlement: Settlement) -> int | None:
    """Return the first month from which on expected API spend stays above that for seats, None if it never does.

    A payment is spread evenly over the months that it is for, so that paying in advance or afterwards moves nothing.
    """
    deal, plan, order = settlement.deal, settlement.plan, settlement.order
    if settlement.rows is None:
        parts = each_block(
            settlement.scenarios, lambda _, block: _accrued(settle(deal, plan, block, order, keep_rows=True))
        )
        api, seats = np.sum(parts, axis=0)
    else:
        api, seats = _accrued(settlement)
    if not seats.any() or not api.any():
        return None
    below = np.flatnonzero(api <= seats)
    first = int(below[-1]) + 1 if len(below) else 0
    return first if first < len(api) else None


def _accrued(settlement: Settlement) -> Array:
    """Return expected dollars of API and seats by month, (2, H)."""
    months = np.zeros((2, settlement.scenarios.months))
    for own, side in zip(months, ("API", "seats"), strict=True):
        for row in settlement.rows or ():
            if LINES[row.line].side == side:
                expected = settlement.weights @ np.broadcast_to(row.amount, settlement.weights.shape)
                spread = _months(settlement, row)
                own[spread] += expected / len(own[spread])
    return months


def _months(settlement: Settlement, row: Row) -> slice:
    """Return the months that a payment is for: overage and unused commitment are for all of their commitment period,
    seats added for the rest of the contract year unless their ratchet is none.
    """
    deal, plan, first, end = settlement.deal, settlement.plan, row.first, row.last + 1
    accrual = LINES[row.line].accrual
    if accrual == "commitment_period":
        first = end - resolve(deal).taken(plan.api).require_api().period_months
    elif accrual == "contract_year":
        clause = resolve(deal).seat(plan.seats[row.item], row.item).part.true_up
        if isinstance(clause, TrueUp) and clause.ratchet != "none":
            end = first // 12 * 12 + 12
    return slice(first, end)
