"""A generated deal, put together: demand, people, scenarios, then offers and limits around what they cost."""

from collections.abc import Container
from typing import Any

import numpy as np

from tests.support.generators.clouds import clouds
from tests.support.generators.draw import Draw
from tests.support.generators.estimate import estimate, read
from tests.support.generators.heuristics import heuristic_plans
from tests.support.generators.offers import offer
from tests.support.generators.people import SEAT_TYPES, SPREAD, TOOL, cohort, seat_plans, tool
from tests.support.generators.risk_clauses import limits, risk
from tests.support.generators.scenarios import explicit
from tests.support.generators.usage import RETIRING, month_after, variants, workload

Data = dict[str, Any]

START = (2027, 1)


def drawn_deal(c: Draw, tiny: bool = False, shape: Container[str] = ()) -> Data:
    """Return the plain data of a deal; a `tiny` one is small enough to try out its plans one by one.

    A `crowded` one has two cohorts or three on one seat type, whose plan has a maximum near what they are together. One
    with `tables` decides later terms by what is observed, where there are any, and its demand moves from year to year.
    Where offers are taken again (`returns`) they may be left after a year, and demand falls in a later one and rises
    again. A `long` one has a horizon of three to five years.
    """
    crowded, tables, returns = (name in shape for name in ("crowded", "tables", "returns"))
    horizon = c.weighted((12, 4), (24, 3)) if tiny else c.weighted((24, 9), (12, 5), (36, 5), (48, 1))
    if tables:
        horizon = c.weighted((24, 4), (36, 0 if tiny else 1))
    if returns:
        horizon = c.weighted((36, 1), (48, 0 if tiny else 1))
    if "long" in shape:
        horizon = c.weighted((36, 1), (48, 2), (60, 2))
    start = (START[0], c.pick(1, 7, 11))
    data: Data = {"start": f"{start[0]}-{start[1]:02d}", "horizon_months": horizon, "workloads": {}, "cohorts": {}}
    if c.chance(50):
        data["cost_of_capital_per_year"] = c.pick(0.08, 0.2)
    _demand(c, data, start, tiny)
    _people(c, data, start, tiny, crowded)
    _card(c, data, start)
    _controls(c, data)
    explicit(c, data, start, listed=tables)
    if tables:
        _move(c, data)
    if returns:
        _dip(c, data)
    shrinks = horizon > 12 and not (tables or returns) and c.chance(50)
    if shrinks:
        _shrink(data)
    _offers(c, data)
    if shrinks:
        _bind(c, data)
    if tables or returns:
        _end_early(data["offers"])
    if returns:
        _return(c, data)
    if data["cohorts"] and (crowded or c.chance(35)):
        users = estimate(data).users
        most = max((users.get(name, 0.0) for name in SEAT_TYPES[: 1 + crowded]), default=0.0)
        data["rates"]["plans"] = seat_plans(c, data["offers"], most or 100)
        for people in data["cohorts"].values() if c.chance(60) else ():
            people.setdefault("unserved_usd_per_user_month", c.pick(30, 12, 200))
    _complete(c, data)
    if tables:
        kind = c.pick("usage", "users") if data["workloads"] and data["cohorts"] else None
        data["renewal_decisions"] = {kind or ("usage" if data["workloads"] else "users"): 2}
    if c.chance(26):
        clouds(c, data)
    data["risk"] = risk(c, "scenarios" in data)
    around = heuristic_plans(read(data))
    if not around and data["cohorts"] and not c.chance(15):
        _may_go_unserved(c, data)
        around = heuristic_plans(read(data))
    if around and c.chance(75):
        data["limits"] = limits(c, around)
    return data


def _demand(c: Draw, data: Data, start: tuple[int, int], tiny: bool) -> None:
    count = 1 if tiny else c.weighted((1, 7), (2, 3), (0, 1))
    for name in ("app", "batch-job")[:count]:
        data["workloads"][name] = workload(c, start, data["horizon_months"])
    if count and c.chance(18):
        variants(c, data)


