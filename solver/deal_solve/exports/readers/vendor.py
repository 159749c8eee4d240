"""Usage and cost reports of the vendor: the Admin API and the analytics API, bucketed or flat.

Amounts are text in cents. Input tokens exclude what was read from or written to the cache.
"""

from __future__ import annotations

from deal_solve.exports.files import Json, text_of, whole
from deal_solve.exports.reader import JsonReader, Source, usd_only, utc_day
from deal_solve.exports.row import Place, nano
from deal_solve.exports.tally import Tally
from deal_solve.exports.values import COST_TYPES, GEOS, TIERS, TOKEN_TYPES, WINDOWS, value_of
from deal_solve.messages import did_you_mean, shown

USAGE = Source("usage report", "api", 1)
COST = Source("cost report", "api", 1)
PEOPLE_USAGE = Source("analytics usage", "people", 1)
PEOPLE_COST = Source("analytics cost", "people", 1)
FLAT_USAGE = Source("usage analytics", "api", 0)
FLAT_COST = Source("cost analytics", "api", 0)
MAX_NAMED = 12


def _place(record: Json, day: object) -> Place:
    actor = record.get("actor")
    who = (actor.get("user_id") or actor.get("email")) if isinstance(actor, dict) else actor
    return Place(
        utc_day(day),
        text_of(record, "model"),
        value_of(record, "service_tier", TIERS),
        value_of(record, "context_window", WINDOWS),
        value_of(record, "inference_geo", GEOS),
        text_of(record, "workspace_id"),
        text_of(record, "api_key_id"),
        text_of({"who": who or record.get("account_id")}, "who"),
        text_of(record, "product"),
    )


NEEDED = ("uncached_input_tokens", "cache_read_input_tokens", "output_tokens")
"""What every row of usage says, if only null: one that lacks it has another name for it."""


def _use(record: Json, place: Place, tally: Tally) -> None:
    for name in NEEDED:
        if name not in record:
            near = did_you_mean(name, record).replace("did you mean", "is it")
            raise ValueError(f"{name} is missing{near}; the row has {', '.join(list(record)[:MAX_NAMED])}")
    written = record.get("cache_creation")
    if written is not None and not isinstance(written, dict):
        raise ValueError(f"cache_creation: expected the tokens of each life, found {shown(written)}")
    unsplit = 0 if written else whole(record, "cache_creation_input_tokens")
    tools = record.get("server_tool_use") or {}
    tally.use(
        place,
        input=whole(record, "uncached_input_tokens"),
        output=whole(record, "output_tokens"),
        cache_read=whole(record, "cache_read_input_tokens"),
        cache_write_5m=whole(written or {}, "ephemeral_5m_input_tokens"),
        cache_write_1h=whole(written or {}, "ephemeral_1h_input_tokens"),
        cache_write=unsplit,
        web_searches=whole(tools, "web_search_requests"),
        requests=whole(record, "requests"),
    )


def _charge(record: Json, place: Place, tally: Tally) -> None:
    usd_only(record.get("currency"))
    amount = record.get("amount")
    if not isinstance(amount, str):
        raise ValueError(f"amount: expected text in cents, found {shown(amount)}")
    listed = text_of(record, "list_amount")
    cost_type = value_of(record, "cost_type", COST_TYPES)
    kind = value_of(record, "token_type", TOKEN_TYPES) or cost_type or ("usage" if place.model else "credit")
    tally.charge(place, kind, nano(amount, 100), None if listed is None else nano(listed, 100))


def _used_bucket(bucket: Json, tally: Tally) -> None:
    for record in bucket["results"]:
        _use(record, _place(record, bucket["starting_at"]), tally)


def _charged_bucket(bucket: Json, tally: Tally) -> None:
    for record in bucket["results"]:
        _charge(record, _place(record, bucket["starting_at"]), tally)


def _grouped(record: Json, part: str) -> tuple[Json, Place]:
    """Return the numbers and the place of a row that holds them apart (`group`, `usage` or `cost`)."""
    group = record.get("group") or {}
    return {**group, **record[part]}, _place(group, record["starting_at"])


def _has(record: Json, name: str) -> bool:
    """Whether the first result of a bucket has a field."""
    results = record.get("results")
    return isinstance(results, list) and bool(results) and isinstance(results[0], dict) and name in results[0]


BUCKET = frozenset({"starting_at", "results"})
READERS = (
    JsonReader(PEOPLE_COST, BUCKET, _charged_bucket, lambda r: _has(r, "amount") and _has(r, "product")),
    JsonReader(COST, BUCKET, _charged_bucket, lambda r: _has(r, "amount")),
    JsonReader(PEOPLE_USAGE, BUCKET, _used_bucket, lambda r: _has(r, "output_tokens") and _has(r, "product")),
    JsonReader(USAGE, BUCKET, _used_bucket, lambda r: _has(r, "output_tokens")),
    JsonReader(FLAT_USAGE, frozenset({"starting_at", "usage"}), lambda r, tally: _use(*_grouped(r, "usage"), tally)),
    JsonReader(FLAT_COST, frozenset({"starting_at", "cost"}), lambda r, tally: _charge(*_grouped(r, "cost"), tally)),
    JsonReader(
        PEOPLE_USAGE,
        frozenset({"actor", "starting_at", "uncached_input_tokens"}),
        lambda r, tally: _use(r, _place(r, r["starting_at"]), tally),
    ),
    JsonReader(
        PEOPLE_COST,
        frozenset({"actor", "starting_at", "amount"}),
        lambda r, tally: _charge(r, _place(r, r["starting_at"]), tally),
    ),
)
"""An empty bucket (`results: []`) is of no kind by itself and says nothing."""
