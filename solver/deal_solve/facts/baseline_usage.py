"""Usage routed as today: the yardstick for thresholds, and of what a table of later decisions observes."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
from typing import Annotated

import numpy as np
from pydantic import Field

from deal_solve.deal.deal import Deal
from deal_solve.errors import InputError
from deal_solve.frames import Table
from deal_solve.plan.completion.complete import complete
from deal_solve.plan.proposal import Proposal
from deal_solve.plan.renewal_buckets import Edges, observed
from deal_solve.record import Record
from deal_solve.settlement.settle import Settlement
from deal_solve.settlement.usage import Usage, usage_of
from deal_solve.uncertainty.scenario_set import Array, Scenarios, ScenarioSet, blocks, each_block


def highest_usage_at_list(deal: Deal, scenarios: ScenarioSet) -> Array | None:
    """Return yearly API usage at list in USD, (Y, S), routed as today, each cohort on the track that has most of it.

    What a seat includes, or bills beyond its allowance, is no API usage: a cohort that may also be on a metered track
    has that of the other one. None if no plan can be completed.
    """
    try:
        plan, _ = complete(deal, Proposal(), scenarios)
    except InputError:
        return None
    total = _yearly(deal, usage_of(deal, plan, scenarios, deal.workloads), scenarios)
    for name, cohort in deal.cohorts.items():
        usage = [_yearly(deal, usage_of(deal, plan, scenarios, (name,)), scenarios)]
        for track in cohort.tracks:
            with suppress(InputError):  # a track that is closed to the cohort
                other, _ = complete(deal, Proposal(tracks={name: (track,)}), scenarios)
                usage.append(_yearly(deal, usage_of(deal, other, scenarios, (name,)), scenarios))
        total += np.max(usage, axis=0)
    return total


def _yearly(deal: Deal, usage: Usage, scenarios: ScenarioSet) -> Array:
    return np.add.reduceat(_at_list(deal, usage, scenarios), range(0, deal.horizon_months, 12), axis=0)


def monthly_at_list(deal: Deal, scenarios: Scenarios) -> Array | None:
    """Return monthly API usage at list in USD, (H, S), routed as today on the first open tracks; None if impossible."""
    try:
        plan, _ = complete(deal, Proposal(), scenarios.block(0))
        parts = each_block(scenarios, lambda _, block: _at_list(deal, usage_of(deal, plan, block), block))
        return np.concatenate(parts, axis=1)
    except InputError:
        return None


@dataclass(frozen=True)
class ObservedBucket(Record):
    """What the twelve months before a table come to in one bucket of usage: the least and the most of its scenarios."""

    month: Annotated[int, Field(description="first month of the terms that are decided, counted from 0")]
    bucket: Annotated[int, Field(description="bucket of usage, counted from 0, lowest first")]
    requests: Annotated[tuple[float, float], Field(description="requests of all workloads")]
    billed_usd: Annotated[tuple[float, float], Field(description="counted usage at contracted rates under the plan")]
    dollars_are_the_rule: Annotated[
        bool, Field(description="whether billed dollars separate all buckets of the month, else requests have to")
    ]
    decided: Annotated[str, Field(description="the month as YYYY-MM")] = ""


def observed_buckets(deal: Deal, settlement: Settlement) -> Table[ObservedBucket]:
    """Return every bucket of usage of the plan's tables with its requests and billed dollars (model §6).

    Membership is by the usage at each workload's baseline option, as decided before the solve.
    """
    found: list[ObservedBucket] = []
    scenarios = settlement.scenarios
    for table in settlement.plan.later:
        last_year = table.month // 12 - 1
        usage = np.concatenate([observed(deal, block, table.month)[0] for block in blocks(scenarios)])
        requests = np.concatenate([_requests(block, table.month) for block in blocks(scenarios)])
        place = Edges(table.usage_edges_usd).bucket(usage, np.zeros(len(usage)))
        happens = settlement.weights > 0
        members = [(bucket, (place == bucket) & happens) for bucket in range(len(table.usage_edges_usd) + 1)]
        ranges = [
            (bucket, _range(requests[own]), _range(settlement.usage_by_year[last_year][own]))
            for bucket, own in members
            if own.any()
        ]
        ordered = sorted(billed for _, _, billed in ranges)
        is_apart = all(low[1] < high[0] for low, high in pairwise(ordered))
        found += [
            ObservedBucket(table.month, *each, is_apart, f"{deal.calendar(table.month):%Y-%m}") for each in ranges
        ]
    return Table(tuple(found))


def _requests(block: ScenarioSet, month: int) -> Array:
    """Return the requests of all workloads in the twelve months before, (S,)."""
    return sum((path[month - 12 : month].sum(axis=0) for path in block.requests.values()), np.zeros(block.size))


def _range(values: Array) -> tuple[float, float]:
    return float(values.min()), float(values.max())


def _at_list(deal: Deal, usage: Usage, scenarios: ScenarioSet) -> Array:
    """Return usage at the list prices of each month in USD, (H, S)."""
    monthly: Array = np.zeros((scenarios.months, scenarios.size))
    for values in (usage.counted, usage.uncounted):
        for model_id, value in values.items():
            monthly += value * scenarios.index[deal.card.model(model_id).family]
    return monthly
