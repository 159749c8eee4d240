"""Gateways and tracers between the software and the vendor: LiteLLM, Langfuse, OpenRouter.

Whether their input tokens contain the cached ones depends on the gateway; what is said apart is taken out once.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from deal_solve.exports.files import Json, text_of, whole
from deal_solve.exports.prices import window_of
from deal_solve.exports.reader import JsonReader, Source, TableReader, charge_frame, counts, use_frame, utc_day
from deal_solve.exports.row import Place, nano
from deal_solve.exports.tally import Tally
from deal_solve.messages import counted, shown

if TYPE_CHECKING:
    import pandas as pd

LITELLM = Source("LiteLLM spend logs", "gateway", 0, is_log=True)
LITELLM_DAILY = Source("LiteLLM daily activity", "gateway", 1)
LANGFUSE = Source("Langfuse", "gateway", 2, is_log=True)
ROUTER = Source("OpenRouter activity", "router", 1)
GENERATIONS = Source("OpenRouter generations", "router", 0, is_log=True)


def _loaded(value: Any) -> Any:
    """Return JSON that stands in a text as what it says."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except json.JSONDecodeError:
        return None


def _without_cached(prompt: int, read: int, written: int) -> int:
    """Return the input tokens that were not cached, of a count that contains the cached ones."""
    if read + written > prompt:
        raise ValueError(
            f"prompt_tokens: {prompt:,} are fewer than the {counted(read + written, 'cached token')} they contain"
        )
    return prompt - read - written


def _spend_log(record: Json, tally: Tally) -> None:
    if str(record.get("status") or "success") == "failure":
        tally.leave_out("failed requests")
        return
    if not tally.known.is_new(text_of(record, "request_id")):
        tally.leave_out("requests that another line says")
        return
    metadata = _loaded(record.get("metadata")) or {}
    more = metadata.get("additional_usage_values") or metadata.get("usage_object") or {}
    tags = _loaded(record.get("request_tags")) or []
    read, written = whole(more, "cache_read_input_tokens"), whole(more, "cache_creation_input_tokens")
    day, model = utc_day(record["startTime"]), text_of(record, "model")
    length = whole(record, "prompt_tokens")
    place = Place(
        day,
        model,
        window=window_of(model, day, length),
        workspace=text_of(record, "team_id"),
        key=text_of(record, "api_key"),
        user=text_of(record, "end_user") or text_of(record, "user"),
        tag=str(tags[0]) if tags else None,
    )
    prompt = _without_cached(length, read, written)
    output = whole(record, "completion_tokens")
    tally.use(place, input=prompt, output=output, cache_read=read, cache_write=written, requests=1)
    if record.get("spend") is not None:
        tally.charge(place, "estimate", nano(record["spend"]))


def _daily(record: Json, tally: Tally) -> None:
    day = utc_day(record["date"])
    models = (
        ((record.get("breakdown") or {}).get("models") or {}) if "metrics" in record else {record.get("model"): record}
    )
    if not models:
        raise ValueError("breakdown.models is missing; expected the activity by model")
    for name, part in models.items():
        numbers = part.get("metrics", part)
        read, written = whole(numbers, "cache_read_input_tokens"), whole(numbers, "cache_creation_input_tokens")
        place = Place(day, name, workspace=text_of(record, "team_id"), key=text_of(record, "api_key"))
        prompt = _without_cached(whole(numbers, "prompt_tokens"), read, written)
        output, requests = whole(numbers, "completion_tokens"), whole(numbers, "api_requests")
        tally.use(place, input=prompt, output=output, cache_read=read, cache_write=written, requests=requests)
        if numbers.get("spend") is not None:
            tally.charge(place, "estimate", nano(numbers["spend"]))


READ_KEYS = ("cache_read_input_tokens", "input_cached_tokens", "input_cache_read", "cache_read_tokens")
WRITTEN_KEYS = ("cache_creation_input_tokens", "input_cache_creation", "cache_write_input_tokens")


