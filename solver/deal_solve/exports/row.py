"""A row of usage: its day, model, tier, window and place, the classes of tokens, and money.

Tokens are integers. Dollars are integers of a billionth of a dollar, so that cents with seven decimals add up exactly.
Days are those of UTC.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal, NamedTuple

from deal_solve.messages import shown

NANO = 1_000_000_000
"""Units of money in a dollar."""
MAX_USD = 10**9
"""Dollars that one charge can hold."""

TokenClass = Literal["input", "cache_read", "cache_write", "cache_write_5m", "cache_write_1h", "output"]
TOKEN_CLASSES: tuple[TokenClass, ...] = (
    "input",
    "cache_read",
    "cache_write",
    "cache_write_5m",
    "cache_write_1h",
    "output",
)
"""Classes of tokens by their price; `cache_write` where an export does not say how long the entry lives."""
Quantity = TokenClass | Literal["web_searches", "requests"]
Channel = Literal["api", "seats", "people", "aws", "router", "invoice", "gateway"]
"""Where usage runs: exports of one channel show the same usage; a gateway sees part of the rest."""


PEOPLE_PRODUCTS = ("chat", "claude_code", "cowork", "office_agent", "claude_in_chrome", "claude_design", "claude-tag")
"""Products that people use through a seat."""


class Place(NamedTuple):
    """What a row is about: the first seven fields are those of the vendor, `None` where an export does not say."""

    day: date
    model: str | None
    tier: str | None = None
    window: str | None = None
    geo: str | None = None
    workspace: str | None = None
    key: str | None = None
    user: str | None = None
    product: str | None = None
    tag: str | None = None

    @property
    def is_of_people(self) -> bool:
        """Whether people use it through a seat; a spend report writes products in words."""
        return (self.product or "").lower().replace(" ", "_") in PEOPLE_PRODUCTS

    @property
    def grain(self) -> tuple[str, ...]:
        """The fields that the row states."""
        return tuple(name for name, value in zip(self._fields, self, strict=True) if value is not None)


class Charged(NamedTuple):
    """Billionths of a dollar: what was billed, and at list where the export says so."""

    net: int
    list_price: int | None


@dataclass(frozen=True)
class SeatDay:
    """People on one day: seats assigned and users active, None where an export does not say."""

    day: date
    assigned: int | None
    active_day: int | None
    active_week: int | None
    active_month: int | None
    product: str = ""


def nano(amount: Decimal | float | str, per_usd: int = 1) -> int:
    """Return billionths of a dollar of an amount in units of which `per_usd` (100: cents) make one; else ValueError.

    >>> nano("123.78912", 100), nano(0.00022500000000000002), nano("-1,204.50".replace(",", ""))
    (1237891200, 225000, -1204500000000)
    """
    try:
        usd = Decimal(str(amount)) / per_usd
        is_held = abs(usd) <= MAX_USD
    except ArithmeticError:
        is_held = False
    if not is_held:
        raise ValueError(f"expected an amount of money up to {MAX_USD:.0e} USD, found {shown(amount)}")
    return int((usd * NANO).to_integral_value())
