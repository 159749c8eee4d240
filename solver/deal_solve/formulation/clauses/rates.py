"""Regimes of an API agreement and the rates in each (deal model, sections 4 and 6)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from deal_solve.deal.deal import Deal
from deal_solve.deal.offer import Capped, Offer, Premium, Uplift
from deal_solve.formulation.model.scenario_sums import ScalarOrArray, ScenarioSums, settled
from deal_solve.plan.terms import TermSpan, first_terms, terms_of


class Agreement(NamedTuple):
    """An offer (or list) taken for a first term."""

    offer: str
    term_months: int


class Regime(NamedTuple):
    """Price regime j: one term of an agreement in one band (its place, -1: none) and one bundle tier (0: none)."""

    agreement: Agreement
    span: TermSpan
    band: int
    threshold_usd: float
    tier: int

    @property
    def commits(self) -> bool:
        """Whether there is a commitment to draw down."""
        return self.threshold_usd > 0


def api_agreements(deal: Deal, check_controls: bool = True) -> tuple[Agreement, ...]:
    """Return every API agreement that provides what all workloads (and both lines) require, list first."""
    needed = {name for work in deal.workloads.values() for name in work.requires} | set(deal.requires_on_both_lines)
    return tuple(
        Agreement(offer, months)
        for offer in deal.papers
        if deal.offer(offer).api is not None and (not check_controls or needed <= deal.api_provides(offer))
        for months in first_terms(deal, offer)
    )


def regimes_of(deal: Deal, agreement: Agreement, zero_bands_only: bool = False) -> tuple[Regime, ...]:
    """Return the price regimes of all terms of an agreement; renewed at list there is one, without discount."""
    offer = deal.offer(agreement.offer)
    assert offer.api is not None
    regimes = []
    for span in terms_of(deal, *_key(agreement)):
        if falls_to_list(deal, agreement, span):
            regimes.append(Regime(agreement, span, -1, 0.0, 0))
            continue
        for index, band in enumerate(offer.api.bands):
            threshold = band.commit_usd_per_year
            if zero_bands_only and threshold > 0:
                continue
            tiers = len(offer.bundle) + 1 if threshold > 0 and _first_year_commits(deal, agreement) else 1
            regimes += [Regime(agreement, span, index, threshold, tier) for tier in range(tiers)]
    return tuple(regimes)


def every_regime(deal: Deal, agreement: Agreement, zero_bands_only: bool = False) -> tuple[Regime, ...]:
    """Return the price regimes of an agreement, none if some term has no band left."""
    regimes = regimes_of(deal, agreement, zero_bands_only)
    return regimes if {regime.span for regime in regimes} == set(terms_of(deal, *_key(agreement))) else ()


def _key(agreement: Agreement) -> tuple[str, int]:
    return agreement.offer, agreement.term_months


def _first_year_commits(deal: Deal, agreement: Agreement) -> bool:
    """Whether the first contract year of a term can carry a commitment (a ramp may start at nothing)."""
    api = deal.offer(agreement.offer).api
    return api is not None and not (isinstance(api.ramp, tuple) and api.ramp[0] == 0)


def falls_to_list(deal: Deal, agreement: Agreement, span: TermSpan) -> bool:
    """Whether a term is a renewal at list: card prices, no discount, no commitment."""
    return span.index > 0 and deal.offer(agreement.offer).renewal == "list"


def uplift(deal: Deal, agreement: Agreement, span: TermSpan) -> float:
    """Return (1+x)^k of the k-th renewal."""
    renewal = deal.offer(agreement.offer).renewal
    return float((1 + renewal.uplift) ** span.index) if isinstance(renewal, Uplift) else 1.0


def contracted_factor(deal: Deal, regime: Regime, model_id: str, family: str) -> float:
    """Return contracted rate over list before the index: (1-d_b)·(1-term)·(1-bundle)·uplift."""
    offer = deal.offer(regime.agreement.offer)
    if regime.band < 0 or offer.api is None:
        return 1.0
    bundle = offer.bundle[regime.tier - 1].api if regime.tier else 0.0
    term = offer.terms[regime.span.length].api
    kept = (1 - offer.api.bands[regime.band].discount_of(model_id, family)) * (1 - term) * (1 - bundle)
    return kept * uplift(deal, regime.agreement, regime.span)


def overage_ratio(
    deal: Deal, regime: Regime, factor: float, protected: ScalarOrArray, index: ScalarOrArray
) -> ScalarOrArray:
    """Return the overage rate over the contracted rate, at least 1."""
    api = deal.offer(regime.agreement.offer).api
    assert api is not None
    if api.overage == "contracted":
        return 1.0
    premium = api.overage.premium if isinstance(api.overage, Premium) else 0.0
    if protected is index:
        return max((1 + premium) / factor, 1.0)
    return settled(np.atleast_1d(np.maximum(index * (1 + premium) / (factor * protected), 1.0)))


class Rates:
    """Protected indexes, and contracted and overage rates, of a deal over its scenarios, each computed once.

    What is the same everywhere is one object, so that usage at one rate can be added up before the rate is applied.
    """

    def __init__(self, sums: ScenarioSums, deal: Deal) -> None:
        self.sums, self._deal = sums, deal
        self._known: dict[tuple[Agreement, str, int], ScalarOrArray] = {}
        self._factors: dict[tuple[Regime, str], float] = {}
        self._bases: dict[tuple[object, ...], ScalarOrArray] = {}
        self._protected: dict[tuple[object, ...], ScalarOrArray] = {}
        self._ratios: dict[tuple[object, ...], tuple[ScalarOrArray, ScalarOrArray, ScalarOrArray]] = {}

    def protected(self, agreement: Agreement, family: str, month: int) -> ScalarOrArray:
        """Return the protected index of a family (or of seats) in a month of an agreement (section 6)."""
        index = agreement, family, month
        if index not in self._known:
            self._known[index] = self._protect(agreement, family, month)
        return self._known[index]

    def _protect(self, agreement: Agreement, family: str, month: int) -> ScalarOrArray:
        offer, index = self._deal.offer(agreement.offer), self.sums.index[family]
        if offer.price_protection == "none":
            return index[month]
        span = next(s for s in terms_of(self._deal, *_key(agreement)) if s.start <= month < s.end)
        base = self._base(agreement, family, span)
        now, age = index[month], month - span.start if isinstance(offer.price_protection, Capped) else 0
        key = offer.price_protection, _key_of(base), _key_of(now), age
        if key not in self._protected:
            self._protected[key] = _protect(offer, base, now, age)
        return self._protected[key]

    def _base(self, agreement: Agreement, family: str, span: TermSpan) -> ScalarOrArray:
        """Return Π_T of a term, at a renewal no more than the cap allows above what was paid in the month before."""
        cap = self._deal.offer(agreement.offer).renewal_cap
        base = self.sums.index[family][span.start]
        if span.index == 0 or cap is None:
            return base
        key = agreement, family, span
        if key not in self._bases:
            before = self.protected(agreement, family, span.start - 1)
            self._bases[key] = settled(np.atleast_1d(np.minimum(base, (1 + cap) * before)))
        return self._bases[key]

    def of(self, regime: Regime, model_id: str, family: str, month: int) -> tuple[float, ScalarOrArray, ScalarOrArray]:
        """Return (contracted over list before the index, protected index, overage ratio) of a month."""
        protected = self.protected(regime.agreement, family, month)
        index = self.sums.index[family][month]
        if (regime, model_id) not in self._factors:
            self._factors[regime, model_id] = contracted_factor(self._deal, regime, model_id, family)
        factor = self._factors[regime, model_id]
        key = regime.agreement.offer, factor, _key_of(protected), _key_of(index)
        if key not in self._ratios:
            ratio = overage_ratio(self._deal, regime, factor, protected, index)
            self._ratios[key] = ratio, protected, index  # kept with it, so that no other object takes their places
        return factor, protected, self._ratios[key][0]


def rates_of(sums: ScenarioSums, deal: Deal) -> Rates:
    """Return the rates over these scenarios, the same whenever they are asked for."""
    rates: Rates = sums.derived.setdefault("rates", Rates(sums, deal))
    return rates


def _key_of(values: ScalarOrArray) -> object:
    return id(values) if isinstance(values, np.ndarray) else values


def _protect(offer: Offer, base: ScalarOrArray, now: ScalarOrArray, age_months: int) -> ScalarOrArray:
    if offer.price_protection == "locked":
        return base
    cap = offer.price_protection
    most = base * (1 + cap.capped) ** (age_months / 12) if isinstance(cap, Capped) else base
    lower = np.minimum(now, most)
    return settled(np.atleast_1d(lower))
