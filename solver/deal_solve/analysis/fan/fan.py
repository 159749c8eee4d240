"""The fan of a set of scenarios: how far demand, people and list value spread, month by month."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from deal_solve.deal.deal import Deal
from deal_solve.facts.baseline_usage import monthly_at_list
from deal_solve.uncertainty import measures
from deal_solve.uncertainty.paths import refuse_large
from deal_solve.uncertainty.scenario_set import Array, Scenarios

LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)
COARSE_LEVELS = (0.1, 0.25, 0.5, 0.75, 0.9)
"""Where the scenarios are too few for anything beyond P10 and P90."""


@dataclass(frozen=True)
class Fan:
    """Quantiles of one quantity in each month: `quantiles` has shape (levels, H), `mean` (H,), both in `unit`."""

    name: str
    unit: str
    levels: tuple[float, ...]
    quantiles: Array
    mean: Array


def fans(deal: Deal, scenarios: Scenarios) -> tuple[Fan, ...]:
    """Return the fans of total list value (where the deal can be routed as today), workloads and cohorts.

    List value is API usage, of workloads and of people metered on their first open track, at the list prices of each
    month: a workload on what runs today, else on the best quality that is open. Raises InputError where that takes more
    memory than it may.
    """
    held = scenarios.months * max(len(deal.workloads), len(deal.cohorts))
    refuse_large(deal, scenarios.size, held, "ask for fewer (--scenarios N)")
    levels = COARSE_LEVELS if scenarios.is_coarse else LEVELS
    return tuple(
        Fan(name, unit, levels, measures.quantiles(values, scenarios.weights, levels), values @ scenarios.weights)
        for name, unit, values in _series(deal, scenarios)
    )


def _series(deal: Deal, scenarios: Scenarios) -> Iterator[tuple[str, str, Array]]:
    total = monthly_at_list(deal, scenarios)
    if total is not None and total.any():
        yield "Total list value", "USD a month at list", total
    for part, names, unit in (
        ("requests", deal.workloads, "requests a month"),
        ("users", deal.cohorts, "active users"),
    ):
        whole = {name: np.empty((scenarios.months, scenarios.size)) for name in names}
        end = 0
        for index in range(scenarios.block_count if whole else 0):
            block = scenarios.block(index)
            for name, values in whole.items():
                values[:, end : end + block.size] = getattr(block, part)[name]
            end += block.size
        yield from ((name, unit, values) for name, values in whole.items())
