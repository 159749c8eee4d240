"""The two tables of the Console: usage in tokens, cost in dollars rounded to the cent.

Their days are of UTC. Exports overlap, and the row of a running day grows, so that the later file counts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from deal_solve.exports.reader import Source, TableReader, charge_frame, use_frame
from deal_solve.exports.tally import Tally
from deal_solve.exports.values import ACCEPTED, COST_TYPES, TABLE_TOKEN_TYPES, column_of

if TYPE_CHECKING:
    import pandas as pd

USAGE = Source("Console usage", "api", 2)
COST = Source("Console cost", "api", 2)


def _usage(frame: pd.DataFrame, tally: Tally) -> None:
    places = {
        "day": "usage_date_utc",
        "model": "model_version",
        "tier": "usage_type",
        "window": "context_window",
        "geo": "inference_geo",
        "workspace": "workspace",
        "key": "api_key",
    }
    fields = {name: known for name, known in ACCEPTED[USAGE.name].items() if name in frame}
    frame = frame.assign(**{name: column_of(frame, name, known) for name, known in fields.items()})
    use_frame(
        tally,
        frame,
        places,
        {
            "input": "usage_input_tokens_no_cache",
            "cache_write_5m": "usage_input_tokens_cache_write_5m",
            "cache_write_1h": "usage_input_tokens_cache_write_1h",
            "cache_read": "usage_input_tokens_cache_read",
            "output": "usage_output_tokens",
            "web_searches": "web_search_count",
        },
    )


def _cost(frame: pd.DataFrame, tally: Tally) -> None:
    places = {"day": "usage_date_utc", "model": "model", "workspace": "workspace", "key": "api_key"}
    kind = column_of(frame, "token_type", TABLE_TOKEN_TYPES)
    if "cost_type" in frame:
        kind = kind.where(kind != "", column_of(frame, "cost_type", COST_TYPES))
    kind = kind.where(kind != "", (frame["model"].astype(str) != "").map({True: "usage", False: "credit"}))
    charge_frame(tally, frame, places, kind, "cost_usd", "list_price_usd")


DIMENSIONS = ("context_window", "inference_geo", "speed")
TABLE_READERS = (
    TableReader(
        USAGE,
        (
            "usage_date_utc",
            "model_version",
            "api_key",
            "workspace",
            "usage_type",
            "usage_input_tokens_no_cache",
            "usage_input_tokens_cache_write_5m",
            "usage_input_tokens_cache_write_1h",
            "usage_input_tokens_cache_read",
            "usage_output_tokens",
        ),
        ("web_search_count", *DIMENSIONS),
        _usage,
        texts=("usage_date_utc", "model_version", "api_key", "workspace", "usage_type", *DIMENSIONS),
    ),
    TableReader(
        COST,
        ("usage_date_utc", "model", "workspace", "api_key", "usage_type", "token_type", "cost_usd"),
        ("list_price_usd", "cost_type", "api_key_id", "api_key_status", *DIMENSIONS),
        _cost,
        texts=(
            "usage_date_utc",
            "model",
            "workspace",
            "api_key",
            "usage_type",
            "token_type",
            "cost_usd",
            "list_price_usd",
            "cost_type",
            "api_key_id",
            "api_key_status",
            *DIMENSIONS,
        ),
    ),
)
