"""Solving the runs of a sweep, neighbour after neighbour: in this process, or wherever an executor runs them."""

from __future__ import annotations

import itertools
import pickle
import threading
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, CancelledError, Executor, Future, wait
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
"""Runs that a process solves at a time: neighbours, so that what it knows of one serves the next."""
TRIES = 3
"""How often runs are handed out whose worker was lost."""
TICK = 0.5
"""Seconds between two looks at whether to stop, while others solve."""
DesignPoint = Mapping[str, Any]
"""The value of every varied field, by its path."""


@dataclass(frozen=True)
class Work:
    """What all runs of a sweep share; `options` are those of `solve`."""

    deal: Deal
    scenarios: ScenariosOf
    options: SolveOptions


class Solver:
    """Solves run after run; what is known of one serves the next."""

    def __init__(self, work: Work) -> None:
        self.work = work
        self.cache = SolveCache()
        self.scenarios = CommonScenarios(work.scenarios)

    def row(self, run: DesignPoint, report: Callable[[], None]) -> SweepRow:
        """Return the row of one run, solved or with the reason why not; `tell` is called often, and may raise."""

        def watch(_: Progress) -> None:
            report()

        began = time.monotonic()
        try:
            deal = varied(self.work.deal, run)
            options = replace(self.work.options, cache=self.cache, progress=watch)
            solution = solve(deal, self.scenarios(deal), options=options)
            return solved_row(0, run, solution, time.monotonic() - began)
        except Cancelled:
            raise
        except Exception as error:
            return unsolved_row(0, run, error, time.monotonic() - began)


def solved(
    work: Work, runs: Sequence[DesignPoint], executor: Executor | None, ahead: int, report: Callable[[], None]
) -> Generator[SweepRow]:
    """Yield the rows of runs as they come: with an executor in chunks, at most `ahead` under way at once.

    A chunk whose worker was lost is handed out again, TRIES times in all.
    """
    if executor is None:
        solver = Solver(work)
        yield from (solver.row(run, report) for run in runs)
        return
    recipe = pickle.dumps(work)
    fresh = ((runs[first : first + CHUNK], 1) for first in range(0, len(runs), CHUNK))
    waiting: dict[Future[list[SweepRow]], tuple[Sequence[DesignPoint], int]] = {}

    def submit(chunk: Sequence[DesignPoint], tries: int) -> None:
        waiting[executor.submit(_solved, recipe, chunk)] = chunk, tries

    try:
        for each in itertools.islice(fresh, ahead):
            submit(*each)
        while waiting:
            done, _ = wait(waiting, timeout=TICK, return_when=FIRST_COMPLETED)
            report()
            for future in done:
                chunk, tries = waiting.pop(future)
                try:
                    rows = future.result()
                except CancelledError:  # not by the caller, who does not wait: nobody is left to hand them to
                    raise
                except Exception as error:  # the worker's: those of a run are in its row
                    if tries < TRIES:
                        submit(chunk, tries + 1)
                        continue
                    lost = InternalError(f"the worker of this run was lost {TRIES} times ({error})")
                    rows = [unsolved_row(0, run, lost) for run in chunk]
                yield from rows
                for each in itertools.islice(fresh, 1):
                    submit(*each)
    finally:
        for future in waiting:
            future.cancel()


class _Kept(threading.local):
    """What a thread of a process keeps from chunk to chunk of a sweep."""

    recipe = b""
    solver: Solver


_KEPT = _Kept()


def _solved(recipe: bytes, runs: Sequence[DesignPoint]) -> list[SweepRow]:
    """Solve some neighbouring runs, in any process."""
    if _KEPT.recipe != recipe:
        _KEPT.recipe, _KEPT.solver = recipe, Solver(pickle.loads(recipe))
    return [_KEPT.solver.row(run, lambda: None) for run in runs]
