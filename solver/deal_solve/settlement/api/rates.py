"""What one dollar of list value costs: protected index, contracted rates and overage rates (model §4, §6)."""

from __future__ import annotations

import numpy as np

from deal_solve.deal.money import CENT_TOLERANCE_USD
from deal_solve.deal.offers.api import ApiBand, Premium
from deal_solve.deal.offers.offer import Capped, Offer
from deal_solve.deal.offers.renewal import Uplift
from deal_solve.deal.rate_card import Model
from deal_solve.errors import InputError
from deal_solve.plan.plan import ApiTerm
from deal_solve.plan.resolved import OfferTerms
from deal_solve.plan.terms import TermSpan
from deal_solve.uncertainty.scenario_set import Array


def uplift(taken: OfferTerms, span: TermSpan) -> float:
    """Return (1+x)^k of the k-th renewal; it can lift a contracted price above list."""
    price = taken.offer.renewal.price
    return float((1 + price.uplift) ** span.index) if isinstance(price, Uplift) else 1.0


def protected_index(taken: OfferTerms, index: Array) -> Array:
    """Return the index that the prices of an agreement follow; `index` is Π, both of shape (H, S).

    Inside a term that starts at T: none Π_t; locked Π_T; capped x min(Π_t, Π_T·(1+x)^((t-T)/12)); pass_through
    min(Π_T, Π_t). A renewal cap limits the Π_T of a new term to (1+cap) · the protected index of the last month under
    the offer. What is left follows list.
    """
    offer = taken.offer
    if offer.price_protection == "none":
        return index
    protected, last = np.empty(index.shape), 0
    for span in taken.spans:
        if span.left:
            protected[span.start : span.end] = index[span.start : span.end]
            continue
        base = index[span.start]
        if span.index > 0 and offer.renewal_cap is not None:
            base = np.minimum(base, (1 + offer.renewal_cap) * protected[last])
        for t in range(span.start, span.end):
            protected[t] = _protected(offer, base, index[t], t - span.start)
        last = span.end - 1
    return protected


def _protected(offer: Offer, base: Array, now: Array, age_months: int) -> Array:
    """Return the protected index of one month, (S,), `age_months` into a term that started at `base`."""
    protection = offer.price_protection
    if isinstance(protection, Capped):
        base = base * (1 + protection.capped) ** (age_months / 12)
    return base if protection == "locked" else np.minimum(base, now)


def band_of(taken: OfferTerms, span: TermSpan, term: ApiTerm) -> ApiBand:
    """Return the band of a term, found by its threshold; left or renewed at list the band without discount."""
    threshold = term.band_usd_per_year
    if taken.is_at_list(span):
        if threshold or any(term.commitment_usd):
            raise InputError(f"plan: api.terms[{span.index}] is at list; expected band 0 and commitments 0")
        return ApiBand(commit_usd_per_year=0.0, discount={"all": 0.0})
    bands = taken.require_api().bands
    for band in bands:
        if abs(band.commit_usd_per_year - threshold) < CENT_TOLERANCE_USD:
            if band.commit_usd_per_year == 0 and any(term.commitment_usd):
                raise InputError(f"plan: api.terms[{span.index}] commits in the band from 0; expected commitments 0")
            return band
    known = ", ".join(f"{band.commit_usd_per_year:g}" for band in bands)
    raise InputError(f"plan: api.terms[{span.index}].band_usd_per_year is {threshold:g}; the offer has {known}")


def api_factor(taken: OfferTerms, span: TermSpan, band: ApiBand, bundle_discount: float, model: Model) -> float:
    """Return contracted over list at index 1 of one model: (1-d_b)·(1-term discount)·(1-bundle discount)·uplift.

    Where the offer adds its discounts: (1-d_b-term discount-bundle discount)·uplift.
    """
    if taken.is_at_list(span):
        return 1.0
    return _factor(taken, span, band.discount_of(model.id, model.family), bundle_discount)


def _factor(taken: OfferTerms, span: TermSpan, of_band: float, bundle_discount: float) -> float:
    of_term = taken.offer.terms[span.length].api
    if taken.offer.discounts == "add":
        return (1 - of_band - of_term - bundle_discount) * uplift(taken, span)
    return (1 - of_band) * (1 - of_term) * (1 - bundle_discount) * uplift(taken, span)


def shortfall_factor(taken: OfferTerms, span: TermSpan, band: ApiBand, bundle_discount: float) -> float:
    """Return k, what a dollar of shortfall costs: contracted over list at index 1 where it is charged so, else 1.

    Then the discounts of every band are the same for all models.
    """
    if taken.require_api().shortfall_at != "contracted" or taken.is_at_list(span) or band.one_discount is None:
        return 1.0
    return _factor(taken, span, band.one_discount, bundle_discount)


def overage_ratio(taken: OfferTerms, factor: float, protected: Array, index: Array) -> Array:
    """Return the overage rate over the contracted rate, at least 1: (months, S), or (1, 1) where it is one number.

    `factor` is contracted over list at index 1; `protected` and `index`, Π of the month of use, are (months, S).
    Overage at `contracted` is the contracted rate factor·protected, at `list` Π, at `premium x` Π·(1+x); one below the
    contracted rate counts as the contracted one.
    """
    overage = taken.require_api().overage
    if overage == "contracted":
        return np.ones((1, 1))
    premium = overage.premium if isinstance(overage, Premium) else 0.0
    if taken.offer.price_protection == "none":
        return np.full((1, 1), max(1.0, (1 + premium) / factor))
    return np.maximum(1.0, (1 + premium) / factor * (index / protected))
