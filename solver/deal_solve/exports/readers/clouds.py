"""Bills of clouds and of FOCUS: one line for each class of tokens, in dollars and units of tokens."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from deal_solve.exports.reader import Source, TableReader, dollars, usd_only, utc_day
from deal_solve.exports.row import Place
from deal_solve.exports.tally import Tally
from deal_solve.exports.values import BEDROCK_KINDS, CATEGORIES, column_of
from deal_solve.messages import one_of, shown

if TYPE_CHECKING:
    import pandas as pd

BEDROCK = Source("Bedrock, CUR 2.0", "aws", 1, is_log=True)
FOCUS = Source("FOCUS", "invoice", 1)
_USAGE_TYPE = re.compile(r"^(?:[A-Z0-9]+-)?(?P<model>Claude[\w.]*?)-(?P<rest>.*)$", re.IGNORECASE)
_MODEL = re.compile(
    r"claude[- ]?(?:(\d(?:\.\d)?)[- ]?(opus|sonnet|haiku|fable)|(opus|sonnet|haiku|fable)[- ]?(\d(?:\.\d)?))",
    re.IGNORECASE,
)


def _kind(text: str) -> str | None:
    return next((kind for part, kind in BEDROCK_KINDS.items() if part in text.lower()), None)


def model_of(text: str) -> str | None:
    """Return the name of the model in the words of a bill, None where it names none.

    >>> model_of("USE1-Claude4.6Sonnet-input-tokens"), model_of("Claude Opus 4.5 (Amazon Bedrock Edition)")
    ('claude-sonnet-4.6', 'claude-opus-4.5')
    """
    match = _MODEL.search(text)
    if match is None:
        return None
    return f"claude-{(match[2] or match[3]).lower()}-{match[1] or match[4]}"


def _tokens(amount: object, unit: str, column: str) -> int:
    sizes = {"1k tokens": 1000, "1m tokens": 1_000_000, "tokens": 1, "token": 1, "thousand tokens": 1000}
    if unit.strip().lower() not in sizes:
        raise ValueError(f"{column}: {shown(unit)} is no unit of tokens; expected 1K tokens, 1M tokens or Tokens")
    return round(float(str(amount)) * sizes[unit.strip().lower()])


def _bedrock(frame: pd.DataFrame, tally: Tally) -> None:
    if "identity_line_item_id" in frame:
        line = frame["identity_line_item_id"].astype(str) + frame["line_item_usage_start_date"].astype(str)
        is_new = line.map(tally.known.is_new)
        tally.left_out["lines that another file says"] += int((~is_new).sum())
        frame = frame[is_new]
    billed = dollars(frame, "line_item_unblended_cost")
    currencies = frame["line_item_currency_code"] if "line_item_currency_code" in frame else [None] * len(frame)
    columns = ("line_item_usage_start_date", "line_item_usage_type", "line_item_usage_amount", "pricing_unit")
    for usd, currency, (start, usage_type, amount, unit) in zip(
        billed, currencies, frame[list(columns)].itertuples(index=False), strict=True
    ):
        name, kind = model_of(str(usage_type)), _kind(str(usage_type))
        if name is None:
            tally.leave_out("lines of the bill that are not usage of Claude")
            continue
        if kind is None:
            expected = f"expected one with {one_of(BEDROCK_KINDS)}"
            raise ValueError(f"line_item_usage_type: {shown(str(usage_type))} names no class of tokens; {expected}")
        usd_only(currency)
        lower = str(usage_type).lower()
        tier = next((each for each in ("batch", "priority", "flex") if each in lower), "standard")
        place = Place(
            utc_day(start), name, tier, "long" if "long" in lower else None, None if "global" in lower else "us"
        )
        tally.use(place, **{kind: _tokens(amount, str(unit), "pricing_unit")})
        tally.charge(place, kind, int(usd))


def _property(text: object, name: str) -> str:
    match = re.search(rf'"{name}"\s*:\s*"([^"]*)"', str(text))
    return match[1] if match else ""


def _focus(frame: pd.DataFrame, tally: Tally) -> None:
    net, gross = dollars(frame, "BilledCost"), dollars(frame, "ListCost") if "ListCost" in frame else None
    categories = column_of(frame, "ChargeCategory", CATEGORIES).tolist()
    for index, row in enumerate(frame.to_dict("records")):
        texts: dict[str, Any] = {str(name): value for name, value in row.items()}
        usd_only(texts["BillingCurrency"])
        words = " ".join(
            str(texts.get(name, "")) for name in ("SkuId", "SkuMeter", "ChargeDescription", "SkuPriceDetails")
        )
        details = texts.get("SkuPriceDetails")
        name = _property(details, "ModelId") or _property(details, "x_ModelId") or model_of(words)
        place = Place(
            utc_day(texts["ChargePeriodStart"]), name or None, workspace=str(texts.get("SubAccountId", "")) or None
        )
        if categories[index] != CATEGORIES["Usage"]:
            tally.charge(place, categories[index], int(net.iloc[index]))
            continue
        if name is None:
            tally.leave_out("lines of the bill that are not usage of Claude")
            continue
        kind = _kind(words.replace("_", "-").replace(" ", "-"))
        quantity, unit = texts.get("ConsumedQuantity", ""), str(texts.get("ConsumedUnit", ""))
        if kind and quantity not in ("", "nan", None):
            tally.use(place, **{kind: _tokens(quantity, unit, "ConsumedUnit")})
        tally.charge(place, kind or "usage", int(net.iloc[index]), None if gross is None else int(gross.iloc[index]))


FOCUS_TEXTS = (
    "BillingCurrency",
    "ChargePeriodStart",
    "ChargePeriodEnd",
    "BilledCost",
    "ListCost",
    "ChargeCategory",
    "ChargeDescription",
    "SkuId",
    "SkuMeter",
    "SkuPriceDetails",
    "SubAccountId",
    "ConsumedQuantity",
    "ConsumedUnit",
)
TABLE_READERS = (
    TableReader(
        BEDROCK,
        (
            "line_item_usage_start_date",
            "line_item_usage_type",
            "line_item_usage_amount",
            "line_item_unblended_cost",
            "pricing_unit",
        ),
        ("line_item_currency_code", "identity_line_item_id"),
        _bedrock,
        texts=(
            "line_item_usage_start_date",
            "line_item_usage_type",
            "line_item_usage_amount",
            "line_item_unblended_cost",
            "pricing_unit",
            "line_item_currency_code",
            "identity_line_item_id",
        ),
    ),
    TableReader(
        FOCUS,
        ("BilledCost", "BillingCurrency", "ChargePeriodStart", "ChargeCategory"),
        FOCUS_TEXTS,
        _focus,
        texts=FOCUS_TEXTS,
    ),
)
