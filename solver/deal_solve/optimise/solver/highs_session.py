"""HiGHS session: the solver keeps a program, and its last basis, from one solve to the next.

Between two solves of a program only what is new is handed over (`synchronise`): rows, bounds, the objective. The dual
simplex method then goes on from the last optimal basis, which stays dual feasible when a cut or a tighter bound is
added (`resolve_from_basis`): a warm start of the linear program (formulation §8). The sessions are kept here by
program, and end with it.
"""

from __future__ import annotations

import math
import os
import sys
import threading
from collections import defaultdict
from contextlib import suppress
from itertools import chain, compress
from pathlib import Path
from typing import Any, TypeAlias
from weakref import WeakKeyDictionary

import highspy
import numpy as np
import pulp

from deal_solve.errors import DealSolveError, Disagreement, InputError, InternalError
from deal_solve.formulation.model.expression import Variable
from deal_solve.formulation.model.program import Program
from deal_solve.formulation.model.recourse import Indices
from deal_solve.optimise.solver.certificate import LinearProgram
from deal_solve.optimise.solver.substitution import Reduced
from deal_solve.stopping import checkpoint, may_stop
from deal_solve.uncertainty.scenario_set import Array

Basis: TypeAlias = tuple[list[int], list[int]]
"""Where every column and every row of a linear program is, as HiGHS numbers it."""
_STATUSES = highspy.HighsModelStatus
_SETTLED = (_STATUSES.kOptimal, _STATUSES.kInfeasible)
_constructed = threading.Lock()
LARGEST_COEFFICIENT = 1e12
"""The range in which a program is exact, in money units, of which a deal costs some thousands (formulation §7).

A sum of doubles holds 2^53 steps: beside 1e12 units still a thousandth of one, a millionth of what the deal costs.
"""
WELL_SCALED = 1e6
"""The coefficient up to which a tolerance of 1e-9 on a choice is less than that thousandth: with a larger one a
search that is cut off without a plan gets a second look."""
UNIQUE_TOLERANCE = 1e-8
"""Prices nearer to zero are zero, where other solutions are asked for."""


def _silence_banner() -> None:
    """Construct HiGHS once with standard output closed: no option silences the banner that it prints the first time."""
    with _constructed, suppress(OSError), Path(os.devnull).open("w") as nowhere:
        sys.stdout.flush()
        kept = os.dup(1)
        try:
            os.dup2(nowhere.fileno(), 1)
            highspy.Highs()
        finally:
            os.dup2(kept, 1)
            os.close(kept)


_silence_banner()


def _interrupt(event: Any) -> None:
    """Interrupt HiGHS where the work is to stop: no error may be raised inside of it."""
    try:
        checkpoint()
    except BaseException:
        event.interrupt()


class SolverGaveUpError(Exception):
    """A linear program was neither solved nor found infeasible."""


