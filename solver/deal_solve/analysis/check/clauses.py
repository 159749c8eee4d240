"""Clauses that never bind: nothing in the deal or its futures can make them matter (deal model, sections 4 and 6)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from deal_solve.deal.cross_checks import Finding
from deal_solve.deal.deal import Deal
from deal_solve.deal.offer import ApiPart, Offer, Rollover
from deal_solve.deal.yaml_source import Loc
from deal_solve.plan.resolved import resolve
from deal_solve.uncertainty.scenario_set import ScenarioSet

NO_NOISE = "is used by sampled futures only; here every path is smooth"


def dead_clauses(deal: Deal, scenarios: ScenarioSet) -> Iterator[Finding]:
    """Yield rollover, overage, renewal, protection and correlation where they can do nothing."""
    moving = any(np.any(values != 1) for values in scenarios.index.values())
    for name, offer in deal.offers.items():
        loc: Loc = ("offers", name)
        if offer.api:
            yield from _commitment(offer, offer.api, (*loc, "api"))
        yield from _renewal(deal, name, offer, loc)
        if offer.price_protection != "none" and not moving:
            yield (*loc, "price_protection"), "list prices never change in these futures, so nothing is protected"
    if scenarios.kind != "sampled":
        yield from _sampled_only(deal)
    for key, event in deal.uncertainty.events.items():
        if event.probability == 0:
            yield ("uncertainty", "events", key), "has probability 0"
        elif event.delay_months == 0 and event.factor == 1:
            yield ("uncertainty", "events", key), "changes nothing: no delay_months and a factor of 1"


def _sampled_only(deal: Deal) -> Iterator[Finding]:
    if deal.uncertainty.correlation.model_fields_set:
        yield ("uncertainty", "correlation"), "is used by sampled futures only; here bands of a group move together"
    for key, work in deal.workloads.items():
        if work.monthly_noise:
            yield ("workloads", key, "monthly_noise"), NO_NOISE
    for key, cohort in deal.cohorts.items():
        if cohort.use and cohort.use.monthly_noise:
            yield ("cohorts", key, "use", "monthly_noise"), NO_NOISE


def _commitment(offer: Offer, api: ApiPart, loc: Loc) -> Iterator[Finding]:
    if all(band.commit_usd_per_year == 0 for band in api.bands):
        for field in sorted(api.model_fields_set & {"overage", "unused", "period", "payment", "ramp", "step_usd"}):
            yield (*loc, field), "the only band has no commitment, so this never applies"
        return
    if isinstance(api.unused, Rollover):
        here = (*loc, "unused")
        if api.unused.rollover == 0 or api.unused.cap == 0:
            yield here, "nothing is rolled over, so it is as forfeited"
        elif max(offer.terms) <= api.period_months:
            yield here, "every term has one commitment period, and at the end of a term the rest is forfeited"


def _renewal(deal: Deal, name: str, offer: Offer, loc: Loc) -> Iterator[Finding]:
    fields = sorted(offer.model_fields_set & {"renewal", "renewal_cap"})
    renewed = any(
        len(resolve(deal).taken_for(name, months).spans) > 1 for months in resolve(deal).offers[name].first_terms
    )
    if not renewed:
        for field in fields:
            yield (*loc, field), "no term ends inside the horizon, so nothing is renewed"
    elif offer.renewal_cap is not None:
        if offer.price_protection == "none":
            yield (*loc, "renewal_cap"), "without price protection prices follow list in every month, capped or not"
        elif offer.renewal == "list":
            yield (*loc, "renewal_cap"), "a renewal at list prices is not capped"
