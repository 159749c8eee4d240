"""Seats and API from one offer together: the bundle discount (model §6; formulation §3).

B[s,k,τ] ≤ Σ_{j of τ} β_j,  B[s,k,τ] ≥ Σ_{j of τ} β_j + h[s,k] - 1
12 · Σ seat fees before discounts + Σ_{j of τ} C ≥ B_τ · Σ_{j of τ} β_j
Σ N ≥ Σ_{j of τ} β_j,  C ≥ 1 cent · β_j
"""

from __future__ import annotations

from collections.abc import Iterator

from deal_solve.deal.deal import Deal
from deal_solve.formulation.clauses.api.commitment import Commitments
from deal_solve.formulation.clauses.api.rates import Agreement
from deal_solve.formulation.clauses.offers import Agreements
from deal_solve.formulation.clauses.seats.seats import Seats
from deal_solve.formulation.model.expression import total
from deal_solve.formulation.model.program import Program
from deal_solve.plan.resolved import resolve
from deal_solve.plan.terms import TermSpan


def bundle(program: Program, deal: Deal, agreements: Agreements, seats: Seats, commitments: Commitments) -> None:
    """Tie the bundle tier of seats to that of the API regime, and require its combined yearly commitment."""
    for agreement, span in _terms(deal, agreements):
        joined = [candidate for candidate in agreements.seats if candidate.agreement == agreement]
        for tier, step in enumerate(resolve(deal).taken(agreement).offer.bundle, 1):
            regimes = [r for r in agreements.regimes if (r.agreement, r.span, r.tier) == (agreement, span, tier)]
            reached = total(agreements.regimes[regime] for regime in regimes)
            sold = [candidate for candidate in joined if (candidate, span, tier) in seats.tiers]
            for candidate in sold:
                chosen = seats.tiers[candidate, span, tier]
                program.add("seats_follow_bundle", chosen <= reached)
                # A type bought under the offer gets the discount: B[τ] >= β[τ] + h - 1.
                program.add("bundle_reaches_seats", chosen >= reached + agreements.seat_terms[candidate, span] - 1)
            if not regimes:
                continue
            first = span.years[0]
            priced = [seats.years[each, first] for each in sold if seats.parts[each].usd_per_user_month]
            fees = [12 / program.unit_usd * year.fee_before_discounts(tier) for year in priced]
            committed = {regime: commitments.get(regime, first) for regime in regimes}
            threshold = program.usd(step.combined_usd_per_year)
            program.add("bundle_threshold", total([*fees, *committed.values()]) >= threshold * reached)
            program.add("bundle_has_seats", total(n for year in priced for n in year.counts_of(tier)) >= reached)
            for regime, usd in committed.items():
                program.add("bundle_has_api", usd >= program.usd(0.01) * agreements.regimes[regime])


def _terms(deal: Deal, agreements: Agreements) -> Iterator[tuple[Agreement, TermSpan]]:
    """Yield the terms of the agreements whose offer has a bundle."""
    for agreement in dict.fromkeys([*agreements.api, *(candidate.agreement for candidate in agreements.seats)]):
        taken = resolve(deal).taken(agreement)
        yield from ((agreement, span) for span in taken.spans if taken.offer.bundle)
