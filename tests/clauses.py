"""Every clause value by name: whether a deal has it, and the same deal with a neutral alternative instead.

A clause is a key of some maps of the deal's plain data (in the explicit form that `tests.generated` writes), the values
that count as the clause, and what stands there instead. `without` shows what a clause does: settle a plan under both.
"""

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from deal_solve.deal.card import load_card
from deal_solve.deal.offer import HARD_CAP, PRESETS

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
    for place in list(clause.places(changed)):
        value = clause.instead(place.get(clause.key, ABSENT))
        if value is DROP:
            del place[clause.key]
        elif value is None:
            continue
        else:
            place[clause.key] = value
        replaced = True
    if replaced:
        _tidy(changed)
    return changed if replaced else None


def _tidy(data: Data) -> None:
    """Take out what has no meaning without the clause: projects that open nothing, shares of tracks that are gone."""
    for work in _works(data):
        projects = work.get("projects", {})
        if "cache" not in work:
            projects.pop("caching", None)
            work.get("today", {}).pop("cached", None)
        if "today" not in work:
            projects.pop("rerouting", None)
    sold = {name for offer in _offers(data) for name in offer.get("seats", {})}
    for one in _people(data):
        one["tracks"] = [t for t in one["tracks"] if t != "pro" or t in sold] or ["none"]
        if "none" in one["tracks"]:
            one.setdefault("unserved_usd_per_user_month", 25)
        if "covered_share" in one:
            one["covered_share"] = {t: share for t, share in one["covered_share"].items() if t in one["tracks"]}


CLAUSES: dict[str, Clause] = {}


def _add(name: str, maps: Maps, key: str, holds: Any, instead: Any) -> None:
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


def _deal(data: Data) -> Iterator[Data]:
    yield data


def _offers(data: Data) -> Iterator[Data]:
    yield from data.get("offers", {}).values()


def _renewed(data: Data) -> Iterator[Data]:
    yield from (offer for offer in _offers(data) if min(offer["terms"]) < data["horizon_months"])


def _apis(data: Data) -> Iterator[Data]:
    yield from (offer["api"] for offer in _offers(data) if "api" in offer)


def _committing(data: Data) -> Iterator[Data]:
    yield from (api for api in _apis(data) if api["bands"][-1]["commit_usd_per_year"] > 0)


def _bands(data: Data) -> Iterator[Data]:
    yield from (band for api in _apis(data) for band in api["bands"] if band["commit_usd_per_year"])


def _rollovers(data: Data) -> Iterator[Data]:
    yield from (api["unused"] for api in _apis(data) if isinstance(api.get("unused"), dict))


def _seats(data: Data) -> Iterator[Data]:
    yield from (part for offer in _offers(data) for part in offer.get("seats", {}).values())


def _works(data: Data) -> Iterator[Data]:
    yield from data.get("workloads", {}).values()


def _people(data: Data) -> Iterator[Data]:
    yield from data.get("cohorts", {}).values()


def _seated(data: Data) -> Iterator[Data]:
    yield from (
        one for one in _people(data) if any(t not in ("none", *data.get("internal_tools", {})) for t in one["tracks"])
    )


def _requests(data: Data) -> Iterator[Data]:
    yield from _works(data)
    yield from (one["use"] for one in _people(data) if "use" in one)


def _caches(data: Data) -> Iterator[Data]:
    yield from (request["cache"] for request in _requests(data) if "cache" in request)


def _part(maps: Maps, key: str) -> Maps:
    """Return the maps that stand under a key of other maps."""
    return lambda data: (each[key] for each in maps(data) if isinstance(each.get(key), dict))


def _each(maps: Maps, key: str) -> Maps:
    """Return every map in a map (or list) of maps that stands under a key of other maps."""

    def inner(data: Data) -> Iterator[Data]:
        for each in maps(data):
            inside = each.get(key, {})
            yield from inside.values() if isinstance(inside, dict) else inside

    return inner


# Section 4: the API agreement

