"""Benders (L-shaped) decomposition: the cost that depends on the scenario is approximated from below by cuts.

The textbook method solves a master program in which an epigraph variable θ stands for the recourse cost, values the
recourse at the master's plan in every scenario, adds a cut θ >= g · plan + c where θ is too low (an optimality cut),
and repeats until θ is tight. Here the recourse has a closed form, so it is valued and cut without a subproblem solver;
there is one θ per clause, regime and period for expected cost (multi-cut), and one for CVaR or the worst case; cuts are
separated half way to an inner point (in-out); integers are branched on with all cuts kept (`branch_and_cut`). See
formulation §8, "The decomposition".
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from typing import Literal

import numpy as np

from deal_solve.formulation.model import chunks
from deal_solve.formulation.model.constraint import Constraint
from deal_solve.formulation.model.expression import Expression
from deal_solve.formulation.model.program import Program
from deal_solve.formulation.model.recourse import Costs, Cut, Epigraph
from deal_solve.optimise.search.branch_and_cut import Found, branch_and_cut
from deal_solve.optimise.solver.highs_session import session_of
from deal_solve.optimise.solver.solvers import Answer, Clock, RunSettings, fix_integers, restore, run
from deal_solve.uncertainty.scenario_set import BLOCK, Array

OPTIMALITY_TOLERANCE = 1e-9
"""Optimality tolerance: measures may lie this much above their epigraph variables, all together, relative to the
objective."""
BOUNDING_TOLERANCE = 1e-5
"""The same where only a lower bound is wanted."""
TIGHTNESS_TOLERANCE = 1e-6
"""Further apart than this, relative to the objective, no cut reaches what settlement charges (formulation §5)."""
ROOM_OF_LIMITS = 1e-8
"""By more than this, relative to the objective, a plan that cuts allow breaks a limit."""
ZERO_TOLERANCE = 1e-8
"""Values nearer to zero are rounding errors of the solver, and are taken for zero where a plan is valued."""
MIN_PART_SHARE = 0.01
"""Smaller parts of a plan, relative to the largest of their line, do not decide which scenarios are in the tail."""
NODE_LIMIT_OF_ROWS = 200
"""Branchings after which a program with all rows is left to HiGHS, which tightens it as cuts would."""
MAX_ROUNDS = 1_000
"""Rounds after which the best plan so far is returned, as if time were up."""


def run_with_cuts(
    program: Program, settings: RunSettings, clock: Clock, *, tolerance: float = 0.0, branching: bool = True
) -> Answer:
    """Solve the program as `run` does, every epigraph variable held up to the measure that it stands for.

    `tolerance` allows more room than the program does; if infinite, no cut is added. A relaxation is cut no further
    once it lies above the cutoff: the answer is then `nothing`, with a bound. With `branching` false an integer program
    is solved by HiGHS in every round, and not by branch and cut.
    """
    has_cuts = bool(program.epigraphs)
    if not has_cuts and (settings.relax or not program.is_branched or not branching):
        return run(program, settings, clock)
    if settings.relax:
        return _linear(program, settings, clock, max(tolerance, program.optimality_tolerance))
    best: Found | None = None
    if branching:
        separate = partial(_separate, program, tolerance=program.optimality_tolerance)
        limited = settings if has_cuts else replace(settings, node_limit=NODE_LIMIT_OF_ROWS)
        answer, best = branch_and_cut(program, separate, limited, clock)
        if answer is not None:
            outcome: Literal["optimal", "limit"] = "limit" if answer.outcome == "limit" else "optimal"
            return answer if best is None else replace(_found(program, best, answer.bound, outcome), boxes=answer.boxes)
        if settings.node_limit is not None and has_cuts:
            nothing = Answer("nothing", math.inf, -math.inf)
            return nothing if best is None else _found(program, best, -math.inf, "limit")
    return _integer(program, settings, clock, best)


def add_cuts_at(program: Program, points: Iterable[tuple[int, Array]]) -> None:
    """Add the cuts of epigraph variables, by number, at separation points known from elsewhere, once each."""
    by_point: dict[int, list[tuple[int, Array]]] = {}
    known_cuts = {(number, id(point)) for number, point in program.cut_points.values()}
    for number, point in points:
        if (number, id(point)) not in known_cuts:
            known_cuts.add((number, id(point)))
            by_point.setdefault(id(point), []).append((number, point))
    for cuts in by_point.values():  # the cost of a point in all scenarios is large: kept no longer than needed
        known, clean = Costs(), _clean(cuts[0][1])
        for number, point in cuts:
            program.add_cut(number, program.epigraphs[number].cut(clean, known, MIN_PART_SHARE), point)
        chunks.forget()
    _forget(program)


def _forget(program: Program) -> None:
    chunks.forget()
    for part in program.recourse:
        part.forget()


class Measures:
    """The measures of a program's epigraph variables at a plan, by number: each is valued once, and those of the plan
    valued last are kept with the program. Stage after stage of the polishing ends at the same plan.
    """

    def __init__(self, program: Program, values: Array) -> None:
        self.program, self.values, self.costs = program, values, Costs()
        plan = values.copy()
        plan[[epigraph.index for epigraph in program.epigraphs]] = 0.0  # no measure depends on what stands for one
        key = plan.tobytes()
        if program.measured[0] != key:
            program.measured = key, {}
        self._known = program.measured[1]

    def of(self, number: int) -> float:
        """Return the measure that the epigraph variable of a number stands for (money units)."""
        if number not in self._known:
            self._known[number] = self.program.epigraphs[number].value(self.values, self.costs)
        return self._known[number]

    def excess(self, number: int) -> float:
        """Return how far the epigraph variable lies below its measure."""
        return self.of(number) - float(self.values[self.program.epigraphs[number].index])


def exact_objective(program: Program, objective: Expression) -> float:
    """Return an objective at the values found, every epigraph variable replaced by its measure (money units)."""
    values = _values(program)
    coefficients, measures = np.zeros(len(values)), Measures(program, values)
    for variable, coefficient in objective:
        coefficients[variable.place] += coefficient
    total = coefficients @ values
    for number, epigraph in enumerate(program.epigraphs):
        if weight := coefficients[epigraph.index]:
            total += weight * measures.excess(number)
    _forget(program)
    return float(total)


def is_tight(program: Program) -> bool:
    """Whether the plan found costs what its epigraph variables say, and keeps the limits on what they stand for.

    Settlement may cost more than any cut.
    """
    values = _values(program)
    room, measures = TIGHTNESS_TOLERANCE * _scale(program, values), Measures(program, values)
    costs = all(not weight or measures.excess(number) <= room for number, weight in enumerate(_weights(program)))
    return costs and satisfies_measured_limits(program)


def satisfies_measured_limits(program: Program) -> bool:
    """Whether the plan found keeps every row in which an epigraph variable lies below its measure, as in a limit."""
    values = _values(program)
    room, measures, known = ROOM_OF_LIMITS * _scale(program, values), values.copy(), Measures(program, values)
    for number, epigraph in enumerate(program.epigraphs):
        measures[epigraph.index] = max(known.of(number), values[epigraph.index])
    above = set(np.flatnonzero(measures > values + room).tolist())
    return all(
        _excess(row, measures) <= room
        for number, row in enumerate(program.rows)
        if number not in program.cut_points and not above.isdisjoint(row.places)
    )


def _excess(row: Constraint, values: Array) -> float:
    """Return by how much values break a row."""
    level = sum(factor * values[place] for place, factor in zip(row.places, row.factors, strict=True)) - row.rhs
    return float(abs(level) if row.sense == 0 else row.sense * -level)


def _linear(program: Program, settings: RunSettings, clock: Clock, tolerance: float) -> Answer:
    """Solve the linear relaxation; the separation point is half way to an inner point (in-out), or else the solution.

    After a warm start from a subsample (more than one block of scenarios) it is the solution at once. Above the cutoff
    no more cuts are separated.
    """
    inner: Array | None = None
    relaxed = replace(settings, gap=0.0, relax=True)
    for _ in range(MAX_ROUNDS):
        answer = run(program, relaxed, clock)
        if answer.outcome != "optimal":
            return answer
        if settings.cutoff is not None and answer.objective > settings.cutoff:
            session_of(program).note_binding(program)
            return Answer("nothing", math.inf, answer.objective)
        if tolerance == math.inf:
            break
        values = _values(program)
        where = None if inner is None or program.size > BLOCK else (values + inner) / 2
        inner = values if where is None else where
        if not _separate(program, values, where, tolerance=tolerance) or clock.is_over:
            break
    session_of(program).note_binding(program)
    return answer


def _integer(program: Program, settings: RunSettings, clock: Clock, best: Found | None) -> Answer:
    """Solve the integer program, then the linear program of its choices, and again with the cuts of both.

    No plan is looked for that costs more than `best`, if that is known.
    """
    bound = -math.inf
    settings = replace(settings, cutoff=_reached(program, best, settings.cutoff))
    for _ in range(MAX_ROUNDS):
        answer = run(program, settings, clock)
        if answer.outcome not in ("optimal", "limit"):
            if best is None:
                return answer
            bound = max(bound, best[0]) if answer.outcome == "infeasible" else bound
            return _found(program, best, bound, "optimal" if answer.outcome == "infeasible" else "limit")
        bound = max(bound, answer.bound)
        values = _values(program)
        if not _separate(program, values, tolerance=program.optimality_tolerance):
            return Answer(answer.outcome, answer.objective, bound)
        bounds = fix_integers(program)
        chosen = _linear(program, settings, clock, program.optimality_tolerance)
        restore(bounds)
        if chosen.outcome == "optimal" and (best is None or chosen.objective < best[0]):
            best = chosen.objective, [variable.varValue or 0.0 for variable in program.variables]
            settings = replace(settings, cutoff=_reached(program, best, settings.cutoff))
        if best is not None and best[0] - bound <= settings.gap * abs(best[0]):
            return _found(program, best, bound, "optimal")
        if clock.is_over:
            break
    return Answer("nothing", math.inf, bound) if best is None else _found(program, best, bound, "limit")


def _reached(program: Program, best: Found | None, cutoff: float | None) -> float | None:
    """Return the lower of a cutoff and the cost of the best plan (money units)."""
    if best is None:
        return cutoff
    reached = best[0] + program.optimality_tolerance * max(abs(best[0]), 1.0)
    return reached if cutoff is None else min(cutoff, reached)


def _found(program: Program, best: Found, bound: float, outcome: Literal["optimal", "limit"]) -> Answer:
    for variable, value in zip(program.variables, best[1], strict=True):
        variable.varValue = value
    return Answer(outcome, best[0], min(bound, best[0]))


def _values(program: Program) -> Array:
    return _clean(np.array([variable.varValue or 0.0 for variable in program.variables]))


def _clean(values: Array) -> Array:
    return np.where(np.abs(values) < ZERO_TOLERANCE, 0.0, values)


def _objective(program: Program, values: Array) -> float:
    return float(sum(values[v.place] * c for v, c in program.objective.items()))


def _scale(program: Program, values: Array) -> float:
    """Return the size of the objective in money units, or a thousand."""
    return max(abs(_objective(program, values)), 1e3)


def _weights(program: Program) -> list[float]:
    """Return the coefficient of each epigraph variable in the objective."""
    objective = program.objective
    return [float(objective.get(program.variables[epigraph.index], 0.0)) for epigraph in program.epigraphs]


def _separate(program: Program, values: Array, inner: Array | None = None, *, tolerance: float) -> bool:
    """Separate: add a cut of each epigraph variable that is too low at `values`; return whether there was one.

    Together they may be too low by `tolerance` of the objective, weighted as they count there; one that stands in a
    limit only counts fully. A cut is made at the inner point, and at `values` itself where that one is not high enough.
    There is none where the last cut was made at the same point: the linear program was solved with it, and misses it by
    no more than its own tolerance.
    """
    values = _clean(values)
    room, measures, elsewhere = tolerance * _scale(program, values), Measures(program, values), Costs()
    lows = [measures.excess(number) for number in range(len(program.epigraphs))]
    weights = [weight or 1.0 for weight in _weights(program)]
    if sum(max(low, 0.0) * weight for low, weight in zip(lows, weights, strict=True)) <= room:
        return False
    known = measures.costs
    points = [(values, known)] if inner is None else [(inner, elsewhere), (values, known)]
    found = False
    for number, (epigraph, low) in enumerate(zip(program.epigraphs, lows, strict=True)):
        if low > room / len(lows):
            last = program.last_cut_points.get(number)
            for point, costs in points:
                if last is not None and np.array_equal(point, last):
                    continue
                cut = epigraph.cut(point, costs, slopes=program.slopes_of(number))
                if _height(cut, epigraph, values) > room / len(lows) / 2:
                    program.add_cut(number, cut, point)
                    found = True
                    break
    _forget(program)
    return found


def _height(cut: Cut, epigraph: Epigraph, values: Array) -> float:
    """Return how far a cut lies above its epigraph variable at a point."""
    return cut.linear.at(values) + cut.constant - float(values[epigraph.index])
