"""Bounds that make the copies tight: how much usage any plan can have at contracted rates."""

from __future__ import annotations

import numpy as np

from deal_solve.deal.deal import Deal
from deal_solve.formulation.papers import Papers
from deal_solve.formulation.program import Program
from deal_solve.formulation.rates import Rates, Regime
from deal_solve.formulation.routing import Routing
from deal_solve.plan.options import Epoch, Option
from deal_solve.plan.requests import effective_hit_rate, request_cost, usage_multiplier
from deal_solve.uncertainty.scenarios import Array, ScenarioSet


def most_usage(
    program: Program, deal: Deal, papers: Papers, routing: Routing, rates: Rates
) -> dict[Regime, dict[int, float]]:
    """Return, per committing regime and contract year, the most usage of any scenario, in money units a year.

    The pace is that of the year's busiest commitment period; every user takes its dearest open option.
    """
    most: dict[Regime, dict[int, float]] = {}
    for regime in papers.regimes:
        if not regime.commits:
            continue
        api = deal.offer(regime.agreement.offer).api
        assert api is not None
        monthly = sum(
            (_dearest(program, deal, rates, regime, user, epochs) for user, epochs in routing.menus.items()),
            start=np.zeros((program.scenarios.size, deal.horizon_months)),
        )
        step = api.period_months
        periods = monthly.reshape(program.scenarios.size, -1, step).sum(axis=2) * (12 / step)
        yearly = periods.reshape(program.scenarios.size, deal.years, -1).max(axis=(0, 2))
        most[regime] = {year: program.usd(float(yearly[year])) for year in regime.span.years}
    return most


def requests_of(scenarios: ScenarioSet, user: str) -> Array:
    """Return the requests a month of a workload, or of all users of a cohort, metered or not; shape (S, H)."""
    if user in scenarios.requests:
        return scenarios.requests[user]
    return scenarios.users[user] * scenarios.per_user[user]


def _dearest(program: Program, deal: Deal, rates: Rates, regime: Regime, user: str, epochs: tuple[Epoch, ...]) -> Array:
    """Return the dollars a month of a user on its dearest option, (S, H); 0 outside the regime's term."""
    flow = requests_of(program.scenarios, user)
    dollars = np.zeros_like(flow)
    for epoch in epochs:
        if epoch.year in regime.span.years:
            months = slice(epoch.start, epoch.end)
            costs = [_cost(program, deal, rates, regime, user, option, months) for option in epoch.options]
            if costs:
                dollars[:, months] = flow[:, months] * np.max(costs, axis=0)
    return dollars


def _cost(
    program: Program, deal: Deal, rates: Rates, regime: Regime, user: str, option: Option, months: slice
) -> Array:
    owner = deal.workloads.get(user) or deal.cohorts[user]
    request = deal.workloads.get(user) or deal.cohorts[user].use
    assert request is not None
    multiplier = usage_multiplier(deal, request, owner.requires)
    hit = effective_hit_rate(request.cache, option.batch, program.scenarios.hit_rate[user])
    total = np.zeros((program.scenarios.size, months.stop - months.start))
    for part in option.parts:
        contracted = rates.of(regime, part.model_id, part.family)[0][:, months]
        total += request_cost(request, option, part, multiplier).at(hit)[:, None] * contracted
    return total
