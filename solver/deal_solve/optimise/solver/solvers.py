"""Solve a program: by HiGHS in this process (`highs_session`), or by any other solver that PuLP finds."""

from __future__ import annotations

import logging
import math
import time
import warnings
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeVar

import highspy
import pulp

from deal_solve.errors import Cancelled, Disagreement, InputError, InternalError, LimitReached
from deal_solve.formulation.model.expression import Expression, Variable
from deal_solve.formulation.model.program import Program
from deal_solve.optimise.solver.boxes import Box, Ties
from deal_solve.optimise.solver.highs_session import HighsSession, session_of
from deal_solve.optimise.solver.progress import Progress, Watcher
from deal_solve.optimise.solver.pseudo_costs import PseudoCosts

LOG = logging.getLogger(__name__)
Found = TypeVar("Found")
Outcome = Literal["optimal", "limit", "infeasible", "nothing"]


@dataclass(frozen=True)
class Answer:
    """How a run ended: `limit` was stopped with a plan, `nothing` without one. Money units; `bound` always holds.

    Outside of `boxes`, where they are known, there is no plan that is tied with the best one.
    """

    outcome: Outcome
    objective: float
    bound: float
    boxes: tuple[Box, ...] | None = None


@dataclass(frozen=True)
class RunSettings:
    """How a program is solved.

    `relax` drops integrality, `exact` tightens the tolerances of a linear program, and a plan above `cutoff` (money
    units) is not looked for, where the solver can be told so: the answer may then be `infeasible`. After `node_limit`
    branchings an integer program is left, with the best plan so far, and with `any_plan` branch and cut is left with
    the first one. Branch and cut looks in `boxes` only, if they are given, and says with `ties` in which boxes the tied
    plans are. Where it branches goes by `pseudo_costs`, which it adds to.
    """

    solver: str
    gap: float = 0.0
    relax: bool = False
    exact: bool = False
    cutoff: float | None = None
    node_limit: int | None = None
    any_plan: bool = False
    boxes: tuple[Box, ...] | None = None
    ties: Ties | None = None
    pseudo_costs: PseudoCosts | None = None


@dataclass
class Clock:
    """Seconds spent building and solving, the limit on them, and who follows the progress.

    Work ends at the moment `until` (of `time.monotonic`) too, if there is one.
    """

    limit: float | None
    watcher: Watcher | None = None
    until: float | None = None
    solving: float = 0.0
    building: float = 0.0

    def __post_init__(self) -> None:
        self._start = time.monotonic()
        if self.until is not None:
            left = max(self.until - self._start, 0.0)
            self.limit = left if self.limit is None else min(self.limit, left)

    def report(self, phase: str, best_usd: float = math.inf, bound_usd: float = -math.inf) -> None:
        """Log the next step and report it to the watcher; raises Cancelled if it returns False."""
        LOG.info("%s", phase)
        best, bound = (usd if math.isfinite(usd) else None for usd in (best_usd, bound_usd))
        if best is not None or bound is not None:
            LOG.debug("best objective %s USD, bound %s USD", *("none" if usd is None else usd for usd in (best, bound)))
        if self.watcher is None:
            return
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

    @property
    def passed(self) -> str:
        """What is said where there is no plan in time; what was left of a limit on several solves is not its length."""
        length = "" if self.until is not None else f" of {self.limit or 0:g} s"
        return f"the time limit{length} passed before a plan was found"

    def check(self) -> None:
        """Raise LimitReached where the limit has passed."""
        if self.is_over:
            raise LimitReached(self.passed)


NO_NODE_LIMIT = 2**31 - 1
"""More nodes than HiGHS gets to."""

_STATUSES = highspy.HighsModelStatus
_INFEASIBLE = (_STATUSES.kInfeasible, _STATUSES.kUnboundedOrInfeasible)
_DOUBTFUL = (
    _STATUSES.kSolveError,
    _STATUSES.kNotset,
    _STATUSES.kUnknown,
    _STATUSES.kIterationLimit,
    _STATUSES.kUnbounded,
    *_INFEASIBLE,
)
"""Statuses that are not believed on one look: no program here is unbounded."""
_CBC = ("PULP_CBC_CMD", "COIN_CMD")
"""PuLP's names of CBC: the one that it brings along and one that is installed."""
LOOK_NODES, DOUBT = 200, 1e-5
"""Branchings of HiGHS after which a look for a plan below the bound of another solver is left, and how far below it a
plan has to be, relative to the bound: simplex codes with tolerances of 1e-7 differ by up to some 1e-6."""
_CBC_AS_STATED = ("presolve off", "preprocess off", "scaling off")
"""Options with which CBC takes a program as it stands."""
MIN_ITERATIONS, ITERATIONS_PER_LINE = 10_000, 50
"""Simplex iterations of a linear program, and per row and column, after which it cycles: it takes a few per row."""


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


