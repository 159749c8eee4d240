"""Programs whose recourse is left to cuts: solve, value the plan in every scenario, cut, again (section 8)."""

from __future__ import annotations

import math

import numpy as np

from deal_solve.formulation.program import Program
from deal_solve.formulation.recourse import Costs, Cut, Estimate
from deal_solve.optimise.backend import Answer, Clock, fix_integers, restore, run
from deal_solve.uncertainty.scenarios import Array

CLOSE = 1e-9
"""A measure may lie this much above its estimate, relative to the objective."""
ROUGHLY = 1e-5
"""The same where only a bound is wanted."""
MOST_ROUNDS = 1_000
"""Rounds after which the best plan so far is returned as if time were up."""


def run_with_cuts(
    program: Program,
    solver: str,
    gap: float,
    clock: Clock,
    *,
    relax: bool = False,
    exact: bool = False,
    cutoff: float | None = None,
    close: float = CLOSE,
) -> Answer:
    """Solve the program as `run` does, every estimate held up to the measure that it stands for, within `close`."""
    if not program.estimates:
        return run(program, solver, gap, clock, relax=relax, exact=exact, cutoff=cutoff)
    if relax:
        return _linear(program, solver, clock, exact, close)
    return _integer(program, solver, gap, clock, cutoff)


def is_tight(program: Program) -> bool:
    """Whether every estimate equals its measure at the values found; settlement may be dearer than any cut."""
    values = _values(program)
    room = 1e3 * CLOSE * _scale(program, values)
    known: Costs = {}
    return all(estimate.value(values, known) <= values[estimate.place] + room for estimate in program.estimates)


def _linear(program: Program, solver: str, clock: Clock, exact: bool, close: float) -> Answer:
    """Solve the relaxation; cuts are taken half way to an inner point (in-out), or else where it stands."""
    inner: Array | None = None
    for _ in range(MOST_ROUNDS):
        answer = run(program, solver, 0.0, clock, relax=True, exact=exact)
        if answer.outcome != "optimal":
            return answer
        values = _values(program)
        inner = values if inner is None else (values + inner) / 2
        if not _cut(program, values, inner, close) or clock.is_over:
            return answer
    return answer


def _integer(program: Program, solver: str, gap: float, clock: Clock, cutoff: float | None) -> Answer:
    """Solve the integer program, the linear program of its choices, and again with the cuts of both."""
    best: tuple[float, list[float | None]] | None = None
    bound = -math.inf
    for _ in range(MOST_ROUNDS):
        answer = run(program, solver, gap, clock, cutoff=cutoff)
        if answer.outcome not in ("optimal", "limit"):
            if best is None:
                return answer
            bound = max(bound, best[0]) if answer.outcome == "infeasible" else bound
            return _found(program, best, bound, "optimal" if answer.outcome == "infeasible" else "limit")
        bound = max(bound, answer.bound)
        values = _values(program)
        if not _cut(program, values, values, CLOSE):
            return Answer(answer.outcome, answer.objective, bound)
        bounds = fix_integers(program)
        chosen = _linear(program, solver, clock, False, CLOSE)
        restore(bounds)
        if chosen.outcome == "optimal" and (best is None or chosen.objective < best[0]):
            best = chosen.objective, [variable.varValue for variable in program.variables]
            worth = best[0] + CLOSE * max(abs(best[0]), 1.0)
            cutoff = worth if cutoff is None else min(cutoff, worth)
        if best is not None and best[0] - bound <= gap * abs(best[0]):
            return _found(program, best, bound, "optimal")
        if clock.is_over:
            break
    return Answer("nothing", math.inf, bound) if best is None else _found(program, best, bound, "limit")


def _found(program: Program, best: tuple[float, list[float | None]], bound: float, outcome: str) -> Answer:
    for variable, value in zip(program.variables, best[1], strict=True):
        variable.varValue = value
    return Answer(outcome, best[0], min(bound, best[0]))  # type: ignore[arg-type]


def _values(program: Program) -> Array:
    return np.array([variable.varValue or 0.0 for variable in program.variables])


def _scale(program: Program, values: Array) -> float:
    """Return the size of the objective in money units, or a thousand."""
    objective = sum(values[program.place(v)] * c for v, c in program.problem.objective.items())
    return max(abs(float(objective)), 1e3)


def _cut(program: Program, values: Array, inner: Array, close: float) -> bool:
    """Add a cut for every estimate that is too low at `values`; whether there was one."""
    room, found = close * _scale(program, values), False
    known: Costs = {}
    elsewhere: Costs = {}
    points = [(inner, elsewhere), (values, known)] if inner is not values else [(values, known)]
    for estimate in program.estimates:
        if estimate.value(values, known) > values[estimate.place] + room:
            for point, costs in points:
                cut = estimate.cut(point, costs)
                if _height(cut, estimate, values) > room / 2:
                    program.add_cut(estimate, cut)
                    found = True
                    break
    return found


def _height(cut: Cut, estimate: Estimate, values: Array) -> float:
    """Return how far a cut lies above an estimate."""
    return cut.linear.at(values) + cut.constant - float(values[estimate.place])
