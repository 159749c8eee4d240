"""Generated people: cohorts, what they use, their tracks, and internal tools."""

from typing import Any

from tests.support.generators.draw import Draw
from tests.support.generators.usage import QUALITY, cache, mean_tokens, month_after

Data = dict[str, Any]

SEAT_TYPES = ("team-standard", "enterprise", "pro")
"""Two of the card, and one that only offers sell."""
TOOL = "tool"
SPREAD = ({"share": 0.8, "factor": 0.5}, {"share": 0.2, "factor": 3.0})


def cohort(c: Draw, start: tuple[int, int], months: int, seat_type: str | None) -> Data:
    """Return some 20 to 120 people who may take a seat type (and perhaps a tool, or nothing)."""
    people: Data = {"headcount": c.number(20, 120, 10), "tracks": _tracks(c, seat_type)}
    if c.chance(35):
        people["headcount_growth_per_year"] = c.pick(-0.3, 0.2)
    if c.chance(40):
        people["active_share"] = c.pick(0.6, 0.75)
    if c.chance(28):
        people["ramp"] = {"from_share": c.pick(0.0, 0.3), "months": c.pick(6, 12, 20)}
    elif c.chance(40):
        people |= {"active_now": c.pick(0.2, 0.8), "ramp": {"months": c.pick(4, 15)}}
    if c.chance(30):
        people["assigned_per_active"] = 1.2
    if c.chance(30):
        people["starts"] = month_after(start, c.integer(1, min(months - 1, 14)))
    if "none" in people["tracks"] or c.chance(30):
        people["unserved_usd_per_user_month"] = c.pick(90, 25, 150)
    if c.chance(20):
        can_leave = {"none", "enterprise"} & set(people["tracks"])
        people["requires"] = [c.pick("sso", "scim", "rbac") if can_leave else "sso"]
    people["use"] = use(c)
    return people


def _tracks(c: Draw, seat_type: str | None) -> list[str]:
    tracks = [seat_type] if seat_type else []
    if seat_type and c.chance(15):
        tracks.append(next(name for name in SEAT_TYPES if name != seat_type))
    if c.chance(20):
        tracks.append(TOOL)
    if c.chance(35) or not tracks:
        tracks.append("none")
    return tracks


def use(c: Draw) -> Data:
    """Return what one user asks for: some 2 to 25 dollars a month at list."""
    models = list(c.pick(("sonnet",), ("sonnet", "haiku"), ("opus", "sonnet")))
    section: Data = {
        "requests_per_user_month": 0,
        "input_tokens": c.pick(4000, 1500),
        "output_tokens": c.pick(300, 100),
    }
    section["models"] = models
    if c.chance(35):
        section["cache"] = cache(c)
    if c.chance(30):
        section["quality"] = {"scores": dict(QUALITY), "mean_floor": 0.9}
    if c.chance(20):
        section["growth_per_year"] = c.pick(0.3, -0.2)
    if c.chance(10):
        section["tokens_counted_in"] = "old"
    if c.chance(20):
        section["spread"] = list(SPREAD)
    usd = c.pick(10, 5, 25)
    section["requests_per_user_month"] = round(usd * 1e6 / (2 * mean_tokens(section) + 10 * section["output_tokens"]))
    return section


def tool(c: Draw) -> Data:
    """Return an internal tool."""
    built: Data = {"build_usd": c.pick(2000, 0, 10_000), "run_usd_per_month": c.pick(100, 400)}
    if c.chance(65):
        built["provides"] = ["sso", "scim"]
    return built


def seat_plans(c: Draw, offers: Data, users: float) -> Data:
    """Return limits of a plan that may bind: the card's, or its own.

    Its maximum lies near the expected users of its types, and not below the minimum of an offer.
    """
    stated = [part.get("minimum", 0) for offer in offers.values() for part in offer.get("seats", {}).values()]
    maximum = max(round(c.pick(1.3, 0.9, 0.5) * users), *stated, 1)
    if c.chance(50):
        return {"team": {"minimum": min(c.pick(2, 30), maximum), "maximum": maximum}}
    own = {"minimum": min(c.pick(10, 60), maximum), "maximum": maximum}
    return {"own": {"seats": ["team-standard", "enterprise"], **own}}
