"""Bounds on commitment: how much usage, as it counts, any plan that is worth having can have (formulation §5).

C[j,y] ≤ C_max · β_j, and U ≤ V_max: the tighter they are, the tighter is the relaxation.
"""

from __future__ import annotations

import math

import numpy as np

from deal_solve.deal.deal import Deal
from deal_solve.deal.requests.routing_options import Epoch
from deal_solve.formulation.clauses.api.rates import Costs, Regime, api_of, channel_of, retires_next_year
from deal_solve.formulation.clauses.offers import Agreements
from deal_solve.formulation.clauses.risk import is_exact_chance
from deal_solve.formulation.clauses.routing import Routing
from deal_solve.formulation.model.program import Program
from deal_solve.plan.resolved import User, resolve
from deal_solve.uncertainty.scenario_set import Array


def max_usage(program: Program, deal: Deal, agreements: Agreements, routing: Routing) -> dict[Regime, dict[int, float]]:
    """Return, per committing regime and contract year, the most that is worth committing, in money units a year.

    It is the usage, at the pace of the year's busiest commitment period, that is exceeded too rarely for one more
    dollar to pay for itself (`_heaviest`); every user takes its dearest open option, at the highest hit-rate cost and
    index of any scenario. Where every scenario counts, all are written out, a bucket decides for its own, or what is
    committed and not used retires a cloud commitment, it is the most usage of any. Where that may keep a limit on the
    next contract year, it is at least what retires a year of the cloud commitment by the charge of one period alone.

    With a yearly minimum it is that of the busiest contract year in all of them: what usage lacks to the minimum of a
    year takes balance from the other ones, so that more than the usage of the term may be worth committing; where
    C_T / years is as much as the usage of every year, no usage is above the balance.
    """
    maximum: dict[Regime, dict[int, float]] = {}
    sums = routing.sums
    everywhere = sums is program.sums
    heaviest = _heaviest(deal, program.size) if program.by_cuts and everywhere else math.inf
    for regime in agreements.regimes:
        if not regime.commits:
            continue
        api = api_of(deal, regime.agreement)
        dearest, ratio = _dearest(deal, routing, regime)
        by_year = dict.fromkeys(regime.span.years, 0.0)
        yearly = [deal.months_of(year) for year in regime.span.years] if api.yearly_minimum else []
        rare = 1 / (2 * ratio * heaviest * max(len(yearly), 1)) if channel_of(deal, regime) is None else 0.0
        for months in yearly or api.periods(range(regime.span.start, regime.span.end)):
            rows = sums.rows_of(months)
            usage = exceeded(dearest[rows] @ sums.requests[rows], sums.weights, rare)
            if any(retires_next_year(deal, regime, month) for month in months):
                usage = max(usage, _retired(deal, regime))
            for year in range(months[0] // 12, months[-1] // 12 + 1):
                by_year[year] = max(by_year[year], program.usd(usage * 12 / len(months)))
        maximum[regime] = dict.fromkeys(by_year, max(by_year.values())) if yearly else by_year
    return maximum


def _retired(deal: Deal, regime: Regime) -> float:
    """Return the most dollars of payments that can retire anything in a year of a cloud commitment."""
    channel = channel_of(deal, regime)
    if channel is None:
        return 0.0
    cloud = deal.cloud_commitments[channel.through]
    return cloud.cap_share * max(cloud.usd_per_year) / channel.counts


def _heaviest(deal: Deal, size: int) -> float:
    """Return how many times its probability a scenario can count in the objective or a limit; infinite if alone.

    One more dollar of commitment saves at most its overage ratio where usage exceeds the commitment, and the same again
    where it is rolled over; so it never pays where that has a probability below 1/(2 · ratio · heaviest).
    """
    risk = deal.risk
    if risk.criterion != "expected":
        return math.inf
    heavy = [1 - risk.weight + risk.weight / (1 - risk.confidence)]
    for limit in deal.limits:
        within = limit.probability_within
        if limit.measure == "worst" or within == 1 or is_exact_chance(limit, size):
            return math.inf
        heavy += [1 / (1 - limit.confidence)] if limit.measure == "cvar" else []
        heavy += [1 / (1 - within)] if within else []
    return max(heavy)


def exceeded(amounts: Array, weights: Array, probability: float) -> float:
    """Return an amount (S,) that is exceeded with no more than a probability; the largest one if that is 0.

    >>> exceeded(np.array([1.0, 2.0, 3.0, 4.0]), np.full(4, 0.25), 0.25)
    3.0
    """
    if not len(amounts):
        return 0.0
    rare = int(probability / float(weights.max()))  # so many of the largest are no more likely than that
    index = max(len(amounts) - 1 - rare, 0)
    return max(float(np.partition(amounts, index)[index]), 0.0)


def _dearest(deal: Deal, routing: Routing, regime: Regime) -> tuple[Array, float]:
    """Return dollars a request as it counts on the dearest open option, per row of `requests`, and the ratio."""
    rates, sums = routing.rates.within(regime), routing.sums
    dollars, ratio = np.zeros(len(sums.requests)), 1.0
    known: dict[tuple[str, int], float] = {}
    years = regime.span.years
    for name, epochs in routing.epochs.items():
        user = resolve(deal).users[name]
        for epoch in epochs:
            if epoch.year not in years:
                continue
            options = _costs(routing, user, epoch)
            for start, row in sums.rows_within(name, None, epoch.start, epoch.end):
                dearest = 0.0
                for parts in options:
                    usd = 0.0
                    for model_id, family, cost in parts:
                        rate = known.get((model_id, start))
                        if rate is None:
                            factor, protected, overage = rates.tested(model_id, family, start)
                            rate = known[model_id, start] = factor * sums.largest(protected)
                            ratio = max(ratio, sums.largest(overage))
                        usd += rate * cost
                    dearest = max(dearest, usd)
                dollars[row] = dearest
    return dollars, ratio


def _costs(routing: Routing, user: User, epoch: Epoch) -> Costs:
    """Return the highest cost of every open option, but of those that ask one model the dearest alone."""
    known = routing.rates.highest_costs
    if (user.name, epoch.start) not in known:
        alone: dict[tuple[str, str], float] = {}
        found = []
        for option in epoch.options:
            hit = routing.sums.hit[user.name, option.batch]
            ends = float(np.min(hit)), float(np.max(hit))
            highest = [max(cost.fixed + cost.per_hit * end for end in ends) for cost in user.costs(option)]
            models = [(part.model_id, part.family) for part in option.parts]
            if len(models) == 1:
                alone[models[0]] = max(alone.get(models[0], 0.0), highest[0])
            else:
                found.append(tuple((*model, usd) for model, usd in zip(models, highest, strict=True)))
        found += [((*model, usd),) for model, usd in alone.items()]
        known[user.name, epoch.start] = tuple(found)
    return known[user.name, epoch.start]
