"""Roughly what a draft costs before it has offers, so that thresholds and limits stand where they bind."""

from dataclasses import dataclass
from math import floor, log10
from typing import Any

import numpy as np

from deal_solve.deal.deal import Deal
from deal_solve.deal.load import deal_from
from deal_solve.deal.requests.request_cost import effective_hit_rate, other_usd, request_cost
from deal_solve.deal.requests.routing_options import Epoch, Option
from deal_solve.deal.yaml_source import Source
from deal_solve.plan.resolved import resolve
from deal_solve.uncertainty.expansion import scenarios_of
from deal_solve.uncertainty.scenario_set import Array

Data = dict[str, Any]


@dataclass
class Estimate:
    """`usage_usd` is the expected yearly usage at list, `users[track]` the expected peak of those who may take it."""

    usage_usd: float
    users: dict[str, float]


def read(data: Data) -> Deal:
    """Return the deal of plain data; raises InputError."""
    return deal_from(Source("generated", data))


def estimate(data: Data) -> Estimate:
    """Estimate a draft that has no offers yet: cheapest routing at list, everybody on every track of theirs."""
    draft = {key: value for key, value in data.items() if key != "requires_on_both_lines"}
    draft["cohorts"] = {
        name: {**people, "tracks": ["none"], "unserved_usd_per_user_month": 0}
        for name, people in data["cohorts"].items()
    }
    deal = read(draft)
    scenarios = scenarios_of(deal)
    usage = sum(
        (_usage(deal, name, scenarios.requests[name].T, scenarios.hit_rate[name]) for name in deal.workloads),
        start=np.zeros((scenarios.size, deal.horizon_months)),
    )
    users: dict[str, float] = {}
    for name, people in data["cohorts"].items():
        peak = float(scenarios.weights @ scenarios.users[name].max(axis=0))
        for track in people["tracks"]:
            users[track] = users.get(track, 0.0) + peak
    return Estimate(float(scenarios.weights @ usage.sum(axis=1)) / deal.years, users)


def _usage(deal: Deal, user: str, requests: Array, hit_rate: Array) -> Array:
    """Return the list cost of a user's requests on the cheapest mix of two open options, (S, H)."""
    cost = np.zeros(requests.shape)
    for epoch in resolve(deal).epochs(user):
        months = slice(epoch.start, epoch.end)
        cost[:, months] = requests[:, months] * _cheapest(deal, user, epoch, hit_rate)
    return cost


def option_usd(deal: Deal, user: str, option: Option, hit_rate: Array) -> float:
    """Return the mean list cost of one request of a workload or cohort on an option."""
    sender = resolve(deal).users[user]
    request = sender.request
    hit = effective_hit_rate(request.cache, option.batch, hit_rate)
    usd = sum(
        float(request_cost(request, option, part, sender.usage_multiplier).at(hit).mean()) for part in option.parts
    )
    return usd + other_usd(request, option)


def _cheapest(deal: Deal, user: str, epoch: Epoch, hit_rate: Array) -> float:
    if not epoch.options:
        return 0.0
    points = [(option_usd(deal, user, option, hit_rate), option.quality or 0.0) for option in epoch.options]
    return _mix(points, resolve(deal).users[user].request.quality.mean_floor or 0.0)


def _mix(points: list[tuple[float, float]], floor_: float) -> float:
    """Return the least cost of a mix of two (cost, quality) points whose mean quality is at least the floor."""
    best = min((usd for usd, quality in points if quality >= floor_), default=max(usd for usd, _ in points))
    for usd, quality in points:
        for other, better in points:
            if quality < floor_ <= better:
                share = (floor_ - quality) / (better - quality)
                best = min(best, share * other + (1 - share) * usd)
    return best


def round_to(usd: float, digits: int) -> float:
    """Return a number with so many significant digits."""
    if usd <= 0:
        return 0.0
    scale = 10 ** (digits - 1 - floor(log10(usd)))
    return round(usd * scale) / scale
