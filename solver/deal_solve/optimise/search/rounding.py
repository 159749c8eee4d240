"""Rounding heuristic: the structure of a plan as the linear relaxation suggests it, everything else solved.

The textbook heuristic fixes integers to the rounded values of a relaxation and solves what is left, for an incumbent
before branch and bound begins. Here of each set of which one is taken (regimes of a term, tracks of a cohort in a year)
the largest is fixed to 1, projects are bought if the relaxation uses them at all, and numbers stay free.
"""

from __future__ import annotations

from deal_solve.formulation.build import Formulation
from deal_solve.formulation.model.expression import Variable
from deal_solve.optimise.search.benders import run_with_cuts
from deal_solve.optimise.solver.solvers import Answer, Bounds, Clock, RunSettings, restore

ROUNDING_GAP = 1e-4
"""Relative gap to which what is left is solved."""


def rounded_plan(formulation: Formulation, solver: str, clock: Clock) -> Answer | None:
    """Solve the relaxation, round its structure and solve the rest; None where there is no such plan.

    The plan is in the program's variables.
    """
    answer = run_with_cuts(formulation.program, RunSettings(solver, relax=True), clock)
    if answer.outcome != "optimal":
        return None
    bounds = round_structure(formulation)
    answer = run_with_cuts(formulation.program, RunSettings(solver, ROUNDING_GAP), clock)
    restore(bounds)
    return answer if answer.outcome in ("optimal", "limit") else None


def round_structure(formulation: Formulation) -> Bounds:
    """Fix regimes, tracks and projects to what their values are nearest to; return the bounds there were."""
    groups: dict[object, list[Variable]] = {}
    for index, decisions in enumerate(formulation.paths):
        for regime, variable in decisions.agreements.regimes.items():
            for year in regime.span.years:
                groups.setdefault((index, year), []).append(variable)
        for (cohort, _, span), variable in decisions.tracks.seats.items():
            for year in span.years:
                groups.setdefault((index, cohort, year), []).append(variable)
        for (cohort, _, year), variable in decisions.tracks.other.items():
            groups.setdefault((index, cohort, year), []).append(variable)
    bounds: Bounds = []
    chosen = {id(max(group, key=lambda v: v.varValue or 0.0)) for group in groups.values()}
    for variable in {id(v): v for group in groups.values() for v in group}.values():
        bounds.append((variable, variable.lowBound, variable.upBound))
        variable.lowBound = variable.upBound = int(id(variable) in chosen)
    for variable in formulation.projects.values():
        bounds.append((variable, variable.lowBound, variable.upBound))
        variable.lowBound = variable.upBound = int((variable.varValue or 0.0) > 0.01)
    return bounds
