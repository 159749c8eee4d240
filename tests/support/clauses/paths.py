"""Paths of demand, people and list prices, and the cost of capital (model §1)."""

from collections.abc import Callable, Iterator
from typing import Any

from tests.support.clauses.registry import (
    ABSENT,
    DROP,
    MODEL_FAMILIES,
    Data,
    Maps,
    absent,
    add,
    deal,
    each_of,
    part_of,
    people,
    present,
    requests,
    works,
)


def _expanded(maps: Maps) -> Maps:
    """Return the maps of deals whose bands are expanded: an explicit list states paths of its own instead."""
    return lambda data: iter(()) if "scenarios" in data else maps(data)


add("spend", _expanded(works), "spend_usd_per_month", present, DROP)
add("starts later", _expanded(works), "starts", present, DROP)
add("season", _expanded(works), "season_by_calendar_month", present, DROP)
add("growth of requests", _expanded(requests), "growth_per_year", present, DROP)
add("growth of headcount", _expanded(people), "headcount_growth_per_year", present, DROP)
add("ramp of adoption", _expanded(people), "ramp", lambda v: v is not ABSENT and "from_share" in v, DROP)
add("active now", _expanded(people), "active_now", present, DROP)
add("assigned_per_active", _expanded(people), "assigned_per_active", present, DROP)
add("cohort starts later", _expanded(people), "starts", present, DROP)
_events = each_of(part_of(deal, "uncertainty"), "events")
add("event delay", _events, "delay_months", present, DROP)
add("event factor", _events, "factor", lambda v: v is not ABSENT, DROP)


def _moves(data: Data) -> Iterator[Data]:
    """Yield every map of price paths by family: indices of scenarios, or yearly changes."""
    yield from (s["list_price_index"] for s in data.get("scenarios", {}).values() if "list_price_index" in s)
    changes = data.get("uncertainty", {}).get("list_price_change_per_year")
    if changes:
        yield changes


def _bend(families: tuple[str, ...], sign: int) -> tuple[Callable[[Data], Iterator[Data]], Callable[[Any], Any]]:
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
        add(f"{_what} {_name}", _maps, "path", lambda _: True, _flat)
add("hit rates differ", each_of(deal, "scenarios"), "hit_rate", present, DROP)
add("cost of capital=0", deal, "cost_of_capital_per_year", absent, 0.1)
add("cost of capital>0", deal, "cost_of_capital_per_year", present, DROP)