class HighsSession:
    """HiGHS with one program in it: what is new since the last solve is handed over, and the last basis is kept.

    Variables that are sums of others are substituted (`Reduced`); values and prices are given for all that the program
    has.
    """

    def __init__(self) -> None:
        self.highs: Any = highspy.Highs()  # Any: its types lack some of its methods
        self.highs.silent()
        self._view: Reduced | None = None
        self._rows: list[int] = []
        self._relaxed = 0
        self._integers = np.empty(0, dtype=np.int32)
        self._kinds = 0
        self._numbers = LinearProgram()
        self._left: list[Variable] = []

    def options(self, wanted: dict[str, Any]) -> None:
        """Set options by name."""
        for name, value in wanted.items():
            if self.highs.setOptionValue(name, value) == highspy.HighsStatus.kError:
                raise InternalError(f"HiGHS does not take {name} = {value}")

    def run(self) -> None:
        """Solve what is handed over; raises what stops the work, if anything does, within a moment."""
        checkpoint()
        if not may_stop():
            self.highs.run()
            return
        found = (self.highs.cbSimplexInterrupt, self.highs.cbIpmInterrupt, self.highs.cbMipInterrupt)
        for callback in found:
            callback.subscribe(_interrupt)
        try:
            self.highs.run()
        finally:
            for callback in found:
                callback.unsubscribe(_interrupt)
        checkpoint()

    @property
    def is_well_scaled(self) -> bool:
        """Whether no coefficient is so large that a tolerance on a choice could hide a plan."""
        return self._numbers.largest <= WELL_SCALED

    @property
    def lines(self) -> int:
        """Rows and columns of the program that was handed over."""
        return int(self.highs.getNumRow() + self.highs.getNumCol())

    def _seen(self, program: Program) -> Reduced:
        if self._view is None or self._view.count < len(program.variables):
            self._view = Reduced(program)
        return self._view

    def synchronise(self, program: Program, relax: bool) -> None:
        """Bring columns, rows, bounds and objective up to date."""
        view, none = self._seen(program), np.empty(0, dtype=np.int32)
        fresh = np.zeros(view.size - self.highs.getNumCol())
        if len(fresh):
            self.highs.addCols(len(fresh), fresh, fresh, fresh, 0, np.zeros(len(fresh), np.int32), none, np.empty(0))
        self._columns(program, view)
        self.synchronise_rows(program)
        if len(program.variables) > self._kinds:  # a variable stays what it is
            self._kinds = len(program.variables)
            kinds = np.array([v.cat == pulp.LpInteger for v in program.variables])
            integers = view.column[kinds].astype(np.int32)
            if len(integers) > len(self._integers):
                self._integers = integers
                self.highs.changeColsIntegrality(len(integers), integers, np.ones(len(integers), dtype=np.uint8))
        self.options({"solve_relaxation": relax})

    def _columns(self, program: Program, view: Reduced) -> None:
        indices = np.arange(view.size, dtype=np.int32)
        if len(self._left) != view.size:
            self._left = [program.variables[index] for index in np.flatnonzero(view.column >= 0).tolist()]
        low, high = (
            np.where(np.isnan(side), unbounded, side)
            for side, unbounded in (
                (np.array([v.lowBound for v in self._left], dtype=float), -math.inf),  # None is not a number
                (np.array([v.upBound for v in self._left], dtype=float), math.inf),
            )
        )
        weights = np.zeros(view.count)
        weights[[variable.place for variable in program.objective]] = [*program.objective.values()]
        costs, known = view.costs(weights), self._numbers.costs
        self.highs.changeColsBounds(len(indices), indices, low, high)
        self._numbers.low, self._numbers.high = low, high
        if len(costs) != len(known) or np.any(costs != known):
            self.highs.clearSolver()  # a basis is no help towards another objective, and presolve is
            self.highs.changeColsCost(len(indices), indices, costs)
            self._numbers.costs = costs

    def synchronise_rows(self, program: Program) -> None:
        """Bring rows up to date."""
        if len(self._rows) == len(program.rows) and self._relaxed == len(program.relaxed):
            return
        view, known, count = self._seen(program), len(self._rows), self.highs.getNumRow()
        hidden = frozenset() if view.has_all else program.defining
        is_seen = np.array([index not in hidden for index in range(known, len(program.rows))], dtype=bool)
        self._rows += np.where(is_seen, count + np.cumsum(is_seen) - 1, -1).tolist()
        rows = [*compress(program.rows[known:], is_seen.tolist())]
        if rows:
            sides = np.array([row.rhs for row in rows], dtype=float)
            senses = np.array([row.sense for row in rows])
            low = np.where(senses == pulp.LpConstraintLE, -math.inf, sides)
            high = np.where(senses == pulp.LpConstraintGE, math.inf, sides)
            indices = np.fromiter(chain.from_iterable(row.places for row in rows), dtype=np.int64)
            factors = np.fromiter(chain.from_iterable(row.factors for row in rows), dtype=float)
            self._check_range(program, factors)
            counts, columns, values = view.rows([len(row.places) for row in rows], indices, factors)
            starts = (np.cumsum(counts) - counts).astype(np.int32)
            self.highs.addRows(len(rows), low, high, len(values), starts, columns.astype(np.int32), values)
            self._numbers.add_rows(low, high, counts, columns, values)
        gone = program.relaxed[self._relaxed :]
        if gone:
            high = np.array([program.rows[index].rhs for index in gone], dtype=float)  # of <= rows
            where = np.array([self._rows[index] for index in gone], dtype=np.int32)
            self.highs.changeRowsBounds(len(gone), where, np.full(len(gone), -math.inf), high)
            self._numbers.row_low[where], self._numbers.row_high[where] = -math.inf, high
            self._relaxed = len(program.relaxed)

    def _check_range(self, program: Program, factors: Array) -> None:
        """Raise InputError if a row has a coefficient outside of the range in which the program is exact."""
        largest = float(np.abs(factors).max(initial=0.0))
        if largest > LARGEST_COEFFICIENT:
            raise self.too_far_apart(program, f"one is {largest:,.2g} times another")

    def too_far_apart(self, program: Program, why: str) -> DealSolveError:
        """Return the error that a program cannot be solved: the deal's, unless its coefficients are well scaled."""
        if self.is_well_scaled and "times another" not in why:
            return Disagreement(why)
        return InputError(
            "the amounts of this deal lie too far apart to be decided exactly; bring thresholds, prices and volumes "
            f"nearer to what the deal costs, here some {program.unit_usd:,.0f} USD ({why})"
        )

    def basis(self) -> Basis | None:
        """Return the basis of the linear program solved last, by column and by row; None without one."""
        found = self.highs.getBasis()
        if not found.valid:
            return None
        return [int(status) for status in found.col_status], [int(status) for status in found.row_status]

    def begin_from(self, program: Program, basis: Basis) -> None:
        """Take over a linear program from another session, at its last basis."""
        self.synchronise(program, relax=True)
        taken = highspy.HighsBasis()
        taken.col_status, taken.row_status = ([*map(highspy.HighsBasisStatus, side)] for side in basis)
        taken.valid = True
        self.highs.setBasis(taken)

    def forget_basis(self) -> None:
        """Begin the next solve from the start, with presolve."""
        self.highs.clearSolver()

    def resolve_from_basis(
        self, program: Program, indices: Indices, low: Array, high: Array
    ) -> tuple[bool, float, Array]:
        """Re-solve the linear program from its last basis under other bounds; return whether it is feasible, its
        objective and the values of all variables.
        """
        self.synchronise_rows(program)
        view = self._seen(program)
        columns = view.column[indices].astype(np.int32)
        self.highs.changeColsBounds(len(indices), columns, low, high)
        self._numbers.low[columns], self._numbers.high[columns] = low, high
        self.run()
        if (
            self.highs.getModelStatus() not in _SETTLED
        ):  # the last basis can end the simplex method: once more, from the start
            self.highs.clearSolver()
            self.run()
        status = self.highs.getModelStatus()
        if status not in _SETTLED:
            raise SolverGaveUpError
        values = view.values(np.array(self.highs.getSolution().col_value))
        return status == _STATUSES.kOptimal, self.highs.getInfo().objective_function_value, values

    def proven_bound(self) -> float:
        """Return the objective that the multipliers of the linear program solved last prove; nothing costs less."""
        return self.proven()[0]

    def proven(self) -> tuple[float, Array]:
        """Return that bound with the reduced costs that it rests on, by column."""
        return self._numbers.reduced(np.array(self.highs.getSolution().row_dual), self._numbers.costs)

    def columns(self, program: Program, indices: Indices) -> Indices:
        """Return the columns of variables that no others define."""
        return self._seen(program).column[indices]

    def is_proven_infeasible(self) -> bool:
        """Whether the multipliers of the last run prove that its linear program has no solution."""
        _, is_known, ray = self.highs.getDualRay()
        return bool(is_known) and max(self._numbers.bound(ray), self._numbers.bound(-ray)) > 0.0

    def note_binding(self, program: Program, minimum: float = 0.0) -> None:
        """Note the binding cuts of the linear program, by dual value; cuts added since it was solved have none yet.

        A cut of a tail, which takes long to be made again, is noted only if it has at least the share `least` of the
        dual values of all cuts of its epigraph variable.
        """
        prices = self.row_prices().tolist()
        held = [(row, *cut) for row, cut in program.cut_points.items() if row < len(prices) and prices[row]]
        totals: defaultdict[int, float] = defaultdict(float)
        for row, number, _ in held:
            totals[number] += prices[row]
        for row, number, point in held:
            if program.epigraphs[number].is_expected or prices[row] >= minimum * totals[number]:
                program.binding[row] = number, point

    def row_prices(self) -> Array:
        """Return the dual value of every row of a linear program, in order; 0 where the solver has no such row."""
        return np.append(self.highs.getSolution().row_dual, 0.0)[self._rows]

    def is_only_solution(self) -> bool:
        """Whether the linear program that was solved last has no other solution: no price is zero that could move."""
        basis, solution, lp = self.highs.getBasis(), self.highs.getSolution(), self.highs.getLp()
        if not basis.valid:
            return False
        kinds = [(basis.col_status, solution.col_dual, lp.col_lower_, lp.col_upper_)]
        kinds.append((basis.row_status, solution.row_dual, lp.row_lower_, lp.row_upper_))
        for status, prices, low, high in kinds:
            is_basic = np.array([each == highspy.HighsBasisStatus.kBasic for each in status], dtype=bool)
            may_move = ~is_basic & (np.array(low) != np.array(high))
            if np.any(np.abs(np.array(prices))[may_move] <= UNIQUE_TOLERANCE):
                return False
        return True

    def read(self, program: Program, relax: bool) -> None:
        """Write values (and reduced costs of a linear program) into the program's variables."""
        solution, view = self.highs.getSolution(), self._seen(program)
        for variable, value in zip(program.variables, view.values(np.array(solution.col_value)).tolist(), strict=True):
            variable.varValue = value
        if relax:
            reduced = np.append(solution.col_dual, 0.0)[view.column]
            for variable, value in zip(program.variables, reduced.tolist(), strict=True):
                variable.dj = value


_sessions: WeakKeyDictionary[Program, HighsSession] = WeakKeyDictionary()


def session_of(program: Program) -> HighsSession:
    """Return the session of a program; it is opened when it is first asked for and ends with the program."""
    session = _sessions.get(program)
    if session is None:
        session = _sessions[program] = HighsSession()
    return session


def close_session(program: Program) -> None:
    """End the session of a program, if it has one."""
    _sessions.pop(program, None)
