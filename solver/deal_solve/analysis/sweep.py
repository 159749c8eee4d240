"""A deal over many values of its fields: every cell a validated deal, solved to the gap on futures drawn once."""

from __future__ import annotations

import itertools
import pickle
import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from deal_solve.analysis.sweep_row import SweepRow, frame_of, solved_row, unsolved_row
from deal_solve.analysis.table import Table
from deal_solve.deal.deal import Deal
from deal_solve.deal.dimension import Design, design_of, key_of, refuse_wrong_paths
from deal_solve.deal.vary import varied
from deal_solve.errors import Cancelled, InternalError
from deal_solve.optimise.memory import Memory
from deal_solve.optimise.progress import Progress, Watcher
from deal_solve.optimise.solve import solve
from deal_solve.uncertainty.expand import scenarios_of
from deal_solve.uncertainty.scenarios import PATHS, Futures, ScenarioSet

if TYPE_CHECKING:
    import pandas as pd

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


@dataclass(frozen=True)
class SweepProgress:
    """How far a sweep is: cells done of all, those solved in this run, and the seconds of this run."""

    done: int
    total: int
    solved: int
    seconds: float

    @property
    def cells_per_second(self) -> float:
        """Cells solved in a second of this run."""
        return self.solved / max(self.seconds, 1e-9)

    @property
    def seconds_left(self) -> float | None:
        """Seconds to go at that rate; None before the first cell."""
        return (self.total - self.done) / self.cells_per_second if self.solved else None


@dataclass(frozen=True)
class Sweep:
    """The rows of a sweep, in the order of the design; a stopped one lacks some.

    `futures` are those of the deal as it stands.
    """

    design: Design = field(repr=False)
    rows: Table[SweepRow]
    futures: Futures = field(repr=False)

    @property
    def is_complete(self) -> bool:
        """Whether every cell has its row."""
        return len(self.rows) == len(self.design)

    def to_frame(self) -> pd.DataFrame:
        """Return one row per cell: inputs by path, seats by type, shares by name, what is signed in a line."""
        return frame_of(self.design.paths, self.rows)


def sweep(
    deal: Deal,
    over: Mapping[str, Any] | Sequence[Mapping[str, Any]] | Design,
    futures: FuturesOf = scenarios_of,
    *,
    is_zipped: bool = False,
    known: Iterable[SweepRow] = (),
    executor: Executor | None = None,
    ahead: int = 8,
    progress: Callable[[SweepProgress], bool | None] | None = None,
    finished: Callable[[SweepRow], None] | None = None,
    **options: Any,
) -> Sweep:
    """Solve a deal for every combination of values of its fields and return a row per cell.

    `over` has values by dotted path (or the text of `--vary`: '0:0.5:11', '±20%'), crossed or zipped, or is a list of
    changes, one map per cell. `futures` makes those of each cell, as in `partial(sample, count=1024, seed=7)`: the same
    numbers wherever the same is uncertain. `options` are those of `solve`, per cell. A cell without a plan is a row
    with its reason. `executor` solves chunks of neighbouring cells elsewhere, at most `ahead` of them at once; cells of
    a lost worker are handed out again. Rows of `known` are taken over; `finished` gets every new one as soon as it is
    there, `progress` is told how far it is and stops it by returning False (raises Cancelled). Raises InputError for a
    path that is no place in the deal, before anything is solved.
    """
    design = over if isinstance(over, Design) else design_of(deal, over, is_zipped)
    refuse_wrong_paths(deal, design)
    base = futures(deal)
    rows = {key_of(row.inputs): row for row in known}
    todo = {key: cell for cell in design if (key := key_of(cell)) not in rows}
    clock = _Clock(len(design), len(design) - len(todo), progress)
    clock.tell(0)
    work = _Work(deal, futures, options)
    with closing(_rows(work, ordered(deal, design, list(todo.values())), executor, ahead, clock)) as new:
        for count, row in enumerate(new, 1):
            rows[key_of(row.inputs)] = row
            if finished:
                finished(row)
            clock.tell(count)
    return Sweep(design, Table(tuple(rows_of(design, rows.values()))), base)


def rows_of(design: Design, known: Iterable[SweepRow]) -> Iterator[SweepRow]:
    """Yield the rows of a design that are known, in its order, numbered."""
    rows = {key_of(row.inputs): row for row in known}
    for number, cell in enumerate(design, 1):
        if row := rows.get(key_of(cell)):
            yield replace(row, cell=number)


