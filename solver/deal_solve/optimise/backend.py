"""Solvers behind PuLP: HiGHS in this process, or any other that PuLP finds."""

from __future__ import annotations

import math
import os
import sys
import threading
import time
import warnings
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import highspy
import numpy as np
import pulp

from deal_solve.errors import Cancelled, InputError, InternalError
from deal_solve.formulation.program import Program, Terms
from deal_solve.optimise.progress import Progress, Watcher

Outcome = Literal["optimal", "limit", "infeasible", "nothing"]


@dataclass(frozen=True)
class Answer:
    """How a run ended: `limit` has a plan, `nothing` was stopped without one. Money units; `bound` is valid."""

    outcome: Outcome
    objective: float
    bound: float


@dataclass
class Clock:
    """Time spent solving, the limit on it, and who is told of it."""

    limit: float | None
    watcher: Watcher | None = None
    solving: float = 0.0
    building: float = 0.0

    def __post_init__(self) -> None:
        self._start = time.monotonic()

    def say(self, phase: str, best_usd: float = math.inf, bound_usd: float = -math.inf) -> None:
        """Tell what comes next; raises Cancelled if the watcher wants no more."""
        if self.watcher is None:
            return
        best, bound = (usd if math.isfinite(usd) else None for usd in (best_usd, bound_usd))
        if self.watcher(Progress(phase, time.monotonic() - self._start, best, bound)) is False:
            raise Cancelled(f"the solve was cancelled before {phase}")

    @property
    def left(self) -> float | None:
        """Seconds left, or None without a limit."""
        return None if self.limit is None else max(self.limit - (time.monotonic() - self._start), 0.0)

    @property
    def is_over(self) -> bool:
        """Whether the limit has passed."""
        return self.left == 0.0


_constructed = threading.Lock()


def _quiet_first_word() -> None:
    """Let HiGHS say its one-time banner, which no option silences, where nobody hears it."""
    with _constructed, suppress(OSError), Path(os.devnull).open("w") as nowhere:
        sys.stdout.flush()
        kept = os.dup(1)
        try:
            os.dup2(nowhere.fileno(), 1)
            highspy.Highs()
        finally:
            os.dup2(kept, 1)
            os.close(kept)


_quiet_first_word()


class InProcessHighs(pulp.HiGHS):
    """PuLP's HiGHS, with the model passed in one call and nothing printed."""

    def createAndConfigureSolver(self, lp: pulp.LpProblem) -> None:
        """Make the solver quiet before its first word."""
        lp.solverModel = highspy.Highs()
        lp.solverModel.silent()
        options = {"mip_rel_gap": self.gapRel, "mip_abs_gap": self.gapAbs, "threads": self.threads}
        options |= {"time_limit": None if self.timeLimit is None else float(self.timeLimit), **self.optionsDict}
        for name, value in options.items():
            if value is not None and lp.solverModel.setOptionValue(name, value) == highspy.HighsStatus.kError:
                raise InternalError(f"HiGHS does not take {name} = {value}")

    def buildSolverModel(self, lp: pulp.LpProblem) -> None:
        """Pass the columns and rows as arrays."""
        variables = lp.variables()
        for place, variable in enumerate(variables):
            variable.index = place
        rows = lp.constraints()
        for place, row in enumerate(rows):
            row.index = place
        starts = np.cumsum([0, *(len(row) for row in rows)]).astype(np.int32)
        model = highspy.HighsLp()
        model.num_col_, model.num_row_ = len(variables), len(rows)
        model.col_cost_ = np.array([lp.objective.get(v, 0.0) for v in variables])
        model.col_lower_ = np.array([-math.inf if v.lowBound is None else v.lowBound for v in variables])
        model.col_upper_ = np.array([math.inf if v.upBound is None else v.upBound for v in variables])
        model.row_lower_ = np.array([-math.inf if row.getLb() is None else row.getLb() for row in rows])
        model.row_upper_ = np.array([math.inf if row.getUb() is None else row.getUb() for row in rows])
        model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        model.a_matrix_.start_ = starts
        model.a_matrix_.index_ = np.array([v.index for row in rows for v in row], dtype=np.int32)
        model.a_matrix_.value_ = np.array([c for row in rows for c in row.values()], dtype=float)
        if self.mip and any(v.cat == pulp.LpInteger for v in variables):
            kinds = (highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger)
            model.integrality_ = [kinds[v.cat == pulp.LpInteger] for v in variables]
        lp.solverModel.passModel(model)


