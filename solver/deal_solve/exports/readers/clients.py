"""What Claude Code writes by itself: OpenTelemetry metrics and events, session logs, and reports made of them.

One request stands on several lines of a session log, and in a metric as well as in an event: each counts once.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from deal_solve.exports.files import Json, text_of, whole
from deal_solve.exports.prices import window_of
from deal_solve.exports.reader import JsonReader, Source, utc_day
from deal_solve.exports.row import Place, Quantity, nano
from deal_solve.exports.tally import Tally
from deal_solve.messages import shown

TELEMETRY = Source("Claude Code telemetry", "gateway", 4, is_log=True)
SESSIONS = Source("Claude Code session logs", "gateway", 5, is_log=True)
CCUSAGE = Source("ccusage", "gateway", 6)
KINDS: dict[str, Quantity] = {
    "input": "input",
    "output": "output",
    "cacheRead": "cache_read",
    "cacheCreation": "cache_write",
}
PROMPT = ("input", "cache_read", "cache_write", "cache_write_5m", "cache_write_1h")
DELTA, CUMULATIVE = (1, "AGGREGATION_TEMPORALITY_DELTA"), (2, "AGGREGATION_TEMPORALITY_CUMULATIVE")


def _attributes(record: Json) -> dict[str, Any]:
    return {each["key"]: next(iter(each.get("value", {}).values()), None) for each in record.get("attributes") or ()}


def _points(export: Json) -> Iterator[tuple[bool, Json, dict[str, Any]]]:
    """Yield every point of the tokens metric: whether it is cumulative, the point, and its attributes."""
    for resource in export["resourceMetrics"]:
        shared = _attributes(resource.get("resource") or {})
        for scope in resource.get("scopeMetrics") or ():
            for metric in scope.get("metrics") or ():
                if metric.get("name") != "claude_code.token.usage":
                    continue
                total = metric.get("sum") or {}
                temporality = total.get("aggregationTemporality")
                if temporality not in (*DELTA, *CUMULATIVE):
                    raise ValueError(
                        f"aggregationTemporality: expected 1 (delta) or 2 (cumulative), found {shown(temporality)}"
                    )
                for point in total.get("dataPoints") or ():
                    yield temporality in CUMULATIVE, point, {**shared, **_attributes(point)}


def _telemetry(export: Json, tally: Tally) -> None:
    """Add points; a cumulative counter counts by what it rose, from 0 again where it fell (a reset)."""
    for is_cumulative, point, names in _points(export):
        kind = KINDS.get(str(names.get("type")))
        if kind is None:
            tally.leave_out(f"telemetry of the type {shown(names.get('type'))}")
            continue
        value = whole(point, "asInt") if "asInt" in point else round(float(point.get("asDouble") or 0))
        if is_cumulative:
            counter = tuple(sorted((str(name), str(each)) for name, each in names.items()))
            known = tally.known.counters.get(counter, 0)
            tally.known.counters[counter] = value
            value = value - known if value >= known else value
        day = utc_day(whole(point, "timeUnixNano", 10**19))
        user = names.get("user.account_uuid") or names.get("user.id") or names.get("user.email")
        tally.use(Place(day, names.get("model"), user=user, product="claude_code"), **{kind: value})


def _session(record: Json, tally: Tally) -> None:
    message = record.get("message")
    usage = message.get("usage") if isinstance(message, dict) else None
    if not isinstance(message, dict) or not isinstance(usage, dict) or message.get("model") == "<synthetic>":
        return
    written = usage.get("cache_creation") or {}
    unsplit = 0 if written else whole(usage, "cache_creation_input_tokens")
    found: dict[str, int] = {
        "input": whole(usage, "input_tokens"),
        "output": whole(usage, "output_tokens"),
        "cache_read": whole(usage, "cache_read_input_tokens"),
        "cache_write_5m": whole(written, "ephemeral_5m_input_tokens"),
        "cache_write_1h": whole(written, "ephemeral_1h_input_tokens"),
        "cache_write": unsplit,
        "requests": 1,
    }
    day, model = utc_day(record["timestamp"]), text_of(message, "model")
    window = window_of(model, day, sum(found[name] for name in PROMPT))
    place = Place(day, model, window=window, product="claude_code", tag=text_of(record, "cwd"))
    request = (text_of(message, "id"), text_of(record, "requestId"))
    if any(request):
        earlier = tally.known.requests.get(request, {})
        larger = {name: max(value, earlier.get(name, 0)) for name, value in found.items()}
        tally.known.requests[request] = larger
        found = {name: value - earlier.get(name, 0) for name, value in larger.items()}
    tally.use(place, **found)


def _ccusage(record: Json, tally: Tally) -> None:
    day = utc_day(record.get("date") or f"{record.get('month')}-01")
    parts = record.get("modelBreakdowns") or record.get("breakdown") or ()
    if not parts:
        raise ValueError("there is no breakdown by model; export it with --breakdown")
    for part in parts:
        place = Place(day, text_of(part, "modelName") or text_of(part, "model"), product="claude_code")
        tally.use(
            place,
            input=whole(part, "inputTokens"),
            output=whole(part, "outputTokens"),
            cache_read=whole(part, "cacheReadTokens"),
            cache_write=whole(part, "cacheCreationTokens"),
        )
        if part.get("cost") is not None:
            tally.charge(place, "estimate", nano(part["cost"]))


READERS = (
    JsonReader(TELEMETRY, frozenset({"resourceMetrics"}), _telemetry),
    JsonReader(SESSIONS, frozenset({"sessionId", "timestamp", "type"}), _session),
    JsonReader(CCUSAGE, frozenset({"date", "inputTokens"}), _ccusage),
    JsonReader(CCUSAGE, frozenset({"month", "inputTokens"}), _ccusage),
)
