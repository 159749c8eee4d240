"""One API agreement in a search: its program, what is known of its plans, and what it teaches other searches."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeAlias

import numpy as np
import pulp

from deal_solve.formulation.build import Formulation
from deal_solve.formulation.clauses.rates import Agreement
from deal_solve.formulation.model.expression import Expression, Variable
from deal_solve.formulation.model.program import Program
from deal_solve.optimise.solution import CandidateAgreement, Size
from deal_solve.optimise.solver.solvers import Bounds
from deal_solve.uncertainty.scenario_set import Array

PointedCut: TypeAlias = tuple[int, Array]
"""An epigraph variable, by its number, and the values of all variables at which it is cut."""


@dataclass(frozen=True)
class WarmStart:
    """What a search over other scenarios, or of a similar deal, knows of an agreement.

    `rank` (dollars) says where it stands among the others, `cuts` say where to cut, in values of the
    variables of these `names`, and `plan` is such a point too: its best plan, if it has one.
    """

    rank: float
    names: tuple[str, ...]
    cuts: tuple[PointedCut, ...]
    plan: Array | None

    def fits(self, program: Program) -> bool:
        """Whether a program has the same variables."""
        return self.names == tuple(variable.name for variable in program.variables)

    def by_kind(self, program: Program) -> tuple[list[PointedCut], list[PointedCut]]:
        """Return the cuts of expected values, each of one clause in one regime, and those of the whole cost's tail."""
        kinds: tuple[list[PointedCut], list[PointedCut]] = [], []
        for number, point in self.cuts:
            kinds[not program.epigraphs[number].is_expected].append((number, point))
        return kinds


@dataclass
class Candidate:
    """One API agreement: its bound, and its best plan if it was solved (money in dollars).

    `bands` are the thresholds of its first term; its program is built when it is first asked for. `is_alone` says that
    every other choice of papers, bands, tracks and projects is known to be dearer than a tie.
    """

    agreement: Agreement
    bands: tuple[float, ...]
    build: Callable[[], Formulation]
    bound: float = -math.inf
    objective: float | None = None
    outcome: str = "open"
    values: dict[str, float] = field(default_factory=dict)
    is_alone: bool = False

    @cached_property
    def formulation(self) -> Formulation:
        """Its program."""
        return self.build()

    @property
    def is_built(self) -> bool:
        """Whether there is a program yet."""
        return "formulation" in self.__dict__

    def first_band(self) -> float | None:
        """Return the threshold of the first term's band in the best plan, None without one."""
        if self.objective is None:
            return None
        taken = (
            regime.threshold_usd
            for regime, beta in self.formulation.agreements.regimes.items()
            if regime.span.index == 0 and self.values.get(beta.name, 0.0) > 0.5
        )
        return next(taken, None)

    def warm_start(self) -> WarmStart:
        """Return its rank, the cuts that held its relaxation or choices, and its best plan, if there is one."""
        program = self.formulation.program
        cuts = list(program.binding.values())
        plan = None
        if self.objective is not None:
            plan = np.array([self.values.get(variable.name, 0.0) for variable in program.variables])
            cuts += [(number, plan) for number in range(len(program.epigraphs))]
        rank = self.bound if self.objective is None else self.objective
        return WarmStart(rank, tuple(variable.name for variable in program.variables), tuple(cuts), plan)

    def branch(self, band: float, bound: float) -> CandidateAgreement:
        """Return what is reported of it in one band, whose relaxation is bounded by `bound` (dollars; 0 always is)."""
        best, bound = self.first_band(), max(bound, 0.0)
        if self.objective is not None and best == band:
            outcome, objective, bound = self.outcome, self.objective, min(bound, self.objective)
        else:
            outcome = "infeasible" if bound == math.inf else "limit" if self.outcome == "limit" else "pruned"
            objective = None
        return CandidateAgreement(self.agreement.offer, self.agreement.term_months, band, bound, objective, outcome)  # type: ignore[arg-type]

    def keep(self, objective: float) -> None:
        """Take the plan that the program's variables hold as the best one."""
        self.objective = objective
        self.values = {v.name: v.varValue or 0.0 for v in self.formulation.program.variables}

    def recall(self) -> None:
        """Write the best plan back into the program's variables."""
        for variable in self.formulation.program.variables:
            variable.varValue = self.values.get(variable.name, 0.0)


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


def restrict(formulation: Formulation, band: float) -> Bounds:
    """Close every other band of the first term; return the bounds there were."""
    bounds: Bounds = []
    for regime, beta in formulation.agreements.regimes.items():
        if regime.span.index == 0 and regime.threshold_usd != band:
            bounds.append((beta, beta.lowBound, beta.upBound))
            beta.upBound = 0
    return bounds


def round_structure(formulation: Formulation) -> Bounds:
    """Fix papers, regimes, tracks and projects to what their values are nearest to; return the bounds there were."""
    groups: dict[object, list[Variable]] = {}
    for index, decisions in enumerate(formulation.paths):
        for regime, variable in decisions.agreements.regimes.items():
            groups.setdefault((index, regime.span), []).append(variable)
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


def size_of(formulation: Formulation) -> Size:
    """Return the size of a program."""
    problem = formulation.program.problem
    return Size(
        rows=problem.numConstraints(),
        columns=problem.numVariables(),
        integers=sum(variable.cat == pulp.LpInteger for variable in formulation.program.variables),
        nonzeros=sum(len(row) for row in problem.constraints()),
    )
