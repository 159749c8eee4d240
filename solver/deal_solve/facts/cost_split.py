"""Seats against API: what each side costs, how much of the spread it brings, and when one overtakes the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from pydantic import Field

from deal_solve.facts.accrual import expected_rows, months_of
from deal_solve.facts.once import once
from deal_solve.frames import Table
from deal_solve.record import Record
from deal_solve.settlement.ledger import Row
from deal_solve.settlement.lines import LINES, SIDES, lines_of
from deal_solve.settlement.settle import Settlement
from deal_solve.uncertainty import measures
from deal_solve.uncertainty.scenario_set import Array


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
        low, high = measures.quantiles(cost, weights, (0.1, 0.9)).tolist()
        share = None if is_certain else float(weights @ (cost * centred)) / variance
        rows.append(Side(side, float(weights @ cost), low, high, share))
    return Table(tuple(rows))


@once
def crossover_month(settlement: Settlement) -> int | None:
    """Return the first month from which on expected API spend stays above that for seats, None if it never does.

    A payment is spread evenly over the months that it is for, so that paying in advance or afterwards moves nothing.
    """
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
        for (line, item, first, last, paid), usd in expected_rows(settlement).items():
            if LINES[line].side == side:
                spread = months_of(settlement, Row(line, item, 1, usd, paid, first, last))
                own[spread] += usd / len(own[spread])
    return months
