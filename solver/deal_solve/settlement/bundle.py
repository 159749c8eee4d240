"""The bundle: an extra discount where seats and API of one offer together commit enough (section 6)."""

from __future__ import annotations

from deal_solve.deal.deal import Deal
from deal_solve.deal.money import CENT_TOLERANCE_USD
from deal_solve.deal.offer import BundleTier
from deal_solve.plan.plan import Plan
from deal_solve.plan.terms import terms_of
from deal_solve.settlement.rates import is_list_renewal
from deal_solve.settlement.seats import priced_seats

NO_TIER = BundleTier(combined_usd_per_year=1.0, seats=0.0, api=0.0)


def bundled_types(plan: Plan) -> tuple[str, ...]:
    """Return the seat types taken from the offer of the API agreement."""
    return tuple(name for name, agreement in plan.seats.items() if agreement.offer == plan.api.offer)


def seats_usd(deal: Deal, plan: Plan, year: int) -> float:
    """Return Σ 12·N·price after volume tier, at index 1, before other discounts, of the API offer's seat types."""
    total = 0.0
    for name in bundled_types(plan):
        part = deal.seat_part(plan.api.offer, name)
        total += 12 * (part.usd_per_user_month or 0.0) * priced_seats(part.tiers, plan.contracted(name, year))
    return total


def bundle_tiers(deal: Deal, plan: Plan) -> tuple[BundleTier, ...]:
    """Return the tier of each term of the API agreement, tested on the term's first contract year.

    Reached: seats after volume tier + C >= the tier's combined dollars, with both parts positive; the highest counts.
    """
    offer = deal.offer(plan.api.offer)
    tiers = []
    for span, term in zip(terms_of(deal, plan.api.offer, plan.api.term_months), plan.api.terms, strict=True):
        seats, commitment = seats_usd(deal, plan, span.start // 12), term.commitment_usd[0]
        reached = [
            tier
            for tier in offer.bundle
            if seats > 0 and commitment > 0 and seats + commitment >= tier.combined_usd_per_year - CENT_TOLERANCE_USD
        ]
        tiers.append(reached[-1] if reached and not is_list_renewal(offer, span) else NO_TIER)
    return tuple(tiers)
