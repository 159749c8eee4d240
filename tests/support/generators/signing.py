"""An agreement in force and months of signing, for a generated deal."""

from typing import Any

from deal_solve.deal.offers.api import PERIOD_MONTHS
from tests.support.generators.clouds import clouds
from tests.support.generators.draw import Draw
from tests.support.generators.estimate import estimate
from tests.support.generators.people import SEAT_TYPES
from tests.support.generators.usage import QUALITY, month_after

Data = dict[str, Any]
KEPT = ("usd_per_user_month", "list_usd_per_user_month", "billing", "tiers", "true_up", "covered_share", "allowance")


def sign_later(c: Draw, data: Data, start: tuple[int, int]) -> None:
    """Let a deal be signed in a later month or one of several; most of the time after an agreement in force."""
    for limit in data.get("limits", []):  # contract years begin elsewhere, and what is paid before is in none
        limit["at_most"] = round(limit["at_most"] * c.pick(1, 1.2, 2), 2)
    data.pop("cloud_commitments", None)
    for paper in data["offers"].values():
        paper.pop("channel", None)
    for scenario in data.get("scenarios", {}).values():
        scenario.pop("other_spend_usd_per_year", None)
    horizon, ends = data["horizon_months"], 0
    for people in data["cohorts"].values():  # before the month of signing a tool, or a quoted seat, is no track
        people["tracks"] = list(dict.fromkeys([*people["tracks"], "none"]))
        people.setdefault("unserved_usd_per_user_month", c.pick(90, 40, 200))
    if c.chance(75):
        ends = c.weighted((6, 2), (3, 1), (9, 1), (7, 1), (14, 9)) if horizon > 14 else c.pick(6, 4, 9)
        data["in_force"] = _in_force(c, data, start, ends)
    held = data.get("in_force", {})
    later = [ends + c.pick(1, 2, 5)] if c.chance(60) and not _keeps_its_count(data, held) else []
    early: list[int] = []
    if ends and c.chance(85):
        step = PERIOD_MONTHS.get(data["offers"]["current"].get("api", {}).get("period", "year"), ends)
        step = min(step, 11) if held.get("seats") else step
        early = [max(ends - c.pick(1, step, 2, 4), max(ends - step, 0))]
        if held.get("seats"):
            _keep_one_type(data, next(iter(held["seats"])))
        data.setdefault("signing", {})["early"] = "credited" if _may_credit(data) and c.chance(65) else "forfeited"
    months = sorted({*early, ends, *later}) if c.chance(45) else early or later or [ends]
    data.setdefault("signing", {})["months"] = [month for month in months if month < horizon] or [ends]
    if "scenarios" in data and data["signing"].get("early") != "credited" and c.chance(25):
        clouds(c, data)
        held = data["offers"].get("current", {}).get("seats", {}).values()
        if any(_is_forward(part["true_up"]) for part in held):  # refused beside a channel
            data["offers"]["current"].pop("channel", None)


