"""Which agreements are taken: one for the API, one per seat type (model §6; formulation §3).

Σ_{j ∈ J(a,k)} β_j = γ_a                      for each term k of a, taken or left
Σ_{j ∈ J(a,k), taken} β_j ≤ Σ_{j ∈ J(a,k-1), taken} β_j
Σ_a γ_a = 1
Σ_{s of type σ} g_s ≤ 1
h[s,k] ≤ h[s,k-1],  h[s,0] = g_s              s of an offer that may be left
h[l,y] ≥ h[l,y-1] - Σ h[s,k],  h[l,0] = g_l   l at list, s of an offer that may be taken again, k starts with y
h[s,k] + Σ_{k' of s', 12y inside it} h ≤ 1    two parts of an offer, one of which may be taken again, k starts with y
Σ_{(s,k) of y} h[s,k] + Σ_l h[l,y] = Σ g      per type and contract year
p + p' ≤ 1                                    agreements that cannot be signed together
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

from deal_solve.deal.deal import AT_LIST, Deal
from deal_solve.deal.offers.channel import Channel
from deal_solve.formulation.clauses.api.rates import Agreement, Regime, every_regime, gains_by_leaving
from deal_solve.formulation.clauses.terms import follow, left_years, seat_spans
from deal_solve.formulation.model.expression import Expression, Variable, total
from deal_solve.formulation.model.program import Program
from deal_solve.plan.leaving import may_leave, may_return_api, may_return_seats
from deal_solve.plan.resolved import resolve
from deal_solve.plan.terms import Left, TermSpan


class SeatCandidate(NamedTuple):
    """A seat type bought under an offer (or at list) for a first term."""

    seat_type: str
    offer: str
    term_months: int

    @property
    def left(self) -> Left:
        """Nothing: what is left is decided term by term."""
        return ()

    @property
    def agreement(self) -> Agreement:
        """The offer and first term, without the type."""
        return Agreement(self.offer, self.term_months)


@dataclass
class Agreements:
    """γ, β, g and h: binaries of API agreements, of their price regimes, of seat agreements and of their terms.

    h[s,k] is 1 where a seat type is bought under s in the term k: signed and not left, or at list also once an offer is
    left for it. It is g itself where nothing can be left.
    """

    api: dict[Agreement, Variable] = field(default_factory=dict)
    regimes: dict[Regime, Variable] = field(default_factory=dict)
    seats: dict[SeatCandidate, Variable] = field(default_factory=dict)
    seat_terms: dict[tuple[SeatCandidate, TermSpan], Variable] = field(default_factory=dict)
    _of_year: dict[int, list[Regime]] = field(default_factory=dict)

    def of_api(self, agreement: Agreement) -> dict[Regime, Variable]:
        """Return the regimes of an API agreement."""
        return {regime: beta for regime, beta in self.regimes.items() if regime.agreement == agreement}

    def starting(self, candidate: SeatCandidate, month: int) -> Expression:
        """Return 1 where a term of a candidate seat agreement starts in a month."""
        return total(h for (c, span), h in self.seat_terms.items() if c == candidate and span.start == month)

    def of_year(self, year: int) -> list[Regime]:
        """Return the regimes whose term holds a contract year; to be called once all are there."""
        if year not in self._of_year:
            self._of_year[year] = [regime for regime in self.regimes if year in regime.span.years]
        return self._of_year[year]


def channel_of_seats(deal: Deal, candidate: SeatCandidate) -> Channel | None:
    """Return the channel that a seat type is bought through; none at list."""
    return resolve(deal).offers[candidate.offer].offer.channel


def seat_candidates(deal: Deal) -> tuple[SeatCandidate, ...]:
    """Return every way to buy the seat types some cohort may take, list first; both-lines controls provided."""
    return tuple(
        SeatCandidate(seat_type, offer.offer_id, months)
        for seat_type in deal.seat_types
        for offer in resolve(deal).offers.values()
        if seat_type in offer.seats and set(deal.requires_on_both_lines) <= offer.seats[seat_type].provides
        for months in offer.first_terms
    )


def take_agreements(program: Program, deal: Deal, offered: Iterable[Agreement], zero_bands_only: bool) -> Agreements:
    """Add Σ γ = 1; per term Σ β = γ; per type Σ g <= 1; same offer, same term; an exclusive offer alone (and list)."""
    agreements = Agreements()
    for agreement in offered:
        regimes, gains = every_regime(deal, agreement, zero_bands_only), gains_by_leaving(deal, agreement)
        starts = sorted({regime.span.start for regime in regimes})
        may_return = may_return_api(deal, agreement.offer)
        agreements.api[agreement] = program.binary(f"api_{agreement.offer}_{agreement.term_months}")
        for regime in regimes:
            agreements.regimes[regime] = beta = program.binary(f"regime_{agreement.offer}")
            if regime.span.left and not gains:
                beta.upBound = 0  # unless it is proposed
        for start in starts[:1] if may_return else starts:
            betas = total(agreements.regimes[regime] for regime in regimes if regime.span.start == start)
            program.add("one_regime", betas == agreements.api[agreement])
        if may_return:
            follow(program, _by_span(agreements.of_api(agreement)), deal.horizon_months)
        elif any(regime.span.left for regime in regimes):
            _stay_left(program, agreements, [regime for regime in regimes if not regime.span.left], starts)
    program.add("one_api_agreement", total(agreements.api.values()) == 1)
    for seats in seat_candidates(deal):
        agreements.seats[seats] = program.binary(f"seats_{seats.seat_type}_{seats.offer}_{seats.term_months}")
    for seat_type in deal.seat_types:
        members = [g for seats, g in agreements.seats.items() if seats.seat_type == seat_type]
        if members:
            program.add("one_seat_agreement", total(members) <= 1)
        _leave_seats(program, deal, agreements, [seats for seats in agreements.seats if seats.seat_type == seat_type])
    _compatible(program, deal, agreements)
    _start_together(program, deal, agreements)
    return agreements


def _by_span(regimes: Mapping[Regime, Variable]) -> dict[TermSpan, Expression]:
    """Return 1 where a term is taken, in whatever band and tier, or a contract year left."""
    found: dict[TermSpan, list[Variable]] = {}
    for regime, beta in regimes.items():
        found.setdefault(regime.span, []).append(beta)
    return {span: total(betas) for span, betas in found.items()}


def _stay_left(program: Program, agreements: Agreements, taken: list[Regime], starts: list[int]) -> None:
    """Add Σ β of a term <= Σ β of the one before it: what was left is not taken again."""
    for before, start in pairwise(starts[1:]):
        was, now = (
            total(agreements.regimes[regime] for regime in taken if regime.span.start == month)
            for month in (before, start)
        )
        program.add("stays_left", now <= was)


def _leave_seats(program: Program, deal: Deal, agreements: Agreements, candidates: list[SeatCandidate]) -> None:
    """Add h of every term of a seat type: an offer may be left for list at the end of a term, for good."""
    spans = {candidate: seat_spans(deal, candidate, candidate.seat_type) for candidate in candidates}
    at_list = [candidate for candidate in candidates if candidate.offer in AT_LIST]
    leavers = [candidate for candidate in candidates if at_list and may_leave(deal, candidate.offer)]
    returning = [c for c in leavers if may_return_seats(deal, c.offer, c.seat_type)]
    starts = {span.start for candidate in leavers for span in spans[candidate][1:]}
    for candidate in sorted(candidates, key=lambda c: c not in returning) if returning else candidates:
        before = agreements.seats[candidate]
        for span in spans[candidate]:
            is_open = candidate in leavers or (candidate in at_list and span.start >= min(starts, default=math.inf))
            if is_open and span.index > 0:
                now = program.binary(f"seats_{candidate.seat_type}_{candidate.offer}_{span.start}")
                if candidate in returning:
                    pass
                elif candidate in leavers:
                    program.add("seats_stay_left", now <= before)
                else:
                    again = total(agreements.starting(each, span.start) for each in returning)
                    program.add("seats_stay_at_list", now >= before - again)
                before = now
            agreements.seat_terms[candidate, span] = before
        if candidate in returning:
            _follow_seats(program, deal, agreements, candidate)
    signed = total(agreements.seats[candidate] for candidate in candidates)
    for year in range(min(starts) // 12, deal.years) if starts else ():
        held = [h for (c, span), h in agreements.seat_terms.items() if c in candidates and year in span.years]
        program.add("seats_held", total(held) == signed)


def _follow_seats(program: Program, deal: Deal, agreements: Agreements, candidate: SeatCandidate) -> None:
    """Add that a term is followed by the next renewal or left for a year, and so is a year that is left."""
    held = {span: 1.0 * h for (c, span), h in agreements.seat_terms.items() if c == candidate}
    for span in left_years(deal, candidate):
        held[span] = 1.0 * program.variable(f"seats_left_{candidate.seat_type}_{candidate.offer}_{span.start}", 0, 1)
    follow(program, held, deal.horizon_months)


def _start_together(program: Program, deal: Deal, agreements: Agreements) -> None:
    """Add S + I <= 1 where one part of an offer starts a term (S) inside a term of another one (I): whichever may be
    taken again comes back where the other one starts a term too.
    """
    parts: dict[Agreement, list[tuple[bool, dict[TermSpan, Expression]]]] = {}
    for agreement in agreements.api:
        taken = {regime: beta for regime, beta in agreements.of_api(agreement).items() if not regime.span.left}
        parts.setdefault(agreement, []).append((may_return_api(deal, agreement.offer), _by_span(taken)))
    for candidate in agreements.seats:
        held = {span: 1.0 * h for (c, span), h in agreements.seat_terms.items() if c == candidate}
        may_return = may_return_seats(deal, candidate.offer, candidate.seat_type)
        parts.setdefault(candidate.agreement, []).append((may_return, held))
    for each in parts.values():
        for (may_return, own), (_, other) in itertools.permutations(each, 2):
            for month in sorted({span.start for span in own}) if may_return else ():
                inside = [on for span, on in other.items() if span.start < month < span.end]
                if inside:
                    started = [on for span, on in own.items() if span.start == month]
                    program.add("parts_start_together", total([*started, *inside]) <= 1)


def _compatible(program: Program, deal: Deal, agreements: Agreements) -> None:
    """Add a + b <= 1 for every pair of agreements that cannot be signed together."""
    signed = [(a.offer, a.term_months, "api", gamma) for a, gamma in agreements.api.items()]
    signed += [(s.offer, s.term_months, s.seat_type, g) for s, g in agreements.seats.items()]
    for (offer, months, part, a), (other, other_months, other_part, b) in itertools.combinations(signed, 2):
        if part == other_part:
            continue
        if offer == other:
            clash = months != other_months
        else:
            exclusive = [
                name for name in (offer, other) if name not in AT_LIST and resolve(deal).offers[name].offer.exclusive
            ]
            clash = bool(exclusive) and not {offer, other}.intersection(AT_LIST)
        if clash:
            program.add("offers_clash", a + b <= 1)
