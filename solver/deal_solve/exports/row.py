"""What every export is read into: tokens and dollars by day, model, class of tokens, tier, window and place.

Tokens are integers. Dollars are integers of a billionth of a dollar, so that cents with seven decimals add up exactly.
Days are those of UTC.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
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


@dataclass
class Counted:
    """What is known from earlier lines and files of the same export, so that nothing counts twice."""

    counters: dict[tuple[tuple[str, str], ...], int] = field(default_factory=dict)
    """Last value of each cumulative counter."""
    requests: dict[tuple[str | None, ...], dict[str, int]] = field(default_factory=dict)
    """What was counted of each request that may stand on several lines."""
    ids: set[str] = field(default_factory=set)

    def is_new(self, name: str | None) -> bool:
        """Whether a line of this id was not there before; a line without one always is new."""
        if name is None:
            return True
        is_new = name not in self.ids
        self.ids.add(name)
        return is_new


@dataclass
class Tally:
    """What one file says, added up: quantities and charges by place, days of seats, and notes on what was left out."""

    used: defaultdict[tuple[Place, Quantity], int] = field(default_factory=lambda: defaultdict(int))
    charged: dict[tuple[Place, str], Charged] = field(default_factory=dict)
    seats: list[SeatDay] = field(default_factory=list)
    members: dict[str, int] = field(default_factory=dict)
    known: Counted = field(default_factory=lambda: Counted())
    covers: tuple[date, date] | None = None
    """First and last day of an export that has no days in it."""
    left_out: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    """Rows that were not counted, by the reason."""

    def use(self, place: Place, **quantities: int) -> None:
        """Add tokens, requests or searches of a place; zeros are dropped."""
        for name, quantity in quantities.items():
            if quantity:
                self.used[place, name] += quantity  # type: ignore[index]

    def charge(self, place: Place, kind: str, net: int, list_price: int | None = None) -> None:
        """Add a charge of a kind (a class of tokens, or what else is billed) to a place."""
        known = self.charged.get((place, kind))
        if known is not None:
            net += known.net
            list_price = None if list_price is None or known.list_price is None else list_price + known.list_price
        self.charged[place, kind] = Charged(net, list_price)

    def leave_out(self, why: str) -> None:
        """Count a row that is not read, by the reason."""
        self.left_out[why] += 1


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
