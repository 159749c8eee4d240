"""Regimes of an API agreement and the rates in each (deal model, sections 4 and 6)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from deal_solve.deal.deal import Deal
from deal_solve.deal.offer import Capped, Premium, Uplift
from deal_solve.plan.terms import TermSpan, first_terms, terms_of
from deal_solve.uncertainty.scenarios import Array, ScenarioSet


@dataclass(frozen=True)
class Agreement:
    """An offer (or list) taken for a first term."""

    offer: str
    term_months: int


@dataclass(frozen=True)
class Regime:
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
        Agreement(paper, months)
        for paper in deal.papers
        if deal.offer(paper).api is not None and (not check_controls or needed <= deal.api_provides(paper))
        for months in first_terms(deal, paper)
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
        for place, band in enumerate(offer.api.bands):
            threshold = band.commit_usd_per_year
            if zero_bands_only and threshold > 0:
                continue
            tiers = len(offer.bundle) + 1 if threshold > 0 and _first_year_commits(deal, agreement) else 1
            regimes += [Regime(agreement, span, place, threshold, tier) for tier in range(tiers)]
    return tuple(regimes)


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


def protected_index(deal: Deal, agreement: Agreement, index: Array) -> Array:
    """Return the protected index of a family or of seats under an agreement; shape (S, H) as `index`."""
    offer = deal.offer(agreement.offer)
    protection, cap = offer.price_protection, offer.renewal_cap
    protected = index.copy()
    if protection == "none":
        return protected
    for span in terms_of(deal, *_key(agreement)):
        base = index[:, span.start]
        if span.index and cap is not None:
            base = np.minimum(base, (1 + cap) * protected[:, span.start - 1])
        within = index[:, span.start : span.end]
        if protection == "locked":
            here = np.repeat(base[:, None], within.shape[1], axis=1)
        elif isinstance(protection, Capped):
            years = np.arange(within.shape[1]) / 12
            here = np.minimum(within, base[:, None] * (1 + protection.capped) ** years)
        else:
            here = np.minimum(within, base[:, None])
        protected[:, span.start : span.end] = here
    return protected


def overage_ratio(deal: Deal, regime: Regime, factor: float, protected: Array, index: Array) -> Array:
    """Return the overage rate over the contracted rate, at least 1; same shape as the indexes."""
    api = deal.offer(regime.agreement.offer).api
    assert api is not None
    if api.overage == "contracted":
        return np.ones_like(index)
    premium = api.overage.premium if isinstance(api.overage, Premium) else 0.0
    return np.maximum(index * (1 + premium) / (factor * protected), 1.0)


def indexes(deal: Deal, agreement: Agreement, scenarios: ScenarioSet) -> dict[str, Array]:
    """Return the protected index of every family and of seats under an agreement."""
    return {family: protected_index(deal, agreement, index) for family, index in scenarios.index.items()}


class Rates:
    """Contracted and overage rates of every model and month of an agreement, computed once."""

    def __init__(self, scenarios: ScenarioSet, deal: Deal) -> None:
        self._scenarios, self._deal = scenarios, deal
        self._protected: dict[Agreement, dict[str, Array]] = {}
        self._cells: dict[tuple[Regime, str], tuple[Array, Array]] = {}

    def of(self, regime: Regime, model_id: str, family: str) -> tuple[Array, Array]:
        """Return (contracted rate over today's list, overage ratio), each (S, H)."""
        if (regime, model_id) not in self._cells:
            agreement, scenarios = regime.agreement, self._scenarios
            if agreement not in self._protected:
                self._protected[agreement] = indexes(self._deal, agreement, scenarios)
            protected, index = self._protected[agreement][family], scenarios.index[family]
            factor = contracted_factor(self._deal, regime, model_id, family)
            ratio = overage_ratio(self._deal, regime, factor, protected, index)
            self._cells[regime, model_id] = (factor * protected, ratio)
        return self._cells[regime, model_id]