def _people(c: Draw, data: Data, start: tuple[int, int], tiny: bool, crowded: bool) -> None:
    count = c.weighted((1, 3), (0, 1)) if tiny else c.weighted((1, 5), (2, 5), (0, 2))
    if not data["workloads"]:
        count = max(count, 1)
    shared = c.pick(*SEAT_TYPES)
    if crowded:
        count, shared = c.pick(2, 2 if tiny else 3), c.pick(*SEAT_TYPES[:2])
    for name in ("staff", "field", "office")[:count]:
        seat_type = shared if crowded or c.chance(60) else c.pick(*SEAT_TYPES, None)
        data["cohorts"][name] = cohort(c, start, data["horizon_months"], seat_type)
    if any(TOOL in people["tracks"] for people in data["cohorts"].values()):
        data["internal_tools"] = {TOOL: tool(c)}


def _card(c: Draw, data: Data, start: tuple[int, int]) -> None:
    """Let ids retire and models come inside the horizon, change a rate, count tokens the old way."""
    rates: Data = {"card": "claude@2026-11-23"}
    models: Data = {}
    today = {work["today"]["model"] for work in data["workloads"].values() if "today" in work}
    for name in sorted(today & set(RETIRING)):
        if c.chance(55):
            models[name] = {"retires": month_after(start, c.integer(1, data["horizon_months"] - 1)) + "-15"}
    if c.chance(15):
        released = month_after(start, c.integer(2, data["horizon_months"] - 2)) + "-01"
        models["claude-next"] = {
            "family": c.pick("sonnet", "opus"),
            "released": released,
            "input_usd_per_mtok": c.pick(1.5, 3),
            "output_usd_per_mtok": c.pick(8, 12),
        }
    if c.chance(15):
        models["claude-sonnet-5-5"] = {"input_usd_per_mtok": c.pick(3, 1)}
    if models:
        rates["models"] = models
    if c.chance(12):
        data["tokens_counted_in"] = "old"
    data["rates"] = rates