def run(program: Program, settings: RunSettings, clock: Clock) -> Answer:
    """Solve the program as it stands."""
    before = time.monotonic()
    by = _run_highs if settings.solver == "highs" else _run_pulp
    answer = by(program, settings, clock)
    clock.solving += time.monotonic() - before
    return answer


def _run_pulp(program: Program, settings: RunSettings, clock: Clock) -> Answer:
    written = program.written
    written.problem.solve(_pulp_solver(program, settings, clock))
    written.read(program.variables)
    answer = _pulp_answer(written.problem, settings)
    if math.isfinite(answer.bound) or answer.outcome == "infeasible":
        _refuse_refuted(program, settings, clock, answer)
    return answer


def _pulp_solver(program: Program, settings: RunSettings, clock: Clock) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # PuLP 4 will not bring CBC along; this is PuLP 3
        found = pulp.getSolver(settings.solver, msg=False, mip=not settings.relax, timeLimit=clock.left)
    if hasattr(found, "optionsDict"):
        found.optionsDict["gapRel"] = settings.gap
    if not program.is_presolved and settings.solver in _CBC:
        found.options = [*found.options, *_CBC_AS_STATED]
    return found


def _refuse_refuted(program: Program, settings: RunSettings, clock: Clock, answer: Answer) -> None:
    """Raise Disagreement where HiGHS finds a plan below the bound that another solver states; its values are kept.

    What HiGHS does not find within LOOK_NODES proves nothing, and what it finds is a plan, whoever says otherwise: its
    integers are rounded and fixed and the rest is solved again, so that no tolerance on a choice makes it one.
    """
    values = [variable.varValue for variable in program.variables]
    below = answer.bound - DOUBT * max(abs(answer.bound), 1.0) if math.isfinite(answer.bound) else None
    look = replace(settings, solver="highs", cutoff=below, node_limit=LOOK_NODES)
    found = math.inf
    with suppress(InputError, InternalError):  # HiGHS cannot say
        if not clock.is_over:
            found = _plan_of_highs(program, look, clock)
    if found < (math.inf if below is None else below):
        stated = "there is no plan" if below is None else f"no plan is below {answer.bound:,.6g}"
        raise Disagreement(
            f"the answers of the solver {settings.solver} differ from what a plan costs: {stated}, it says of a "
            f"program in which one of {found:,.6g} was found"
        )
    for variable, value in zip(program.variables, values, strict=True):
        variable.varValue = value


def _plan_of_highs(program: Program, look: RunSettings, clock: Clock) -> float:
    """Return the objective of a plan that HiGHS finds, infinite if it finds none (money units)."""
    answer = _run_highs(program, look, clock)
    if answer.outcome not in ("optimal", "limit"):
        return math.inf
    if look.relax:
        return answer.objective
    bounds = fix_integers(program)
    exact = _run_highs(program, replace(look, relax=True, exact=True), clock)
    restore(bounds)
    return exact.objective if exact.outcome == "optimal" else math.inf


def linear(program: Program, clock: Clock, work: Callable[[HighsSession], Found]) -> Found:
    """Return the result of `work` on the HiGHS session of a program's linear relaxation, its time counted."""
    before = time.monotonic()
    found = work(_ready(program, RunSettings("highs", relax=True), clock))
    clock.solving += time.monotonic() - before
    return found


def _ready(program: Program, settings: RunSettings, clock: Clock) -> HighsSession:
    """Return the session of a program, synchronised with it."""
    session, cutoff = session_of(program), settings.cutoff
    session.synchronise(program, settings.relax)
    tolerance = 1e-9 if settings.exact else 1e-7
    session.options(
        {
            "threads": 1,
            "presolve": "choose" if program.is_presolved else "off",
            "mip_rel_gap": settings.gap,
            "mip_abs_gap": 1e-9,
            "mip_feasibility_tolerance": 1e-9,
            "primal_feasibility_tolerance": tolerance,
            "dual_feasibility_tolerance": tolerance,
            "mip_max_nodes": NO_NODE_LIMIT if settings.node_limit is None else settings.node_limit,
            "simplex_iteration_limit": (
                MIN_ITERATIONS + ITERATIONS_PER_LINE * session.lines if settings.relax else NO_NODE_LIMIT
            ),
            "objective_bound": math.inf if cutoff is None or settings.relax else cutoff,
            "time_limit": math.inf if clock.left is None else session.highs.getRunTime() + clock.left,
        }
    )
    return session


