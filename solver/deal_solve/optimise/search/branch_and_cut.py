"""Branch and cut: branch and bound over the integers, with Benders cuts separated in the nodes.

The textbook method keeps a tree of nodes, each the linear relaxation under bounds of the integers; a node is pruned by
the incumbent, cut where its solution is integer but the epigraph variables are too low, and else branched on a
fractional integer. Here that one is chosen by `pseudo_costs`, nodes are taken best bound first plunging along the
nearer child, every relaxation is re-solved from the last basis (`highs_session`), only integer solutions are cut, and
what passes the node limit is left to HiGHS. Few integers of the relaxation are fractional, so trees are small. Nothing
is left out on one answer of a solver alone: bounds and infeasible nodes are those that its multipliers prove
(`certificate`), and a node of which they prove too little is solved once more from the start. What is left of the
space in the end are the `boxes` of the tied plans: the nodes whose bound does not exceed them, without what reduced
costs close (reduced-cost fixing). See formulation §8, "Rounds".
"""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from heapq import heapify, heappop, heappush
from typing import NamedTuple

import numpy as np
import pulp

from deal_solve.formulation.model.program import Program
from deal_solve.optimise.solver.boxes import Box, bounds_of
from deal_solve.optimise.solver.highs_session import HighsSession, SolverGaveUpError
from deal_solve.optimise.solver.pseudo_costs import DOWN, UP, Branched, PseudoCosts
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
ROUNDING_TOLERANCE = 1e-8
"""A node is branched on although its numbers are integers to the tolerance, where its relaxation lies lower than the
rounded plan by more than this, relative to the objective."""
FIXING_TOLERANCE = 1e-9
"""What a reduced cost is believed less, relative to the objective: far more than its rounding error."""

Found = tuple[float, list[float]]
"""The objective of a plan (money units), and the values of all variables."""
Separator = Callable[[Array], bool]
"""Adds the cuts that are violated at the values of all variables; returns whether there were any."""


@dataclass(order=True)
class Node:
    """A node of the tree: bounds of the integer variables, and what the relaxation of its parent proves.

    One that was left out without proof is solved from the start, and what that says holds (`is_second_look`). How it
    was `branched` off is known until its relaxation says what that has gained.
    """

    bound: float
    order: int
    low: Array = field(compare=False)
    high: Array = field(compare=False)
    is_second_look: bool = field(default=False, compare=False)
    branched: Branched | None = field(default=None, compare=False)


class Proof(NamedTuple):
    """What a relaxation says of its node: the bound that is believed, what of it its multipliers prove, and with which
    reduced costs of the integers; None on a second look.
    """

    bound: float
    proven: float = -math.inf
    costs: Array | None = None