def _in_force(c: Draw, data: Data, start: tuple[int, int], ends: int) -> Data:
    """Return an agreement taken from the first offer, as it was before the quote, and where it stands."""
    current = {
        "on_the_table": False,
        "terms": {12: {}},
        "price_protection": c.weighted(("none", 3), ("locked", 3), ("pass_through", 2), ({"capped": 0.05}, 2)),
    }
    people = {name: {k: v for k, v in one.items() if k != "covered_share"} for name, one in data["cohorts"].items()}
    around = estimate({**data, "offers": {}, "limits": [], "cohorts": people})
    usage = around.usage_usd or 1.0
    held: Data = {"offer": "current", "ends": month_after(start, ends)}
    if data["workloads"]:
        period = c.pick("year", "half", "quarter")
        discount, commitment = c.pick(0.1, 0.2), round(usage * c.pick(0.8, 0.5, 1.2), 2)
        step = PERIOD_MONTHS[period]
        began = (ends % step) - step if ends % step else 0
        if began == 0 and c.chance(50) and ends > step:
            began = 0
        api: Data = {
            "bands": [{"commit_usd_per_year": round(commitment * 0.9, 2), "discount": discount}],
            "period": period,
            "overage": c.pick("list", "contracted", {"premium": 0.2}),
            "payment": c.pick("prepaid", "arrears", "prepaid_yearly"),
        }
        if c.chance(60):
            api["unused"] = {"rollover": c.pick(1, 0.5)}
        current["api"] = api
        balance = commitment * step / 12
        held["api"] = {
            "band_usd_per_year": api["bands"][0]["commit_usd_per_year"],
            "commitment_usd": commitment,
            "period_started": month_after(start, began),
            "drawn_usd": round(balance * c.pick(0.25, 0.75, 0.5) if began else 0.0, 2),
            "carried_in_usd": round(balance * c.pick(0.2, 0.4, 0.0), 2) if began and "unused" in api else 0.0,
        }
        if ends > 12 and c.chance(95):
            held["api"]["commitment_usd"] = [commitment, round(commitment * c.pick(1.5, 1.25, 0.75), 2)]
        if c.chance(40):
            held["index"] = dict.fromkeys(QUALITY, c.pick(1.1, 0.9))
    seats = {
        name: {key: value for key, value in part.items() if key in KEPT}
        for paper in data["offers"].values()
        for name, part in paper.get("seats", {}).items()
        if "usd_per_user_month" in part
    }
    if seats and (c.chance(90) or "api" not in current):
        name = next(iter(seats))
        current["seats"] = {name: dict(seats[name])}
        may_cap = not any("covered_share" in people for people in data["cohorts"].values())
        clause = c.weighted(("true-forward", 50), ("hard_cap" if may_cap else "true-forward", 48), ("", 2))
        if clause:
            current["seats"][name]["true_up"] = clause
        if clause == "hard_cap":
            current["seats"][name]["covered_share"] = 1
            current["seats"][name].pop("allowance", None)
        users = around.users.get(name, 50.0)
        contracted = int(users * c.pick(0.9, 0.5, 1.2))
        held["seats"] = {name: {"contracted": contracted, "licensed": max(contracted, int(users * c.pick(1, 0.6)))}}
    if "api" not in current and "seats" not in current:
        current["api"] = {"bands": [{"commit_usd_per_year": 0, "discount": 0.05}], "period": "year"}
    data["offers"] = {**data["offers"], "current": current}
    return held


def _keep_one_type(data: Data, seat_type: str) -> None:
    """Take other seat types out of the tracks: a plan with a maximum may have both, and that is refused."""
    others = [name for name in SEAT_TYPES if name != seat_type]
    for people in data["cohorts"].values():
        people["tracks"] = [track for track in people["tracks"] if track not in others]
        people["covered_share"] = {k: v for k, v in people.get("covered_share", {}).items() if k in people["tracks"]}


def _may_credit(data: Data) -> bool:
    """Whether every API part on the table can stand beside a credit of kind balance."""
    parts = [paper["api"] for name, paper in data["offers"].items() if name != "current" and "api" in paper]
    return not any(
        part.get("period") == "term"
        or part.get("excess") == "counts_next"
        or part.get("measured_at") == "list"
        or part.get("credit", {}).get("pays") == "charges"
        for part in parts
    )


def _keeps_its_count(data: Data, held: Data) -> bool:
    """Whether the largest count of seats in force is kept: nothing may then lie between them and what is signed."""
    clauses = [part["true_up"] for part in data["offers"].get("current", {}).get("seats", {}).values() if held]
    return any(_is_forward(clause) for clause in clauses)


def _is_forward(clause: Any) -> bool:
    """Whether a true-up is not retroactive."""
    if not isinstance(clause, dict):
        return bool(clause == "true-forward")
    return not clause.get("retroactive", clause.get("preset") != "true-forward")
