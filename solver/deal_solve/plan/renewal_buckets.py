"""What is known of a scenario when a term starts, and the edges that cut it into buckets (model §6)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from deal_solve.deal.deal import Deal
from deal_solve.deal.requests.request_cost import effective_hit_rate, request_cost
from deal_solve.plan.resolved import resolve
from deal_solve.uncertainty.scenario_set import Array, Scenarios, ScenarioSet, blocks

NEARLY = 1 + 1e-9
"""A value on an edge lies in the lower bucket, whatever its last bits are."""

Buckets = NDArray[np.int64]


@dataclass(frozen=True)
class Edges:
    """Where buckets of usage (USD) and of users end: an edge belongs to the lower one."""

    usage_usd: tuple[float, ...] = ()
    users: tuple[float, ...] = ()

    @property
    def count(self) -> int:
        """Buckets in all: those of usage times those of users."""
        return (len(self.usage_usd) + 1) * (len(self.users) + 1)

    def bucket(self, usage_usd: Array, users: Array) -> Buckets:
        """Return the bucket (S,) of each scenario; those of one bucket of usage stand together."""
        indices = [
            np.searchsorted(np.array(edges) * NEARLY, values)
            for edges, values in ((self.usage_usd, usage_usd), (self.users, users))
        ]
        return np.asarray(indices[0] * (len(self.users) + 1) + indices[1], dtype=np.int64)


def observed(deal: Deal, block: ScenarioSet, month: int) -> tuple[Array, Array]:
    """Return (usage at list in USD, highest number of active users) of the twelve months before `month`, (S,) each.

    Usage is requests at each workload's baseline option, the first of its epoch, at today's list.
    """
    since = month - 12
    usage, users = np.zeros(block.size), np.zeros((12, block.size))
    for name, work in deal.workloads.items():
        user = resolve(deal).users[name]
        for epoch in user.epochs:
            start, end = max(epoch.start, since), min(epoch.end, month)
            if start < end and epoch.options:
                option = epoch.options[0]
                hit = effective_hit_rate(work.cache, option.batch, block.hit_rate[name])
                costs = [request_cost(work, option, part, user.usage_multiplier).at(hit) for part in option.parts]
                usage += block.requests[name][start:end].sum(axis=0) * np.sum(costs, axis=0)
    for name, counts in block.users.items():
        users += counts[since:month]
        if block.running is not None and since == 0:  # people on seats in force are seen there
            users[: block.running.months] += block.running.users[name] - counts[: block.running.months]
    return usage, users.max(axis=0)


def buckets_of(deal: Deal, scenarios: Scenarios) -> dict[int, tuple[Edges, Buckets]]:
    """Return the edges of every contract-year start after the first, and each scenario's bucket; {} at signing."""
    decided = deal.renewal_decisions
    if decided is None:
        return {}
    months = range(12, deal.horizon_months, 12)
    seen = [[observed(deal, block, month) for month in months] for block in blocks(scenarios)]
    usage_split, users_split = decided.split(bool(deal.workloads))
    found = {}
    for index, month in enumerate(months):
        usage, users = (np.concatenate(parts) for parts in zip(*(block[index] for block in seen), strict=True))
        edges = Edges(edges_of(usage, scenarios.weights, usage_split), edges_of(users, scenarios.weights, users_split))
        found[month] = edges, edges.bucket(usage, users)
    return found


def edges_of(values: Array, weights: Array, split: int | tuple[float, ...]) -> tuple[float, ...]:
    """Return edges as given, or those of buckets of equal probability: each between two values, with few digits.

    >>> edges_of(np.array([60.0, 100.0, 160.0]), np.array([0.3, 0.5, 0.2]), 3)
    (80.0, 130.0)
    """
    if isinstance(split, tuple):
        return split
    order = np.argsort(values, kind="stable")
    ordered, reached = values[order], np.cumsum(weights[order])
    gaps = np.flatnonzero(ordered[1:] > ordered[:-1] * NEARLY)  # an edge is possible after each of these places
    if not len(gaps):
        return ()
    wanted = [int(gaps[np.argmin(np.abs(reached[gaps] - index / split))]) for index in range(1, split)]
    return tuple(_between(float(ordered[gap]), float(ordered[gap + 1])) for gap in dict.fromkeys(wanted))


def _between(low: float, high: float) -> float:
    """Return the number of fewest digits near the middle of two numbers, well away from both."""
    middle, room = (low + high) / 2, (high - low) / 4
    rounded: Iterable[float] = (float(f"{middle:.{digits}g}") for digits in range(2, 16))
    return next((number for number in rounded if low + room <= number <= high - room), middle)
