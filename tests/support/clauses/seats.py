"""Clauses of seats, tracks and controls (model §5)."""

from collections.abc import Callable, Iterator
from typing import Any

from deal_solve.deal.offers.true_up import HARD_CAP, PRESETS
from tests.support.clauses.registry import (
    ABSENT,
    DROP,
    Data,
    absent,
    add,
    deal,
    each_of,
    part_of,
    people,
    present,
    seat_parts,
    works,
)

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


add("seat price=own", seat_parts, "usd_per_user_month", present, lambda v: v + 5)
add("seat price=card", seat_parts, "usd_per_user_month", absent, 15)
add("seat minimum", seat_parts, "minimum", present, lambda _: 0)
add("seat maximum", seat_parts, "maximum", present, 10_000)
add("covered_share=0", seat_parts, "covered_share", lambda v: v == 0, 1)
add("covered_share=part", seat_parts, "covered_share", lambda v: v is not ABSENT and 0 < v < 1, 1)
add(
    "covered_share=1",
    lambda data: (p for p in seat_parts(data) if p["true_up"] != HARD_CAP),
    "covered_share",
    1,
    lambda _: 0,
)
add("covered_share=by cohort", people, "covered_share", present, DROP)


def _has_dollars(**wanted: Any) -> Callable[[Any], bool]:
    plain = {"pooled": False, "beyond": "billed"}
    return lambda v: isinstance(v, dict) and all(v.get(key, plain[key]) == value for key, value in wanted.items())


add("allowance=each", seat_parts, "allowance", _has_dollars(pooled=False), lambda v: {**v, "pooled": True})
add("allowance=pooled", seat_parts, "allowance", _has_dollars(pooled=True), lambda v: {**v, "pooled": False})
add(
    "allowance=blocked",
    seat_parts,
    "allowance",
    _has_dollars(beyond="blocked"),
    lambda v: {key: item for key, item in v.items() if key not in ("beyond", "refused_usd_per_usd")},
)
add("allowance=all", seat_parts, "allowance", "all", {"usd_per_user_month": 3})
add(
    "allowance extra_discount",
    seat_parts,
    "allowance",
    lambda v: isinstance(v, dict) and present(v.get("extra_discount", ABSENT)),
    lambda v: {key: item for key, item in v.items() if key != "extra_discount"},
)
add("spread", part_of(people, "use"), "spread", present, DROP)
add("list price", seat_parts, "list_usd_per_user_month", present, lambda v: v + 5)


def _priced(data: Data) -> Iterator[Data]:
    """Yield seat types whose prices are stated, so that they can be sold in another billing."""
    yield from (part for part in seat_parts(data) if {"usd_per_user_month", "list_usd_per_user_month"} <= {*part})


add("billing=yearly", _priced, "billing", "yearly", "monthly")
add("billing=monthly", seat_parts, "billing", "monthly", "yearly")
_tenth_off = {"kind": "all_units", "steps": [{"seats": 2, "discount": 0.1}]}
add("tiers=none", seat_parts, "tiers", absent, _tenth_off)


def _is_kind(kind: str) -> Callable[[Any], bool]:
    return lambda tiers: tiers is not ABSENT and tiers["kind"] == kind


add("tiers=all_units", seat_parts, "tiers", _is_kind("all_units"), lambda v: {**v, "kind": "incremental"})
add("tiers=incremental", seat_parts, "tiers", _is_kind("incremental"), lambda v: {**v, "kind": "all_units"})
for _preset, _facts in PRESETS.items():
    _other = "annual-true-up" if _preset in ("add-on-demand", "quarterly-reconciliation") else "add-on-demand"
    add(f"true_up={_preset}", seat_parts, "true_up", lambda v, f=_facts: true_up_of(v) == f, _other)
add(
    "true_up=free",
    seat_parts,
    "true_up",
    lambda v: (true_up_of(v) or PRESETS["true-forward"]) not in PRESETS.values(),
    "add-on-demand",
)
add("true_up=hard_cap", seat_parts, "true_up", HARD_CAP, "add-on-demand")
for _field, _values in {
    "check": {1: 3, 3: 1, 12: 1},
    "count": {"peak": "snapshot", "snapshot": "peak"},
    "retroactive": {True: False, False: True},
    "price": {"contracted": "list", "list": "contracted"},
    "ratchet": {"term": "year", "year": "term", "none": "year"},
}.items():
    for _value, _instead in _values.items():
        _shown = {True: "yes", False: "no"}.get(_value, _value) if isinstance(_value, bool) else _value
        add(f"true_up {_field}={_shown}", seat_parts, "true_up", _has(_field, _value), _with(_field, _instead))
add("reduction_right", seat_parts, "reduction_right", present, DROP)
add("counts_toward_commitment=yes", seat_parts, "counts_toward_commitment", lambda v: v is True, DROP)
add(
    "counts_toward_commitment<1",
    seat_parts,
    "counts_toward_commitment",
    0.4,
    True,
)


def _no_track(leave: Callable[[str], bool]) -> Callable[[list[str]], list[str] | None]:
    return lambda tracks: [t for t in tracks if not leave(t)] or None


def _is_seat(track: str) -> bool:
    return track not in ("tool", "none")


add("track=seat", people, "tracks", lambda v: any(map(_is_seat, v)), _no_track(_is_seat))
add("track=tool", people, "tracks", lambda v: "tool" in v, _no_track(lambda t: t == "tool"))
add("track=none", people, "tracks", lambda v: "none" in v, _no_track(lambda t: t == "none"))


def _sharing(data: Data) -> Iterator[Data]:
    """Yield later cohorts that may take a seat type of an earlier one."""
    seen: set[str] = set()
    for one in people(data):
        types = {t for t in one["tracks"] if _is_seat(t)}
        if types & seen and len(one["tracks"]) > len(types & seen):
            yield one
        seen |= types


add("pool shared", _sharing, "tracks", lambda _: True, _no_track(_is_seat))
add("tool provides", each_of(deal, "internal_tools"), "provides", present, DROP)

# Controls

add("requires=zero_retention", works, "requires", lambda v: v is not ABSENT and "zero_retention" in v, DROP)
add("requires=us_residency", works, "requires", lambda v: v is not ABSENT and "us_residency" in v, DROP)
add("requires=cohort", people, "requires", present, DROP)
add("requires_on_both_lines", deal, "requires_on_both_lines", present, DROP)
