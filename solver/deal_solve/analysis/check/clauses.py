"""Clauses that never bind: nothing in the deal or its scenarios can make them matter (model §4, §6)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from deal_solve.deal.clauses.clause import Clause, Need
from deal_solve.deal.clauses.registry import CLAUSES
from deal_solve.deal.cross_checks import Finding
from deal_solve.deal.deal import Deal
from deal_solve.deal.offers.offer import Offer
from deal_solve.deal.yaml_source import Loc
from deal_solve.plan.leaving import may_return_api, may_return_seats
from deal_solve.plan.resolved import resolve
from deal_solve.uncertainty.scenario_set import ScenarioSet

NEEDS: dict[Need, str] = {
    "commitment": "the only band has no commitment, so this never applies",
    "renewal": "no term ends inside the horizon, so nothing is renewed",
    "price changes": "list prices never change in these scenarios, so nothing is protected",
}
"""Why a clause does nothing where a deal lacks what it needs."""
NO_NOISE = "is used by sampled scenarios only; here every path is smooth"


def non_binding_clauses(deal: Deal, scenarios: ScenarioSet) -> Iterator[Finding]:
    """Yield clauses of the offers, correlation and events where they can do nothing."""
    moving = any(np.any(values != 1) for values in scenarios.index.values())
    for name, offer in deal.offers.items():
        lacking: dict[Need, bool] = {
            "commitment": offer.api is not None and all(band.commit_usd_per_year == 0 for band in offer.api.bands),
            "renewal": all(
                len(resolve(deal).taken_for(name, months).spans) < 2
                for months in resolve(deal).offers[name].first_terms
            ),
            "price changes": not moving,
        }
        loc: Loc = ("offers", name)
        for clause in _in_order(offer):
            part, here = (offer.api, (*loc, "api")) if clause.part == "api" else (offer, loc)
            reason = _reason(clause, offer, part, lacking)
            if reason is not None:
                yield (*here, *clause.path), reason
        if offer.renewal.may_return:
            yield from (((*loc, "renewal", "may_return"), reason) for reason in _never_returns(deal, name))
    if scenarios.kind != "sampled":
        yield from _sampled_only(deal)
    for key, event in deal.uncertainty.events.items():
        if event.probability == 0:
            yield ("uncertainty", "events", key), "has probability 0"
        elif event.delay_months == 0 and event.factor == 1:
            yield ("uncertainty", "events", key), "changes nothing: no delay_months and a factor of 1"


def _never_returns(deal: Deal, offer_id: str) -> Iterator[str]:
    """Yield why nothing of an offer can be left and taken again, though it says so."""
    offer = resolve(deal).offers[offer_id]
    if min(offer.first_terms) + 12 >= deal.horizon_months:
        yield "no term ends two contract years before the horizon, so nothing is left and taken again"
    elif not (offer.api and may_return_api(deal, offer_id)) and not any(
        may_return_seats(deal, offer_id, name) for name in offer.seats
    ):
        yield "list does not sell it, or lacks a control that is required, so nothing is left and taken again"


def _sampled_only(deal: Deal) -> Iterator[Finding]:
    if deal.uncertainty.correlation.model_fields_set:
        yield ("uncertainty", "correlation"), "is used by sampled scenarios only; here bands of a group move together"
    for key, work in deal.workloads.items():
        if work.monthly_noise:
            yield ("workloads", key, "monthly_noise"), NO_NOISE
    for key, cohort in deal.cohorts.items():
        if cohort.use and cohort.use.monthly_noise:
            yield ("cohorts", key, "use", "monthly_noise"), NO_NOISE


def _in_order(offer: Offer) -> list[Clause]:
    """Return the clauses of the API part and of the offer itself, by what they need, then by their name in the file."""
    order: list[Need | None] = [*NEEDS, None]
    known = [each for each in CLAUSES if each.part == "offer" or (each.part == "api" and offer.api is not None)]
    return sorted(known, key=lambda clause: (order.index(clause.needs), clause.path))


def _reason(clause: Clause, offer: Offer, part: Any, lacking: Mapping[Need, bool]) -> str | None:
    """Return why a clause that an offer states does nothing; None if it may do something, or is not stated."""
    if clause.needs is None or not lacking[clause.needs]:
        return clause.idle(offer, part) if clause.idle else None
    is_protection = clause.needs == "price changes"  # none protects nothing, whether prices change or not
    stated = clause.value(part) != "none" if is_protection else clause.path[0] in part.model_fields_set
    return NEEDS[clause.needs] if stated else None
