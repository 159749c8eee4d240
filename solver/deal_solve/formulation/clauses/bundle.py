"""Seats and API from one offer together: the bundle discount (model §6; formulation §3).

Σ_k B[s,k,τ] ≤ Σ_{j of τ} β_j,  Σ_k B[s,k,τ] ≥ Σ_{j of τ} β_j + Σ_k h[s,k] - 1     k and j start in one month
12 · Σ seat fees before discounts + Σ_{j of τ} c_j · C ≥ B_τ · Σ_{j of τ} β_j
Σ N ≥ Σ_{j of τ} β_j,  C ≥ (1 cent, or one step of C) · β_j
"""

from __future__ import annotations

from collections.abc import Iterator

from pulp import LpInteger

from deal_solve.deal.deal import Deal
from deal_solve.formulation.clauses.api.commitment import Commitments
from deal_solve.formulation.clauses.api.rates import Agreement, committed_share
from deal_solve.formulation.clauses.offers import Agreements
from deal_solve.formulation.clauses.seats.seats import Seats
from deal_solve.formulation.model.expression import total
from deal_solve.formulation.model.program import Program
from deal_solve.plan.resolved import resolve


def bundle(program: Program, deal: Deal, agreements: Agreements, seats: Seats, commitments: Commitments) -> None:
    """Tie the bundle tier of seats to that of the API regime, and require its combined yearly commitment."""
    for agreement, start in _starts(deal, agreements):
        joined = [candidate for candidate in agreements.seats if candidate.agreement == agreement]
        for tier, step in enumerate(resolve(deal).taken(agreement).offer.bundle, 1):
            regimes = [r for r in agreements.of_api(agreement) if (r.span.start, r.tier) == (start, tier)]
            reached = total(agreements.regimes[regime] for regime in regimes)
            sold = [(c, span) for c, span, t in seats.tiers if c in joined and (span.start, t) == (start, tier)]
            for candidate in dict.fromkeys(candidate for candidate, _ in sold):
                spans = [span for each, span in sold if each == candidate]
                chosen = total(seats.tiers[candidate, span, tier] for span in spans)
                program.add("seats_follow_bundle", chosen <= reached)
                # A type bought under the offer gets the discount: B[τ] >= β[τ] + h - 1.
                held = total(agreements.seat_terms[candidate, span] for span in spans)
                program.add("bundle_reaches_seats", chosen >= reached + held - 1)
            if not regimes:
                continue
            first = start // 12
            priced = [seats.years[each, span, first] for each, span in sold if seats.parts[each].usd_per_user_month]
            fees = [12 / program.unit_usd * year.fee_before_discounts(tier) for year in priced]
            committed = {regime: commitments.get(regime, first) for regime in regimes}
            threshold = program.usd(step.combined_usd_per_year)
            counted = [committed_share(deal, regime) * usd for regime, usd in committed.items()]
            program.add("bundle_threshold", total([*fees, *counted]) >= threshold * reached)
            program.add("bundle_has_seats", total(n for year in priced for n in year.counts_of(tier)) >= reached)
            for regime, usd in committed.items():
                # A cent, or one step: a cent beside whole steps is too small a coefficient for a solver to be exact.
                one = max((each for variable, each in usd if variable.cat == LpInteger), default=0.0)
                program.add("bundle_has_api", usd >= max(program.usd(0.01), one) * agreements.regimes[regime])


def _starts(deal: Deal, agreements: Agreements) -> Iterator[tuple[Agreement, int]]:
    """Yield the months in which terms start of the agreements whose offer has a bundle."""
    for agreement in dict.fromkeys([*agreements.api, *(candidate.agreement for candidate in agreements.seats)]):
        spans = {regime.span for regime in agreements.of_api(agreement) if not regime.span.left}
        spans |= {span for candidate, span in agreements.seat_terms if candidate.agreement == agreement}
        has_bundle = bool(resolve(deal).taken(agreement).offer.bundle)
        yield from ((agreement, start) for start in sorted({span.start for span in spans}) if has_bundle)
