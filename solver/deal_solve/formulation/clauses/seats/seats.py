"""Contracted seats, volume tiers and seat fees, disaggregated by price segment (model §5, §6; formulation §3).

Σ_τ B[s,k,τ] = h[s,k],  Σ_{z of tier τ} b_z = B[s,k,τ]
low_z · b_z ≤ N_z ≤ high_z · b_z
N[s,y+1] ≥ (1-ρ_s) · N[s,y]                   inside a term, N[s,y] = Σ_z N_z
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeAlias

import numpy as np

from deal_solve.deal.deal import Deal
from deal_solve.deal.offers.running import seat_months
from deal_solve.deal.offers.seats import SeatPart
from deal_solve.formulation.clauses.api.rates import Rates, rates_of, uplift
from deal_solve.formulation.clauses.offers import Agreements, SeatCandidate, channel_of_seats
from deal_solve.formulation.clauses.terms import seat_spans
from deal_solve.formulation.model.expression import Expression, Variable, total
from deal_solve.formulation.model.per_scenario import ScalarOrArray, Who
from deal_solve.formulation.model.program import Due, Program
from deal_solve.plan.crowds import Excess
from deal_solve.plan.resolved import resolve
from deal_solve.plan.terms import TermSpan


@dataclass(frozen=True)
class Segment:
    """A price segment: bundle tier, and from `low` to `high` seats `base_usd` + `usd` per seat above `offset`, a month.

    Amounts are at index 1. `usd` is the marginal (true-up) price after all discounts; the bundle test uses the same
    with `tier_base_usd` and `tier_usd`, which are after the volume tier only.
    """

    tier: int
    low: int
    high: int
    base_usd: float
    usd: float
    offset: int
    tier_base_usd: float
    tier_usd: float


@dataclass
class SeatYear:
    """One contract year of a candidate seat agreement: its segments with binary and count."""

    span: TermSpan
    year: int
    segments: list[tuple[Segment, Variable, Variable]]

    @cached_property
    def count(self) -> Expression:
        """N[σ,y]."""
        return total(number for _, _, number in self.segments)

    @cached_property
    def fee(self) -> Expression:
        """The month's fee in dollars at index 1."""
        return total(_fee(s.usd, s.base_usd, s.offset, *made) for s, *made in self.segments)

    def counts_of(self, tier: int) -> list[Variable]:
        """Return the seats of the segments of a bundle tier."""
        return [number for segment, _, number in self.segments if segment.tier == tier]

    def fee_before_discounts(self, tier: int) -> Expression:
        """Return the month's fee of the segments of a bundle tier, after the volume tier only."""
        mine = [segment for segment in self.segments if segment[0].tier == tier]
        return total(_fee(s.tier_usd, s.tier_base_usd, s.offset, *made) for s, *made in mine)


def _fee(usd: float, base_usd: float, offset: int, chosen: Variable, number: Variable) -> Expression:
    """Return the month's fee of one segment: price_z · N_z + (base_z - price_z · offset) · b_z."""
    return usd * number + (base_usd - usd * offset) * chosen


@dataclass
class Seats:
    """All seat agreements: their tiers B[s,k,τ], their years, and the protected seats index of each contract year."""

    tiers: dict[tuple[SeatCandidate, TermSpan, int], Variable] = field(default_factory=dict)
    years: dict[tuple[SeatCandidate, TermSpan, int], SeatYear] = field(default_factory=dict)
    index: dict[tuple[SeatCandidate, TermSpan, int], ScalarOrArray] = field(default_factory=dict)
    parts: dict[SeatCandidate, SeatPart] = field(default_factory=dict)

    def count(self, candidate: SeatCandidate, year: int) -> Expression:
        """Return N[s,y], whichever term the contract year is in."""
        return total(own.count for (taken, _, when), own in self.years.items() if (taken, when) == (candidate, year))


