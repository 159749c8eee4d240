"""Risk and limits (model §7)."""

from collections.abc import Callable
from typing import Any

from tests.support.clauses.registry import ABSENT, Data, add, deal, part_of, present

# Section 7: risk and limits


def risk_of(value: Any) -> Data:
    """Return a risk clause as a map."""
    weights = {"neutral": 0.0, "balanced": 0.3, "cautious": 0.7}
    return {"on": "loss", "weight": 0.0, **({"weight": weights[value]} if isinstance(value, str) else value)}


def _risk(weight: float) -> Callable[[Any], bool]:
    return lambda value: "criterion" not in risk_of(value) and risk_of(value)["weight"] == weight


def _on(what: str) -> Callable[[Any], bool]:
    return lambda value: risk_of(value)["weight"] > 0 and risk_of(value)["on"] == what


add("risk=neutral", deal, "risk", _risk(0.0), lambda _: {"weight": 0.7, "confidence": 0.8, "on": "cost"})
add("risk=balanced", deal, "risk", _risk(0.3), "neutral")
add("risk=cautious", deal, "risk", _risk(0.7), "neutral")
add("risk on=loss", deal, "risk", _on("loss"), lambda v: {**risk_of(v), "on": "cost"})
add("risk on=cost", deal, "risk", _on("cost"), lambda v: {**risk_of(v), "on": "loss"})
add("risk confidence", part_of(deal, "risk"), "confidence", present, 0.05)
add("risk=worst", deal, "risk", lambda v: risk_of(v).get("criterion") == "worst", "neutral")
add("risk=regret", deal, "risk", lambda v: risk_of(v).get("criterion") == "regret", "neutral")


def _limits(name: str, holds: Callable[[Data], bool]) -> None:
    """Register limits of a kind; the neutral deal does not have them."""
    add(
        f"limit={name}",
        deal,
        "limits",
        lambda v: v is not ABSENT and any(map(holds, v)),
        lambda v: [limit for limit in v if not holds(limit)],
    )


for _measure in ("expected", "cvar", "worst"):
    _limits(_measure, lambda v, m=_measure: v.get("measure") == m and v["of"] not in ("committed", "signed"))
_limits("chance", lambda v: "probability_within" in v)
_limits("committed", lambda v: v["of"] == "committed")
_limits("signed", lambda v: v["of"] == "signed")
_limits("total", lambda v: v["of"] == "total")
_limits("contract year", lambda v: v["of"].startswith("contract year"))
_limits("discounted", lambda v: bool(v.get("discounted")))
