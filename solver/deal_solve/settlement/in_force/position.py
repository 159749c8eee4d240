"""The position today: where the agreement in force stands, and what becomes of it if it runs to its end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from pydantic import Field

from deal_solve.deal.deal import Deal
from deal_solve.deal.money import CENT_TOLERANCE_USD
from deal_solve.frames import Table
from deal_solve.record import Record
from deal_solve.settlement.in_force.before import Before, before_signing
from deal_solve.uncertainty import measures
from deal_solve.uncertainty.months import in_months_of
from deal_solve.uncertainty.scenario_set import Array, Scenarios, ScenarioSet, each_block


@dataclass(frozen=True)
class SeatPosition(Record):
    """One seat type in force."""

    seat_type: Annotated[str, Field(description="the seat type")]
    contracted: Annotated[int, Field(description="seats contracted")]
    licensed: Annotated[int, Field(description="seats licensed today, added ones included")]
    expected_active: Annotated[float, Field(description="expected users of the first month on it")]


@dataclass(frozen=True, kw_only=True)
class Position(Record):
    """Where the agreement in force stands at the start, and what is expected until it ends.

    Amounts are USD at contracted rates. The months of exhaustion are those in which usage, as it comes, is first not
    covered by the balance of the period that runs today; all three are of the scenarios in which it runs out, and null
    where it does in none.
    """

    offer: Annotated[str, Field(description="the offer it was taken from")]
    ends: Annotated[str, Field(description="the first month after it, YYYY-MM")]
    balance_usd: Annotated[float, Field(description="commitment of the period that runs, and what was carried into it")]
    drawn_usd: Annotated[float, Field(description="of it drawn so far")]
    pace_usd: Annotated[float, Field(description="what would be drawn by now at an even pace")]
    period: Annotated[str, Field(description="months of the period, YYYY-MM to YYYY-MM; empty without a commitment")]
    exhausted_probability: Annotated[float, Field(description="probability that the balance runs out in the period")]
    exhausted_p10: Annotated[str | None, Field(description="P10 of the month in which it runs out, where it does")]
    exhausted: Annotated[str | None, Field(description="mean month in which it runs out, where it does")]
    exhausted_p90: Annotated[str | None, Field(description="P90 of the month in which it runs out, where it does")]
    expected_forfeited_usd: Annotated[float, Field(description="expected commitment and balance lost by its end")]
    seats: Annotated[Table[SeatPosition], Field(description="the seat types in force")]


def position_of(deal: Deal, scenarios: Scenarios) -> Position | None:
    """Return where the agreement in force stands; None without one. The deal may be signed or open."""
    whole = deal.whole
    held = whole.in_force
    if held is None:
        return None
    signed = whole.signed_in(whole.month(held.ends))
    futures = in_months_of(signed, scenarios)
    parts = each_block(futures, lambda _, block: _facts(before_signing(signed, block), block))
    months, lost = (np.concatenate([part[place] for part in parts]) for place in (0, 1))
    weights, periods = futures.weights, parts[0][2].periods
    out = np.isfinite(months)
    likely = measures.probability(out, weights)
    found = _spread(months[out], weights[out] / likely) if likely else (None,) * 3
    p10, mean, p90 = map(whole.year_month, found)
    first, part = periods[0] if periods else None, whole.offers[held.offer].api
    span = part.periods(range(first.start, whole.month(held.ends)))[0] if first and part else range(0)
    drawn = held.api.drawn_usd if held.api and first else 0.0
    balance = float(np.ravel(first.left_usd)[0]) + drawn if first else 0.0
    return Position(
        offer=held.offer,
        ends=f"{held.ends:%Y-%m}",
        balance_usd=balance,
        drawn_usd=drawn,
        pace_usd=balance * -span.start / len(span) if span else 0.0,
        period=whole.span(span.start, span.stop) if span else "",
        exhausted_probability=likely,
        exhausted_p10=p10,
        exhausted=mean,
        exhausted_p90=p90,
        expected_forfeited_usd=float(weights @ lost),
        seats=Table(
            tuple(
                SeatPosition(name, own.contracted, own.licensed_seats, _active(whole, futures, name))
                for name, own in held.seats.items()
            )
        ),
    )


def _facts(before: Before, block: ScenarioSet) -> tuple[Array, Array, Before]:
    """Return the month in which the running balance is exhausted (infinite: it is not), and what is lost by the end."""
    exhausted, lost = np.full(block.size, np.inf), np.zeros(block.size)
    for period in before.periods:
        lost += period.own_shortfall_usd - period.rolled_over_usd + period.expired_usd
    for period in before.periods[:1]:
        over = np.cumsum(period.monthly_usd, axis=0) > period.left_usd + CENT_TOLERANCE_USD
        exhausted = np.where(over.any(axis=0), max(period.start, 0) + over.argmax(axis=0), np.inf)
    return exhausted, lost, before


def _spread(months: Array, weights: Array) -> tuple[int, int, int]:
    """Return P10, the nearest month to the mean, and P90 of some months."""
    low, high = measures.quantiles(months, weights, (0.1, 0.9)).tolist()
    return int(low), round(float(weights @ months)), int(high)


def _active(deal: Deal, futures: Scenarios, seat_type: str) -> float:
    """Return the expected users of the first month of the cohorts that are on a seat type in force."""
    held = deal.in_force
    on = [
        name
        for name, cohort in deal.cohorts.items()
        if held and next((track for track in cohort.tracks if track in held.seats), None) == seat_type
    ]

    def active(_: int, block: ScenarioSet) -> float:
        return sum(float(block.weights @ block.all_months().users[name][0]) for name in on)

    return sum(each_block(futures, active))