def offer_seats(program: Program, deal: Deal, agreements: Agreements, rates: Rates, at_least: dict[str, int]) -> Seats:
    """Add N with one copy per segment: low·β <= N <= high·β, Σ β = B, Σ B = h; within a term the reduction right.

    `at_least[σ]` widens the bound on N for pinned plans.
    """
    seats = Seats()
    for candidate in agreements.seats:
        seats.parts[candidate] = part = resolve(deal).seat(candidate, candidate.seat_type).part
        maximum = max(max_seats(program, deal, candidate), at_least.get(candidate.seat_type, 0))
        if part.maximum is not None:
            maximum = min(maximum, part.maximum)
        if resolve(deal).seat(candidate, candidate.seat_type).is_billed_by_users:
            maximum = 0
        for span in seat_spans(deal, candidate, candidate.seat_type):
            taken, tiers = agreements.seat_terms[candidate, span], _tiers(deal, candidate, span)
            for tier in tiers:
                alone = len(tiers) == 1
                chosen = taken if alone else program.binary(f"seat_tier_{candidate.seat_type}")
                seats.tiers[candidate, span, tier] = chosen
            if len(tiers) > 1:
                program.add("one_seat_tier", total(seats.tiers[candidate, span, tier] for tier in tiers) == taken)
            segments = [
                (seats.tiers[candidate, span, tier], segments_of(deal, candidate, span, tier, maximum))
                for tier in tiers
            ]
            for year in span.years:
                seats.index[candidate, span, year] = rates.protected(candidate.agreement, "seats", 12 * year, span)
                seats.years[candidate, span, year] = _year(program, candidate, span, year, segments)
            _within_term(program, seats, candidate, part, span)
            _fees(program, deal, seats, candidate, span)
    return seats


def _tiers(deal: Deal, candidate: SeatCandidate, span: TermSpan) -> list[int]:
    taken = resolve(deal).taken(candidate)
    return [0] if taken.is_at_list(span) else list(range(len(taken.offer.bundle) + 1))


def _year(
    program: Program, candidate: SeatCandidate, span: TermSpan, year: int, tiers: list[tuple[Variable, list[Segment]]]
) -> SeatYear:
    """Add N and its segments in one contract year; `tiers` are B[s,k,τ] with the segments of τ."""
    made = []
    for bought, segments in tiers:
        members = []
        for segment in segments:
            chosen = bought if len(segments) == 1 else program.binary(f"seat_segment_{candidate.seat_type}")
            number = program.integer(f"seats_{candidate.seat_type}_{candidate.offer}_{year}", 0, segment.high)
            program.add("segment_high", number <= float(segment.high) * chosen)
            if segment.low:
                program.add("segment_low", number >= float(segment.low) * chosen)
            members.append(chosen)
            made.append((segment, chosen, number))
        if len(segments) > 1:
            program.add("one_seat_segment", total(members) == bought)
    return SeatYear(span, year, made)


def segments_of(deal: Deal, candidate: SeatCandidate, span: TermSpan, tier: int, maximum: int) -> list[Segment]:
    """Return the volume segments of a seat type in one bundle tier, half-open: just below a step N <= step - 1."""
    taken, seat = resolve(deal).taken(candidate), resolve(deal).seat(candidate, candidate.seat_type)
    offer, part, price = taken.offer, seat.part, seat.usd
    if taken.is_at_list(span):
        return [Segment(tier, 0, maximum, 0.0, seat.card_usd, 0, 0.0, seat.card_usd)]
    bundle = offer.bundle[tier - 1].seats if tier else 0.0
    term = offer.terms[span.length].seats
    steps = [(0, 0.0), *((step.seats, step.discount) for step in (part.tiers.steps if part.tiers else ()))]
    segments, paid, before = [], 0.0, 0.0
    for index, (low, discount) in enumerate(steps):
        high = steps[index + 1][0] - 1 if index + 1 < len(steps) else maximum
        kept = 1 - discount - term - bundle if offer.discounts == "add" else (1 - discount) * (1 - term) * (1 - bundle)
        marginal, after_tier = price * kept * uplift(offer, span), price * (1 - discount)
        offset = 0
        if part.tiers and part.tiers.kind == "incremental":
            offset = max(low - 1, 0)
        if low <= maximum:
            segments.append(Segment(tier, low, min(high, maximum), paid, marginal, offset, before, after_tier))
        if part.tiers and part.tiers.kind == "incremental":
            paid += marginal * (high - offset)
            before += after_tier * (high - offset)
    return segments