def _observation(record: Json, tally: Tally) -> None:
    if str(record.get("type", "GENERATION")).upper() != "GENERATION":
        return
    if not tally.known.is_new(text_of(record, "id")):
        tally.leave_out("requests that another line says")
        return
    usage = _loaded(record.get("usageDetails") or record.get("usage_details")) or {}
    read = sum(whole(usage, name) for name in READ_KEYS)
    written = sum(whole(usage, name) for name in WRITTEN_KEYS)
    given, output, all_of_it = whole(usage, "input"), whole(usage, "output"), whole(usage, "total")
    if read + written and "total" not in usage:
        raise ValueError("usageDetails: has cached tokens and no total, so that it is open whether input contains them")
    contains = bool(read + written) and all_of_it == given + output
    day = utc_day(record.get("startTime") or record.get("start_time") or record.get("timestamp"))
    model = text_of(record, "model") or text_of(record, "providedModelName") or text_of(record, "provided_model_name")
    prompt = _without_cached(given, read, written) if contains else given
    place = Place(
        day,
        model,
        window=window_of(model, day, prompt + read + written),
        user=text_of(record, "userId") or text_of(record, "user_id"),
        tag=text_of(record, "name"),
    )
    tally.use(place, input=prompt, output=output, cache_read=read, cache_write=written, requests=1)
    cost = record.get("calculatedTotalCost", record.get("totalCost", record.get("total_cost")))
    if cost is not None:
        tally.charge(place, "estimate", nano(cost))


def _activity(record: Json, tally: Tally) -> None:
    name = text_of(record, "model_permaslug") or text_of(record, "model")
    place = Place(utc_day(record["date"]), name)
    output = whole(record, "completion_tokens")
    tally.use(place, input=whole(record, "prompt_tokens"), output=output, requests=whole(record, "requests"))
    tally.charge(place, "usage", nano(record.get("usage") or 0))


def _generations(frame: pd.DataFrame, tally: Tally) -> None:
    if "generation_id" in frame:
        ids = frame["generation_id"].astype(str)
        is_new = ids.map(tally.known.is_new)
        tally.left_out["requests that another line says"] += int((~is_new).sum())
        frame = frame[is_new]
    prompt, cached = counts(frame, "tokens_prompt"), counts(frame, "tokens_cached")
    if (cached > prompt).any():
        raise ValueError(
            f"tokens_cached: more than tokens_prompt in a row, {shown(int(cached[cached > prompt].iloc[0]))}"
        )
    frame = frame.assign(fresh=prompt - cached, one=1)
    places = {"day": "created_at", "model": "model_permaslug", "window": "window", "key": "api_key_name"}
    places["product"] = "app_name"
    days = {text: f"{utc_day(text)}" for text in frame["created_at"].astype(str).unique()}
    frame = frame.assign(created_at=frame["created_at"].astype(str).map(days))
    asked = zip(frame["model_permaslug"].astype(str), frame["created_at"], prompt, strict=True)
    frame = frame.assign(window=[window_of(model, utc_day(day), int(length)) for model, day, length in asked])
    quantities = {"input": "fresh", "output": "tokens_completion", "cache_read": "tokens_cached", "requests": "one"}
    use_frame(tally, frame, places, quantities)  # type: ignore[arg-type]
    charge_frame(tally, frame, places, frame["model_permaslug"].map(lambda _: "usage"), "cost_total", None)


GENERATION_TEXTS = (
    "generation_id",
    "created_at",
    "cost_total",
    "cost_web_search",
    "cost_cache",
    "cost_file_processing",
    "byok_usage_inference",
    "model_permaslug",
    "provider_name",
    "variant",
    "cancelled",
    "streamed",
    "user",
    "finish_reason_raw",
    "finish_reason_normalized",
    "generation_time_ms",
    "time_to_first_token_ms",
    "api_key_disabled",
    "api_key_name",
    "app_name",
)
JSON_READERS = (
    JsonReader(LITELLM, frozenset({"request_id", "spend", "startTime", "prompt_tokens"}), _spend_log),
    JsonReader(LITELLM_DAILY, frozenset({"date", "metrics"}), _daily),
    JsonReader(LITELLM_DAILY, frozenset({"date", "api_requests", "prompt_tokens"}), _daily),
    JsonReader(LANGFUSE, frozenset({"usageDetails"}), _observation),
    JsonReader(LANGFUSE, frozenset({"usage_details"}), _observation),
    JsonReader(ROUTER, frozenset({"date", "model_permaslug", "prompt_tokens"}), _activity),
)
TABLE_READERS = (
    TableReader(
        GENERATIONS,
        ("created_at", "cost_total", "tokens_prompt", "tokens_completion", "tokens_cached", "model_permaslug"),
        ("tokens_reasoning", *GENERATION_TEXTS),
        _generations,
        texts=GENERATION_TEXTS,
    ),
)
