"""What counted usage costs month by month: its rates with and without the commitment, and what a balance covers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from deal_solve.deal.deal import Deal
from deal_solve.deal.offers.api import ApiBand, ApiPart
from deal_solve.plan.plan import Plan
from deal_solve.plan.resolved import OfferTerms, resolve
from deal_solve.settlement.api.drawdown import PeriodRecord, priced_terms
from deal_solve.settlement.api.rates import api_factor, band_of, protected_index
from deal_solve.settlement.bundle import bundle_tiers
from deal_solve.settlement.settle import Settlement
from deal_solve.settlement.usage import usage_of
from deal_solve.uncertainty.scenario_set import Array, ScenarioSet

NO_COMMITMENT = ApiBand(commit_usd_per_year=0.0, discount={"all": 0.0})


@dataclass(frozen=True, eq=False)
class Drawn:
    """Rates and shares of counted usage under one plan.

    `contracted[model id]` and `committed[model id]` are (H,): contracted over list at index 1, without the discounts
    that a commitment brings and with them; `protected[family]` (H, S) the index that both follow. Of a dollar of usage
    at committed rates, (H, S): `covered` is the share that a balance covers, `drawn` what it takes of the balance,
    `paid_ahead` what of that was bought, `overage` what is charged for it at the period's end. `ends[t]` is the month
    at which the commitment period of month t ends, and `is_prepaid[t]` whether its commitment is paid in advance.
    """

    contracted: dict[str, Array]
    committed: dict[str, Array]
    protected: dict[str, Array]
    covered: Array
    drawn: Array
    paid_ahead: Array
    overage: Array
    ends: list[int]
    is_prepaid: list[bool]


def drawn_of(deal: Deal, plan: Plan, alone: Settlement, scenarios: ScenarioSet) -> Drawn:
    """Return the rates and shares of a plan without tables, whose settlement over these scenarios is `alone`."""
    taken, months = resolve(deal).taken(plan.api), deal.horizon_months
    counted = usage_of(deal, plan, scenarios).counted
    tiers = tuple(tier.api for tier in bundle_tiers(deal, plan))
    contracted, committed = ({name: np.ones(months) for name in counted} for _ in range(2))
    is_prepaid = [False] * months
    billed = np.zeros((months, scenarios.size))
    priced = priced_terms(deal, plan, scenarios, counted, tiers)
    for span, term, own in zip(taken.spans, plan.api.terms, priced, strict=True):
        band, own_months = band_of(taken, span, term), slice(span.start, span.end)
        without = _without_commitment(taken, span.left)
        for name in counted:
            model = deal.card.model(name)
            committed[name][own_months] = api_factor(taken, span, band, tiers[span.years[0]], model)
            contracted[name][own_months] = (
                api_factor(taken, span, without, 0.0, model)
                if band.commit_usd_per_year
                else committed[name][span.start]
            )
        for each in own.usage:
            billed[own_months] += each.usage_usd
        is_prepaid[own_months] = [band.commit_usd_per_year > 0 and taken.require_api().payment != "arrears"] * (
            span.end - span.start
        )
    families = {deal.card.model(name).family for name in counted}
    shares = _shares(alone.drawdown, billed)
    return Drawn(
        contracted,
        committed,
        {family: protected_index(taken, scenarios.index[family]) for family in families},
        *shares,
        ends=_ends(alone.drawdown, months),
        is_prepaid=is_prepaid,
    )


def _without_commitment(taken: OfferTerms, is_left: bool) -> ApiBand:
    """Return the band that an agreement has without a commitment: the one from 0, or no discount."""
    part: ApiPart = taken.require_api()
    if is_left:
        return NO_COMMITMENT
    return next((band for band in part.bands if band.commit_usd_per_year == 0), NO_COMMITMENT)


def _shares(records: tuple[PeriodRecord, ...], billed: Array) -> tuple[Array, Array, Array, Array]:
    """Return (covered, drawn, paid ahead, overage) per dollar of usage at committed rates, (H, S) each."""
    found = tuple(np.zeros(billed.shape) for _ in range(4))
    for record in records:
        months = slice(record.start, record.end)
        usage = billed[months].sum(axis=0)
        credit = record.credited_usd.sum(axis=0)
        values = (record.covered_usd, record.covered_usd - credit, record.overage_usd)
        found[0][months] = _over(record.covered_usd, record.usage_usd)
        for target, value in zip(found[1:], values, strict=True):
            target[months] = _over(value, usage)
    return found  # type: ignore[return-value]


def _over(value: Array, whole: Array) -> Array:
    return np.divide(value, whole, out=np.zeros(whole.shape), where=whole > 0)


def _ends(records: tuple[PeriodRecord, ...], months: int) -> list[int]:
    ends = list(range(months))
    for record in records:
        ends[record.start : record.end] = [record.end - 1] * (record.end - record.start)
    return ends
