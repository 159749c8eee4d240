"""The values that a field of an export can have, and what each means: a value that is none of them is refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from deal_solve.exports.files import Json, text_of
from deal_solve.messages import nearest, one_of, shown

if TYPE_CHECKING:
    import pandas as pd

Values = Mapping[str, str]
TOKEN_TYPES: Values = {
    "uncached_input_tokens": "input",
    "output_tokens": "output",
    "cache_read_input_tokens": "cache_read",
    "cache_creation.ephemeral_5m_input_tokens": "cache_write_5m",
    "cache_creation.ephemeral_1h_input_tokens": "cache_write_1h",
}
TABLE_TOKEN_TYPES: Values = {
    "input_no_cache": "input",
    "input_cache_read": "cache_read",
    "input_cache_write_5m": "cache_write_5m",
    "input_cache_write_1h": "cache_write_1h",
    "output": "output",
}
_TOOLS = {name: name for name in ("web_search", "code_execution", "session_usage")}
COST_TYPES: Values = {"tokens": "usage", "token": "usage", **_TOOLS}
"""Tokens whose class no token type tells are usage."""
TIERS: Values = {
    name: name for name in ("standard", "batch", "priority", "flex", "flex_discount", "priority_on_demand")
}
TABLE_TIERS: Values = {**TIERS, "message": "standard"}
WINDOWS: Values = {"0-200k": "short", "200k-1M": "long"}
TABLE_WINDOWS: Values = {"≤ 200k": "short", "<= 200k": "short", "> 200k": "long"}
OWN_WINDOWS: Values = {"short": "short", "long": "long"}
GEOS: Values = {"global": "global", "us": "us", "not_available": "not_available"}
CATEGORIES: Values = {name: name.lower() for name in ("Usage", "Purchase", "Tax", "Credit", "Adjustment")}
_MEMBERS = ("active", "inactive", "pending", "invited", "suspended", "deactivated", "removed", "deleted")
MEMBER_STATUS: Values = {name.capitalize(): name for name in _MEMBERS}
"""In small letters or capitals; only active members have a seat."""
BEDROCK_KINDS: Values = {
    "cache-read": "cache_read",
    "cache-write-1h": "cache_write_1h",
    "cache-write-input-token-count-1h": "cache_write_1h",
    "cache-write": "cache_write",
    "input-token": "input",
    "output-token": "output",
}
"""Parts of a usage type, and the class of tokens that they name; the first that fits counts."""
ACCEPTED: dict[str, dict[str, Values]] = {
    "records of the vendor": {
        "token_type": TOKEN_TYPES,
        "cost_type": COST_TYPES,
        "service_tier": TIERS,
        "context_window": WINDOWS,
        "inference_geo": GEOS,
    },
    "Console cost": {"token_type": TABLE_TOKEN_TYPES, "cost_type": COST_TYPES},
    "Console usage": {"usage_type": TABLE_TIERS, "context_window": TABLE_WINDOWS, "inference_geo": GEOS},
    "Bedrock (parts of the type)": {"line_item_usage_type": BEDROCK_KINDS},
    "FOCUS": {"ChargeCategory": CATEGORIES},
    "members": {"Status": MEMBER_STATUS},
    "a plain table": {"tier": TABLE_TIERS, "window": OWN_WINDOWS, "geo": GEOS},
}
"""By export and field, for the page about exports."""


class CellError(ValueError):
    """A value of a table that is not accepted, with its place among the rows of the part that is read."""

    def __init__(self, text: str, position: int) -> None:
        super().__init__(text)
        self.position = position


def value_of(record: Json, name: str, known: Values) -> str | None:
    """Return what a field of a record means, None where it is left out; ValueError where it is not known."""
    text = text_of(record, name)
    if text is None:
        return None
    if text not in known:
        raise ValueError(_refusal(name, text, known))
    return known[text]


def column_of(frame: pd.DataFrame, name: str, known: Values) -> pd.Series:
    """Return what each row of a column means, "" where a cell is empty; CellError where it is not known."""
    import pandas as pd

    codes, texts = pd.factorize(frame[name].astype(str), use_na_sentinel=False)
    meant = []
    for code, text in enumerate(str(each).strip() for each in texts):
        if text not in known and text not in ("", "nan", "None"):
            raise CellError(_refusal(name, text, known), int((codes == code).argmax()))
        meant.append(known.get(text, ""))
    return pd.Series([meant[code] for code in codes], index=frame.index, dtype=object)


def _refusal(name: str, text: str, known: Values) -> str:
    near = nearest(text, list(known))
    proposed = f"; did you mean {near!r}?" if near else ""
    return f"{name}: {shown(text)} is not known; expected {one_of(known)}{proposed}"
