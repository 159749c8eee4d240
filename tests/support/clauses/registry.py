"""What a clause is, and the maps of a deal's plain data in which clauses stand."""

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

Data = dict[str, Any]
Maps = Callable[[Data], Iterator[Data]]

DROP = object()
"""Instead of a value: the key is left out."""
ABSENT = object()
"""As a value: the key is not there."""
MODEL_FAMILIES = ("opus", "sonnet", "haiku", "fable")


@dataclass(frozen=True)
class Clause:
    """`maps` yields every map in which `key` may stand; `holds` tells the clause by value, `instead` replaces it."""

    name: str
    maps: Maps
    key: str
    holds: Callable[[Any], bool]
    instead: Callable[[Any], Any]

    def places(self, data: Data) -> Iterator[Data]:
        """Yield the maps in which the clause stands."""
        return (each for each in self.maps(data) if self.holds(each.get(self.key, ABSENT)))


def clauses_of(data: Data) -> set[str]:
    """Return the names of all clause values a deal has."""
    return {name for name, clause in CLAUSES.items() if next(clause.places(data), None) is not None}


def without(data: Data, name: str) -> Data | None:
    """Return the deal with a clause value replaced by its neutral alternative everywhere; None if it cannot be."""
    clause, changed = CLAUSES[name], copy.deepcopy(data)
    replaced = False
    for index in list(clause.places(changed)):
        value = clause.instead(index.get(clause.key, ABSENT))
        if value is DROP:
            del index[clause.key]
        elif value is None:
            continue
        else:
            index[clause.key] = value
        replaced = True
    if replaced:
        _tidy(changed)
    return changed if replaced else None


def _tidy(data: Data) -> None:
    """Take out what has no meaning without the clause: projects that open nothing, shares of tracks that are gone."""
    for work in works(data):
        projects = work.get("projects", {})
        if "cache" not in work:
            projects.pop("caching", None)
            work.get("today", {}).pop("cached", None)
        if "today" not in work:
            projects.pop("rerouting", None)
            work.pop("spend_usd_per_month", None)
            work.pop("tokens_counted_in", None)
        if "spend_usd_per_month" not in work:
            work.setdefault("requests_per_month", 100_000)
    for part in seat_parts(data):
        if part.get("true_up") == "hard_cap" and isinstance(part.get("allowance"), dict):
            del part["allowance"]  # a hard cap needs seats that include all usage
            part["covered_share"] = 1
    for api in apis(data):
        if api["period"] != "term":
            api.pop("yearly_minimum", None)
        if api.get("credit", {}).get("pays") == "balance" and not api["bands"][-1]["commit_usd_per_year"]:
            del api["credit"]  # balance needs a commitment
        if "measured_at" not in api:
            api.pop("shortfall_at", None)
    sold = {name for offer in offers(data) for name in offer.get("seats", {})}
    for one in people(data):
        one["tracks"] = [t for t in one["tracks"] if t != "pro" or t in sold] or ["none"]
        if "none" in one["tracks"]:
            one.setdefault("unserved_usd_per_user_month", 25)
        if "covered_share" in one:
            one["covered_share"] = {t: share for t, share in one["covered_share"].items() if t in one["tracks"]}


CLAUSES: dict[str, Clause] = {}


def add(name: str, maps: Maps, key: str, holds: Any, instead: Any) -> None:
    """Register a clause; plain values stand for functions that compare with or return them."""
    test = holds if callable(holds) else lambda value, wanted=holds: value is not ABSENT and value == wanted
    make = instead if callable(instead) else lambda _, given=instead: given
    CLAUSES[name] = Clause(name, maps, key, test, make)


def present(value: Any) -> bool:
    """Whether a key is there with something in it."""
    return value is not ABSENT and bool(value)


def absent(value: Any) -> bool:
    """Whether a key is not there."""
    return value is ABSENT or value is None


# Where clauses stand


def deal(data: Data) -> Iterator[Data]:
    yield data


def offers(data: Data) -> Iterator[Data]:
    yield from data.get("offers", {}).values()


def renewed(data: Data) -> Iterator[Data]:
    yield from (offer for offer in offers(data) if min(offer["terms"]) < data["horizon_months"])


def apis(data: Data) -> Iterator[Data]:
    yield from (offer["api"] for offer in offers(data) if "api" in offer)


def committing(data: Data) -> Iterator[Data]:
    yield from (api for api in apis(data) if api["bands"][-1]["commit_usd_per_year"] > 0)


def by_year(data: Data) -> Iterator[Data]:
    """API parts with a commitment whose periods are no whole terms: those need arrears, no rollover, no free ramp."""
    yield from (api for api in committing(data) if api["period"] != "term")


def losing(data: Data) -> Iterator[Data]:
    """Those whose excess is lost: what counts next needs arrears, two periods and no rollover."""
    yield from (api for api in by_year(data) if "excess" not in api)


def tested_as_billed(data: Data) -> Iterator[Data]:
    """Those whose usage is tested as it is billed: measured at list needs arrears, and overage at contracted rates."""
    yield from (api for api in losing(data) if "measured_at" not in api)


def losing_offers(data: Data) -> Iterator[Data]:
    yield from (offer for offer in offers(data) if "excess" not in offer.get("api", {}))


def bands(data: Data) -> Iterator[Data]:
    yield from (band for api in apis(data) for band in api["bands"] if band["commit_usd_per_year"])


def rollovers(data: Data) -> Iterator[Data]:
    yield from (api["unused"] for api in apis(data) if isinstance(api.get("unused"), dict))


def seat_parts(data: Data) -> Iterator[Data]:
    yield from (part for offer in offers(data) for part in offer.get("seats", {}).values())


def works(data: Data) -> Iterator[Data]:
    yield from data.get("workloads", {}).values()


def people(data: Data) -> Iterator[Data]:
    yield from data.get("cohorts", {}).values()


def requests(data: Data) -> Iterator[Data]:
    yield from works(data)
    yield from (one["use"] for one in people(data) if "use" in one)


def caches(data: Data) -> Iterator[Data]:
    yield from (request["cache"] for request in requests(data) if "cache" in request)


def part_of(maps: Maps, key: str) -> Maps:
    """Return the maps that stand under a key of other maps."""
    return lambda data: (each[key] for each in maps(data) if isinstance(each.get(key), dict))


def each_of(maps: Maps, key: str) -> Maps:
    """Return every map in a map (or list) of maps that stands under a key of other maps."""

    def inner(data: Data) -> Iterator[Data]:
        for each in maps(data):
            inside = each.get(key, {})
            yield from inside.values() if isinstance(inside, dict) else inside

    return inner
