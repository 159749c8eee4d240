"""A deal over the whole clause space: the shapes of `drawn_deal`, signed later, clouds, seats of the card, currency.

Most are small, so that thousands are solved three times each in about an hour.
"""

from typing import Any

import numpy as np

from tests.support.generators.clouds import clouds, is_tied_to_years
from tests.support.generators.deal import drawn_deal
from tests.support.generators.draw import Draw, RandomDraw
from tests.support.generators.signing import sign_later

Data = dict[str, Any]
TINY = 80
"""Percent of the deals that are small enough to try out their plans one by one."""


def whole_deal(rng: np.random.Generator) -> Data:
    """Return the plain data of a deal file, drawn over all clauses of both parts of the model."""
    return whole(RandomDraw(rng))


def whole(c: Draw) -> Data:
    """Return the same through a `Draw`."""
    shape = c.weighted(("plain", 41), ("later", 50), ("tables", 13), ("returns", 20), ("crowded", 10), ("long", 20))
    data = drawn_deal(c, tiny=c.chance(TINY), shape=[shape])
    if "scenarios" in data and data["risk"] == "neutral" and c.chance(25):
        data["risk"] = {"criterion": c.pick("worst", "regret")}
    if shape == "later":
        year, month = map(int, data["start"].split("-"))
        sign_later(c, data, (year, month))
    elif shape == "plain" and not {"limits", "cloud_commitments"} & set(data) and c.chance(_cloudy(data)):
        clouds(c, data)
    _seats(c, data)
    if data["horizon_months"] > 12 and c.chance(40):
        _longer(c, data)
    if data.get("limits") and c.chance(22):
        _in_another_currency(c, data)
    if "cloud_commitments" in data and c.chance(50):
        _cloud_year_runs(c, data)
    return data


def _cloudy(data: Data) -> int:
    """Return how often in 100 cases there is a cloud commitment; where bands are expanded, its spend is one too."""
    return 30 if "scenarios" in data else 95


def _cloud_year_runs(c: Draw, data: Data) -> None:
    """Let the year of a cloud commitment have begun before the start, where every offer can be signed then."""
    held = data.get("in_force")
    year, month = map(int, data["start"].split("-"))
    signed = data.get("signing", {}).get("months")
    if signed is None and held is not None:
        ends = tuple(map(int, held["ends"].split("-")))
        signed = [12 * (ends[0] - year) + ends[1] - month]
    over = c.pick(2, 1, 5, 7, 11)
    if any(is_tied_to_years(paper) for paper in data["offers"].values() if "channel" in paper):
        starts = {-month % 12 for month in signed or [0]}
        over = min(starts) if len(starts) == 1 else 0
    if data.get("signing", {}).get("early") == "credited" or not over:
        return
    for cloud in data["cloud_commitments"].values():
        began = 12 * year + month - 1 - over
        cloud["year_started"] = f"{began // 12}-{began % 12 + 1:02}"
        cloud["usd_per_year"] = [*cloud["usd_per_year"], cloud["usd_per_year"][-1]]
        cloud["retired_usd"] = round(cloud["usd_per_year"][0] * c.pick(0, 0.1, 0.3), 2)
        if isinstance(cloud["other_spend_usd_per_year"], list):
            cloud["other_spend_usd_per_year"].append(cloud["other_spend_usd_per_year"][-1])
    for scenario in data.get("scenarios", {}).values():
        for spend in scenario.get("other_spend_usd_per_year", {}).values():
            spend.append(spend[-1])


def _seats(c: Draw, data: Data) -> None:
    """State what list sells of a seat type of the card, what its seats include, and what is blocked."""
    papers = [paper for paper in data["offers"].values() if paper.get("on_the_table", True)]
    parts = [part for paper in papers for part in paper.get("seats", {}).values()]
    for part in parts:
        if isinstance(part.get("allowance"), dict) and "extra_discount" not in part["allowance"] and c.chance(35):
            part["allowance"] |= {"beyond": "blocked", "refused_usd_per_usd": c.pick(1, 3)}
    people = data["cohorts"].values()
    is_free = not any("covered_share" in one for one in people)
    for part in parts:
        if is_free and "covered_share" in part and "counts_toward_commitment" not in part and c.chance(20):
            del part["covered_share"]
            discounted = {"usd_per_user_month": c.pick(2, 4), "extra_discount": c.pick(0.1, 0.3)}
            part["allowance"] = "all" if part["true_up"] == "hard_cap" else c.pick("all", discounted)
    if not any("team-standard" in one["tracks"] for one in people):
        return
    own: Data = {}
    team = [paper["seats"]["team-standard"] for paper in papers if "team-standard" in paper.get("seats", {})]
    if c.chance(50) and all({"usd_per_user_month", "list_usd_per_user_month"} <= {*part} for part in team):
        own["usd_per_user_month"] = c.pick({"yearly": 20, "monthly": 21}, {"yearly": 18}, {"monthly": 16})
    if is_free and c.chance(40):
        own["allowance"] = c.pick({"usd_per_user_month": 3}, "all")
    if own:
        data["rates"].setdefault("seats", {})["team-standard"] = own


def _longer(c: Draw, data: Data) -> None:
    """Offer a term of four or five years too, which only a renewal may take where the horizon is shorter."""
    for paper in data["offers"].values():
        is_renewed = min(paper["terms"]) < data["horizon_months"]
        if is_renewed and "channel" not in paper and paper.get("on_the_table", True):
            paper["terms"] = {
                **paper["terms"],
                c.pick(60, 48, 60): {"api": c.pick(0.25, 0.35), "seats": c.pick(0.25, 0.35)},
            }


def _in_another_currency(c: Draw, data: Data) -> None:
    """State the limits in the currency of the report."""
    usd = c.pick(1.08, 0.8, 0.0065)
    data["currency"] = {"code": c.pick("EUR", "GBP"), "usd": usd}
    data["limits"] = [{**limit, "at_most": float(f"{limit['at_most'] / usd:.8g}")} for limit in data["limits"]]
