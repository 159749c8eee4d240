"""Generated worries: risk, confidence, and limits set loosely or tightly around what the deal will cost."""

from typing import Any

import numpy as np

from deal_solve.uncertainty.measures import cvar, quantile, worst
from tests.generated.chooser import Chooser
from tests.generated.estimate import Estimate, round_to

Data = dict[str, Any]


def risk(c: Chooser, is_explicit: bool) -> Any:
    """Return a word, a map, or a criterion of its own (explicit lists only)."""
    kind = c.weighted(("neutral", 8), ("balanced", 4), ("cautious", 4), ("map", 3), ("worst", 3), ("regret", 3))
    if kind in ("worst", "regret") and is_explicit:
        return {"criterion": kind}
    if kind in ("neutral", "worst", "regret"):
        return "neutral"
    if kind == "map" or not is_explicit or c.chance(60):
        weight = {"balanced": 0.3, "cautious": 0.7}.get(kind) or c.pick(0.5, 1.0)
        return {"weight": weight, "confidence": c.pick(0.8, 0.5, 0.9), "on": c.pick("cost", "loss")}
    return kind


def limits(c: Chooser, estimate: Estimate) -> list[Data]:
    """Return one or two limits of any measure."""
    return [_limit(c, estimate) for _ in range(c.weighted((1, 3), (2, 1)))]


def _limit(c: Chooser, estimate: Estimate) -> Data:
    kind = c.weighted(("expected", 3), ("cvar", 3), ("worst", 3), ("chance", 3), ("committed", 3))
    if kind == "committed":
        usd = float(estimate.weights @ estimate.yearly.sum(axis=1)) * c.number(0.2, 0.9, 0.1)
        return {"measure": c.pick("expected", "worst"), "of": "committed", "at_most": round_to(usd, 3)}
    costs, of = estimate.yearly.sum(axis=1), "total"
    if kind != "chance" and c.chance(55):
        year = c.integer(1, estimate.yearly.shape[1])
        costs, of = estimate.yearly[:, year - 1], f"contract year {year}"
    usd, limit = _level(c, kind, costs, estimate)
    tight = c.weighted((c.number(0.9, 1.2, 0.02), 5), (c.number(1.2, 1.6, 0.1), 2))
    limit |= {"of": of, "at_most": round_to(max(usd, 1.0) * tight, 4)}
    if c.chance(25):
        limit["discounted"] = True
    return limit


def _level(c: Chooser, kind: str, costs: np.ndarray, estimate: Estimate) -> tuple[float, Data]:
    weights = estimate.weights
    if kind == "chance":
        share = c.pick(0.7, 0.9)
        return quantile(costs, weights, share), {"probability_within": share}
    if kind == "cvar":
        confidence = c.pick(0.8, 0.5)
        return cvar(costs, weights, confidence), {"measure": "cvar", "confidence": confidence}
    if kind == "worst":
        return worst(costs, weights), {"measure": "worst"}
    return float(weights @ costs), {"measure": "expected"}