def _move(c: Draw, data: Data) -> None:
    """Let requests and users of each scenario rise and fall from one contract year to the next."""
    for scenario in data.get("scenarios", {}).values():
        for paths in (scenario.get("requests_per_month", {}), scenario.get("active_users", {})):
            for name, path in paths.items():
                mean = float(np.mean(path))
                paths[name] = [round(mean * c.pick(1, 0.1, 0.4, 2)) for _ in range(data["horizon_months"] // 12)]


def _dip(c: Draw, data: Data) -> None:
    """Let requests and users of every scenario fall in one contract year."""
    year, rest = c.integer(1, data["horizon_months"] // 12 - 2), c.pick(0.0, 0.1, 0.0, 0.3)
    for scenario in data.get("scenarios", {}).values():
        for paths in (scenario.get("requests_per_month", {}), scenario.get("active_users", {})):
            for name, path in paths.items():
                step = len(path) * 12 // data["horizon_months"]
                lower = [round(value * rest, 2) for value in path[year * step : (year + 1) * step]]
                paths[name] = [*path[: year * step], *lower, *path[(year + 1) * step :]]


def _shrink(data: Data) -> None:
    """Let users of every scenario be fewer after the first contract year."""
    for people in data["cohorts"].values():
        people["headcount_growth_per_year"] = -0.5
    for scenario in data.get("scenarios", {}).values():
        for name, path in scenario.get("active_users", {}).items():
            first = len(path) * 12 // data["horizon_months"]
            scenario["active_users"][name] = [*path[:first], *(round(value * 0.5, 2) for value in path[first:])]


def _bind(c: Draw, data: Data) -> None:
    """Leave the long terms of offers, most of whose seats may be given back."""
    for paper in data["offers"].values():
        longer = {length: facts for length, facts in paper["terms"].items() if length > 12}
        if longer and min(longer) <= data["horizon_months"] and c.chance(70):
            paper["terms"] = longer
        for part in paper.get("seats", {}).values() if c.chance(85) else ():
            part["reduction_right"] = c.pick(0.3, 1.0)


def _end_early(offers: Data) -> None:
    """Let offers end after a year, and be left then."""
    for paper in offers.values():
        terms, renewal = paper["terms"], paper.get("renewal")
        paper["terms"] = {12: terms[min(terms)], **{length: terms[length] for length in terms if length > 12}}
        if min(terms) > 12:
            paper.get("api", {}).pop("excess", None)  # needs two periods in every term
        if isinstance(renewal, dict) and "may_leave" in renewal:
            paper["renewal"] = renewal["price"]


def _return(c: Draw, data: Data) -> None:
    """Let most offers be taken again."""
    for paper in data["offers"].values():
        renewal = paper.get("renewal", "same")
        if c.chance(85):
            price = renewal["price"] if isinstance(renewal, dict) and "price" in renewal else renewal
            paper["renewal"] = {"price": price, "may_return": True}
            if paper["price_protection"] != "none" and c.chance(50):
                paper["renewal_cap"] = c.pick(0.0, 0.05)


def _controls(c: Draw, data: Data) -> None:
    """Require controls on usage: zero retention (closes batch), US residency (g = 1.1), or one on both lines."""
    for work in data["workloads"].values():
        kind = c.weighted((None, 6), ("us_residency", 2), ("zero_retention", 2))
        if kind:
            work["requires"] = [kind]
    if data["cohorts"] and c.chance(14):
        data["requires_on_both_lines"] = [c.pick("sso", "rbac", "zero_retention")]


def _offers(c: Draw, data: Data) -> None:
    """Add one or two offers that provide what is required, most of the time."""
    around = estimate(data)
    tracks = [track for people in data["cohorts"].values() for track in people["tracks"]]
    seat_types = [name for name in SEAT_TYPES if name in tracks]
    needed = {name for work in data["workloads"].values() for name in work.get("requires", [])}
    needed |= set(data.get("requires_on_both_lines", [])) - {"rbac"}
    offers = {
        name: offer(c, data["horizon_months"], seat_types, around, bool(needed) and name == "quote")
        for name in ("quote", "rival")[: 1 + c.chance(60)]
    }
    for name, paper in offers.items():
        if needed and (name == "quote" or c.chance(50)):
            paper["provides"] = sorted(needed)
        if len(offers) > 1 and c.chance(40):
            paper["exclusive"] = True
    data["offers"] = offers


def _complete(c: Draw, data: Data) -> None:
    """Give cohorts what the offers ask for, and take away seat types that nobody sells."""
    sold = {name for paper in data["offers"].values() for name in paper.get("seats", {})}
    capped = {
        name
        for paper in data["offers"].values()
        for name, part in paper.get("seats", {}).items()
        if part["true_up"] == "hard_cap"
    }
    included = {
        name
        for paper in data["offers"].values()
        for name, part in paper.get("seats", {}).items()
        if "allowance" in part
    }
    in_dollars = {
        name
        for paper in data["offers"].values()
        for name, part in paper.get("seats", {}).items()
        if isinstance(part.get("allowance"), dict)
    }
    for people in data["cohorts"].values():
        people["tracks"] = [t for t in people["tracks"] if t != "pro" or t in sold] or ["none"]
        seats = [t for t in people["tracks"] if t not in (TOOL, "none")]
        if "none" in people["tracks"] or capped & set(seats):
            people.setdefault("unserved_usd_per_user_month", c.pick(90, 40))
        if seats and not (capped | included) & set(seats) and c.chance(20):
            people["covered_share"] = {seats[0]: c.pick(0.5, 1, 0)}
        if in_dollars & set(seats) and c.chance(80):
            people["use"]["spread"] = list(SPREAD)
        if people["tracks"] == ["none"]:
            people.pop("use", None)
    if not any(TOOL in people["tracks"] for people in data["cohorts"].values()):
        data.pop("internal_tools", None)


def _may_go_unserved(c: Draw, data: Data) -> None:
    """Leave cohorts unserved where they must be: too many for a plan's maximum, or no seat has their controls."""
    for people in data["cohorts"].values():
        people.setdefault("unserved_usd_per_user_month", c.pick(90, 40))
        if "none" not in people["tracks"]:
            people["tracks"] = [*people["tracks"], "none"]
