"""Bounds that make the copies tight: how much usage any plan can have at contracted rates."""

from __future__ import annotations

import numpy as np

from deal_solve.deal.deal import Deal
from deal_solve.formulation.columns import Columns
from deal_solve.formulation.papers import Papers
from deal_solve.formulation.program import Program
from deal_solve.formulation.rates import Rates, Regime
from deal_solve.formulation.routing import Routing
from deal_solve.plan.options import Option
from deal_solve.plan.requests import request_cost, usage_multiplier
from deal_solve.uncertainty.scenarios import Array


def most_usage(program: Program, deal: Deal, papers: Papers, routing: Routing) -> dict[Regime, dict[int, float]]:
    """Return, per committing regime and contract year, the most usage of any scenario, in money units a year.

    The pace is that of the year's busiest commitment period; every user takes its dearest open option, at the highest
    hit-rate cost and index of any scenario.
    """
    most: dict[Regime, dict[int, float]] = {}
    for regime in papers.regimes:
        if not regime.commits:
            continue
        api = deal.offer(regime.agreement.offer).api
        assert api is not None
        step = api.period_months
        rates = routing.rates
        columns = rates.columns
        dearest = _dearest(columns, deal, routing, rates, regime)
        by_year = dict.fromkeys(regime.span.years, 0.0)
        for start in range(regime.span.start, regime.span.end, step):
            rows = columns.rows_of(range(start, start + step))
            usage = float(np.max(dearest[rows] @ columns.flows[rows], initial=0.0))
            by_year[start // 12] = max(by_year[start // 12], program.usd(usage * 12 / step))
        most[regime] = by_year
    return most


def _dearest(columns: Columns, deal: Deal, routing: Routing, rates: Rates, regime: Regime) -> Array:
    """Return dollars a request at contracted rates on the dearest open option, per row of the flows."""
    dollars = np.zeros(len(columns.flows))
    for user, epochs in routing.menus.items():
        for epoch in epochs:
            if epoch.year in regime.span.years:
                for start, _ in columns.within(user, epoch.start, epoch.end):
                    costs = [_cost(columns, deal, rates, regime, user, option, start) for option in epoch.options]
                    dollars[columns.row_of(user, start)] = max(costs, default=0.0)
    return dollars


def _cost(columns: Columns, deal: Deal, rates: Rates, regime: Regime, user: str, option: Option, month: int) -> float:
    owner = deal.workloads.get(user) or deal.cohorts[user]
    request = deal.workloads.get(user) or deal.cohorts[user].use
    assert request is not None
    multiplier = usage_multiplier(deal, request, owner.requires)
    hit = columns.hit[user, option.batch]
    total = 0.0
    for part in option.parts:
        factor, protected, _ = rates.of(regime, part.model_id, part.family, month)
        cost = request_cost(request, option, part, multiplier)
        total += (
            factor
            * float(np.max(protected))
            * max(cost.fixed + cost.per_hit * end for end in (np.min(hit), np.max(hit)))
        )
    return total
