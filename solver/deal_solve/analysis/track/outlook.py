"""What becomes of the agreement in force: the balance month by month, overage, what is lost, the next true-up."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from pydantic import Field

from deal_solve.analysis.track.used import Balance, Used, overage_ratio
from deal_solve.deal.deal import Deal
from deal_solve.deal.money import CENT_TOLERANCE_USD
from deal_solve.frames import Table
from deal_solve.plan.resolved import resolve
from deal_solve.record import Record
from deal_solve.settlement.in_force.before import Before, before_signing
from deal_solve.settlement.lines import LINES
from deal_solve.settlement.settle import Settlement
from deal_solve.uncertainty import measures
from deal_solve.uncertainty.months import in_months_of
from deal_solve.uncertainty.scenario_set import Array, Scenarios, each_block

EVEN = 1e-9


@dataclass(frozen=True)
class LeftMonth(Record):
    """What is left of the balance at the end of one month of the commitment period that runs; USD."""

    month: Annotated[str, Field(description="YYYY-MM")]
    p10_usd: Annotated[float, Field(description="left at least in 90 % of the scenarios; as measured up to today")]
    p50_usd: Annotated[float, Field(description="median")]
    p90_usd: Annotated[float, Field(description="left at least in 10 %")]
    is_measured: Annotated[bool, Field(description="whether the month was measured")]


@dataclass(frozen=True, kw_only=True)
class Outlook(Record):
    """What is expected of the agreement in force until it ends; USD."""

    left: Annotated[Table[LeftMonth], Field(description="of the balance, month by month of the period that runs")]
    expected_overage_usd: Annotated[float, Field(description="what usage above the balance costs")]
    overage_surcharge_usd: Annotated[float, Field(description="of it what it costs above contracted rates")]
    overage_probability: Annotated[float, Field(description="probability that there is any")]
    forfeited_probability: Annotated[float, Field(description="probability that anything is lost")]
    true_up_month: Annotated[str | None, Field(description="when seats added are next charged, YYYY-MM; null: never")]
    true_up_usd: Annotated[float, Field(description="what is expected to be charged then")]


def outlook_of(deal: Deal, scenarios: Scenarios, signed: Settlement, held: tuple[Balance | None, Used]) -> Outlook:
    """Return what becomes of the agreement in force of a deal that starts now; what was used is in months of `signed`.

    Amounts are not discounted.
    """
    ends = deal.month(deal.in_force.ends) if deal.in_force else 0
    closed = deal.signed_in(ends)
    futures = in_months_of(closed, scenarios)
    parts = each_block(futures, lambda _, block: before_signing(closed, block))
    weights = futures.weights
    overage = _paid(parts, LINES["overage"].title)
    true_ups = _paid(parts, LINES["true_up"].title)
    lost = np.concatenate([_lost(part) for part in parts])
    over = sum(overage.values(), np.zeros(len(weights)))
    charged = {paid: float(weights @ usd) for paid, usd in true_ups.items()}
    next_one = min((paid for paid, usd in charged.items() if usd > CENT_TOLERANCE_USD), default=None)
    return Outlook(
        left=Table(_left(parts, deal, signed.deal, held, weights)),
        expected_overage_usd=float(weights @ over),
        overage_surcharge_usd=float(weights @ over) * _surcharge(signed, held[1]),
        overage_probability=measures.probability(over > CENT_TOLERANCE_USD, weights),
        forfeited_probability=measures.probability(lost > CENT_TOLERANCE_USD, weights),
        true_up_month=None if next_one is None else f"{closed.calendar(next_one):%Y-%m}",
        true_up_usd=charged.get(next_one, 0.0) if next_one is not None else 0.0,
    )


def _surcharge(signed: Settlement, used: Used) -> float:
    """Return the share of overage that is above contracted rates; in arrears all that is charged for it is."""
    if resolve(signed.deal).taken(signed.plan.api).require_api().payment == "arrears":
        return 1.0
    return 1 - 1 / overage_ratio(signed, used, range(signed.deal.horizon_months))


def _paid(parts: list[Before], item: str) -> dict[int, Array]:
    """Return what is paid for one line by the time of payment, (S,), months from the end of the agreement."""
    found: dict[int, list[Array]] = defaultdict(lambda: [np.zeros(part.size) for part in parts])
    for index, part in enumerate(parts):
        for row in part.rows:
            if row.item == item:
                found[row.paid][index] = found[row.paid][index] + row.amount
    return {paid: np.concatenate(amounts) for paid, amounts in found.items()}


def _lost(part: Before) -> Array:
    lost = np.zeros(part.size)
    for period in part.periods:
        lost += period.own_shortfall_usd - period.rolled_over_usd + period.expired_usd
    return lost


def _left(
    parts: list[Before], deal: Deal, signed: Deal, held: tuple[Balance | None, Used], weights: Array
) -> list[LeftMonth]:
    balance, used = held
    if balance is None or not parts[0].periods:
        return []
    rows = []
    left, now = balance.commitment_usd + balance.carried_usd, signed.month(deal.start)
    for month in range(balance.months.start, now):
        left = max(left - sum(use.drawn_usd for (at, _), use in used.items() if at == month), 0.0)
        rows.append(LeftMonth(f"{signed.calendar(month):%Y-%m}", left, left, left, True))
    monthly = np.concatenate([part.periods[0].monthly_usd for part in parts], axis=1)
    start = np.concatenate([np.broadcast_to(part.periods[0].left_usd, part.size) for part in parts])
    for index, drawn in enumerate(np.cumsum(monthly, axis=0)):
        path = np.maximum(start - drawn, 0.0)
        low, middle, high = (measures.quantile(path, weights, share) for share in (0.1, 0.5, 0.9))
        rows.append(LeftMonth(f"{deal.calendar(index):%Y-%m}", low, middle, high, False))
    return rows
