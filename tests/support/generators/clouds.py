"""Generated cloud commitments, and the marketplaces through which offers are bought (model §6)."""

from typing import Any

from tests.support.generators.draw import Draw
from tests.support.generators.estimate import estimate

Data = dict[str, Any]
SEAT_USD = 240
"""What a user on a seat is taken to cost a year."""


def clouds(c: Draw, data: Data) -> None:
    """Add a commitment near what is bought here, with other spend that leaves some of it, and channels toward it."""
    is_later = any(month % 12 for month in data.get("signing", {}).get("months", ()))
    offers = [
        name for name, offer in data["offers"].items() if _fits(offer) and not (is_later and is_tied_to_years(offer))
    ]
    if not offers:
        return
    cohorts = {
        name: {key: value for key, value in people.items() if key != "covered_share"}
        for name, people in data["cohorts"].items()
    }
    alone = {key: value for key, value in data.items() if key not in ("in_force", "signing")}
    around = estimate({**alone, "cohorts": cohorts, "offers": {}})
    spend = max(around.usage_usd + SEAT_USD * max(around.users.values(), default=0.0), 100.0)
    years = data["horizon_months"] // 12
    committed = [round(spend * c.pick(1, 0.4, 2)) for _ in range(years)]
    low = c.pick(0.2, 0.5, 0.8)
    other: Any = {"p10": round(low * min(committed)), "p50": round(0.9 * max(committed)), "p90": round(max(committed))}
    if "scenarios" in data or c.chance(10):
        other = [round(low * usd) for usd in committed]
    cloud: Data = {"usd_per_year": committed, "other_spend_usd_per_year": other}
    if c.chance(60):
        cloud["cap_share"] = c.pick(0.25, 0.5, 0.1)
    data["cloud_commitments"] = {"aws": cloud}
    for scenario in data.get("scenarios", {}).values() if c.chance(50) else ():
        scenario["other_spend_usd_per_year"] = {"aws": [round(usd * c.pick(0.5, 0.9, 0.1, 1.1)) for usd in committed]}
    for name in c.some(offers):
        data["offers"][name]["channel"] = _channel(c)


def _fits(offer: Data) -> bool:
    """Whether nothing of an offer is carried over a contract year's end."""
    api = offer.get("api", {})
    rolls = isinstance(api.get("unused"), dict) and max(offer["terms"]) > 12
    pays_late = api.get("credit", {}).get("within_months", 0) > 12
    return not (rolls or pays_late) and "excess" not in api and "yearly_minimum" not in api


def is_tied_to_years(offer: Data) -> bool:
    """Whether an offer on the table may be bought through a channel from the first month of a year on only."""
    api = offer.get("api", {})
    return offer.get("on_the_table", True) and bool("seats" in offer or "credit" in api or "unused" in api)


def _channel(c: Draw) -> Data:
    channel: Data = {"through": "aws"}
    if c.chance(60):
        channel["counts"] = c.pick(0.5, 0.25, 0.0)
    if c.chance(60):
        channel["fee"] = c.pick(0.03, 0.1)
    return channel
