"""The 0/1 choices of a program fixed, forbidden or rounded.

A no-good cut is the row Σ_{b at 1} (1 - b) + Σ_{b at 0} b >= 1: it forbids one assignment of the 0/1 variables and no
other (formulation §3, "Rows of the search").
"""

from __future__ import annotations

from collections.abc import Collection

import pulp

from deal_solve.formulation.build import Formulation
from deal_solve.formulation.model.expression import Expression, Variable
from deal_solve.formulation.model.program import Program
from deal_solve.optimise.solver.solvers import Bounds


def binary_choices(program: Program) -> list[Variable]:
    """Return the 0/1 variables that are not fixed; of a program with cuts they are all choices of the plan."""
    return [v for v in program.variables if v.cat == pulp.LpInteger and (v.lowBound, v.upBound) == (0, 1)]


def fix_choices(program: Program) -> Bounds:
    """Fix every choice to its rounded value; return the bounds there were."""
    bounds: Bounds = []
    for variable in binary_choices(program):
        bounds.append((variable, variable.lowBound, variable.upBound))
        variable.lowBound = variable.upBound = round(variable.varValue or 0.0)
    return bounds


def add_no_good_cut(program: Program) -> str:
    """Add the row that some choice differs from its rounded value; return its name."""
    signs = [(variable, 1.0 if (variable.varValue or 0.0) > 0.5 else -1.0) for variable in binary_choices(program)]
    return program.add("no_good_cut", Expression(signs) <= sum(sign > 0 for _, sign in signs) - 1)


def restrict_to_bands(formulation: Formulation, bands: Collection[float]) -> Bounds:
    """Close every other band of the first term; return the bounds there were."""
    bounds: Bounds = []
    for regime, beta in formulation.agreements.regimes.items():
        if regime.span.index == 0 and regime.threshold_usd not in bands:
            bounds.append((beta, beta.lowBound, beta.upBound))
            beta.upBound = 0
    return bounds
