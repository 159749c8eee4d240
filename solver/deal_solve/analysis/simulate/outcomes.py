"""What a plan comes to in every scenario, block by block, here or in other processes: the same bits wherever."""

from __future__ import annotations

import pickle
from collections import deque
from collections.abc import Generator, Iterator
from concurrent.futures import Executor, Future, wait
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from deal_solve.deal.deal import Deal
from deal_solve.plan.plan import Plan
from deal_solve.settlement.settle import Settlement, settle
from deal_solve.stopping import checkpoint
from deal_solve.uncertainty.sampling import SampledSet
from deal_solve.uncertainty.scenario_set import BLOCK, Array, Scenarios, ScenarioSet

CHUNK = 4
"""Blocks that a process settles at a time; no result depends on it."""
TICK = 0.5
"""Seconds between two looks at whether to stop, while others settle."""
AHEAD = 32
"""Chunks that are handed out or waited for at once, so that memory is bounded."""


@dataclass(frozen=True, eq=False)
class Outcomes:
    """What a plan comes to in the S scenarios of one block, over Y contract years; USD, costs positive.

    `cost` (S,) is discounted, `undiscounted` is not; `by_line[line]` (S,) is discounted; `paid`, `uncovered` (usage
    beyond the balance at contracted rates), `overage` (what is charged for it), `shortfall` (commitment that its own
    period did not draw) and `forfeited` are (Y, S), not discounted. `reference` is the cost of the plan compared with.
    """

    weights: Array
    cost: Array
    undiscounted: Array
    by_line: dict[str, Array]
    paid: Array
    uncovered: Array
    overage: Array
    shortfall: Array
    forfeited: Array
    baseline: Array | None = None


@dataclass(frozen=True)
class Work:
    """A plan to settle, beside it one to compare with."""

    deal: Deal
    plan: Plan
    baseline: Plan | None

    def outcomes(self, block: ScenarioSet) -> Outcomes:
        """Return what both come to in the scenarios of a block."""
        settlement = settle(self.deal, self.plan, block)
        records, earlier = settlement.drawdown, _earlier(settlement)
        return Outcomes(
            weights=block.weights,
            cost=settlement.cost,
            undiscounted=settlement.undiscounted,
            by_line=settlement.by_line,
            paid=settlement.by_year,
            uncovered=_by_year(settlement, [record.usage_usd - record.covered_usd for record in records]),
            overage=_by_year(settlement, [record.overage_usd for record in records]),
            shortfall=_by_year(settlement, [record.own_shortfall_usd for record in records]) + earlier,
            forfeited=_by_year(settlement, [record.forfeited_usd for record in records]) + earlier,
            baseline=settle(self.deal, self.baseline, block).cost if self.baseline else None,
        )


def _by_year(settlement: Settlement, values: list[Array]) -> Array:
    """Return the sum over the commitment periods of each contract year, (Y, S); `values` has (S,) per period."""
    total = np.zeros(settlement.by_year.shape)
    for record, value in zip(settlement.drawdown, values, strict=True):
        total[record.contract_year] += value
    return total


def _earlier(settlement: Settlement) -> Array:
    """Return what moves from the end of a period to the contract years below their minimum, (Y, S); it sums to 0."""
    moved = np.zeros(settlement.by_year.shape)
    for record in settlement.drawdown:
        for year, usd in zip(record.years, record.minimum_usd, strict=False):
            moved[year] += usd
            moved[record.contract_year] -= usd
    return moved


def outcomes_of(
    work: Work, scenarios: Scenarios, executor: Executor | None = None, ahead: int = AHEAD
) -> Generator[Outcomes]:
    """Yield the outcomes of every block, in order.

    With an executor (of the standard library, or anything with its `submit`) chunks of blocks are settled wherever it
    runs them, at most `ahead` of them at once; what waits is cancelled when the caller stops. Sampled scenarios are
    made there, scenarios in memory are sent.
    """
    if executor is None:
        with threadpool_limits(1, "blas"):
            for index in range(scenarios.block_count):
                checkpoint()
                yield work.outcomes(scenarios.block(index))
        return
    waiting: deque[Any] = deque()
    try:
        for arguments in _chunks(work, scenarios):
            waiting.append(executor.submit(_settled, *arguments))
            if len(waiting) >= ahead:
                yield from _result(waiting.popleft())
        while waiting:
            yield from _result(waiting.popleft())
    finally:
        for future in waiting:
            future.cancel()


def _result(future: Future[list[Outcomes]]) -> list[Outcomes]:
    """Wait for a chunk, and look now and then whether to stop."""
    while not wait([future], timeout=TICK).done:
        checkpoint()
    return future.result()


def _chunks(work: Work, scenarios: Scenarios) -> Iterator[tuple[bytes, ScenarioSet | None, range]]:
    """Yield (work and scenarios to make, scenarios to send, blocks of them) of every chunk."""
    made = replace(scenarios) if isinstance(scenarios, SampledSet) else None  # a copy carries nothing that was kept
    recipe = pickle.dumps((work, made))
    for first in range(0, scenarios.block_count, CHUNK):
        indices = range(first, min(first + CHUNK, scenarios.block_count))
        if made:
            yield recipe, None, indices
        else:
            yield recipe, scenarios.in_memory().rows(slice(first * BLOCK, indices.stop * BLOCK)), range(len(indices))


def _settled(recipe: bytes, held: ScenarioSet | None, indices: range) -> list[Outcomes]:
    """Settle some blocks, in any process."""
    work, made = _opened(recipe)
    scenarios: Scenarios = made if held is None else held
    with threadpool_limits(1, "blas"):
        return [work.outcomes(scenarios.block(index)) for index in indices]


@lru_cache(maxsize=1)
def _opened(recipe: bytes) -> tuple[Work, Any]:
    """Return what every chunk of a run shares; a process reads it once."""
    opened: tuple[Work, Any] = pickle.loads(recipe)
    return opened
