"""Seats and API from one offer together: the bundle discount (model §6; formulation §3).

B[s,k,τ] ≤ Σ_{j of τ} β_j,  B[s,k,τ] ≥ Σ_{j of τ} β_j + h[s,k] - 1
12 · Σ seat fees before discounts + Σ_{j of τ} C ≥ B_τ · Σ_{j of τ} β_j
Σ N ≥ Σ_{j of τ} β_j,  C ≥ 1 cent · β_j
"""

from __future__ import annotations

from deal_solve.deal.deal import Deal
from deal_solve.formulation.clauses.api.commitment import Commitments
from deal_solve.formulation.clauses.api.rates import Agreement
from deal_solve.formulation.clauses.offers import Agreements
from deal_solve.formulation.clauses.seats.seats import Seats
from deal_solve.formulation.model.expression import Expression, Variable, total
from deal_solve.formulation.model.program import Program
from deal_solve.plan.resolved import resolve
from deal_solve.plan.terms import TermSpan


def bundle(program: Program, deal: Deal, agreements: Agreements, seats: Seats, commitments: Commitments) -> None:
    """Tie the bundle tier of seats to that of the API regime, and require its combined yearly commitment."""
    for agreement in dict.fromkeys([*agreements.api, *(candidate.agreement for candidate in agreements.seats)]):
        taken = resolve(deal).taken(agreement)
        if not taken.offer.bundle:
            continue
        for span in taken.spans:
            for tier in range(1, len(taken.offer.bundle) + 1):
                _tier(program, deal, agreements, seats, commitments, agreement, span, tier)


def _tier(
    program: Program,
    deal: Deal,
    agreements: Agreements,
    seats: Seats,
    commitments: Commitments,
    agreement: Agreement,
    span: TermSpan,
    tier: int,
) -> None:
    """Add 12·Σ fees + C >= threshold·Σ β on the term's first year; Σ N >= Σ β; B = β where the type is taken."""
    regimes = {r: b for r, b in agreements.regimes.items() if (r.agreement, r.span, r.tier) == (agreement, span, tier)}
    reached = total(regimes.values())
    threshold = program.usd(resolve(deal).taken(agreement).offer.bundle[tier - 1].combined_usd_per_year)
    fees: list[Expression] = []
    counts: list[Variable] = []
    first = span.years[0]
    for candidate in agreements.seats:
        if candidate.agreement != agreement or (candidate, span, tier) not in seats.tiers:
            continue
        chosen = seats.tiers[candidate, span, tier]
        program.add("seats_follow_bundle", chosen <= reached)
        # A type bought under the offer gets the discount: B[τ] >= β[τ] + h - 1.
        program.add("bundle_reaches_seats", chosen >= reached + agreements.seat_terms[candidate, span] - 1)
        year = seats.years[candidate, first]
        if seats.parts[candidate].usd_per_user_month:
            fees.append(12 / program.unit_usd * year.fee_before_discounts(tier))
            counts += [number for segment, _, number in year.segments if segment.tier == tier]
    if regimes:
        committed = [commitments.get(regime, first) for regime in regimes]
        program.add("bundle_threshold", total([*fees, *committed]) >= threshold * reached)
        program.add("bundle_has_seats", total(counts) >= reached)
        for regime, beta in regimes.items():
            program.add("bundle_has_api", commitments.get(regime, first) >= program.usd(0.01) * beta)