def _run_highs(program: Program, settings: RunSettings, clock: Clock) -> Answer:
    session, relax, cutoff = _ready(program, settings, clock), settings.relax, settings.cutoff
    session.run()
    status = session.highs.getModelStatus()
    is_cut_off = status in _INFEASIBLE and not relax and cutoff is not None and session.is_well_scaled
    if status in _DOUBTFUL and not is_cut_off and not clock.is_over:
        # A plan that misses a row by the tolerance itself is refused, a tight one can end the simplex method, and what
        # is called infeasible may not be: once more, from the start. Integers are rounded later anyway.
        session.options(dict.fromkeys((f"{kind}_feasibility_tolerance" for kind in ("mip", "primal", "dual")), 1e-7))
        session.options({"presolve": "off"})
        session.highs.clearSolver()
        session.run()
    if session.highs.getModelStatus() in (
        _STATUSES.kSolveError,
        _STATUSES.kNotset,
        _STATUSES.kUnknown,
        _STATUSES.kUnbounded,
    ):
        why = session.highs.modelStatusToString(session.highs.getModelStatus())
        raise session.too_far_apart(program, f"HiGHS stopped twice with {why}")
    answer = _highs_answer(session.highs, is_mip=not relax)
    if answer.outcome == "optimal" and not relax and cutoff is not None and answer.objective > cutoff:
        return Answer("infeasible", math.inf, math.inf)  # found before the cutoff took effect: no plan below it
    if answer.outcome in ("optimal", "limit"):
        session.read(program, relax)
    return answer


def _highs_answer(highs: highspy.Highs, is_mip: bool) -> Answer:
    status, info = highs.getModelStatus(), highs.getInfo()
    if status in _INFEASIBLE:
        return Answer("infeasible", math.inf, math.inf)
    has_plan = info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
    objective = info.objective_function_value
    if status == _STATUSES.kOptimal:
        return Answer("optimal", objective, info.mip_dual_bound if is_mip else objective)
    if status in (_STATUSES.kTimeLimit, _STATUSES.kIterationLimit, _STATUSES.kInterrupt, _STATUSES.kSolutionLimit):
        bound = info.mip_dual_bound if is_mip else -math.inf
        return Answer("limit", objective, bound) if has_plan and is_mip else Answer("nothing", math.inf, bound)
    raise InternalError(f"HiGHS stopped with {highs.modelStatusToString(status)}")


def _pulp_answer(problem: pulp.LpProblem, settings: RunSettings) -> Answer:
    """Read PuLP's solution status; a solver that proves optimality to a gap proves a bound."""
    objective = pulp.value(problem.objective)
    if problem.status == pulp.LpStatusInfeasible or problem.sol_status == pulp.LpSolutionInfeasible:
        return Answer("infeasible", math.inf, math.inf)
    if problem.sol_status == pulp.LpSolutionOptimal and objective is not None:
        slack = 0.0 if settings.relax else settings.gap * abs(objective)
        return Answer("optimal", objective, objective - slack)
    if problem.sol_status == pulp.LpSolutionIntegerFeasible and objective is not None:
        return Answer("limit", objective, -math.inf)
    return Answer("nothing", math.inf, -math.inf)


def minimise(program: Program, objective: Expression) -> None:
    """Make `objective` what the program minimises."""
    merged: dict[Variable, float] = {}
    for variable, coefficient in objective:
        merged[variable] = merged.get(variable, 0.0) + coefficient
    if not merged:
        merged[program.variables[0]] = 0.0
    program.objective = merged


Bounds = list[tuple[Variable, float, float]]


def fix_integers(program: Program) -> Bounds:
    """Fix every integer variable to its rounded value inside its bounds; return the bounds there were."""
    bounds: Bounds = []
    for variable in program.variables:
        if variable.cat == pulp.LpInteger:
            low, high = variable.lowBound, variable.upBound
            bounds.append((variable, low, high))
            number = max(round(variable.varValue or 0.0), low)
            variable.lowBound = variable.upBound = number if high is None else min(number, high)
    return bounds


def restore(bounds: Bounds) -> None:
    """Put bounds back."""
    for variable, low, high in bounds:
        variable.lowBound, variable.upBound = low, high