class BranchAndCut:
    """One tree. `cutoff`, `best` and `floor` are in money units; a node whose bound is above `limit` is pruned.

    Nodes are taken in the order of their bounds; from each the search dives along the nearer child, so that incumbents
    are found early. An incumbent is exact: it is cut until every epigraph variable is as high as its measure. `floor`
    is the least bound of a node that was pruned, and `boxes` are the nodes that may have held a tied plan.
    """

    def __init__(self, program: Program, separate: Separator, settings: RunSettings) -> None:
        self.program, self.separate, self.gap = program, separate, settings.gap
        self.cutoff = math.inf if settings.cutoff is None else settings.cutoff
        self.node_limit = NODE_LIMIT if settings.node_limit is None else settings.node_limit
        self.any_plan = settings.any_plan
        self.ties = settings.ties
        integers = [(index, v) for index, v in enumerate(program.variables) if v.cat == pulp.LpInteger]
        self.indices = np.array([index for index, _ in integers], dtype=np.int64)
        self.low, self.high = bounds_of([v for _, v in integers])
        self.start = [Box(-math.inf, self.low, self.high)]
        if settings.boxes is not None:
            inside = [box.within(self.low, self.high) for box in settings.boxes]
            self.start = [box for box in inside if not box.is_empty]
        self.boxes: list[Box] = []
        self.best, self.values = math.inf, np.empty(0)
        self.floor = math.inf
        self.doubtful: list[Node] = []
        self.pseudo_costs = settings.pseudo_costs or PseudoCosts()
        self.places = self.pseudo_costs.places_of(v.name for _, v in integers)
        self.branchings = self.relaxations = 0

    @property
    def limit(self) -> float:
        """The objective below which a node may hold a better plan."""
        return min(self.cutoff, self.best - self.gap * abs(self.best))

    @property
    def tied(self) -> float:
        """The objective up to which a plan may be tied with the best one."""
        return self.limit if self.ties is None else max(self.ties.limit(self.best), self.limit)

    def tied_boxes(self) -> tuple[Box, ...] | None:
        """Return the boxes in which a plan may be tied with the best one; None where nobody asks for them."""
        return None if self.ties is None else tuple(box for box in self.boxes if box.bound <= self.tied)

    def run(self, session: HighsSession, clock: Clock) -> Answer | None:
        """Return how it ended; None if the node limit or the time limit was reached.

        Raises SolverGaveUpError where a node cannot be decided.
        """
        open_nodes = [Node(box.bound, order, box.low, box.high) for order, box in enumerate(self.start)]
        heapify(open_nodes)
        while open_nodes:
            node: Node | None = heappop(open_nodes)
            while node is not None:
                if clock.is_over or self.branchings > self.node_limit:
                    return None
                node = self._explore(session, node, open_nodes)
                if self.any_plan and math.isfinite(self.best):
                    return Answer("limit", self.best, -math.inf)
            if not open_nodes:
                open_nodes, self.doubtful = self.doubtful, []
                heapify(open_nodes)
        if not math.isfinite(self.best):
            return Answer("infeasible", math.inf, math.inf, self.tied_boxes())
        return Answer("optimal", self.best, min(self.floor, self.best), self.tied_boxes())

    def _explore(self, session: HighsSession, node: Node, open_nodes: list[Node]) -> Node | None:
        """Solve the relaxation of a node; return what to look at next (a child, or itself after a cut), if anything."""
        if node.bound >= self.limit:
            self._prune(node, node.bound)
            return None
        is_feasible, objective, values = self._relaxation(session, node.low, node.high, node.is_second_look)
        self._note_gain(node, objective if is_feasible else math.inf)
        if not is_feasible:
            self._prune(node, math.inf if node.is_second_look or session.is_proven_infeasible() else node.bound)
            return None
        numbers = values[self.indices]
        if objective >= self.limit:
            session.note_binding(self.program, MIN_DUAL_SHARE)
            self._prune(*self._left(node, self._proof(session, node, objective), numbers))
            return None
        away = np.abs(numbers - np.round(numbers))
        if away.max(initial=0.0) <= INTEGRALITY_TOLERANCE:
            if self.separate(values):
                return node
            proof = self._proof(session, node, objective)
            self._keep(session, numbers)
            if objective >= self.best - ROUNDING_TOLERANCE * max(abs(self.best), 1.0):
                self._prune(*self._left(node, proof, numbers))
                return None
            away[node.low == node.high] = 0.0  # the rounded plan is none, or costs more: it is not this solution
            if not away.any():
                raise SolverGaveUpError
            return self._branch(node, proof.bound, numbers, away, open_nodes)
        return self._branch(node, self._proof(session, node, objective).bound, numbers, away, open_nodes)

    def _note_gain(self, node: Node, objective: float) -> None:
        """Note what branching off a node has gained, as far as it counts: up to the limit."""
        reached = min(objective, self.limit)
        if node.branched is not None and math.isfinite(reached):
            self.pseudo_costs.note(node.branched, reached - node.bound)
        node.branched = None

    def _proof(self, session: HighsSession, node: Node, objective: float) -> Proof:
        """Return what is known of a node whose relaxation was solved last."""
        if node.is_second_look:
            return Proof(objective)
        proven, reduced = session.proven()
        is_all = proven >= objective - ROUNDING_TOLERANCE * max(abs(objective), 1.0)
        costs = reduced[session.columns(self.program, self.indices)]
        return Proof(objective if is_all else proven, proven, costs)

    def _left(self, node: Node, proof: Proof, numbers: Array) -> tuple[Node, float]:
        """Return a node without what is proven to cost more than a tied plan, and its bound.

        The `numbers` of its relaxation stay inside.
        """
        costs, tied = proof.costs, self.tied
        if self.ties is not None and costs is not None and proof.proven <= tied < math.inf:
            room = tied - proof.proven + FIXING_TOLERANCE * max(abs(tied), 1.0)
            steps = np.floor(np.divide(room, np.abs(costs), out=np.full(len(costs), math.inf), where=costs != 0))
            low = np.where(costs < 0, np.maximum(node.low, node.high - steps), node.low)
            high = np.where(costs > 0, np.minimum(node.high, node.low + steps), node.high)
            low, high = np.where(numbers < low, node.low, low), np.where(numbers > high, node.high, high)
            node = replace(node, low=low, high=high)
        return node, proof.bound

    def _prune(self, node: Node, bound: float) -> None:
        """Leave out a node that has no better plan; it gets a second look where its bound does not prove that."""
        if bound >= self.limit or node.is_second_look:
            self.floor = min(self.floor, bound)
            if self.ties is not None and bound <= self.tied:
                self.boxes.append(Box(bound, node.low, node.high))
        else:
            self.doubtful.append(replace(node, is_second_look=True))

    def _branch(self, node: Node, bound: float, numbers: Array, away: Array, open_nodes: list[Node]) -> Node:
        """Branch on a fractional 0/1 variable, or else a fractional integer; return the nearer child."""
        index = self._branching_integer(numbers, away)
        number = numbers[index]
        last = math.floor(number)
        if away[index] <= INTEGRALITY_TOLERANCE:  # one side of an integer would be the whole box again
            last = round(number) - (round(number) > node.low[index])
        below, above = node.high.copy(), node.low.copy()
        below[index], above[index] = last, last + 1
        down, up = (max(distance, INTEGRALITY_TOLERANCE) for distance in (number - last, last + 1 - number))
        self.branchings += 1
        place = int(self.places[index])
        children = [
            Node(bound, -2 * self.branchings, node.low, below, branched=Branched(place, DOWN, down)),
            Node(bound, -2 * self.branchings - 1, above, node.high, branched=Branched(place, UP, up)),
        ]
        nearer = int(number - last > 0.5)
        heappush(open_nodes, children[1 - nearer])
        return children[nearer]

    def _branching_integer(self, numbers: Array, away: Array) -> int:
        """Return the integer to branch on: the one that is expected to gain most, or the most fractional one."""
        is_fractional = away > INTEGRALITY_TOLERANCE
        is_choice = is_fractional & (self.high - self.low == 1)
        is_open = is_choice if is_choice.any() else is_fractional
        if not is_open.any():
            return int(np.argmax(away))
        costs, places = self.pseudo_costs, self.places
        scores = costs.scores(numbers, places) if costs.has_learned(places) else away
        return int(np.argmax(np.where(is_open, scores, -1.0)))

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

    def _relaxation(
        self, session: HighsSession, low: Array, high: Array, from_start: bool = False
    ) -> tuple[bool, float, Array]:
        self.relaxations += 1
        if self.relaxations > RELAXATIONS_PER_NODE * self.node_limit:
            raise SolverGaveUpError
        if from_start:
            session.forget_basis()
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
