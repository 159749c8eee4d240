"""What a settled plan spends month by month: cash, the commitment drawn down, people on seats; and how cost spreads."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from deal_solve.deal.deal import Deal
from deal_solve.facts.accrual import each_part_with_rows, paid_in
from deal_solve.facts.summary import Range, spread
from deal_solve.frames import Table
from deal_solve.plan.plan import Plan
from deal_solve.settlement.lines import LINES
from deal_solve.settlement.settle import Settlement, settle
from deal_solve.uncertainty.expansion import one_at_a_time
from deal_solve.uncertainty.measures import quantile
from deal_solve.uncertainty.paths import bands_of
from deal_solve.uncertainty.scenario_set import Array

COARSE_LEVELS = (0.1, 0.25, 0.5, 0.75, 0.9)
LEVELS = (0.01, 0.05, *COARSE_LEVELS, 0.95, 0.99)


@dataclass(frozen=True)
class CashMonth:
    """What is paid in one month, USD, not discounted; what is paid at the end of a month falls in that month."""

    month: int
    cash: Range


@dataclass(frozen=True)
class DrawnMonth:
    """One month of a commitment period, USD at contracted rates; `is_first` in its period.

    `drawn` is the usage of the period so far, `balance_usd` what it draws on, `left_usd` the expected rest of that.
    `used_up` is the probability that nothing is left at the month's end.
    """

    month: int
    is_first: bool
    drawn: Range
    balance_usd: float
    left_usd: float
    used_up: float


@dataclass(frozen=True)
class UsersMonth:
    """The users on a seat type in one month against the contracted seats."""

    seat_type: str
    month: int
    contracted: float
    users: Range


@dataclass(frozen=True)
class CostLevel:
    """The cost that is not exceeded with a probability of `level`, USD over the horizon."""

    level: float
    undiscounted_usd: float
    cost_usd: float


@dataclass(frozen=True)
class Driver:
    """How the cost of a plan moves with one forecast at P10 and at P90, all others at P50, USD, discounted."""

    path: str
    low: float
    high: float
    low_usd: float
    high_usd: float
    middle_usd: float


def cash_months(settlement: Settlement) -> Table[CashMonth]:
    """Return what is paid in every month of the deal."""
    paid = np.concatenate(each_part_with_rows(settlement, _paid), axis=1)
    return Table(tuple(CashMonth(month, spread(usd, settlement.weights)) for month, usd in enumerate(paid)))


def _paid(settlement: Settlement) -> Array:
    """Return what is paid by month, (H, S)."""
    horizon = settlement.deal.horizon_months
    paid = np.zeros((horizon, len(settlement.weights)))
    for row in settlement.rows or ():
        if LINES[row.line].is_cash and paid_in(row) >= 0:
            paid[min(paid_in(row), horizon - 1)] += row.amount
    return paid


def drawn_months(settlement: Settlement) -> Table[DrawnMonth]:
    """Return every month of every commitment period; none without a commitment."""
    weights = settlement.weights
    found = []
    for record in settlement.drawdown:
        balance = np.broadcast_to(record.carried_in_usd + record.commitment_usd, weights.shape)
        drawn = np.cumsum(record.monthly_usd, axis=0)
        for month in range(record.start, record.end):
            usd = drawn[month - record.start]
            found.append(
                DrawnMonth(
                    month=month,
                    is_first=month == record.start,
                    drawn=spread(usd, weights),
                    balance_usd=float(weights @ balance),
                    left_usd=float(weights @ np.maximum(0.0, balance - usd)),
                    used_up=float(weights[record.exhausted_month <= month].sum()),
                )
            )
    return Table(tuple(found))


def users_months(settlement: Settlement) -> Table[UsersMonth]:
    """Return users and contracted seats of every seat type that is bought, month by month."""
    weights = settlement.weights
    found = []
    for name, facts in settlement.seats.items():
        if facts.contracted.any():
            for month, users in enumerate(facts.count):
                contracted = float(weights @ facts.contracted[month // 12])
                found.append(UsersMonth(name, month, contracted, spread(users, weights)))
    return Table(tuple(found))


def cost_levels(settlement: Settlement) -> Table[CostLevel]:
    """Return the percentiles of the cost, none beyond what the scenarios can carry."""
    weights = settlement.weights
    levels = COARSE_LEVELS if settlement.scenarios.is_coarse else LEVELS
    return Table(
        tuple(
            CostLevel(
                level,
                quantile(settlement.undiscounted, weights, level),
                quantile(settlement.cost, weights, level),
            )
            for level in levels
        )
    )


def drivers(deal: Deal, plan: Plan) -> Table[Driver]:
    """Return every uncertain forecast with what it moves at this plan, the largest first."""
    return Table(tuple(sorted(_drivers(deal, plan), key=lambda row: -abs(row.high_usd - row.low_usd))))


def _drivers(deal: Deal, plan: Plan) -> Iterator[Driver]:
    """Yield the forecasts in the order of the file; the last scenario moves nothing."""
    bands = {path: band for _, path, band in bands_of(deal) if not band.is_certain}
    if not bands:
        return
    names = list(bands)
    cost = settle(deal, plan, one_at_a_time(deal, names)).cost
    middle = float(settle(deal, plan, one_at_a_time(deal, [""])).cost[0])
    for index, (path, band) in enumerate(bands.items()):
        low, high = cost[2 * index : 2 * index + 2].tolist()
        yield Driver(path, band.p10, band.p90, low, high, middle)
