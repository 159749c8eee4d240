"""The limits of a deal against what a plan does (model §7)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from pydantic import Field

from deal_solve.deal.deal import Deal
from deal_solve.deal.risk import EXACT_CHANCE, Limit
from deal_solve.frames import Table
from deal_solve.record import Record
from deal_solve.settlement.settle import Settlement
from deal_solve.uncertainty import measures
from deal_solve.uncertainty.scenario_set import Array

TOLERANCE = 1e-6


@dataclass(frozen=True)
class LimitCheck(Record):
    """One limit of the deal against what the plan does."""

    limit: Annotated[str, Field(description="what is bounded")]
    at_most_usd: Annotated[float, Field(description="the bound")]
    achieved_usd: Annotated[
        float | None,
        Field(description="what the plan does; of a probability limit over more than 200 scenarios the CVaR instead"),
    ]
    probability: Annotated[float | None, Field(description="achieved probability, of a probability limit")]
    is_kept: Annotated[bool, Field(description="whether the plan keeps it")]


def limit_checks(deal: Deal, settlement: Settlement, *, is_exact: bool = False) -> Table[LimitCheck]:
    """Return every limit of the deal against a settled plan; kept to a millionth or a cent, unless it `is_exact`."""
    return Table(tuple(_check(limit, settlement, is_exact) for limit in deal.limits))


def _check(limit: Limit, settlement: Settlement, is_exact: bool) -> LimitCheck:
    weights, at_most = settlement.weights, settlement.deal.at_most_usd(limit)
    maximum = at_most if is_exact else at_most + max(TOLERANCE * at_most, 0.01)
    if limit.is_certain:
        usd = settlement.signed_usd if limit.of == "signed" else settlement.committed_usd
        return LimitCheck(limit.of, at_most, usd, None, usd <= maximum)
    costs, word = _costs(limit, settlement), f"{limit.of}{', discounted' if limit.discounted else ''}"
    if limit.probability_within is not None:
        likely = measures.probability(costs <= maximum, weights)
        stand_in = len(costs) > EXACT_CHANCE and limit.probability_within < 1
        tail = measures.cvar(costs, weights, limit.probability_within) if stand_in else None
        kept = likely >= limit.probability_within - 1e-9
        return LimitCheck(f"{limit.probability_within:.1%} sure: {word}", at_most, tail, likely, kept)
    if limit.measure == "expected":
        usd = float(weights @ costs)
    elif limit.measure == "cvar":
        usd = measures.cvar(costs, weights, limit.confidence)
        word += f" at {limit.confidence:g}"
    else:
        usd = measures.worst(costs, weights)
    return LimitCheck(f"{limit.measure}: {word}", at_most, usd, None, usd <= maximum)


def _costs(limit: Limit, settlement: Settlement) -> Array:
    if limit.contract_year is None:
        return settlement.cost if limit.discounted else settlement.undiscounted
    by_year = settlement.by_year_discounted if limit.discounted else settlement.by_year
    if limit.contract_year >= len(by_year):  # signed so late that the horizon ends before that contract year
        return np.zeros(len(settlement.weights))
    costs: Array = by_year[limit.contract_year]
    return costs
