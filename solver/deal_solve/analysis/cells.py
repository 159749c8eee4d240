"""Solving the cells of a sweep, neighbour after neighbour: in this process, or wherever an executor runs them."""

from __future__ import annotations

import itertools
import pickle
import threading
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from dataclasses import dataclass
from typing import Any

import numpy as np

from deal_solve.analysis.sweep_row import SweepRow, solved_row, unsolved_row
from deal_solve.deal.deal import Deal
from deal_solve.deal.vary import varied
from deal_solve.errors import Cancelled, InternalError
from deal_solve.optimise.memory import Memory
from deal_solve.optimise.progress import Progress
from deal_solve.optimise.solve import solve
from deal_solve.uncertainty.scenarios import PATHS, Futures, ScenarioSet

CHUNK = 8
"""Cells that a process solves at a time: neighbours, so that what it knows of one serves the next."""
TRIES = 3
"""How often cells are handed out whose worker was lost."""
TICK = 0.5
"""Seconds between two looks at whether to stop, while others solve."""
UNCERTAIN = ("start", "horizon_months", "scenarios", "uncertainty", "workloads", "cohorts")
"""The parts of a deal that its futures are made of."""

FuturesOf = Callable[[Deal], Futures]
"""What makes the futures of a deal, the same for the same deal; it is sent to other processes."""
Cell = Mapping[str, Any]
"""The value of every varied field, by its path."""


@dataclass(frozen=True)
class Work:
    """What all cells of a sweep share; `options` are those of `solve`."""

    deal: Deal
    futures: FuturesOf
    options: dict[str, Any]


class Solver:
    """Solves cell after cell; what is known of one serves the next."""

    def __init__(self, work: Work) -> None:
        self.work = work
        self.memory = Memory()
        self.last: tuple[Deal, Futures] | None = None

    def row(self, cell: Cell, tell: Callable[[], None]) -> SweepRow:
        """Return the row of one cell, solved or with the reason why not; `tell` is called often, and may raise."""

        def watch(_: Progress) -> None:
            tell()

        began = time.monotonic()
        try:
            deal = varied(self.work.deal, cell)
            solution = solve(deal, self._futures(deal), memory=self.memory, progress=watch, **self.work.options)
            return solved_row(0, cell, solution, time.monotonic() - began)
        except Cancelled:
            raise
        except Exception as error:
            return unsolved_row(0, cell, error, time.monotonic() - began)

    def _futures(self, deal: Deal) -> Futures:
        """Return the futures of a deal: the very object of the last one where they are the same."""
        if self.last is None or any(getattr(self.last[0], name) != getattr(deal, name) for name in UNCERTAIN):
            made = self.work.futures(deal)
            made = made.in_memory() if made.block_count == 1 else made
            is_same = self.last is not None and _are_same(self.last[1], made)
            self.last = deal, self.last[1] if self.last and is_same else made
        return self.last[1]


def _are_same(one: Futures, other: Futures) -> bool:
    """Whether sets in memory hold the same numbers, which may be so although workloads or cohorts differ."""
    if not (isinstance(one, ScenarioSet) and isinstance(other, ScenarioSet) and one.notes == other.notes):
        return False
    held = [
        (each.weights, *(array for name in PATHS for array in getattr(each, name).values())) for each in (one, other)
    ]
    keys = [[list(getattr(each, name)) for name in PATHS] for each in (one, other)]
    return keys[0] == keys[1] and all(map(np.array_equal, *held))


def solved(
    work: Work, cells: Sequence[Cell], executor: Executor | None, ahead: int, tell: Callable[[], None]
) -> Generator[SweepRow]:
    """Yield the rows of cells as they come: with an executor in chunks, at most `ahead` under way at once.

    A chunk whose worker was lost is handed out again, TRIES times in all.
    """
    if executor is None:
        solver = Solver(work)
        yield from (solver.row(cell, tell) for cell in cells)
        return
    recipe = pickle.dumps(work)
    fresh = ((cells[first : first + CHUNK], 1) for first in range(0, len(cells), CHUNK))
    waiting: dict[Future[list[SweepRow]], tuple[Sequence[Cell], int]] = {}

    def hand_out(chunk: Sequence[Cell], tries: int) -> None:
        waiting[executor.submit(_solved, recipe, chunk)] = chunk, tries

    try:
        for each in itertools.islice(fresh, ahead):
            hand_out(*each)
        while waiting:
            done, _ = wait(waiting, timeout=TICK, return_when=FIRST_COMPLETED)
            tell()
            for future in done:
                chunk, tries = waiting.pop(future)
                try:
                    rows = future.result()
                except Exception as error:  # the worker's: those of a cell are in its row
                    if tries < TRIES:
                        hand_out(chunk, tries + 1)
                        continue
                    lost = InternalError(f"the worker of this cell was lost {TRIES} times ({error})")
                    rows = [unsolved_row(0, cell, lost) for cell in chunk]
                yield from rows
                for each in itertools.islice(fresh, 1):
                    hand_out(*each)
    finally:
        for future in waiting:
            future.cancel()


class _Kept(threading.local):
    """What a thread of a process keeps from chunk to chunk of a sweep."""

    recipe = b""
    solver: Solver


_KEPT = _Kept()


def _solved(recipe: bytes, cells: Sequence[Cell]) -> list[SweepRow]:
    """Solve some neighbouring cells, in any process."""
    if _KEPT.recipe != recipe:
        _KEPT.recipe, _KEPT.solver = recipe, Solver(pickle.loads(recipe))
    return [_KEPT.solver.row(cell, lambda: None) for cell in cells]
