"""The agreement in force in today's bill: its rates for usage, and its seats at its prices, in the first month."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from pydantic import Field

from deal_solve.deal.deal import Deal
from deal_solve.plan.resolved import SeatOffer
from deal_solve.record import Record
from deal_solve.settlement.in_force.api import Held, band_in_force
from deal_solve.settlement.seats.seats import priced_seats

AT_FIRST = np.ones((1, 1))
"""The index of list prices in the first month."""


@dataclass(frozen=True)
class BillInForce(Record):
    """What the month comes to under the agreement in force, USD; what it does not sell is at list."""

    offer: Annotated[str, Field(description="the offer it was taken from")]
    ends: Annotated[str, Field(description="the first month after it, YYYY-MM")]
    is_drawn: Annotated[bool, Field(description="whether usage draws on a commitment that is paid in advance")]
    usage_usd: Annotated[float, Field(description="API usage at its rates, other charges included")]
    seats_usd: Annotated[float, Field(description="licensed seats, or users where they are more, at its prices")]
    total_usd: Annotated[float, Field(description="both")]


def seats_in_force(deal: Deal) -> Mapping[str, SeatOffer]:
    """Return the seat types in force as they were bought; {} without any."""
    held = _held(deal)
    return {name: held.seat(name) for name in held.in_force.seats} if held else {}


def rates_in_force(deal: Deal) -> Callable[[str, float], float]:
    """Return what a list dollar of usage of a model costs in the first month, where a share of it counts."""
    held = _held(deal)
    if held is None or held.in_force.api is None or held.offer.api is None:
        return lambda _, __: 1.0
    band = band_in_force(held)

    def rate(model_id: str, counted: float) -> float:
        model = deal.card.model(model_id)
        protected = float(held.protected(model.family, AT_FIRST)[0, 0])
        return 1 - counted + counted * (1 - band.discount_of(model.id, model.family)) * protected

    return rate


def bill_in_force(deal: Deal, usage_usd: float, users: Mapping[str, float], others_usd: float) -> BillInForce | None:
    """Return the bill under the agreement in force; None without one.

    `users` are those on each seat type in force, `others_usd` the seats of everybody else at list.
    """
    held = _held(deal)
    if held is None:
        return None
    api, part, seats_usd = held.in_force.api, held.offer.api, others_usd
    for name, own in held.in_force.seats.items():
        seat = held.seat(name)
        contracted = priced_seats(seat.part.tiers, own.contracted)
        each = contracted / own.contracted if own.contracted else 1.0
        added = max(own.licensed_seats, users.get(name, 0.0)) - own.contracted
        seats_usd += seat.usd * (contracted + added * each) * float(held.protected("seats", AT_FIRST)[0, 0])
    return BillInForce(
        offer=held.in_force.offer,
        ends=f"{held.in_force.ends:%Y-%m}",
        is_drawn=api is not None and part is not None and api.commits and part.payment != "arrears",
        usage_usd=usage_usd,
        seats_usd=seats_usd,
        total_usd=usage_usd + seats_usd,
    )


def _held(deal: Deal) -> Held | None:
    if deal.in_force is None:
        return None
    return Held(deal.held, deal.in_force, deal.month(deal.in_force.ends))
