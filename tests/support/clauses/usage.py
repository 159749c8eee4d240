"""Requests, models, routing and projects (model §2, §3)."""

from collections.abc import Iterator
from typing import Any

from deal_solve.deal.rate_card import load_card
from tests.support.clauses.registry import (
    ABSENT,
    DROP,
    MODEL_FAMILIES,
    Data,
    add,
    caches,
    deal,
    each_of,
    part_of,
    present,
    requests,
    works,
)

add("cache", requests, "cache", present, DROP)
add("ttl=5m", caches, "ttl", "5m", "1h")
add("ttl=1h", caches, "ttl", "1h", "5m")
add("ttl=mixed", caches, "ttl", lambda v: isinstance(v, dict), "5m")
add("batch_hit_rate", caches, "batch_hit_rate", present, DROP)


def _short(data: Data) -> Iterator[Data]:
    """Yield the rates of deals in which some prefix is below some model's minimum cacheable length."""
    for request in requests(data):
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


add("prefix below the minimum", _short, "models", lambda _: True, _cacheable)


def _is_long(tokens: Any) -> bool:
    return isinstance(tokens, list) and any(bucket["tokens"] > 100_000 for bucket in tokens)


def _mean(buckets: list[Data]) -> float:
    return sum(bucket["share"] * bucket["tokens"] for bucket in buckets)


add("buckets beyond the threshold", requests, "input_tokens", _is_long, _mean)
add("cascade", works, "cascades", present, DROP)
add("cascade check cost", each_of(works, "cascades"), "check_usd_per_request", present, DROP)
add("quality floor", part_of(requests, "quality"), "floor", present, DROP)
add("quality mean_floor", part_of(requests, "quality"), "mean_floor", present, DROP)
add("share minimum", each_of(requests, "shares"), "minimum", present, DROP)
add("share maximum", each_of(requests, "shares"), "maximum", present, DROP)
add("variant", each_of(deal, "variants"), "output_factor", present, 1.0)
add("batchable", works, "batchable", lambda v: v not in (ABSENT, 1.0), 1.0)
for _project in ("caching", "batch", "rerouting"):
    add(f"project={_project}", part_of(works, "projects"), _project, present, DROP)
add("project ready later", each_of(works, "projects"), "ready_month", present, lambda _: 0)
add("today=slot", works, "today", lambda v: v is not ABSENT and v["model"] in (*MODEL_FAMILIES, "lean"), DROP)
add("today=id", works, "today", lambda v: v is not ABSENT and v["model"].startswith("claude"), DROP)
add("today cached", part_of(works, "today"), "cached", present, DROP)
add("today in batch", part_of(works, "today"), "batch", present, DROP)


def _models(data: Data) -> Iterator[Data]:
    yield from data["rates"].get("models", {}).values()


add("retirement inside", _models, "retires", present, DROP)
add("release inside", _models, "released", present, "2090-01-01")


def _sonnet(data: Data) -> Iterator[Data]:
    yield from (own for name, own in data["rates"].get("models", {}).items() if name == "claude-sonnet-5-5")


add("rate of the deal", _sonnet, "input_usd_per_mtok", present, DROP)
add("tokens counted in old", deal, "tokens_counted_in", present, DROP)
add("tokens counted apart", requests, "tokens_counted_in", present, DROP)
add("other charges", requests, "other_usd_per_request", present, DROP)
add("usage_multiplier", requests, "usage_multiplier", present, DROP)
add("output_factor", requests, "output_factor", present, DROP)
