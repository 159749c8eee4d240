"""Generated risk, confidence, and limits set loosely or tightly around what the deal will cost."""

from typing import Any

from deal_solve.deal.risk import Limit
from deal_solve.settlement.settle import Settlement
from tests.support.generators.draw import Draw
from tests.support.generators.estimate import round_to
from tests.support.oracle import measured

Data = dict[str, Any]


def risk(c: Draw, is_explicit: bool) -> Any:
    """Return a word, a map, or a criterion of its own (explicit lists only)."""
    kind = c.weighted(("neutral", 4), ("balanced", 6), ("cautious", 5), ("map", 3), ("worst", 4), ("regret", 4))
    if kind in ("worst", "regret") and is_explicit:
        return {"criterion": kind}
    if kind in ("neutral", "worst", "regret"):
        return "neutral"
    if kind == "map" or not is_explicit or c.chance(60):
        weight = {"balanced": 0.3, "cautious": 0.7}.get(kind) or c.pick(0.5, 1.0)
        return {"weight": weight, "confidence": c.pick(0.8, 0.5, 0.9), "on": c.pick("cost", "loss")}
    return kind


def limits(c: Draw, plans: list[Settlement]) -> list[Data]:
    """Return one or two limits of any measure that some of these plans (cheapest first) keep, or nearly; others do not.

    Most of the time one of the plans keeps both.
    """
    first = _limit(c, plans)
    if c.weighted((1, 2), (2, 1)) == 1:
        return [first]
    parsed = Limit.model_validate(first)
    keeping = [plan for plan in plans if measured(parsed, plan) <= first["at_most"]]
    return [first, _limit(c, plans if c.chance(15) or not keeping else keeping)]


def _limit(c: Draw, plans: list[Settlement]) -> Data:
    """Return a limit from about the least of its measure to that of the cheapest plan; some are loose."""
    limit = _measure(c, len(plans[0].by_year))
    parsed = Limit.model_validate({**limit, "at_most": 0})
    values = [measured(parsed, plan) for plan in plans]
    least, cheapest = min(values), values[0]
    usd = least + (cheapest - least) * c.number(-0.06, 0.24, 0.1) if c.chance(88) else cheapest * 1.2
    return {**limit, "at_most": round_to(max(usd * 1.0001, 1.0), 5)}


def _measure(c: Draw, years: int) -> Data:
    kind = c.weighted(("expected", 6 if years > 1 else 2), ("cvar", 4), ("worst", 3), ("chance", 4), ("committed", 4))
    if kind == "committed":
        return {"measure": c.pick("expected", "worst"), "of": c.pick("committed", "signed")}
    of = f"contract year {c.integer(1, years)}" if c.chance(80 if kind == "expected" else 50) else "total"
    limit: Data = {"of": of, "measure": kind}
    if kind == "cvar":
        limit["confidence"] = c.pick(0.8, 0.5)
    if kind == "chance":
        limit = {"of": of, "probability_within": c.pick(0.7, 0.9)}
    return {**limit, "discounted": True} if c.chance(35) else limit
