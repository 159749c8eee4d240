"""Branch and cut: few choices of the relaxation are fractional, and it goes on from its last basis (section 8)."""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from heapq import heappop, heappush

import numpy as np
import pulp

from deal_solve.formulation.model.program import Program
from deal_solve.optimise.solver.highs_session import HighsSession, SolverGaveUpError
from deal_solve.optimise.solver.solvers import Answer, Clock, linear
from deal_solve.uncertainty.scenario_set import Array

MOST_SPLITS = 2000
"""Divisions after which the search is left to the solver's own."""
MOST_RELAXATIONS = 20 * MOST_SPLITS
"""Relaxations after which it is, too: cuts that raise nothing would go on for ever."""
MAINLY = 0.5
"""Share of its price from which a cut of a tail is worth making again elsewhere, where it bounds a part."""
WHOLE = 1e-6
"""A number this near to a whole one is one."""

Found = tuple[float, list[float]]
"""What a plan costs (money units), and the values of all variables."""
Cutter = Callable[[Array], bool]
"""Cuts a program at the values of its variables; says whether there was anything to cut."""


@dataclass(order=True)
class Node:
    """A part of the choices: bounds of the whole-number variables, and what its parent's relaxation costs."""

    bound: float
    order: int
    low: Array = field(compare=False)
    high: Array = field(compare=False)


class Branching:
    """One search. `cutoff` and what it finds are in money units; below `limit` nothing is looked for any more.

    Nodes are taken in the order of their bounds; from each the search goes down along the nearer child, so that plans
    are found early. A plan is exact: it is cut until every measure is as high as it is. What is fractional is not cut.
    """

    def __init__(self, program: Program, cut: Cutter, gap: float, cutoff: float | None) -> None:
        self.program, self.cut, self.gap = program, cut, gap
        self.cutoff = math.inf if cutoff is None else cutoff
        whole = [(index, v) for index, v in enumerate(program.variables) if v.cat == pulp.LpInteger]
        self.indices = np.array([index for index, _ in whole], dtype=np.int64)
        self.low = np.array([v.lowBound for _, v in whole], dtype=float)
        self.high = np.array([math.inf if v.upBound is None else v.upBound for _, v in whole], dtype=float)
        self.best, self.values = math.inf, np.empty(0)
        self.floor = math.inf
        self.splits = self.relaxations = 0

    @property
    def limit(self) -> float:
        """What a part has to cost less than to be looked at."""
        return min(self.cutoff, self.best - self.gap * abs(self.best))

    def run(self, session: HighsSession, clock: Clock) -> Answer | None:
        """Return how it ended; None if it takes too long for this search."""
        open_nodes = [Node(-math.inf, 0, self.low, self.high)]
        while open_nodes:
            node: Node | None = heappop(open_nodes)
            while node is not None:
                if clock.is_over or self.splits > MOST_SPLITS:
                    return None
                node = self._look(session, node, open_nodes)
        if not math.isfinite(self.best):
            return Answer("infeasible", math.inf, math.inf)
        return Answer("optimal", self.best, min(self.floor, self.best))

    def _look(self, session: HighsSession, node: Node, open_nodes: list[Node]) -> Node | None:
        """Solve a node's relaxation; return what to look at next below it, if anything."""
        if node.bound >= self.limit:
            self.floor = min(self.floor, node.bound)
            return None
        is_feasible, objective, values = self._relaxation(session, node.low, node.high)
        if not is_feasible:
            return None
        if objective >= self.limit:
            session.note_binding(self.program, MAINLY)
            self.floor = min(self.floor, objective)
            return None
        numbers = values[self.indices]
        away = np.abs(numbers - np.round(numbers))
        if away.max(initial=0.0) <= WHOLE:
            if self.cut(values):
                return node
            self._keep(session, numbers)
            self.floor = min(self.floor, objective)
            return None
        return self._split(node, objective, numbers, away, open_nodes)

    def _split(self, node: Node, objective: float, numbers: Array, away: Array, open_nodes: list[Node]) -> Node:
        """Divide a node at its most fractional choice (or number, if all choices are made)."""
        is_choice = (self.high - self.low == 1) & (away > WHOLE)
        index = int(np.argmax(np.where(is_choice, away, -1.0) if is_choice.any() else away))
        below, above = node.high.copy(), node.low.copy()
        below[index], above[index] = math.floor(numbers[index]), math.ceil(numbers[index])
        self.splits += 1
        children = [
            Node(objective, -2 * self.splits, node.low, below),
            Node(objective, -2 * self.splits - 1, above, node.high),
        ]
        nearer = int(numbers[index] - below[index] > 0.5)
        heappush(open_nodes, children[1 - nearer])
        return children[nearer]

    def _keep(self, session: HighsSession, numbers: Array) -> None:
        """Round the whole numbers, solve and cut the rest until it is exact, and keep it if it is the best plan."""
        rounded = np.round(numbers)
        while True:
            is_feasible, objective, values = self._relaxation(session, rounded, rounded)
            if not is_feasible or objective >= self.best:
                return
            if not self.cut(values):
                self.best, self.values = objective, values
                return

    def _relaxation(self, session: HighsSession, low: Array, high: Array) -> tuple[bool, float, Array]:
        self.relaxations += 1
        if self.relaxations > MOST_RELAXATIONS:
            raise SolverGaveUpError
        return session.resolve_from_basis(self.program, self.indices, low, high)


def branch_and_cut(
    program: Program, cut: Cutter, gap: float, clock: Clock, cutoff: float | None
) -> tuple[Answer | None, Found | None]:
    """Minimise a program with cuts over its whole numbers; return how it ended, and the best plan if there is one.

    It has no end where it takes more than MOST_SPLITS divisions, or time is up.
    """
    search = Branching(program, cut, gap, cutoff)
    answer: Answer | None = None
    with suppress(SolverGaveUpError):
        answer = linear(program, clock, lambda session: search.run(session, clock))
    return answer, (search.best, search.values.tolist()) if math.isfinite(search.best) else None
