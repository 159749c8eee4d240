"""Exports of usage as vendors, gateways and clouds write them, for tests."""

import json
from datetime import date, timedelta

OPUS, HAIKU, SONNET = "claude-opus-5", "claude-haiku-4-5-20251001", "claude-sonnet-5"
FIRST = date(2026, 9, 1)
USAGE_COLUMNS = (
    "usage_date_utc,model_version,api_key,workspace,usage_type,context_window,usage_input_tokens_no_cache,"
    "usage_input_tokens_cache_write_5m,usage_input_tokens_cache_write_1h,usage_input_tokens_cache_read,"
    "usage_output_tokens,web_search_count,inference_geo,speed"
)
COST_COLUMNS = (
    "usage_date_utc,model,workspace,api_key,usage_type,context_window,token_type,cost_usd,list_price_usd,cost_type,"
    "inference_geo,speed,api_key_id,api_key_status"
)
SPEND_COLUMNS = (
    "user_email,account_uuid,product,model,total_requests,total_prompt_tokens,total_completion_tokens,"
    "total_net_spend_usd,total_gross_spend_usd,user_id,total_uncached_input_tokens,total_cache_read_tokens,"
    "total_cache_write_5m_tokens,total_cache_write_1h_tokens,total_web_search_count,slack_channel_id,teams_channel_id"
)


def write(folder, name, content):
    """Write text, bytes or JSON to a file and return its path."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def usage(**changes):
    """Return one result of the messages usage report: 1,500 fresh, 200 read, 500 + 1,000 written, 500 out."""
    return {
        "account_id": None,
        "api_key_id": None,
        "cache_creation": {"ephemeral_1h_input_tokens": 1000, "ephemeral_5m_input_tokens": 500},
        "cache_read_input_tokens": 200,
        "context_window": "0-200k",
        "inference_geo": "global",
        "model": OPUS,
        "output_tokens": 500,
        "server_tool_use": {"web_search_requests": 0},
        "service_tier": "standard",
        "uncached_input_tokens": 1500,
        "workspace_id": None,
    } | changes


def cost(amount, **changes):
    """Return one result of the cost report; `amount` is text in cents."""
    return {
        "amount": amount,
        "currency": "USD",
        "cost_type": "tokens",
        "token_type": "uncached_input_tokens",
        "model": OPUS,
        "workspace_id": None,
        "service_tier": "standard",
        "context_window": "0-200k",
        "inference_geo": None,
    } | changes


def bucket(day, *results):
    """Return a bucket of one day."""
    return {"starting_at": f"{day}T00:00:00Z", "ending_at": f"{day + timedelta(1)}T00:00:00Z", "results": list(results)}


def page(*buckets, **more):
    """Return a page with its envelope."""
    return {"data": list(buckets), "has_more": False, "next_page": None} | more


def daily(days, *results):
    """Return a page with the same results on each of the first `days` days."""
    return page(*(bucket(FIRST + timedelta(day), *results) for day in range(days)))


def totals(found):
    """Return tokens by class."""
    sums = {}
    for (_, quantity), amount in found.used.items():
        sums[quantity] = sums.get(quantity, 0) + amount
    return sums


def billed(found):
    """Return dollars by kind."""
    sums = {}
    for (_, kind), charge in found.charged.items():
        sums[kind] = sums.get(kind, 0) + charge.net
    return {kind: net / 1e9 for kind, net in sums.items()}


EXPECTED = {"input": 1500, "cache_read": 200, "cache_write_5m": 500, "cache_write_1h": 1000, "output": 500}
"""Tokens of one result of `usage`."""
