"""What is committed to the API: inside the horizon, beyond it, and as it counts (model §4, §7)."""

from __future__ import annotations

from deal_solve.deal.deal import Deal
from deal_solve.plan.plan import Plan
from deal_solve.plan.resolved import resolve
from deal_solve.settlement.api.rates import band_of


def committed_usd(deal: Deal, plan: Plan) -> tuple[float, ...]:
    """Return Σ C of each term as it counts, of a contract year that the horizon cuts its months inside."""
    spans = resolve(deal).taken(plan.api).spans
    return tuple(
        sum(usd * len(deal.months_of(year)) / 12 for year, usd in zip(span.years, counted, strict=True))
        for span, counted in zip(spans, counted_usd(deal, plan), strict=True)
    )


def beyond_horizon_usd(deal: Deal, plan: Plan) -> float:
    """Return the commitment owed for months of the last term beyond the horizon, as in its last year inside."""
    last = resolve(deal).taken(plan.api).spans[-1]
    return (last.start + last.length - last.end) / 12 * counted_usd(deal, plan)[-1][-1]


def counted_usd(deal: Deal, plan: Plan) -> tuple[tuple[float, ...], ...]:
    """Return C of each contract year of each term as it counts in bundle tests and committed dollars.

    Measured at list, that is C·(1-d_b), and in full where discounts differ by model.
    """
    taken, found = resolve(deal).taken(plan.api), []
    for span, term in zip(taken.spans, plan.api.terms, strict=True):
        share = taken.require_api().committed_share(band_of(taken, span, term))
        found.append(tuple(share * usd for usd in term.commitment_usd))
    return tuple(found)
