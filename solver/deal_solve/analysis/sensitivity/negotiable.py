"""The numbers of the papers that can be negotiated, and one step of each."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from deal_solve.deal.deal import Deal
from deal_solve.deal.edit import leaves
from deal_solve.deal.load import extended
from deal_solve.deal.numbers import parse_number
from deal_solve.deal.yaml_source import Loc, Source, dotted
from deal_solve.plan.resolved import resolve

POINT, SHARE, MONEY = 0.01, 0.1, 0.05
"""A step of a discount or a rise (one point), of a share (ten points), and of an amount (of itself)."""
STEPS = {
    "discount": POINT,
    "api": POINT,
    "premium": POINT,
    "uplift": POINT,
    "capped": POINT,
    "renewal_cap": POINT,
    "rollover": SHARE,
    "cap": SHARE,
    "ramp": SHARE,
    "reduction_right": SHARE,
    "covered_share": SHARE,
}
AMOUNTS = ("commit_usd_per_year", "combined_usd_per_year", "usd_per_user_month")
COUNTS = ("minimum", "maximum")
DIGITS = 12
"""Significant digits of a value after a step, so that 0.1 + 0.2 is 0.3."""


@dataclass(frozen=True)
class Negotiable:
    """A number of a paper, by its dotted path: its value today and one step below and above it."""

    path: str
    today: float
    low: float
    high: float


def negotiables(deal: Deal) -> Iterator[Negotiable]:
    """Yield every number that the offers state and the price of every seat they sell, paper by paper.

    Numbers at 0 (a band without commitment) are left out: there a clause is missing, and a step would be a new one.
    """
    written = extended(Source(deal.file, deal.written))["offers"] if deal.offers else {}
    for name, offer in deal.offers.items():
        seen = set()
        for loc, value in leaves(written[name], ("offers", name)):
            found = _negotiable(loc, value)
            if found:
                seen.add(found.path)
                yield found
        for seat_type in offer.seats:
            loc = ("offers", name, "seats", seat_type, "usd_per_user_month")
            price = _negotiable(loc, resolve(deal).offers[name].seats[seat_type].part.usd_per_user_month)
            if price and price.path not in seen:
                yield price


def _negotiable(loc: Loc, written: Any) -> Negotiable | None:
    today = 0.0
    with suppress(ValueError):
        today = parse_number(written)
    if today <= 0:
        return None
    names = [part for part in loc[2:] if isinstance(part, str)]
    name = "discount" if "discount" in names else names[-1]  # one discount for all models, or one for each
    if name in AMOUNTS:
        low, high = today * (1 - MONEY), today * (1 + MONEY)
    elif name in COUNTS:
        whole = math.ceil(SHARE * today)
        low, high = today - whole, today + whole
    elif name in STEPS or name == "seats":
        step = STEPS.get(name, POINT)
        low, high = max(today - step, 0.0), today + step
    else:
        return None
    return Negotiable(dotted(loc), today, *(float(f"{value:.{DIGITS}g}") for value in (low, high)))
