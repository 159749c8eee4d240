"""Solving the cells of a sweep, neighbour after neighbour: in this process, or wherever an executor runs them."""

from __future__ import annotations

import itertools
import pickle
import threading
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from dataclasses import dataclass, replace
from typing import Any

from deal_solve.analysis.sweep.result import SweepRow
from deal_solve.analysis.sweep.row import solved_row, unsolved_row
from deal_solve.analysis.sweep.same_scenarios import CommonScenarios, ScenariosOf
from deal_solve.deal.deal import Deal
from deal_solve.deal.edit import varied
from deal_solve.errors import Cancelled, InternalError
from deal_solve.optimise.options import SolveOptions
from deal_solve.optimise.search.cache import SolveCache
from deal_solve.optimise.solve import solve
from deal_solve.optimise.solver.progress import Progress

CHUNK = 8
"""Cells that a process solves at a time: neighbours, so that what it knows of one serves the next."""
TRIES = 3
"""How often cells are handed out whose worker was lost."""
TICK = 0.5
"""Seconds between two looks at whether to stop, while others solve."""
Cell = Mapping[str, Any]
"""The value of every varied field, by its path."""


@dataclass(frozen=True)
class Work:
    """What all cells of a sweep share; `options` are those of `solve`."""

    deal: Deal
    scenarios: ScenariosOf
    options: SolveOptions


class Solver:
    """Solves cell after cell; what is known of one serves the next."""

    def __init__(self, work: Work) -> None:
        self.work = work
        self.cache = SolveCache()
        self.scenarios = CommonScenarios(work.scenarios)

    def row(self, cell: Cell, tell: Callable[[], None]) -> SweepRow:
        """Return the row of one cell, solved or with the reason why not; `tell` is called often, and may raise."""

        def watch(_: Progress) -> None:
            tell()

        began = time.monotonic()
        try:
            deal = varied(self.work.deal, cell)
            options = replace(self.work.options, cache=self.cache, progress=watch)
            solution = solve(deal, self.scenarios(deal), options=options)
            return solved_row(0, cell, solution, time.monotonic() - began)
        except Cancelled:
            raise
        except Exception as error:
            return unsolved_row(0, cell, error, time.monotonic() - began)


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
