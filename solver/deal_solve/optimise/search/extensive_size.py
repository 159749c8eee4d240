"""How large the programs of an extensive form get, known before they are built from those of a few scenarios."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from time import monotonic

from deal_solve.memory import refuse_larger
from deal_solve.messages import counted
from deal_solve.optimise.search.agreement import Candidate, size_of
from deal_solve.optimise.search.settings import SearchProblem
from deal_solve.optimise.solution import Size
from deal_solve.optimise.solver.solvers import Clock
from deal_solve.uncertainty.measures import Against
from deal_solve.uncertainty.scenario_set import Array

SMALL = 1000
"""Scenarios up to which nothing is estimated: the program is built as soon."""
SAMPLES = (16, 32)
"""Scenarios from whose programs the size of all is extrapolated: it is linear in them."""
BYTES_PER_ROW, BYTES_PER_COLUMN, BYTES_PER_NONZERO = 2000, 1200, 300
"""What PuLP and HiGHS together take, by measurement."""
REMEDY = "take --method decomposition (with HiGHS), sample fewer with --scenarios N"


def refuse_large(problem: SearchProblem, programs: Callable[[SearchProblem], list[Candidate]], clock: Clock) -> None:
    """Report how large the programs of all agreements together get, and how long building them takes; raise InputError
    where they take more memory than may be taken.

    `programs` returns the agreements of a problem, each with what builds its program.
    """
    count = problem.sums.size
    if count <= SMALL:
        return
    (few, few_seconds), (more, more_seconds) = (_built(_head(problem, size), programs) for size in SAMPLES)
    size = _extrapolated(few, more, count)
    seconds = more_seconds + max(more_seconds - few_seconds, 0.0) / (SAMPLES[1] - SAMPLES[0]) * (count - SAMPLES[1])
    needed = BYTES_PER_ROW * size.rows + BYTES_PER_COLUMN * size.columns + BYTES_PER_NONZERO * size.nonzeros
    in_all = f"{size.rows:,} rows, {size.columns:,} columns and {size.nonzeros:,} non-zeros in all agreements"
    what = f"the extensive form of {counted(count, 'scenario')}, about {in_all}, some {seconds:,.0f} s to build,"
    refuse_larger(needed, what, REMEDY)
    clock.report(f"building about {in_all}, in some {seconds:,.0f} s")


def _built(problem: SearchProblem, programs: Callable[[SearchProblem], list[Candidate]]) -> tuple[Size, float]:
    began, sizes = monotonic(), [size_of(candidate.formulation) for candidate in programs(problem)]
    total = Size(*(sum(getattr(size, name) for size in sizes) for name in ("rows", "columns", "integers", "nonzeros")))
    return total, monotonic() - began


def _extrapolated(few: Size, more: Size, count: int) -> Size:
    def at(name: str) -> int:
        low, high = getattr(few, name), getattr(more, name)
        return int(high + (high - low) / (SAMPLES[1] - SAMPLES[0]) * (count - SAMPLES[1]))

    return Size(at("rows"), at("columns"), at("integers"), at("nonzeros"))


def _head(problem: SearchProblem, size: int) -> SearchProblem:
    against = Against(_first(problem.against.baseline, size), _first(problem.against.best, size))
    return replace(problem, sums=problem.sums.head(size), against=against)


def _first(values: Array | None, size: int) -> Array | None:
    return None if values is None else values[:size]
