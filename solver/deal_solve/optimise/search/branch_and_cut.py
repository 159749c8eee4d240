"""Branch and cut: branch and bound over the integers, with Benders cuts separated in the nodes.

The textbook method keeps a tree of nodes, each the linear relaxation under bounds of the integers; a node is pruned by
the incumbent, cut where its solution is integer but the epigraph variables are too low, and else branched on a
fractional integer. Here nodes are taken best bound first plunging along the nearer child, every relaxation is
re-solved from the last basis (`highs_session`), only integer solutions are cut, and what passes the node limit is left
to HiGHS. Few integers of the relaxation are fractional, so trees are small. See formulation §8, "Rounds".
"""

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
from deal_solve.optimise.solver.solvers import Answer, Clock, RunSettings, linear
from deal_solve.uncertainty.scenario_set import Array

NODE_LIMIT = 2000
"""Branchings after which the search is left to HiGHS."""
RELAXATIONS_PER_NODE = 20
"""Relaxations per branching of the limit after which it is, too: cuts that raise no bound would go on for ever."""
MIN_DUAL_SHARE = 0.5
"""Share of the dual values of its epigraph variable from which a cut of a tail is handed on to other searches."""
INTEGRALITY_TOLERANCE = 1e-6
"""A number this near to an integer is one."""

Found = tuple[float, list[float]]
"""The objective of a plan (money units), and the values of all variables."""
Separator = Callable[[Array], bool]
"""Adds the cuts that are violated at the values of all variables; returns whether there were any."""


@dataclass(order=True)
class Node:
    """A node of the tree: bounds of the integer variables, and the objective of its parent's relaxation."""

    bound: float
    order: int
    low: Array = field(compare=False)
    high: Array = field(compare=False)


class BranchAndCut:
    """One tree. `cutoff`, `best` and `floor` are in money units; a node whose bound is above `limit` is pruned.

    Nodes are taken in the order of their bounds; from each the search dives along the nearer child, so that incumbents
    are found early. An incumbent is exact: it is cut until every epigraph variable is as high as its measure. `floor`
    is the least bound of a node that was pruned.
    """

    def __init__(self, program: Program, separate: Separator, settings: RunSettings) -> None:
        self.program, self.separate, self.gap = program, separate, settings.gap
        self.cutoff = math.inf if settings.cutoff is None else settings.cutoff
        self.node_limit = NODE_LIMIT if settings.node_limit is None else settings.node_limit
        integers = [(index, v) for index, v in enumerate(program.variables) if v.cat == pulp.LpInteger]
        self.indices = np.array([index for index, _ in integers], dtype=np.int64)
        self.low = np.array([v.lowBound for _, v in integers], dtype=float)
        self.high = np.array([math.inf if v.upBound is None else v.upBound for _, v in integers], dtype=float)
        self.best, self.values = math.inf, np.empty(0)
        self.floor = math.inf
        self.branchings = self.relaxations = 0

    @property
    def limit(self) -> float:
        """The objective below which a node may hold a better plan."""
        return min(self.cutoff, self.best - self.gap * abs(self.best))

    def run(self, session: HighsSession, clock: Clock) -> Answer | None:
        """Return how it ended; None if the node limit or the time limit was reached."""
        open_nodes = [Node(-math.inf, 0, self.low, self.high)]
        while open_nodes:
            node: Node | None = heappop(open_nodes)
            while node is not None:
                if clock.is_over or self.branchings > self.node_limit:
                    return None
                node = self._explore(session, node, open_nodes)
        if not math.isfinite(self.best):
            return Answer("infeasible", math.inf, math.inf)
        return Answer("optimal", self.best, min(self.floor, self.best))

    def _explore(self, session: HighsSession, node: Node, open_nodes: list[Node]) -> Node | None:
        """Solve the relaxation of a node; return what to look at next (a child, or itself after a cut), if anything."""
        if node.bound >= self.limit:
            self.floor = min(self.floor, node.bound)
            return None
        is_feasible, objective, values = self._relaxation(session, node.low, node.high)
        if not is_feasible:
            return None
        if objective >= self.limit:
            session.note_binding(self.program, MIN_DUAL_SHARE)
            self.floor = min(self.floor, objective)
            return None
        numbers = values[self.indices]
        away = np.abs(numbers - np.round(numbers))
        if away.max(initial=0.0) <= INTEGRALITY_TOLERANCE:
            if self.separate(values):
                return node
            self._keep(session, numbers)
            self.floor = min(self.floor, objective)
            return None
        return self._branch(node, objective, numbers, away, open_nodes)

    def _branch(self, node: Node, objective: float, numbers: Array, away: Array, open_nodes: list[Node]) -> Node:
        """Branch on the most fractional 0/1 variable, or else the most fractional integer; return the nearer child."""
        is_choice = (self.high - self.low == 1) & (away > INTEGRALITY_TOLERANCE)
        index = int(np.argmax(np.where(is_choice, away, -1.0) if is_choice.any() else away))
        below, above = node.high.copy(), node.low.copy()
        below[index], above[index] = math.floor(numbers[index]), math.ceil(numbers[index])
        self.branchings += 1
        children = [
            Node(objective, -2 * self.branchings, node.low, below),
            Node(objective, -2 * self.branchings - 1, above, node.high),
        ]
        nearer = int(numbers[index] - below[index] > 0.5)
        heappush(open_nodes, children[1 - nearer])
        return children[nearer]

    def _keep(self, session: HighsSession, numbers: Array) -> None:
        """Fix the integers to their rounded values, solve and cut until exact; keep the plan if it is the best."""
        rounded = np.round(numbers)
        while True:
            is_feasible, objective, values = self._relaxation(session, rounded, rounded)
            if not is_feasible or objective >= self.best:
                return
            if not self.separate(values):
                self.best, self.values = objective, values
                return

    def _relaxation(self, session: HighsSession, low: Array, high: Array) -> tuple[bool, float, Array]:
        self.relaxations += 1
        if self.relaxations > RELAXATIONS_PER_NODE * self.node_limit:
            raise SolverGaveUpError
        return session.resolve_from_basis(self.program, self.indices, low, high)


def branch_and_cut(
    program: Program, separate: Separator, settings: RunSettings, clock: Clock
) -> tuple[Answer | None, Found | None]:
    """Minimise a program with cuts over its integers; return how it ended, and the incumbent if there is one.

    There is no answer where it takes more branchings than the limit of the settings, or else NODE_LIMIT, or time is up.
    """
    search = BranchAndCut(program, separate, settings)
    answer: Answer | None = None
    with suppress(SolverGaveUpError):
        answer = linear(program, clock, lambda session: search.run(session, clock))
    return answer, (search.best, search.values.tolist()) if math.isfinite(search.best) else None