_add("overage=contracted", _committing, "overage", "contracted", "list")
_add("overage=list", _committing, "overage", "list", "contracted")
_add("overage=premium", _committing, "overage", lambda v: isinstance(v, dict), "list")
_add("unused=forfeited", _committing, "unused", absent, lambda _: {"rollover": 1.0})
_add("unused=rollover", _committing, "unused", present, DROP)
_add("rollover share=1", _rollovers, "rollover", 1.0, 0.5)
_add("rollover share<1", _rollovers, "rollover", lambda v: v < 1, 1.0)
_add("rollover cap=none", _rollovers, "cap", absent, 0.05)
_add("rollover cap<1", _rollovers, "cap", present, DROP)
for _period in ("year", "half", "quarter", "month"):
    _add(f"period={_period}", _committing, "period", _period, "quarter" if _period == "year" else "year")
_add("payment=prepaid", _committing, "payment", "prepaid", "arrears")
_add("payment=prepaid_yearly", _committing, "payment", "prepaid_yearly", "prepaid")
_add("payment=arrears", _committing, "payment", "arrears", "prepaid")
_add("ramp=none", _committing, "ramp", absent, "free")
_add("ramp=factors", _committing, "ramp", lambda v: isinstance(v, list), DROP)
_add("ramp=free", _committing, "ramp", "free", DROP)
_add("step_usd", _committing, "step_usd", present, DROP)
_is_family = lambda v: isinstance(v, dict) and "all" not in v  # noqa: E731
_is_model = lambda v: isinstance(v, dict) and "all" in v  # noqa: E731
_add("discount=single", _bands, "discount", lambda v: not isinstance(v, dict), lambda v: {"sonnet": v})
_add("discount=family", _bands, "discount", _is_family, lambda v: min(v.values()))
_add("discount=model", _bands, "discount", _is_model, lambda v: v["all"])
_add("bands=several", _committing, "bands", lambda v: sum(b["commit_usd_per_year"] > 0 for b in v) > 1, lambda v: v[:1])
_add("bands=zero", _apis, "bands", lambda v: v[0]["commit_usd_per_year"] == 0 and len(v) > 1, lambda v: v[1:])


# Section 6: papers


def _without_term(length: int) -> Callable[[Data], Data | None]:
    def change(terms: Data) -> Data | None:
        rest = {key: value for key, value in terms.items() if key != length}
        return rest if rest and min(rest) < 36 else None

    return change


for _length in (12, 24, 36):
    _add(f"term={_length}", _offers, "terms", lambda v, n=_length: n in v, _without_term(_length))
_add("terms=several", _offers, "terms", lambda v: len(v) > 1, lambda v: {min(v): v[min(v)]})
_add(
    "term discount", _offers, "terms", lambda v: any(any(t.values()) for t in v.values()), lambda v: {n: {} for n in v}
)
_add("protection=none", _offers, "price_protection", "none", "locked")
_add("protection=locked", _offers, "price_protection", "locked", "none")
_add("protection=pass_through", _offers, "price_protection", "pass_through", "none")
_add("protection=capped", _offers, "price_protection", lambda v: isinstance(v, dict), "none")
_add("renewal=same", _renewed, "renewal", "same", lambda _: {"uplift": 0.1})
_add("renewal=list", _renewed, "renewal", "list", "same")
_add("renewal=uplift", _renewed, "renewal", lambda v: isinstance(v, dict), "same")
_add("renewal_cap", _renewed, "renewal_cap", lambda v: v is not ABSENT, DROP)
_add("exclusive", _offers, "exclusive", present, DROP)
_add("bundle", _offers, "bundle", present, DROP)
_add("offers=several", _deal, "offers", lambda v: len(v) > 1, lambda v: dict([next(iter(v.items()))]))
_add("provides", _offers, "provides", present, DROP)


# Section 5: seats


def true_up_of(value: Any) -> Data | None:
    """Return the full true-up map of a preset, a changed preset or a map; None under hard_cap."""
    if value in (HARD_CAP, ABSENT):
        return None
    given = {"preset": value} if isinstance(value, str) else value
    own = {key: item for key, item in given.items() if key != "preset"}
    return {**PRESETS[given.get("preset", "add-on-demand")], **own}


def _has(field: str, wanted: Any) -> Callable[[Any], bool]:
    return lambda value: (true_up_of(value) or {}).get(field) == wanted


def _with(field: str, instead: Any) -> Callable[[Any], Data]:
    """Return the true-up with one field changed; without retroactive there is no ratchet none."""

    def change(value: Any) -> Data:
        clause = {**(true_up_of(value) or {}), field: instead}
        return clause if clause["retroactive"] or clause["ratchet"] != "none" else {**clause, "ratchet": "year"}

    return change


