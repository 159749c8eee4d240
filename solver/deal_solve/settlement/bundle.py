"""The bundle: an extra discount where seats and API of one offer together commit enough (model §6)."""

from __future__ import annotations

from deal_solve.deal.deal import Deal
from deal_solve.deal.money import CENT_TOLERANCE_USD
from deal_solve.deal.offers.offer import BundleTier
from deal_solve.plan.plan import Plan
from deal_solve.plan.resolved import resolve
from deal_solve.settlement.api.commitment import counted_usd
from deal_solve.settlement.seats.seats import priced_seats

NO_TIER = BundleTier(combined_usd_per_year=1.0, seats=0.0, api=0.0)


def bundled_types(plan: Plan, year: int) -> tuple[str, ...]:
    """Return the seat types taken from the offer of the API agreement in a contract year."""
    return tuple(name for name, agreement in plan.seats.items() if agreement.seller(year) == plan.api.offer)


def seats_usd(deal: Deal, plan: Plan, year: int) -> float:
    """Return Σ 12·N·price after volume tier, at index 1, before other discounts, of the API offer's seat types."""
    total = 0.0
    for name in bundled_types(plan, year):
        seat = resolve(deal).seat(plan.api, name)
        total += 12 * seat.usd * priced_seats(seat.part.tiers, plan.contracted(name, year))
    return total


def bundle_tiers(deal: Deal, plan: Plan) -> tuple[BundleTier, ...]:
    """Return the tier of each contract year, tested on the first one of the API agreement's term.

    Reached: seats after volume tier + C >= the tier's combined dollars, with both parts positive; the highest counts.
    Measured at list, C counts less its band's discount.
    """
    taken = resolve(deal).taken(plan.api)
    tiers = []
    for span, committed in zip(taken.spans, counted_usd(deal, plan), strict=True):
        seats, commitment = seats_usd(deal, plan, span.start // 12), committed[0]
        reached = [
            tier
            for tier in taken.offer.bundle
            if seats > 0 and commitment > 0 and seats + commitment >= tier.combined_usd_per_year - CENT_TOLERANCE_USD
        ]
        tier = reached[-1] if reached and not taken.is_at_list(span) else NO_TIER
        tiers += [tier] * len(span.years)
    return tuple(tiers)
