"""Price regimes of an API agreement and the rates in each (model §4, §6; formulation §1).

A regime j is what usage is priced under: one term of an agreement, in one band, in one bundle tier. Its parameters are
κ[j,m] (`contracted_factor`), Π'[j,f,t,ω] (`Rates.protected`) and r[j,m,t,ω] (`overage_ratio`).
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary, proxy

import numpy as np

from deal_solve.deal.deal import Deal
from deal_solve.deal.offers.api import ApiPart, Premium, Rollover
from deal_solve.deal.offers.channel import Channel
from deal_solve.deal.offers.cloud_years import cloud_year, months_of_cloud_year
from deal_solve.deal.offers.offer import Capped, Offer
from deal_solve.deal.offers.renewal import Uplift
from deal_solve.deal.rate_card import FAMILIES
from deal_solve.deal.requests.routing_options import Option
from deal_solve.formulation.clauses.terms import api_spans, term_before
from deal_solve.formulation.model.chunks import CHUNK
from deal_solve.formulation.model.per_scenario import OverageRatio, Ratio, ScalarOrArray, settled
from deal_solve.formulation.model.scenario_sums import ScenarioSums
from deal_solve.plan.leaving import may_leave_api, may_return_api
from deal_solve.plan.resolved import resolve
from deal_solve.plan.terms import Left, TermSpan


class Agreement(NamedTuple):
    """An offer (or list) taken for a first term."""

    offer: str
    term_months: int

    @property
    def left(self) -> Left:
        """Nothing: what is left is decided by regime."""
        return ()


class Regime(NamedTuple):
    """Price regime j: one term of an agreement in one band (its index, -1: none) and one bundle tier (0: none).

    In a regime whose span is `left` the agreement is left at the start of that term, or was before.
    """

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
        Agreement(offer.offer_id, months)
        for offer in resolve(deal).offers.values()
        if offer.api is not None and (not check_controls or needed <= offer.api_provides)
        for months in offer.first_terms
    )


def api_of(deal: Deal, agreement: Agreement) -> ApiPart:
    """Return the API part of an offer that is known to have one: that of an API agreement."""
    return resolve(deal).taken(agreement).require_api()


def is_tested_at_list(deal: Deal, regime: Regime) -> bool:
    """Whether there is a commitment, and usage is counted toward it in list dollars."""
    return regime.commits and api_of(deal, regime.agreement).is_measured_at_list


def may_gain_by_use(deal: Deal, regime: Regime) -> bool:
    """Whether more usage may cost less, in sum or in a year with a limit: no option is worse for its price alone.

    Usage that a credit of charges pays still counts toward the commitment; what is used in one contract year may meet
    what the next one would be charged for, or retire what it would lack of a cloud commitment; and what fills the least
    of a year (`yearly_minimum`) at one discount leaves less overage than at another.
    """
    if retires_next_year(deal, regime, range(regime.span.start, regime.span.end)):
        return True
    if not regime.commits:
        return False
    api = api_of(deal, regime.agreement)
    if is_tested_at_list(deal, regime):
        return True
    if api.payment != "arrears":
        return False
    is_paid = regime.span.index == 0 and api.credit is not None and api.credit.pays == "charges"
    carries = api.period == "term" or api.excess == "counts_next" or isinstance(api.unused, Rollover)
    is_limited = carries and any(limit.contract_year is not None for limit in deal.limits)
    return is_paid or is_limited or api.yearly_minimum is not None


def committed_share(deal: Deal, regime: Regime) -> float:
    """Return c, what a dollar of C counts in bundle tests and in committed dollars: 1 - d at list, else 1."""
    api = api_of(deal, regime.agreement)
    return api.committed_share(api.bands[regime.band]) if regime.commits else 1.0


def shortfall_factor(deal: Deal, regime: Regime) -> float:
    """Return k, what a dollar of shortfall costs: the factor κ of every model where it is charged so, else 1."""
    if api_of(deal, regime.agreement).shortfall_at != "contracted":
        return 1.0
    return contracted_factor(deal, regime, FAMILIES[0], FAMILIES[0])


def channel_of(deal: Deal, regime: Regime) -> Channel | None:
    """Return the channel that a regime is billed through; none at list, after leaving too."""
    return None if regime.span.left else resolve(deal).taken(regime.agreement).offer.channel


def retires_next_year(deal: Deal, regime: Regime, months: range) -> bool:
    """Whether what is paid for some month retires a shortfall of the next contract year, the cost of which has a limit.

    Signed in a month that begins no year of it, a contract year ends inside of a year of the cloud commitment.
    """
    channel = channel_of(deal, regime)
    if channel is None or channel.counts == 0:
        return False
    limited = {limit.contract_year for limit in deal.limits}
    due = ((month, (months_of_cloud_year(deal, cloud_year(deal, month)).stop - 1) // 12) for month in months)
    return any(year > month // 12 and year in limited for month, year in due)


def regimes_of(deal: Deal, agreement: Agreement, zero_bands_only: bool = False) -> tuple[Regime, ...]:
    """Return the price regimes of all terms of an agreement: at list, renewed so or left, one without discount."""
    taken, api = resolve(deal).taken(agreement), api_of(deal, agreement)
    first_year_commits = not (isinstance(api.ramp, tuple) and api.ramp[0] == 0)  # a ramp may start at nothing
    leaves = may_leave_api(deal, agreement.offer) and not may_return_api(deal, agreement.offer)
    regimes = []
    for span in api_spans(deal, agreement):
        if taken.is_at_list(span):
            regimes.append(Regime(agreement, span, -1, 0.0, 0))
        for index, band in enumerate(() if taken.is_at_list(span) else api.bands):
            threshold = band.commit_usd_per_year
            if zero_bands_only and threshold > 0:
                continue
            tiers = len(taken.offer.bundle) + 1 if threshold > 0 and first_year_commits else 1
            regimes += [Regime(agreement, span, index, threshold, tier) for tier in range(tiers)]
        if span.index > 0 and leaves:
            regimes.append(Regime(agreement, span._replace(left=True), -1, 0.0, 0))
    return tuple(regimes)


def every_regime(deal: Deal, agreement: Agreement, zero_bands_only: bool = False) -> tuple[Regime, ...]:
    """Return the price regimes of an agreement, none if some term has no band left and cannot be left out."""
    regimes = regimes_of(deal, agreement, zero_bands_only)
    starts = {span.start for span in resolve(deal).taken(agreement).spans}
    return regimes if starts <= {regime.span.start for regime in regimes} else ()


def gains_by_leaving(deal: Deal, agreement: Agreement) -> bool:
    """Whether leaving can be cheaper than staying: not where every later term can be had without commitment at no more
    than list, whatever the model, directly, and nobody returns.
    """
    taken, api = resolve(deal).taken(agreement), api_of(deal, agreement)
    is_locked, is_channelled = taken.offer.price_protection == "locked", taken.offer.channel is not None
    if is_locked or is_channelled or may_return_api(deal, agreement.offer):
        return True
    free = [index for index, band in enumerate(api.bands) if band.commit_usd_per_year == 0]
    for span in taken.spans[1:]:
        bands = [-1] if taken.is_at_list(span) else free
        regimes = [Regime(agreement, span, band, 0.0, 0) for band in bands]
        if not any(
            all(contracted_factor(deal, regime, model.id, model.family) <= 1 for model in deal.card.models)
            for regime in regimes
        ):
            return True
    return False


def uplift(offer: Offer, span: TermSpan) -> float:
    """Return (1+x)^k of the k-th renewal."""
    price = offer.renewal.price
    return float((1 + price.uplift) ** span.index) if isinstance(price, Uplift) else 1.0


def contracted_factor(deal: Deal, regime: Regime, model_id: str, family: str) -> float:
    """Return contracted rate over list before the index: κ = (1-d_b)·(1-term)·(1-bundle)·uplift, or the sum."""
    offer = resolve(deal).taken(regime.agreement).offer
    if regime.band < 0 or offer.api is None:
        return 1.0
    bundle = offer.bundle[regime.tier - 1].api if regime.tier else 0.0
    term = offer.terms[regime.span.length].api
    band = offer.api.bands[regime.band].discount_of(model_id, family)
    kept = 1 - band - term - bundle if offer.discounts == "add" else (1 - band) * (1 - term) * (1 - bundle)
    return kept * uplift(offer, regime.span)


def overage_ratio(api: ApiPart, factor: float, protected: ScalarOrArray, index: ScalarOrArray) -> Ratio:
    """Return r, the overage rate over the contracted rate, at least 1; of many scenarios worked out when asked for."""
    if api.overage == "contracted":
        return 1.0
    premium = api.overage.premium if isinstance(api.overage, Premium) else 0.0
    if protected is index:
        return max((1 + premium) / factor, 1.0)
    if isinstance(protected, float) and isinstance(index, float):
        return max(index * (1 + premium) / (factor * protected), 1.0)
    asked = OverageRatio(index, protected, 1 + premium, factor)
    ratio = settled(np.atleast_1d(asked[:]))
    return ratio if isinstance(ratio, float) or len(ratio) <= CHUNK else replace(asked, maximum=float(ratio.max()))


class Rates:
    """Protected indexes, and contracted and overage rates, of a deal over its scenarios, each computed once.

    What is the same everywhere is one object, so that usage at one rate can be added up before the rate is applied.
    What other modules work out from a deal and its scenarios is kept beside: the `open_options` of each
    contract year (`bounds`), `nondominated` options (`dominance`), `blocks` (`routing`) and `priced_users` (`seats`).
    """

    def __init__(self, index: Mapping[str, Sequence[ScalarOrArray]], deal: Deal) -> None:
        self.index, self._deal = index, deal
        self.open_options: dict[int, Any] = {}
        self.nondominated: dict[object, tuple[Option, ...]] = {}
        self.blocks: dict[object, Any] = {}
        self.priced_users: dict[object, tuple[ScalarOrArray, ScalarOrArray]] = {}
        self._within: dict[Regime, RegimeRates] = {}
        self._relative: dict[Hashable, int] = {}
        self._protections: dict[tuple[Agreement, TermSpan], Hashable] = {}
        self._known: dict[tuple[Agreement, str, int, TermSpan], ScalarOrArray] = {}
        self._bases: dict[tuple[object, ...], ScalarOrArray] = {}
        self._protected: dict[tuple[object, ...], ScalarOrArray] = {}
        self._ratios: dict[tuple[object, ...], tuple[Ratio, ScalarOrArray, ScalarOrArray]] = {}

    def protected(self, agreement: Agreement, family: str, month: int, span: TermSpan | None = None) -> ScalarOrArray:
        """Return the protected index of a family (or of seats) in a month of an agreement (model §6), in a term that it
        may have, by default the one without leaving.
        """
        span = span or resolve(self._deal).taken(agreement).span_at(month)
        known = agreement, family, month, span
        if known not in self._known:
            self._known[known] = self._protect(agreement, family, month, span)
        return self._known[known]

    def _protect(self, agreement: Agreement, family: str, month: int, span: TermSpan) -> ScalarOrArray:
        offer, index = resolve(self._deal).taken(agreement).offer, self.index[family]
        if offer.price_protection == "none":
            return index[month]
        base = self._base(agreement, family, span)
        now, age = index[month], month - span.start if isinstance(offer.price_protection, Capped) else 0
        key = offer.price_protection, _key_of(base), _key_of(now), age
        if key not in self._protected:
            self._protected[key] = _protect(offer, base, now, age)
        return self._protected[key]

    def _base(self, agreement: Agreement, family: str, span: TermSpan) -> ScalarOrArray:
        """Return Π_T of a term, at a renewal no more than the cap allows above what was paid in the month before."""
        cap = resolve(self._deal).taken(agreement).offer.renewal_cap
        base = self.index[family][span.start]
        if span.index == 0 or cap is None:
            return base
        key = agreement, family, span
        if key not in self._bases:
            last = term_before(self._deal, agreement, span) if span.since else None
            before = self.protected(agreement, family, last.end - 1 if last else span.start - 1, last)
            self._bases[key] = settled(np.atleast_1d(np.minimum(base, (1 + cap) * before)))
        return self._bases[key]

    def within(self, regime: Regime) -> RegimeRates:
        """Return the rates of one regime."""
        if regime not in self._within:
            self._within[regime] = RegimeRates(self, self._deal, regime)
        return self._within[regime]

    def relative(self, regime: Regime | None) -> int:
        """Return a number for what rates in a regime (None: at list) are relative to each other and to list.

        Regimes of one number are the same to whoever compares models: their rates differ by one factor in all months.
        What is compared is the factor of every model that is asked, next to that of the first, and the protected index.
        """
        if regime is None:
            found: Hashable = (1.0,) * len(self._models), None
        else:
            own = self.within(regime)
            factors = [own.factor(*model) for model in self._models]
            per_first = tuple(round(factor / factors[0], 12) for factor in factors)
            found = per_first, None if regime.span.left else self._protection(regime)
        return self._relative.setdefault(found, len(self._relative))

    def _protection(self, regime: Regime) -> Hashable:
        """Return the protected index of every family in every month of a term; None where it is that at list."""
        key = regime.agreement, regime.span
        if key not in self._protections:
            months = range(regime.span.start, regime.span.end)
            families = dict.fromkeys(family for _, family in self._models)
            listed = [self.index[family][month] for family in families for month in months]
            found = [self.protected(regime.agreement, f, month, regime.span) for f in families for month in months]
            is_listed = all(_key_of(one) == _key_of(other) for one, other in zip(found, listed, strict=True))
            self._protections[key] = None if is_listed else tuple(map(_key_of, found))
        return self._protections[key]

    @cached_property
    def _models(self) -> tuple[tuple[str, str], ...]:
        """The models that are asked, and their families."""
        options = (o for user in resolve(self._deal).users.values() for epoch in user.epochs for o in epoch.options)
        return tuple(dict.fromkeys((part.model_id, part.family) for option in options for part in option.parts))

    def ratio(self, regime: Regime, factor: float, protected: ScalarOrArray, index: ScalarOrArray) -> Ratio:
        """Return the overage ratio of a regime at some rates, the same object wherever these are the same."""
        key = regime.agreement.offer, factor, _key_of(protected), _key_of(index)
        if key not in self._ratios:
            ratio = overage_ratio(api_of(self._deal, regime.agreement), factor, protected, index)
            self._ratios[key] = ratio, protected, index  # kept with it, so that no other object takes their places
        return self._ratios[key][0]


class RegimeRates:
    """Contracted and overage rates of one regime, each computed once, and what else follows from the regime alone."""

    def __init__(self, rates: Rates, deal: Deal, regime: Regime) -> None:
        self._rates: Rates = proxy(rates)  # which has this one: so both go with the sums
        self._deal, self._regime = deal, regime
        self._factors: dict[str, float] = {}
        self._found: dict[tuple[str, int], tuple[float, ScalarOrArray, Ratio]] = {}

    @cached_property
    def channel(self) -> Channel | None:
        """The channel that it is billed through."""
        return channel_of(self._deal, self._regime)

    @cached_property
    def may_gain_by_use(self) -> bool:
        """Whether more usage may cost less, as `may_gain_by_use` says."""
        return may_gain_by_use(self._deal, self._regime)

    @cached_property
    def is_tested_at_list(self) -> bool:
        """Whether usage is counted toward the commitment in list dollars."""
        return is_tested_at_list(self._deal, self._regime)

    @cached_property
    def relative(self) -> int:
        """The number of what its rates are relative to each other and to list (`Rates.relative`)."""
        return self._rates.relative(self._regime)

    def factor(self, model_id: str, family: str) -> float:
        """Return contracted rate over list before the index."""
        if model_id not in self._factors:
            self._factors[model_id] = contracted_factor(self._deal, self._regime, model_id, family)
        return self._factors[model_id]

    def of(self, model_id: str, family: str, month: int) -> tuple[float, ScalarOrArray, Ratio]:
        """Return (contracted over list before the index, protected index, overage ratio) of a month."""
        found = self._found.get((model_id, month))
        if found is None:
            rates, regime = self._rates, self._regime
            factor, index = self.factor(model_id, family), rates.index[family][month]
            protected = index if regime.span.left else rates.protected(regime.agreement, family, month, regime.span)
            found = factor, protected, rates.ratio(regime, factor, protected, index)
            self._found[model_id, month] = found
        return found

    def tested(self, model_id: str, family: str, month: int) -> tuple[float, ScalarOrArray, Ratio]:
        """Return the same of what counts toward a commitment: at list where it is measured so, and then no overage."""
        if self.is_tested_at_list:
            return 1.0, self._rates.index[family][month], 1.0
        return self.of(model_id, family, month)


_RATES: WeakKeyDictionary[ScenarioSums, Rates] = WeakKeyDictionary()
"""Rates, kept as long as the sums over their scenarios are."""


def rates_of(sums: ScenarioSums, deal: Deal) -> Rates:
    """Return the rates over these scenarios, the same whenever they are asked for."""
    rates = _RATES.get(sums)
    if rates is None:
        rates = _RATES[sums] = Rates(sums.index, deal)
    return rates


def _key_of(values: ScalarOrArray) -> object:
    return id(values) if isinstance(values, np.ndarray) else values


def _protect(offer: Offer, base: ScalarOrArray, now: ScalarOrArray, age_months: int) -> ScalarOrArray:
    if offer.price_protection == "locked":
        return base
    cap = offer.price_protection
    maximum = base * (1 + cap.capped) ** (age_months / 12) if isinstance(cap, Capped) else base
    lower = np.minimum(now, maximum)
    return settled(np.atleast_1d(lower))