_add("seat price=own", _seats, "usd_per_user_month", present, lambda v: v + 5)
_add("seat price=card", _seats, "usd_per_user_month", absent, 15)
_add("seat minimum", _seats, "minimum", present, lambda _: 0)
_add("seat maximum", _seats, "maximum", present, 10_000)
_add("covered_share=0", _seats, "covered_share", lambda v: v == 0, 1)
_add("covered_share=part", _seats, "covered_share", lambda v: 0 < v < 1, 1)
_add(
    "covered_share=1",
    lambda data: (p for p in _seats(data) if p["true_up"] != HARD_CAP),
    "covered_share",
    1,
    lambda _: 0,
)
_add("covered_share=by cohort", _people, "covered_share", present, DROP)
_add("billing=yearly", _seats, "billing", "yearly", "monthly")
_add("billing=monthly", _seats, "billing", "monthly", "yearly")
_add("tiers=none", _seats, "tiers", absent, lambda _: {"kind": "all_units", "steps": [{"seats": 2, "discount": 0.1}]})
_is_kind = lambda kind: lambda v: v is not ABSENT and v["kind"] == kind  # noqa: E731
_add("tiers=all_units", _seats, "tiers", _is_kind("all_units"), lambda v: {**v, "kind": "incremental"})
_add("tiers=incremental", _seats, "tiers", _is_kind("incremental"), lambda v: {**v, "kind": "all_units"})
for _preset, _facts in PRESETS.items():
    _other = "annual-true-up" if _preset in ("add-on-demand", "quarterly-reconciliation") else "add-on-demand"
    _add(f"true_up={_preset}", _seats, "true_up", lambda v, f=_facts: true_up_of(v) == f, _other)
_add(
    "true_up=free",
    _seats,
    "true_up",
    lambda v: (true_up_of(v) or PRESETS["true-forward"]) not in PRESETS.values(),
    "add-on-demand",
)
_add("true_up=hard_cap", _seats, "true_up", HARD_CAP, "add-on-demand")
for _field, _values in {
    "check": {1: 3, 3: 1, 12: 1},
    "count": {"peak": "snapshot", "snapshot": "peak"},
    "retroactive": {True: False, False: True},
    "price": {"contracted": "list", "list": "contracted"},
    "ratchet": {"term": "year", "year": "term", "none": "year"},
}.items():
    for _value, _instead in _values.items():
        _shown = {True: "yes", False: "no"}.get(_value, _value) if isinstance(_value, bool) else _value
        _add(f"true_up {_field}={_shown}", _seats, "true_up", _has(_field, _value), _with(_field, _instead))
_add("reduction_right", _seats, "reduction_right", present, DROP)
_add("counts_toward_commitment", _seats, "counts_toward_commitment", present, DROP)


def _no_track(leave: Callable[[str], bool]) -> Callable[[list[str]], list[str] | None]:
    return lambda tracks: [t for t in tracks if not leave(t)] or None


_is_seat = lambda track: track not in ("tool", "none")  # noqa: E731
_add("track=seat", _people, "tracks", lambda v: any(map(_is_seat, v)), _no_track(_is_seat))
_add("track=tool", _people, "tracks", lambda v: "tool" in v, _no_track(lambda t: t == "tool"))
_add("track=none", _people, "tracks", lambda v: "none" in v, _no_track(lambda t: t == "none"))


def _sharing(data: Data) -> Iterator[Data]:
    """Yield later cohorts that may take a seat type of an earlier one."""
    seen: set[str] = set()
    for one in _people(data):
        types = {t for t in one["tracks"] if _is_seat(t)}
        if types & seen and len(one["tracks"]) > len(types & seen):
            yield one
        seen |= types


_add("pool shared", _sharing, "tracks", lambda _: True, _no_track(_is_seat))
_add("ramp of adoption", _people, "ramp", present, DROP)
_add("assigned_per_active", _people, "assigned_per_active", present, DROP)
_add("cohort starts later", _people, "starts", present, DROP)
_add("growth of headcount", _people, "headcount_growth_per_year", present, DROP)
_add("tool provides", _each(_deal, "internal_tools"), "provides", present, DROP)

# Controls

