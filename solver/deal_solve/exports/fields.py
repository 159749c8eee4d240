"""The fields that a column of a plain table can be mapped to (`--map FIELD=COLUMN`), and what each holds."""

from __future__ import annotations

FIELDS: dict[str, str] = {
    "day": "date or moment of the row; needed",
    "model": "model id, as the vendor writes it; needed",
    "tier": "service tier: standard, batch, priority, flex",
    "window": "context window: short (to 200,000 tokens) or long",
    "geo": "where it ran: global, us",
    "workspace": "workspace or project",
    "key": "API key",
    "user": "who used it; hashed unless names are kept",
    "product": "chat, claude_code and other products of people; left out: the API",
    "tag": "a tag of your own, to group by",
    "input": "input tokens that were neither read from nor written to the cache",
    "cache_read": "input tokens read from the cache",
    "cache_write": "input tokens written to it, where their life is not known",
    "cache_write_5m": "input tokens written for five minutes",
    "cache_write_1h": "input tokens written for an hour",
    "output": "output tokens",
    "web_searches": "searches of the web",
    "requests": "requests",
    "usd": "what was billed, USD",
}
