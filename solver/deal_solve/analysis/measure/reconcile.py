"""Reconciliation: tokens at dated list prices against what was billed, by month and model, the rest by its cause."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Annotated

from pydantic import Field

from deal_solve.exports.prices import list_price, list_prices
from deal_solve.exports.read import Exports
from deal_solve.exports.row import NANO, TOKEN_CLASSES
from deal_solve.exports.uses import COLUMN, days_of
from deal_solve.frames import Table
from deal_solve.record import Record

NOT_BILLED_HERE = ("priority", "flex", "flex_discount", "priority_on_demand")
"""Tiers whose usage has no row in a cost report."""
SEARCHES = "web search"
LINES = ("discount", "not_billed", "tools", "credits")
Key = tuple[str, str]


@dataclass(frozen=True, kw_only=True)
class Reconciled(Record):
    """One model in one month, USD. billed = list - discount - not billed + tools + credits + unexplained."""

    month: Annotated[str, Field(description="YYYY-MM")]
    model: Annotated[str, Field(description="model, web search, or - for charges that name none")]
    tokens: Annotated[int, Field(description="of all classes")]
    list_usd: Annotated[float, Field(description="tokens and searches at the list price of their day")]
    billed_usd: Annotated[float | None, Field(description="net charges; null: no export has charges of the month")]
    discount_usd: Annotated[float, Field(description="list amounts of the export less its net ones")]
    not_billed_usd: Annotated[float, Field(description="list price of priority and flex usage, which has no cost row")]
    tools_usd: Annotated[float, Field(description="charges that are neither tokens nor searches")]
    credits_usd: Annotated[float, Field(description="negative charges that name no model")]
    write_life_usd: Annotated[
        float, Field(description="what cache writes of unknown life cost more if they live an hour")
    ]

    @property
    def unexplained_usd(self) -> float | None:
        """What no cause accounts for."""
        if self.billed_usd is None:
            return None
        explained = self.list_usd - self.discount_usd - self.not_billed_usd + self.tools_usd + self.credits_usd
        return self.billed_usd - explained

    @property
    def realised_discount(self) -> float | None:
        """Share of the list price of billed usage that was not charged."""
        base = self.list_usd - self.not_billed_usd
        if self.billed_usd is None or base <= 0:
            return None
        return 1 - (self.billed_usd - self.tools_usd - self.credits_usd) / base


@dataclass
class _Sums:
    tokens: int = 0
    list_price: int = 0
    billed: int | None = None
    lines: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))

    def use(self, tokens: int, price: int, is_billed: bool) -> None:
        """Add tokens and their list price, billionths of a dollar."""
        self.tokens += tokens
        self.list_price += price
        self.lines["not_billed"] += 0 if is_billed else price


def reconciled(exports: Exports) -> Table[Reconciled]:
    """Return every month and model with usage or charges, in order."""
    sums: defaultdict[Key, _Sums] = defaultdict(_Sums)
    months_of = {day: f"{day:%Y-%m}" for day in days_of(exports.used.places)}
    searched, unsplit = COLUMN["web_searches"], COLUMN["cache_write"]
    for place, row in exports.used.rows():
        month, prices = months_of[place.day], list_prices(place, row)
        is_billed = place.tier not in NOT_BILLED_HERE
        if row[searched]:
            sums[month, SEARCHES].use(0, prices[searched], is_billed)
        if row[searched] < sum(row):
            held = sums[month, place.model or "-"]
            held.use(sum(row[: len(TOKEN_CLASSES)]), sum(prices) - prices[searched], is_billed)
            if row[unsplit]:
                held.lines["write_life"] += list_price(place, "cache_write_1h", row[unsplit]) - prices[unsplit]
    months = {f"{place.day:%Y-%m}" for place, _ in exports.charged}
    for key, each in sums.items():
        if key[0] in months:
            each.billed = 0
    for (place, kind), charge in exports.charged.items():
        held = sums[f"{place.day:%Y-%m}", SEARCHES if kind == "web_search" else place.model or "-"]
        held.billed = (held.billed or 0) + charge.net
        if place.model is None and charge.net < 0:
            held.lines["credits"] += charge.net
        elif kind not in (*TOKEN_CLASSES, "web_search", "usage", "estimate"):
            held.lines["tools"] += charge.net
        elif charge.list_price is not None:
            held.lines["discount"] += charge.list_price - charge.net
    return Table(
        Reconciled(
            month=month,
            model=model,
            tokens=each.tokens,
            list_usd=each.list_price / NANO,
            billed_usd=None if each.billed is None else each.billed / NANO,
            write_life_usd=each.lines["write_life"] / NANO,
            **{f"{line}_usd": each.lines[line] / NANO for line in LINES},
        )
        for (month, model), each in sorted(sums.items())
    )