_add("requires=zero_retention", _works, "requires", lambda v: v is not ABSENT and "zero_retention" in v, DROP)
_add("requires=us_residency", _works, "requires", lambda v: v is not ABSENT and "us_residency" in v, DROP)
_add("requires=cohort", _people, "requires", present, DROP)
_add("requires_on_both_lines", _deal, "requires_on_both_lines", present, DROP)

# Sections 2 and 3: requests, models, routing

_add("cache", _requests, "cache", present, DROP)
_add("ttl=5m", _caches, "ttl", "5m", "1h")
_add("ttl=1h", _caches, "ttl", "1h", "5m")
_add("batch_hit_rate", _caches, "batch_hit_rate", present, DROP)


def _short(data: Data) -> Iterator[Data]:
    """Yield the rates of deals in which some prefix is below some model's minimum cacheable length."""
    for request in _requests(data):
        given = request["input_tokens"]
        shortest = min(b["tokens"] for b in given) if isinstance(given, list) else given
        if "cache" in request and request["cache"]["share"] * shortest < 1024:
            yield data["rates"]
            return


def _cacheable(models: Any) -> Data:
    """Return overrides that let every model cache any length."""
    given = {} if models is ABSENT else models
    names = [model.id for model in load_card().models]
    return {name: {**given.get(name, {}), "min_cacheable_tokens": 1} for name in (*names, *given)}


_add("prefix below the minimum", _short, "models", lambda _: True, _cacheable)
_is_long = lambda v: isinstance(v, list) and any(b["tokens"] > 100_000 for b in v)  # noqa: E731
_mean = lambda v: sum(b["share"] * b["tokens"] for b in v)  # noqa: E731
_add("buckets beyond the threshold", _requests, "input_tokens", _is_long, _mean)
_add("cascade", _works, "cascades", present, DROP)
_add("cascade check cost", _each(_works, "cascades"), "check_usd_per_request", present, DROP)
_add("quality floor", _part(_requests, "quality"), "floor", present, DROP)
_add("quality mean_floor", _part(_requests, "quality"), "mean_floor", present, DROP)
_add("share minimum", _each(_requests, "shares"), "minimum", present, DROP)
_add("share maximum", _each(_requests, "shares"), "maximum", present, DROP)
_add("variant", _each(_deal, "variants"), "output_factor", present, 1.0)
_add("batchable", _works, "batchable", lambda v: v not in (ABSENT, 1.0), 1.0)
for _project in ("caching", "batch", "rerouting"):
    _add(f"project={_project}", _part(_works, "projects"), _project, present, DROP)
_add("project ready later", _each(_works, "projects"), "ready_month", present, lambda _: 0)
_add("today=slot", _works, "today", lambda v: v is not ABSENT and v["model"] in (*MODEL_FAMILIES, "lean"), DROP)
_add("today=id", _works, "today", lambda v: v is not ABSENT and v["model"].startswith("claude"), DROP)
_add("today cached", _part(_works, "today"), "cached", present, DROP)
_add("today in batch", _part(_works, "today"), "batch", present, DROP)


def _models(data: Data) -> Iterator[Data]:
    yield from data["rates"].get("models", {}).values()


_add("retirement inside", _models, "retires", present, DROP)
_add("release inside", _models, "released", present, "2090-01-01")
_sonnet = lambda data: (m for n, m in data["rates"].get("models", {}).items() if n == "claude-sonnet-5-5")  # noqa: E731
_add("rate of the deal", _sonnet, "input_usd_per_mtok", present, DROP)
_add("tokens counted in old", _deal, "tokens_counted_in", present, DROP)
_add("other charges", _requests, "other_usd_per_request", present, DROP)
_add("usage_multiplier", _requests, "usage_multiplier", present, DROP)
_add("output_factor", _requests, "output_factor", present, DROP)

# Section 1: paths. An explicit list states its own, so these only stand where the bands are expanded.


def _expanded(maps: Maps) -> Maps:
    return lambda data: iter(()) if "scenarios" in data else maps(data)


_add("starts later", _works, "starts", present, DROP)
_add("season", _works, "season_by_calendar_month", present, DROP)
_add("growth", _expanded(_requests), "growth_per_year", present, DROP)
_events = _each(_part(_deal, "uncertainty"), "events")
_add("event delay", _events, "delay_months", present, DROP)
_add("event factor", _events, "factor", lambda v: v is not ABSENT, DROP)