def solver_named(name: str) -> str:
    """Return PuLP's name of a solver; raises InputError if it is not installed."""
    if name.lower() == "highs":
        return "highs"
    known = {"cbc": "PULP_CBC_CMD"}
    wanted = known.get(name.lower(), name)
    available = pulp.listSolvers(onlyAvailable=True)
    match = next((found for found in available if found.lower() == wanted.lower()), None)
    if match is None:
        raise InputError(f"there is no solver {name!r} here; expected highs, {', '.join(sorted(available))}")
    return str(match)


def run(
    program: Program,
    solver: str,
    gap: float,
    clock: Clock,
    *,
    relax: bool = False,
    exact: bool = False,
    cutoff: float | None = None,
) -> Answer:
    """Solve the program as it stands.

    `relax` drops integrality, `exact` tightens the tolerances of a linear program, and a plan above `cutoff` (money
    units) is not looked for, where the solver can be told so: the answer may then be `infeasible`.
    """
    before = time.monotonic()
    problem = program.problem
    problem.solve(_make(solver, gap, clock, relax, exact, cutoff))
    clock.solving += time.monotonic() - before
    if solver == "highs":
        return _highs_answer(problem)
    return _other_answer(problem, gap, relax)


def _make(solver: str, gap: float, clock: Clock, relax: bool, exact: bool, cutoff: float | None) -> Any:
    if solver == "highs":
        options: dict[str, Any] = {"mip_feasibility_tolerance": 1e-9, "objective_bound": cutoff}
        if exact:
            options |= {"primal_feasibility_tolerance": 1e-9, "dual_feasibility_tolerance": 1e-9}
        return InProcessHighs(mip=not relax, gapRel=gap, gapAbs=1e-9, timeLimit=clock.left, threads=1, **options)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # PuLP 4 will not bring CBC along; this is PuLP 3
        found = pulp.getSolver(solver, msg=False, mip=not relax, timeLimit=clock.left)
    if hasattr(found, "optionsDict"):
        found.optionsDict["gapRel"] = gap
    return found


def _highs_answer(problem: pulp.LpProblem) -> Answer:
    """Read HiGHS's own status: PuLP calls a run stopped by its limit optimal."""
    highs = problem.solverModel
    status, info = highs.getModelStatus(), highs.getInfo()
    statuses = highspy.HighsModelStatus
    if status in (statuses.kInfeasible, statuses.kUnboundedOrInfeasible):
        return Answer("infeasible", math.inf, math.inf)
    is_mip = bool(len(highs.getLp().integrality_))
    has_plan = info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
    objective = info.objective_function_value
    if status == statuses.kOptimal:
        return Answer("optimal", objective, info.mip_dual_bound if is_mip else objective)
    if status in (statuses.kTimeLimit, statuses.kIterationLimit, statuses.kInterrupt, statuses.kSolutionLimit):
        bound = info.mip_dual_bound if is_mip else -math.inf
        return Answer("limit", objective, bound) if has_plan and is_mip else Answer("nothing", math.inf, bound)
    raise InternalError(f"HiGHS stopped with {highs.modelStatusToString(status)}")


def _other_answer(problem: pulp.LpProblem, gap: float, relax: bool) -> Answer:
    """Read PuLP's solution status; a solver that proves optimality to `gap` proves a bound."""
    objective = pulp.value(problem.objective)
    if problem.status == pulp.LpStatusInfeasible or problem.sol_status == pulp.LpSolutionInfeasible:
        return Answer("infeasible", math.inf, math.inf)
    if problem.sol_status == pulp.LpSolutionOptimal and objective is not None:
        slack = 0.0 if relax else gap * abs(objective)
        return Answer("optimal", objective, objective - slack)
    if problem.sol_status == pulp.LpSolutionIntegerFeasible and objective is not None:
        return Answer("limit", objective, -math.inf)
    return Answer("nothing", math.inf, -math.inf)


def minimise(program: Program, objective: Terms) -> None:
    """Make `objective` what the program minimises."""
    merged: dict[pulp.LpVariable, float] = {}
    for variable, coefficient in objective:
        merged[variable] = merged.get(variable, 0.0) + coefficient
    if not merged:
        merged[next(iter(program.problem.variables()))] = 0.0
    program.problem.setObjective(pulp.LpAffineExpression(merged))
