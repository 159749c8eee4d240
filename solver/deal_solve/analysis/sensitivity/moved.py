"""A plan where the thresholds of its bands are moved."""

from __future__ import annotations

from deal_solve.deal.deal import Deal
from deal_solve.plan.plan import Plan
from deal_solve.plan.resolved import resolve


def moved(before: Deal, after: Deal, plan: Plan) -> Plan:
    """Return a plan with the bands it names where their thresholds now are, and committing what they now take."""
    old_part, new_part = (resolve(deal).offers[plan.api.offer].api for deal in (before, after))
    if old_part is None or new_part is None:
        return plan
    thresholds = {
        old.commit_usd_per_year: new.commit_usd_per_year
        for old, new in zip(old_part.bands, new_part.bands, strict=True)
    }
    terms = []
    for term in plan.api.terms:
        minimum = thresholds.get(term.band_usd_per_year, term.band_usd_per_year)
        mean = sum(term.commitment_usd) / len(term.commitment_usd)
        more = max(minimum / mean, 1.0) if mean else 1.0
        commitment = tuple(usd * more for usd in term.commitment_usd)
        terms.append(term.model_copy(update={"band_usd_per_year": minimum, "commitment_usd": commitment}))
    return plan.model_copy(update={"api": plan.api.model_copy(update={"terms": tuple(terms)})})
