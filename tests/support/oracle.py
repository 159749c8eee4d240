"""What a plan is worth, written down a second time: the objective and the limits of section 7 from settled costs."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from deal_solve.deal.deal import Deal
from deal_solve.deal.risk import Limit
from deal_solve.settlement.settle import Settlement
from deal_solve.uncertainty.scenario_set import Array

CENT = 0.01


def tail_mean(values: Array, weights: Array, confidence: float) -> float:
    """Return CVaR as the least of η + E[max(z - η, 0)] / (1 - confidence): one of the values is the best η."""
    return min(float(eta + weights @ np.maximum(values - eta, 0) / (1 - confidence)) for eta in values)


def objective(deal: Deal, cost: Array, weights: Array, baseline: Array | None, best: Array | None = None) -> float:
    """Return (1-λ)·E + λ·CVaR of cost, or of loss with the baseline's expected cost added back; worst; or regret."""
    risk, happens = deal.risk, weights > 0
    if risk.criterion == "worst":
        return float(cost[happens].max())
    if risk.criterion == "regret":
        if best is None:
            raise ValueError("regret needs the best cost of every scenario")
        return float((cost - best)[happens].max())
    expected = float(weights @ cost)
    if risk.weight == 0:
        return expected
    base = np.zeros_like(cost) if risk.on == "cost" else baseline
    if base is None:
        raise ValueError("loss needs a baseline")
    tail = tail_mean(cost - base, weights, risk.confidence)
    return (1 - risk.weight) * expected + risk.weight * (tail + float(weights @ base))


def measured(limit: Limit, settlement: Settlement) -> float:
    """Return what a limit bounds; for a chance constraint the least budget that keeps its probability."""
    weights, year = settlement.weights, limit.contract_year
    if limit.of == "committed":
        return settlement.committed_usd
    if limit.of == "signed":
        return settlement.signed_usd
    if year is None:
        costs = settlement.cost if limit.discounted else settlement.undiscounted
    else:
        by_year = settlement.by_year_discounted if limit.discounted else settlement.by_year
        costs = by_year[year] if year < len(by_year) else np.zeros(len(settlement.weights))
    if limit.probability_within is not None:
        order = np.argsort(costs)
        reached = np.cumsum(weights[order]) >= limit.probability_within - 1e-9
        return float(costs[order][np.argmax(reached)])
    if limit.measure == "expected":
        return float(weights @ costs)
    if limit.measure == "cvar":
        return tail_mean(costs, weights, limit.confidence)
    return float(costs[weights > 0].max())


def broken_limits(deal: Deal, settlement: Settlement) -> Iterator[str]:
    """Yield every limit a settled plan breaks by more than a cent (or a millionth)."""
    for limit in deal.limits:
        value, most = measured(limit, settlement), limit.at_most * deal.currency.usd
        if value > most + max(1e-6 * most, CENT):
            yield f"{limit!r}: {value:.4f}"


def close(left: float, right: float) -> bool:
    """Whether two amounts agree within max(1e-6 relative, 1 cent)."""
    return abs(left - right) <= max(1e-6 * abs(right), CENT)


def shown(data: Any) -> str:
    """Return plain data as JSON, to read and to run again."""
    import json

    return json.dumps(data, default=str)