def max_seats(program: Program, deal: Deal, candidate: SeatCandidate) -> int:
    """Return what no plan gains by exceeding: the largest count, minimum, tier step or bundle need."""
    resolved = resolve(deal)
    part, offer = resolved.seat(candidate, candidate.seat_type).part, resolved.taken(candidate).offer
    cohorts = tuple(name for name, cohort in deal.cohorts.items() if candidate.seat_type in cohort.tracks)
    seat_plan = deal.card.plan_of(candidate.seat_type)
    needs = [program.sums.max_users(cohorts), float(part.minimum or 0), float(seat_plan.minimum if seat_plan else 0)]
    if part.orders_expected_users:
        expected = [program.sums.first_users.expected[name] for name in cohorts]
        needs += [sum(users) for users in zip(*expected, strict=True)]
    needs += [float(seats.max()) for name, seats in program.sums.licensed_before.items() if name == candidate.seat_type]
    needs += [float(step.seats) for step in (part.tiers.steps if part.tiers else ())]
    if offer.bundle and part.usd_per_user_month:
        deepest = 1 - max((step.discount for step in (part.tiers.steps if part.tiers else ())), default=0.0)
        needs += [tier.combined_usd_per_year / (12 * part.usd_per_user_month * deepest) for tier in offer.bundle]
    return math.ceil(max(needs) - 1e-9)


def _within_term(program: Program, seats: Seats, candidate: SeatCandidate, part: SeatPart, span: TermSpan) -> None:
    """Add N[y+1] >= (1 - reduction right)·N[y]."""
    for year in list(span.years)[:-1]:
        now, following = (seats.years[candidate, span, each].count for each in (year, year + 1))
        program.add("seats_ratchet", following >= (1 - part.reduction_right) * now)


def _fees(program: Program, deal: Deal, seats: Seats, candidate: SeatCandidate, span: TermSpan) -> None:
    """Charge the months of each contract year at its start, or each month in advance; after those of seats in force."""
    program = program.through(channel_of_seats(deal, candidate))
    for year in span.years:
        index = seats.index[candidate, span, year]
        fee = seats.years[candidate, span, year].fee
        months = seat_months(deal, candidate.seat_type, year)
        if seats.parts[candidate].billing == "yearly":
            program.pay("seats", fee, float(len(months)), Due(months.start, months.start), index)
        else:
            for month in months:
                program.pay("seats", fee, 1.0, Due(month, month), index)


UserMonths: TypeAlias = tuple[Who, SeatCandidate, range, Variable]
"""Users, the candidate seat agreement and the months in which they are on it where a variable is 1."""


def charge_users(program: Program, deal: Deal, on: Iterable[UserMonths]) -> None:
    """Charge list billed monthly: users · price · index of the month, at its start, less those that are unserved."""
    rates = rates_of(program.sums, deal)
    for who, candidate, months, variable in on:
        seat = resolve(deal).seat(candidate, candidate.seat_type)
        usd = -seat.usd if isinstance(who, Excess) else seat.usd
        for month in months if seat.is_billed_by_users else ():
            index = rates.protected(candidate.agreement, "seats", month)
            key = who, month, id(index) if isinstance(index, np.ndarray) else index
            if key not in rates.priced_users:  # one array for all agreements that have this index, which is kept too
                rates.priced_users[key] = program.sums.users_in(who, month) * index, index
            program.pay("seats", variable, usd, Due(month, month), rates.priced_users[key][0])
