"""Generated scenarios: lists of paths, or bands and events for the discrete expansion; list prices that move."""

from typing import Any

from tests.support.generators.draw import Draw
from tests.support.generators.usage import month_after, usd_per_request

Data = dict[str, Any]

CHANGES = (-0.3, 0.08, -0.15, 0.2, -0.5)


def explicit(c: Draw, data: Data, start: tuple[int, int], listed: bool = False) -> None:
    """Add an explicit list of 1 to 6 scenarios (of several, if `listed`), or bands with one event at most.

    Long horizons have few scenarios, so that one solve stays short.
    """
    is_long = data["horizon_months"] > 24
    if listed or c.chance(62):
        count = c.weighted((2, 4), (3, 4), (1, 0 if listed else 2), (4, 0 if is_long else 2), (6, 0 if is_long else 1))
        names = ("low", "middle", "high", "slump", "rush", "odd")[:count]
        shape = _Shape(c, data)
        data["scenarios"] = {name: shape.scenario(c) for name in names}
        return
    _bands(c, data)
    if data["workloads"] and c.chance(20 if is_long else 90):
        _event(c, data, start)
    if c.chance(60):
        changes: Data = {"models": _changes(c, data)}
        if c.chance(60):
            changes["seats"] = [c.pick(0.05, -0.1, 0.2)]
        data["uncertainty"]["list_price_change_per_year"] = changes


def _changes(c: Draw, data: Data) -> list[Any]:
    years = data["horizon_months"] // 12
    return [c.pick(*CHANGES) for _ in range(c.integer(1, min(years, 2)))]


def _bands(c: Draw, data: Data) -> None:
    """Widen some numbers to bands; the cache stays at its middle."""
    data["uncertainty"] = {}
    groups = c.weighted((("usage",), 3), (("growth",), 1), (("adoption",), 2), ((), 2))
    for work in data["workloads"].values():
        if "today" in work and c.chance(40):
            work["spend_usd_per_month"] = round(work.pop("requests_per_month") * usd_per_request(work), 2)
        volume = "spend_usd_per_month" if "spend_usd_per_month" in work else "requests_per_month"
        if "usage" in groups:
            work[volume] = _band(c, work[volume])
        if "growth" in groups:
            work["growth_per_year"] = {"p10": -0.2, "p50": 0.2, "p90": c.pick(0.6, 1.0)}
        if "cache" in work and c.chance(20):
            work["cache"]["hit_rate"] = {"p10": 0.3, "p50": 0.6, "p90": 0.9}
    for people in data["cohorts"].values():
        if "adoption" in groups:
            people["active_share"] = {"p10": 0.4, "p50": 0.6, "p90": c.pick(0.9, 1.0)}
        if "growth" in groups:
            people["headcount_growth_per_year"] = {"p10": -0.3, "p50": 0.0, "p90": 0.3}
        if "usage" in groups and c.chance(50):
            people["use"]["requests_per_user_month"] = _band(c, people["use"]["requests_per_user_month"])
    if not groups and c.chance(50):
        data["uncertainty"]["list_price_change_per_year"] = {"models": [{"p10": -0.4, "p50": -0.1, "p90": 0.2}]}


def _band(c: Draw, middle: float) -> Data:
    low, high = c.pick(0.6, 0.8), c.pick(1.3, 1.6, 2.0)
    return {"p10": round(middle * low, 4), "p50": middle, "p90": round(middle * high, 4)}


def _event(c: Draw, data: Data, start: tuple[int, int]) -> None:
    event: Data = {"probability": c.pick(0.3, 0.5, 0.1), "workloads": [c.pick(*data["workloads"])]}
    kind = c.pick("factor", "delay", "both")
    if kind != "delay":
        event["factor"] = c.pick(0.4, 1.6, 0.0)
        if c.chance(50):
            event["from_month"] = month_after(start, c.integer(2, data["horizon_months"] - 1))
    if kind != "factor":
        event["delay_months"] = c.pick(4, 2, 9)
    data["uncertainty"]["events"] = {"shock": event}


class _Shape:
    """What the scenarios of a list have in common: which paths they state, and whether list prices move."""

    def __init__(self, c: Draw, data: Data) -> None:
        self.data = data
        self.years = data["horizon_months"] // 12
        self.families = c.weighted((("opus", "sonnet", "haiku", "fable"), 5), (("sonnet",), 2), (("haiku", "opus"), 1))
        self.moves = c.chance(75)
        self.seats_move = c.chance(40)
        self.hit_rates = c.chance(36)
        self.per_user = c.chance(25)

    def scenario(self, c: Draw) -> Data:
        future: Data = {"weight": c.integer(1, 4)}
        if self.data["workloads"]:
            future["requests_per_month"] = {
                name: self._path(c, work["requests_per_month"]) for name, work in self.data["workloads"].items()
            }
        if self.data["cohorts"]:
            future["active_users"] = {name: self._users(c, one) for name, one in self.data["cohorts"].items()}
        if self.moves:
            change = self._index(c)
            future["list_price_index"] = dict.fromkeys(self.families, change)
        if self.seats_move:
            future.setdefault("list_price_index", {})["seats"] = self._index(c)
        if self.hit_rates:
            cached = [name for name, work in self.data["workloads"].items() if "cache" in work]
            future["hit_rate"] = {name: c.pick(0.8, 0.3, 0.6) for name in cached}
        if self.per_user:
            future["requests_per_user_month"] = {
                name: round(one["use"]["requests_per_user_month"] * c.pick(1.0, 0.6, 1.5))
                for name, one in self.data["cohorts"].items()
            }
        return future

    def _path(self, c: Draw, base: float) -> Any:
        """Return one number, one per year, or months with a peak."""
        level = base * c.number(0.5, 1.5, 0.1)
        growth = c.pick(1.0, 1.5, 0.7, 2.0)
        yearly = [round(level * growth**year, 1) for year in range(self.years)]
        return self._months(c, yearly, c.pick(0.0, 0.5, 1.0)) if c.chance(50) else yearly

    def _users(self, c: Draw, people: Data) -> Any:
        """Return users per year, or per month with a ramp or a peak; not always whole numbers."""
        level = people["headcount"] * c.number(0.4, 1.0, 0.1)
        growth = c.pick(1.0, 0.6, 1.3)
        yearly = [round(level * growth**year, 1) for year in range(self.years)]
        return self._months(c, yearly, c.pick(0.1, 0.3, 0.6)) if c.chance(60) else yearly

    def _months(self, c: Draw, yearly: list[float], peak: float) -> list[float]:
        """Return months: each year climbs to its level in equal steps, or is flat, with one peak in the year."""
        month, climbs = c.integer(0, 11), c.chance(40)
        path = []
        for level in yearly:
            for t in range(12):
                value = level * ((0.6 + 0.4 * t / 11) if climbs else 1.0)
                path.append(round(value * (1 + peak if t == month else 1), 2))
        return path

    def _index(self, c: Draw) -> list[float]:
        """Return the index per month: a step in the middle of each contract year."""
        index, path = 1.0, []
        for _ in range(self.years):
            path += [round(index, 6)] * 6
            index *= 1 + c.pick(*CHANGES)
            path += [round(index, 6)] * 6
        return path