def _moves(data: Data) -> Iterator[Data]:
    """Yield every map of price paths by family: indices of scenarios, or yearly changes."""
    yield from (s["list_price_index"] for s in data.get("scenarios", {}).values() if "list_price_index" in s)
    changes = data.get("uncertainty", {}).get("list_price_change_per_year")
    if changes:
        yield changes


def _bend(
    families: tuple[str, ...], sign: int, least: float = 0.0
) -> tuple[Callable[[Data], Iterator[Data]], Callable[[Any], Any]]:
    """Return (holders with some path that moves down (-1) or up (+1), that path without such moves)."""

    def flat(path: Any) -> Any:
        if isinstance(path, list) and len(path) >= 12:
            return [max(v, 1.0) if sign < 0 else min(v, 1.0) for v in path]
        return [_flat_change(v) for v in path]

    def _flat_change(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: _flat_change(item) for key, item in value.items()}
        return max(value, 0.0) if sign < 0 else min(value, 0.0)

    def wrapped(data: Data) -> Iterator[Data]:
        for paths in _moves(data):
            for family in families:
                if family in paths and flat(paths[family]) != paths[family]:
                    yield _View(paths, family)

    return wrapped, flat


class _View(dict[str, Any]):
    """One path of a map under the key `path`; writing it writes the map."""

    def __init__(self, paths: Data, family: str) -> None:
        super().__init__(path=paths[family])
        self._paths, self._family = paths, family

    def __setitem__(self, key: str, value: Any) -> None:
        self._paths[self._family] = value


for _name, _sign in {"fall": -1, "rise": 1}.items():
    for _what, _families in {"list prices": (*MODEL_FAMILIES, "models"), "seat prices": ("seats",)}.items():
        _maps, _flat = _bend(_families, _sign)
        _add(f"{_what} {_name}", _maps, "path", lambda _: True, _flat)
_add("hit rates differ", _each(_deal, "scenarios"), "hit_rate", present, DROP)
_add("cost of capital=0", _deal, "cost_of_capital_per_year", absent, 0.1)
_add("cost of capital>0", _deal, "cost_of_capital_per_year", present, DROP)


# Section 7: risk and limits


def risk_of(value: Any) -> Data:
    """Return a risk clause as a map."""
    weights = {"neutral": 0.0, "balanced": 0.3, "cautious": 0.7}
    return {"on": "loss", "weight": 0.0, **({"weight": weights[value]} if isinstance(value, str) else value)}


def _risk(weight: float) -> Callable[[Any], bool]:
    return lambda value: "criterion" not in risk_of(value) and risk_of(value)["weight"] == weight


def _on(what: str) -> Callable[[Any], bool]:
    return lambda value: risk_of(value)["weight"] > 0 and risk_of(value)["on"] == what


_add("risk=neutral", _deal, "risk", _risk(0.0), lambda _: {"weight": 0.7, "confidence": 0.8, "on": "cost"})
_add("risk=balanced", _deal, "risk", _risk(0.3), "neutral")
_add("risk=cautious", _deal, "risk", _risk(0.7), "neutral")
_add("risk on=loss", _deal, "risk", _on("loss"), lambda v: {**risk_of(v), "on": "cost"})
_add("risk on=cost", _deal, "risk", _on("cost"), lambda v: {**risk_of(v), "on": "loss"})
_add("risk confidence", _part(_deal, "risk"), "confidence", present, lambda v: 0.3)
_add("risk=worst", _deal, "risk", lambda v: risk_of(v).get("criterion") == "worst", "neutral")
_add("risk=regret", _deal, "risk", lambda v: risk_of(v).get("criterion") == "regret", "neutral")


def _limits(name: str, holds: Callable[[Data], bool]) -> None:
    """Register limits of a kind; the neutral deal does not have them."""
    _add(
        f"limit={name}",
        _deal,
        "limits",
        lambda v: v is not ABSENT and any(map(holds, v)),
        lambda v: [limit for limit in v if not holds(limit)],
    )


for _measure in ("expected", "cvar", "worst"):
    _limits(_measure, lambda v, m=_measure: v.get("measure") == m and v["of"] != "committed")
_limits("chance", lambda v: "probability_within" in v)
_limits("committed", lambda v: v["of"] == "committed")
_limits("total", lambda v: v["of"] == "total")
_limits("contract year", lambda v: v["of"].startswith("contract year"))
_limits("discounted", lambda v: bool(v.get("discounted")))
