"""The numbers of the offers that can be negotiated, and one step of each."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from deal_solve.deal.clauses.clause import Ends
from deal_solve.deal.clauses.registry import CLAUSES
from deal_solve.deal.deal import Deal
from deal_solve.deal.edit import leaves
from deal_solve.deal.load import extended
from deal_solve.deal.numbers import parse_number
from deal_solve.deal.yaml_source import Loc, Source, dotted
from deal_solve.plan.resolved import resolve

DIGITS = 12
"""Significant digits of a value after a step, so that 0.1 + 0.2 is 0.3."""


@dataclass(frozen=True)
class Negotiable:
    """A number of an offer, by its dotted path: its value today and one step below and above it."""

    path: str
    today: float
    low: float
    high: float


def negotiables(deal: Deal) -> Iterator[Negotiable]:
    """Yield every number that the offers state and the price of every seat they sell, offer by offer.

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
    ends = _ends(loc)
    if ends is None:
        return None
    low, high = ends(today)
    return Negotiable(dotted(loc), today, *(float(f"{value:.{DIGITS}g}") for value in (low, high)))


def _ends(loc: Loc) -> Ends | None:
    """Return how a number of an offer moves by one step, by its path in the file; None if nobody negotiates it."""
    names = [part for part in loc[2:] if isinstance(part, str)]  # without the offer and the places in lists
    part, inside = ("offer", names) if names[0] not in ("api", "seats") else (names[0], names[1:])
    inside = inside[1:] if part == "seats" else inside
    last = "discount" if "discount" in inside else inside[-1]  # one discount for all models, or one for each
    known = (clause.numbers for clause in CLAUSES if clause.part == part and clause.path[0] == inside[0])
    return next((numbers[last] for numbers in known if last in numbers), None)
