"""Where the intervals begin over which requests are summed up (formulation §8).

No price index moves inside one, and no epoch or commitment period ends in it; where a credit pays what falls due, they
are months.
"""

from __future__ import annotations

import numpy as np

from deal_solve.deal.deal import Deal
from deal_solve.deal.offers.cloud_years import cloud_years, months_of_cloud_year
from deal_solve.deal.offers.offer import Capped
from deal_solve.plan.resolved import resolve
from deal_solve.uncertainty.scenario_set import Scenarios, ScenarioSet


def moves_of(deal: Deal, scenarios: Scenarios) -> list[int]:
    """Return the months in which an index or a protected price may move; month 0 first.

    A sampled index moves in month 6 of a contract year (model §1); in a set that was stated it may move in any month.
    """
    months = range(scenarios.months)
    if any(isinstance(offer.price_protection, Capped) for offer in deal.offers.values()):
        return list(months)
    if not isinstance(scenarios, ScenarioSet):
        return sorted({0, *(t for t in months if (t + deal.signing_month) % 12 == 6)})
    index = scenarios.index.values()
    return [t for t in months if t == 0 or any(np.any(level[t] != level[t - 1]) for level in index)]


def summed_monthly(deal: Deal) -> tuple[str, ...]:
    """Return the cohorts whose usage is summed month by month: an allowance of a seat is one of the month."""
    sold = [seat for offer in resolve(deal).offers.values() for seat in offer.seats.values()]
    limited = {seat.seat_type for seat in sold if seat.allowance is not None}
    return tuple(name for name, cohort in deal.cohorts.items() if limited & {*cohort.tracks})


def credited_months(deal: Deal) -> set[int]:
    """Return the months in which a credit may pay usage that is billed month by month, and the one after them."""
    months: set[int] = set()
    for offer in deal.offers.values():
        if offer.api is not None and (offer.api.credit is not None or deal.credits_undrawn):
            first_period = len(offer.api.periods(range(max(offer.terms)))[0])
            within = offer.api.credit.within_months if offer.api.credit else None
            months.update(range((within or first_period) + 1))
    return months & {*range(deal.horizon_months)}


def cuts_of(deal: Deal, user: str, moved: list[int]) -> list[int]:
    """Return where the intervals of a user begin, and the horizon."""
    horizon = range(deal.horizon_months)
    periods = {months.start for offer in deal.offers.values() if offer.api for months in offer.api.periods(horizon)}
    step = 1 if user in summed_monthly(deal) else 12
    epochs = {epoch.start for epoch in resolve(deal).epochs(user)}
    if deal.cloud_commitments:
        epochs |= {months_of_cloud_year(deal, year).start for year in range(cloud_years(deal))} & {*horizon}
    return sorted({*moved, *horizon[::step], *periods, *credited_months(deal), *epochs, len(horizon)})
