"""Generated worries: risk, confidence, and limits set loosely or tightly around what the deal will cost."""

from typing import Any

from deal_solve.settlement.settle import Settlement
from deal_solve.uncertainty.measures import cvar, quantile, worst
from deal_solve.uncertainty.scenarios import Array
from tests.generated.chooser import Chooser
from tests.generated.estimate import round_to

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


def limits(c: Chooser, around: list[Settlement]) -> list[Data]:
    """Return one or two limits of any measure, set around what plans by rule of thumb cost (cheapest first)."""
    return [_limit(c, around[c.integer(0, min(len(around) - 1, 2))]) for _ in range(c.weighted((1, 3), (2, 1)))]


def _limit(c: Chooser, plan: Settlement) -> Data:
    """Return a limit that the plan meets, or just misses."""
    kind = c.weighted(("expected", 3), ("cvar", 3), ("worst", 3), ("chance", 3), ("committed", 3))
    tight = c.weighted((c.number(0.96, 1.02, 0.02), 6), (c.number(1.04, 1.4, 0.06), 2))
    if kind == "committed":
        usd = max(plan.committed_usd, 5000.0) * c.number(0.4, 1.0, 0.1)
        return {"measure": c.pick("expected", "worst"), "of": "committed", "at_most": round_to(usd, 4)}
    year = c.integer(1, len(plan.by_year)) if c.chance(20 if kind == "chance" else 60) else None
    discounted = c.chance(25)
    if year is None:
        costs = plan.cost if discounted else plan.undiscounted
    else:
        costs = (plan.by_year_discounted if discounted else plan.by_year)[year - 1]
    usd, limit = _level(c, kind, costs, plan.weights)
    limit |= {"of": "total" if year is None else f"contract year {year}", "at_most": round_to(max(usd, 1.0) * tight, 4)}
    return {**limit, "discounted": True} if discounted else limit


def _level(c: Chooser, kind: str, costs: Array, weights: Array) -> tuple[float, Data]:
    if kind == "chance":
        share = c.pick(0.7, 0.9)
        return quantile(costs, weights, share), {"probability_within": share}
    if kind == "cvar":
        confidence = c.pick(0.8, 0.5)
        return cvar(costs, weights, confidence), {"measure": "cvar", "confidence": confidence}
    if kind == "worst":
        return worst(costs, weights), {"measure": "worst"}
    return float(weights @ costs), {"measure": "expected"}
