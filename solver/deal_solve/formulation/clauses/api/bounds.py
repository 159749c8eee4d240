"""Bounds on commitment: how much usage, as it counts, any plan that is worth having can have (formulation §5).

C[j,y] ≤ C_max · β_j, and U ≤ V_max: the tighter they are, the tighter is the relaxation.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from deal_solve.deal.deal import Deal
from deal_solve.deal.requests.routing_options import Epoch
from deal_solve.formulation.clauses.api.rates import Regime, api_of, channel_of, retires_next_year
from deal_solve.formulation.clauses.offers import Agreements
from deal_solve.formulation.clauses.risk import is_exact_chance
from deal_solve.formulation.clauses.routing import Routing
from deal_solve.formulation.model.per_scenario import OverageRatio
from deal_solve.formulation.model.program import Program
from deal_solve.plan.resolved import User, resolve
from deal_solve.uncertainty.scenario_set import Array


class OpenOptions(NamedTuple):
    """Open options (N) of each user and interval: its row of `requests`, and where its options start.

    `models` are asked with their families from a month on; of the first model that each option asks, the second and so
    on `parts` have the place among them, and the highest cost of a request at list over all hit rates.
    """

    rows: list[int]
    starts: list[int]
    models: list[tuple[str, str, int]]
    parts: list[list[Array]]


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
        dearest, ratio = _dearest(routing, regime)
        by_year = dict.fromkeys(regime.span.years, 0.0)
        yearly = [deal.months_of(year) for year in regime.span.years] if api.yearly_minimum else []
        rare = 1 / (2 * ratio * heaviest * max(len(yearly), 1)) if channel_of(deal, regime) is None else 0.0
        for months in yearly or api.periods(range(regime.span.start, regime.span.end)):
            rows = sums.rows_of(months)
            usage = exceeded(dearest[rows] @ sums.requests[rows], sums.weights, rare)
            if retires_next_year(deal, regime, months):
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


def _dearest(routing: Routing, regime: Regime) -> tuple[Array, float]:
    """Return dollars a request as it counts on the dearest open option, per row of `requests`, and the ratio."""
    rates, sums = routing.rates.within(regime), routing.sums
    dollars, ratio = np.zeros(len(sums.requests)), 1.0
    for year in regime.span.years:
        open_options = _open_options(routing, year)
        tested = [rates.tested(*model) for model in open_options.models]
        rate = np.array([factor * sums.largest(protected) for factor, protected, _ in tested])
        if tested:
            usd = sum(rate[models] * costs for models, costs in open_options.parts)
            dollars[open_options.rows] = np.maximum.reduceat(usd, open_options.starts)
        for _, _, overage in tested:
            ratio = max(ratio, overage.maximum if isinstance(overage, OverageRatio) else sums.largest(overage))
    return dollars, ratio


def _open_options(routing: Routing, year: int) -> OpenOptions:
    """Return the open options of every user in each of its intervals in a contract year, the same for all regimes."""
    known: dict[int, OpenOptions] = routing.rates.open_options
    if year not in known:
        models: dict[tuple[str, str, int], int] = {}
        rows: list[int] = []
        starts: list[int] = []
        found: list[list[tuple[int, float]]] = []
        for name, epochs in routing.epochs.items():
            for epoch in (epoch for epoch in epochs if epoch.year == year and epoch.options):
                options = _costs(routing, resolve(routing.deal).users[name], epoch)
                for start, row in routing.sums.rows_within(name, None, epoch.start, epoch.end):
                    rows.append(row)
                    starts.append(len(found))
                    for option in options:
                        asked = [(model_id, family, start) for model_id, family, _ in option]
                        places = [models.setdefault(each, len(models)) for each in asked]
                        found.append([(place, usd) for place, (*_, usd) in zip(places, option, strict=True)])
        width = max(map(len, found), default=0)
        padded = [[*option, *[(0, 0.0)] * (width - len(option))] for option in found]
        parts = [[np.array(column) for column in zip(*part, strict=True)] for part in zip(*padded, strict=True)]
        known[year] = OpenOptions(rows, starts, [*models], parts)
    return known[year]


def _costs(routing: Routing, user: User, epoch: Epoch) -> list[list[tuple[str, str, float]]]:
    """Return model, family and highest cost at list of every part of the options, but of those that ask one model the
    dearest alone.
    """
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
            found.append([(*model, usd) for model, usd in zip(models, highest, strict=True)])
    return [*found, *([(*model, usd)] for model, usd in alone.items())]
