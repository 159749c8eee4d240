"""Offers bought through the marketplace of a cloud provider, and what a cloud commitment lacks (model §6)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from deal_solve.deal.deal import Deal
from deal_solve.deal.money import CENT_TOLERANCE_USD
from deal_solve.deal.offers.channel import Channel
from deal_solve.deal.offers.cloud_years import cloud_years, months_of_cloud_year, share_of_cloud_year
from deal_solve.plan.plan import Plan
from deal_solve.plan.resolved import resolve
from deal_solve.settlement.ledger import Ledger, Row
from deal_solve.settlement.usage import Usage, post_uncounted, usage_of
from deal_solve.uncertainty.scenario_set import Array, ScenarioSet


def channel_of_api(deal: Deal, plan: Plan, month: int) -> Channel | None:
    """Return the channel of the API agreement in a month; none at list, after leaving too."""
    taken = resolve(deal).taken(plan.api)
    return None if taken.span_at(month).left else taken.offer.channel


def channel_of_seats(deal: Deal, plan: Plan, seat_type: str, year: int) -> Channel | None:
    """Return the channel of a seat type in a contract year; none at list, after leaving too."""
    return resolve(deal).offers[plan.seats[seat_type].seller(year)].offer.channel


def post_metered(ledger: Ledger, deal: Deal, plan: Plan, usage: Usage, scenarios: ScenarioSet) -> None:
    """Post what is not counted and other charges, through the channel of the agreement that they are billed under.

    Those of workloads and internal tools belong to the API agreement, those of a seat to its own.
    """
    months = range(scenarios.months)
    offers = (plan.api.offer, *(agreement.offer for agreement in plan.seats.values()))
    if not any(resolve(deal).offers[name].offer.channel for name in offers):
        post_uncounted([ledger for _ in months], deal, usage, scenarios)
        return
    for name in resolve(deal).users:
        ledgers = [ledger.through(channel_of_user(deal, plan, name, t)) for t in months]
        post_uncounted(ledgers, deal, usage_of(deal, plan, scenarios, (name,)), scenarios, name)


def channel_of_user(deal: Deal, plan: Plan, user: str, month: int) -> Channel | None:
    """Return the channel of a workload, or of a cohort on its track, in a month."""
    track = plan.tracks[user][month // 12] if user in deal.cohorts else None
    if track in plan.seats:
        return channel_of_seats(deal, plan, track, month // 12)
    return channel_of_api(deal, plan, month)


@dataclass(frozen=True, eq=False)
class CloudFacts:
    """A cloud commitment over its years (Y, S), USD, undiscounted.

    `retired` is what payments through channels count toward it, `short` what it lacks; `is_capped` where payments would
    have retired more.
    """

    retired: Array
    short: Array
    is_capped: NDArray[np.bool_]


def post_cloud_shortfall(ledger: Ledger, deal: Deal, scenarios: ScenarioSet) -> dict[str, CloudFacts]:
    """Post what every cloud commitment lacks at the end of each of its years, and return what became of it.

    max(0, CC - O - min(Σ counts · pay, cap_share · CC)), from what has been paid through channels so far. Of a year
    that ends after the horizon CC and O are for the part of it that lies inside.
    """
    found = {}
    for name, cloud in deal.cloud_commitments.items():
        years = range(cloud_years(deal))
        part = np.array([share_of_cloud_year(deal, year) for year in years])[:, None]
        committed = part * np.array(cloud.usd_per_year[: len(years)])[:, None]
        paid = ledger.retiring.get(name, np.zeros((len(years), scenarios.size)))
        paid = paid + np.where(np.arange(len(years)) == 0, cloud.retired_usd, 0.0)[:, None]
        retired = np.minimum(paid, cloud.cap_share * committed)
        short = np.maximum(0.0, committed - part * scenarios.other_spend[name] - retired)
        for year, usd in zip(years, short, strict=True):
            months = months_of_cloud_year(deal, year)
            ledger.post(Row("cloud_shortfall", name, usd, usd, months.stop, months.start, months.stop - 1))
        found[name] = CloudFacts(retired, short, paid > retired + CENT_TOLERANCE_USD)
    return found
