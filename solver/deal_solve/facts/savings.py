"""Savings rates of the API agreement, kept apart by name: what it could save, saves, and returns on commitment."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from pydantic import Field

from deal_solve.deal.deal import Deal
from deal_solve.facts.accrual import each_part_with_rows
from deal_solve.facts.once import once
from deal_solve.plan.plan import Plan
from deal_solve.plan.renewal_tables import plans_of
from deal_solve.record import Record
from deal_solve.settlement.api.drawdown import priced_terms
from deal_solve.settlement.bundle import bundle_tiers
from deal_solve.settlement.settle import Settlement
from deal_solve.settlement.usage import usage_of
from deal_solve.uncertainty.scenario_set import Array, ScenarioSet

ROUNDING = 1e-12
"""Amounts that differ by no more than this share are the same."""


@dataclass(frozen=True)
class Savings(Record):
    """Savings rates over the horizon: ratios of expectations, not discounted, on usage counted toward the agreement."""

    list_usd: Annotated[float, Field(description="the usage at list")]
    paid_usd: Annotated[float, Field(description="what is paid for it, overage and forfeiture included, less a credit")]
    committed_usd: Annotated[float, Field(description="commitment of all contract years")]
    theoretical: Annotated[
        float,
        Field(description="1 - usage at contracted rates over the same at list: all covered and nothing forfeited"),
    ]
    effective: Annotated[float, Field(description="1 - paid over list")]
    return_on_commitment: Annotated[
        float | None, Field(description="dollars saved against list for each dollar committed; null without commitment")
    ]


@once
def savings(settlement: Settlement) -> Savings | None:
    """Return the savings rates of a plan; None without usage that counts."""
    at_list, contracted = map(float, np.sum(each_part_with_rows(settlement, valued), axis=0))
    if at_list <= 0:
        return None
    ended = [record.surcharge_usd + record.forfeited_usd for record in settlement.drawdown]
    paid = contracted + float(np.sum(ended, axis=0) @ settlement.weights if ended else 0.0)
    paid -= float(settlement.credited_usd @ settlement.weights)
    committed = sum(settlement.mean(record.committed_usd) for record in settlement.drawdown)
    return Savings(
        list_usd=at_list,
        paid_usd=paid,
        committed_usd=committed,
        theoretical=_rate(contracted, at_list),
        effective=_rate(paid, at_list),
        return_on_commitment=(at_list - paid) / committed if committed else None,
    )


def _rate(usd: float, list_usd: float) -> float:
    """Return what is saved of an amount at list as a share of it; 0 where the amounts differ by rounding alone."""
    return 0.0 if math.isclose(usd, list_usd, rel_tol=ROUNDING) else 1 - usd / list_usd


def valued(part: Settlement) -> Array:
    """Return expected usage of a part of a settlement at list and at contracted rates, USD."""
    deal = part.deal
    return np.asarray(
        sum(_valued(deal, plan, own) for plan, own in plans_of(deal, part.plan, part.scenarios.in_memory()))
    )


def _valued(deal: Deal, plan: Plan, scenarios: ScenarioSet) -> Array:
    """Return expected usage at list and at contracted rates, USD."""
    at_list = contracted = 0.0
    counted = usage_of(deal, plan, scenarios).counted
    for name, usd in counted.items():
        at_list += float((usd * scenarios.index[deal.card.model(name).family]).sum(axis=0) @ scenarios.weights)
    bundle = tuple(tier.api for tier in bundle_tiers(deal, plan))
    for term in priced_terms(deal, plan, scenarios, counted, bundle):
        contracted += sum(float(item.usage_usd.sum(axis=0) @ scenarios.weights) for item in term.usage)
    return np.array([at_list, contracted])