def ordered(deal: Deal, design: Design, cells: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return cells so that those of the same futures stand together and neighbours differ in one field, if they can."""
    paths = sorted(design.paths, key=lambda path: path.partition(".")[0] not in UNCERTAIN)
    places = {path: {key_of(value): n for n, value in enumerate(design.values(path))} for path in paths}

    def snake(cells: Sequence[dict[str, Any]], paths: Sequence[str]) -> list[dict[str, Any]]:
        if not paths:
            return list(cells)
        path, *rest = paths
        groups: dict[int, list[dict[str, Any]]] = {}
        for cell in cells:
            groups.setdefault(places[path][key_of(cell[path])], []).append(cell)
        found: list[dict[str, Any]] = []
        for turn, place in enumerate(sorted(groups)):
            below = snake(groups[place], rest)
            found += reversed(below) if turn % 2 else below
        return found

    return snake(cells, paths)


@dataclass(frozen=True)
class _Work:
    """What all cells share; sent to other processes."""

    deal: Deal
    futures: FuturesOf
    options: dict[str, Any]


class _Solver:
    """Solves cell after cell; what is known of one serves the next."""

    def __init__(self, work: _Work) -> None:
        self.work = work
        self.memory = Memory()
        self.last: tuple[Deal, Futures] | None = None

    def row(self, cell: Mapping[str, Any], watcher: Watcher | None = None) -> SweepRow:
        """Return the row of one cell, solved or with the reason why not."""
        began = time.monotonic()
        try:
            deal = varied(self.work.deal, cell)
            solution = solve(deal, self._futures(deal), memory=self.memory, progress=watcher, **self.work.options)
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


class _Clock:
    """Tells how far a sweep is, and learns whether to stop."""

    def __init__(self, total: int, known: int, watcher: Callable[[SweepProgress], bool | None] | None) -> None:
        self.total, self.known, self.watcher, self.solved = total, known, watcher, 0
        self.began = time.monotonic()

    def tell(self, solved: int | None = None) -> None:
        """Say how many cells were solved; raises Cancelled if the watcher wants no more."""
        self.solved = self.solved if solved is None else solved
        done = min(self.known + self.solved, self.total)
        if self.watcher and (
            self.watcher(SweepProgress(done, self.total, self.solved, time.monotonic() - self.began)) is False
        ):
            raise Cancelled(f"the sweep was cancelled after {done:,} of {self.total:,} cells")


def _rows(
    work: _Work, cells: Sequence[dict[str, Any]], executor: Executor | None, ahead: int, clock: _Clock
) -> Generator[SweepRow]:
    """Yield the row of every cell as soon as it is there."""
    if executor is None:
        solver = _Solver(work)

        def watch(_: Progress) -> None:
            clock.tell()

        yield from (solver.row(cell, watch if clock.watcher else None) for cell in cells)
        return
    recipe = pickle.dumps(work)
    chunks = iter([cells[first : first + CHUNK] for first in range(0, len(cells), CHUNK)])
    waiting: dict[Future[list[SweepRow]], tuple[Sequence[dict[str, Any]], int]] = {}

    def hand_out(chunk: Sequence[dict[str, Any]], tries: int) -> None:
        waiting[executor.submit(_solved, recipe, chunk)] = chunk, tries

    try:
        for chunk in itertools.islice(chunks, ahead):
            hand_out(chunk, 1)
        while waiting:
            done, _ = wait(waiting, timeout=TICK, return_when=FIRST_COMPLETED)
            clock.tell()
            for future in done:
                chunk, tries = waiting.pop(future)
                try:
                    solved = future.result()
                except Exception as error:  # the worker's, not the cells': those have their errors in their rows
                    if tries < TRIES:
                        hand_out(chunk, tries + 1)
                        continue
                    lost = InternalError(f"the worker of this cell was lost {TRIES} times ({error})")
                    solved = [unsolved_row(0, cell, lost) for cell in chunk]
                yield from solved
                for fresh in itertools.islice(chunks, 1):
                    hand_out(fresh, 1)
    finally:
        for future in waiting:
            future.cancel()


class _Kept(threading.local):
    """What a thread of a process keeps from chunk to chunk of a sweep."""

    recipe = b""
    solver: _Solver


_KEPT = _Kept()


def _solved(recipe: bytes, cells: Sequence[dict[str, Any]]) -> list[SweepRow]:
    """Solve some neighbouring cells, in any process."""
    if _KEPT.recipe != recipe:
        _KEPT.recipe, _KEPT.solver = recipe, _Solver(pickle.loads(recipe))
    return [_KEPT.solver.row(cell) for cell in cells]
