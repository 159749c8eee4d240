"""Spend since signing, line by line, against what the signed plan expected of the same days."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Annotated

import numpy as np
from pydantic import Field

from deal_solve.analysis.measure.reconcile import SEARCHES as BILLED_SEARCHES
from deal_solve.analysis.measure.result import MeasureResult
from deal_solve.analysis.track.used import SEARCHES, Used
from deal_solve.deal.base import months_later
from deal_solve.record import Record
from deal_solve.settlement.api.drawdown import priced_terms
from deal_solve.settlement.bundle import bundle_tiers
from deal_solve.settlement.settle import Settlement
from deal_solve.settlement.usage import usage_of
from deal_solve.uncertainty import measures
from deal_solve.uncertainty.scenario_set import Array

ALL = "all API usage"


@dataclass(frozen=True)
class SpentLine(Record):
    """One model, or the charges beside models, over the days measured since signing; USD at contracted rates."""

    line: Annotated[str, Field(description="model, web searches (and other charges per request), or all of it")]
    p10_usd: Annotated[float, Field(description="planned, exceeded in 90 % of the scenarios")]
    expected_usd: Annotated[float, Field(description="planned, expected")]
    p90_usd: Annotated[float, Field(description="planned, exceeded in 10 %")]
    came_usd: Annotated[float, Field(description="what was used, at the plan's contracted rates")]
    billed_usd: Annotated[float | None, Field(description="what the exports say was billed; null: no charges in them")]


def spent(signed: Settlement, found: MeasureResult, used: Used) -> Iterator[SpentLine]:
    """Yield each line with what was planned for the days measured and what came, dearest first, then all together."""
    shares = _measured_shares(signed, found)
    planned = {line: shares @ usd for line, usd in _planned(signed).items()}
    came: dict[str, float] = defaultdict(float)
    for (_, line), use in used.items():
        came[line] += use.contracted_usd
    billed = _billed(signed, found)
    lines = sorted({*planned, *came}, key=lambda line: -came.get(line, 0.0))
    weights = signed.weights
    nothing = np.zeros(len(weights))
    for line in lines:
        path = planned.get(line, nothing)
        if line in came or path.any():
            yield _line(line, path, weights, (came.get(line, 0.0), billed.get(line)))
    total = sum(billed.values()) if billed else None
    yield _line(ALL, sum(planned.values(), nothing), weights, (sum(came.values()), total))


def _line(name: str, path: Array, weights: Array, found: tuple[float, float | None]) -> SpentLine:
    low, high = (measures.quantile(path, weights, share) for share in (0.1, 0.9))
    return SpentLine(name, low, float(weights @ path), high, *found)


def _measured_shares(signed: Settlement, found: MeasureResult) -> Array:
    """Return which share of the days of each month of the signed deal was measured, (H,)."""
    deal, first, last = signed.deal, date.fromisoformat(found.first), date.fromisoformat(found.last)
    shares = np.zeros(deal.horizon_months)
    for month in range(deal.horizon_months):
        start = deal.calendar(month)
        end = months_later(start, 1)
        days = (min(end.toordinal(), last.toordinal() + 1) - max(start, first).toordinal()) / (end - start).days
        shares[month] = max(days, 0.0)
    return shares


def _planned(signed: Settlement) -> dict[str, Array]:
    """Return what each line is planned to come to by month, (H, S), at contracted rates."""
    deal, plan, scenarios = signed.deal, signed.plan, signed.scenarios.in_memory()
    usage = usage_of(deal, plan, scenarios)
    found: dict[str, Array] = defaultdict(lambda: np.zeros((deal.horizon_months, len(signed.weights))))
    bundle = tuple(tier.api for tier in bundle_tiers(deal, plan))
    for term in priced_terms(deal, plan, scenarios, usage.counted, bundle):
        for each in term.usage:
            found[each.model_id][term.span.start : term.span.end] += each.usage_usd
    for model, usd in usage.uncounted.items():
        found[model] += usd * scenarios.index[deal.card.model(model).family]
    for usd in usage.other.values():
        found[SEARCHES] += usd
    return dict(found)


def _billed(signed: Settlement, found: MeasureResult) -> dict[str, float]:
    """Return what was billed by line, of the months since signing that any export has charges of."""
    billed: dict[str, float] = defaultdict(float)
    for row in found.reconciliation:
        if row.billed_usd is not None and signed.deal.month(date.fromisoformat(f"{row.month}-01")) >= 0:
            billed[SEARCHES if row.model == BILLED_SEARCHES else row.model] += row.billed_usd
    return dict(billed)
