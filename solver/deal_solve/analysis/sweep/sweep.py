"""A deal over many values of its fields: every run a validated deal, solved to the gap on scenarios drawn once."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import closing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Unpack

from deal_solve.analysis.sweep.design import Design, design_of, key_of, refuse_wrong_paths
from deal_solve.analysis.sweep.result import Sweep, SweepRow
from deal_solve.analysis.sweep.runs import Work, solved
from deal_solve.analysis.sweep.same_scenarios import CERTAIN, ScenariosOf
from deal_solve.deal.deal import Deal
from deal_solve.errors import Cancelled
from deal_solve.frames import Table
from deal_solve.messages import counted
from deal_solve.optimise.options import SettingKeywords, SolveOptions
from deal_solve.report.basics import About
from deal_solve.stopping import checkpoint
from deal_solve.uncertainty.expansion import scenarios_of

if TYPE_CHECKING:
    pass


@dataclass(frozen=True)
class SweepProgress:
    """How far a sweep is: runs done of all, those solved in this run, and the seconds of this run."""

    done: int
    total: int
    solved: int
    seconds: float

    @property
    def runs_per_second(self) -> float:
        """Runs solved in a second of this run."""
        return self.solved / max(self.seconds, 1e-9)

    @property
    def seconds_left(self) -> float | None:
        """Seconds to go at that rate; None before the first run."""
        return (self.total - self.done) / self.runs_per_second if self.solved else None


def sweep(
    deal: Deal,
    over: Mapping[str, Any] | Sequence[Mapping[str, Any]] | Design,
    scenarios: ScenariosOf = scenarios_of,
    *,
    is_zipped: bool = False,
    known: Iterable[SweepRow] = (),
    executor: Executor | None = None,
    ahead: int = 8,
    progress: Callable[[SweepProgress], bool | None] | None = None,
    finished: Callable[[SweepRow], None] | None = None,
    **keywords: Unpack[SettingKeywords],
) -> Sweep:
    """Solve a deal for every combination of values of its fields and return a row per run.

    `over` has values by dotted path (or the text of `--vary`: '0:0.5:11', '±20%'), crossed or zipped, or is a list of
    changes, one map per run. `scenarios` makes those of each run, as in `partial(sample, count=1024, seed=7)`: the
    same numbers wherever the same is uncertain. The keywords are those of `solve`, per run. A run without a plan is a
    row with its reason. `executor` solves chunks of neighbouring runs elsewhere, at most `ahead` of them at once;
    runs of a lost worker are handed out again. Rows of `known` are taken over; `finished` gets every new one as soon
    as it is there, `progress` is told how far it is and stops it by returning False (raises Cancelled). Raises
    InputError for a path that is no place in the deal, before anything is solved.
    """
    design = over if isinstance(over, Design) else design_of(deal, over, is_zipped)
    refuse_wrong_paths(deal, design)
    base = scenarios(deal)
    rows = {key_of(row.inputs): row for row in known}
    todo = {key: run for run in design if (key := key_of(run)) not in rows}
    clock = _Clock(len(design), len(design) - len(todo), progress)
    clock.report()
    work, runs = Work(deal, scenarios, SolveOptions.of(keywords)), ordered(design, list(todo.values()))
    with closing(solved(work, runs, executor, ahead, clock.report)) as new:
        for row in new:
            rows[key_of(row.inputs)] = row
            clock.solved += 1
            if finished:
                finished(row)
            clock.report()
    return sweep_of(About(deal, base), design, rows.values())


def sweep_of(about: About, design: Design, known: Iterable[SweepRow]) -> Sweep:
    """Return the sweep of a design with the rows that are known."""
    rows = Table(tuple(rows_of(design, known)))
    return Sweep(paths=design.paths, cells=len(design), rows=rows, planned=design, about=about)


def rows_of(design: Design, known: Iterable[SweepRow]) -> Iterator[SweepRow]:
    """Yield the rows of a design that are known, in its order, numbered."""
    rows = {key_of(row.inputs): row for row in known}
    for number, run in enumerate(design, 1):
        if row := rows.get(key_of(run)):
            yield replace(row, cell=number)


def ordered(design: Design, runs: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return runs, those of the same scenarios together and neighbours one field apart where that is possible."""
    paths = sorted(design.paths, key=lambda path: path.partition(".")[0] in CERTAIN)
    indices = {path: {key_of(value): n for n, value in enumerate(design.values(path))} for path in paths}

    def snake(runs: Sequence[dict[str, Any]], paths: Sequence[str]) -> list[dict[str, Any]]:
        if not paths:
            return list(runs)
        path, *rest = paths
        groups: dict[int, list[dict[str, Any]]] = {}
        for run in runs:
            groups.setdefault(indices[path][key_of(run[path])], []).append(run)
        found: list[dict[str, Any]] = []
        for turn, index in enumerate(sorted(groups)):
            below = snake(groups[index], rest)
            found += reversed(below) if turn % 2 else below
        return found

    return snake(runs, paths)


class _Clock:
    """Tells how far a sweep is, and learns whether to stop."""

    def __init__(self, total: int, known: int, watcher: Callable[[SweepProgress], bool | None] | None) -> None:
        self.total, self.known, self.watcher, self.solved = total, known, watcher, 0
        self.began = time.monotonic()

    def report(self) -> None:
        """Say how far it is; raises Cancelled if the watcher, or who waits for the sweep, wants no more."""
        checkpoint()
        done = min(self.known + self.solved, self.total)
        if self.watcher and (
            self.watcher(SweepProgress(done, self.total, self.solved, time.monotonic() - self.began)) is False
        ):
            raise Cancelled(f"the sweep was cancelled after {done:,} of {counted(self.total, 'run')}")
