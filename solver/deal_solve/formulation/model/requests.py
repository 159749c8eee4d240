"""Requests of a user by month and scenario, and the hit rates they are multiplied with (model §3)."""

from __future__ import annotations

import numpy as np

from deal_solve.deal.deal import Deal
from deal_solve.deal.requests.request_cost import effective_hit_rate
from deal_solve.formulation.model.per_scenario import Basis, ScalarOrArray
from deal_solve.plan.resolved import resolve
from deal_solve.uncertainty.scenario_set import Array, Scenarios, ScenarioSet


def rates_of(deal: Deal, block: ScenarioSet, user: str, bases: list[bool]) -> dict[Basis, ScalarOrArray]:
    """Return what requests are multiplied with: 1, and each hit rate that is not certain."""
    return {None: 1.0, **{basis: hit_rate_of(deal, user, basis, block.hit_rate[user]) for basis in bases}}


def requests_of(block: ScenarioSet, user: str) -> Array:
    """Return the requests a month of a workload, or of all users of a cohort, metered or not; shape (H, S)."""
    if user in block.requests:
        return block.requests[user]
    return np.asarray(block.users[user] * block.per_user[user])


def hit_rate_of(deal: Deal, user: str, batch: bool, rates: Array) -> Array:
    """Return the hit rates (S,) that count, in batch or online, of those that are stated."""
    return effective_hit_rate(resolve(deal).users[user].request.cache, batch, rates)


def varied_modes(deal: Deal, scenarios: Scenarios, metered: tuple[str, ...]) -> dict[str, list[bool]]:
    """Return, per user, in which modes (False online, True batch) the hit rate differs between scenarios.

    Where nothing is said of the rate in batch it is that online, which then stands for both.
    """
    rates = (scenarios if isinstance(scenarios, ScenarioSet) else scenarios.block(0)).hit_rate
    caches = {user: resolve(deal).users[user].request.cache for user in metered}
    modes = {
        user: (False,) if cache is None or cache.batch_hit_rate is None else (False, True)
        for user, cache in caches.items()
    }
    return {
        user: [batch for batch in own if np.ptp(hit_rate_of(deal, user, batch, rates[user])) > 0]
        for user, own in modes.items()
    }
