"""Lexicographic tie-breaking: of the plans within a tie of the optimum the one that the deal model prefers (model §7).

The textbook method minimises one secondary objective after the other, each held at its optimum by a row while the next
one is minimised. So here: the objective is held at the incumbent plus the tie tolerance (`within_gap`), and each stage
at its least (`stage_held`). Every search begins with the boxes that the one before has left of the tied plans. The
effort is bounded: a stage whose search passes `TIE_NODE_LIMIT` branchings is left, the plan found so far goes on, and
the answer says so. See formulation §6, "Tie stages".
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

import numpy as np
import pulp

from deal_solve.errors import Disagreement
from deal_solve.formulation.model.expression import Expression, Variable
from deal_solve.formulation.model.program import Program
from deal_solve.formulation.tie_stages import TieStage, choice_stages, tie_stages
from deal_solve.optimise.search.agreement import Candidate
from deal_solve.optimise.search.benders import exact_objective
from deal_solve.optimise.search.benders import run_with_cuts as run
from deal_solve.optimise.search.choices import add_no_good_cut, binary_choices, fix_choices
from deal_solve.optimise.search.polish import options_in_use
from deal_solve.optimise.solver.boxes import Box, Ties, hull_of
from deal_solve.optimise.solver.pseudo_costs import PseudoCosts
from deal_solve.optimise.solver.solvers import Bounds, Clock, RunSettings, minimise, restore

FIRST_STAGE = "unserved users"
"""The name of the first stage."""
TIE_NODE_LIMIT = 200
"""Branchings after which a stage of the tie-breaking is left."""
HELD_SHARE = 10
"""A stage is held at its least and this part of the smallest difference that counts in it."""


@dataclass
class TiedSpace:
    """Where the tied plans of a program are: in `boxes`, if they are known, and inside the bounds of its integers.

    `bounds` are those that there were before.
    """

    program: Program
    boxes: tuple[Box, ...] | None = None
    bounds: Bounds = field(default_factory=list)

    @classmethod
    def of(cls, candidate: Candidate, limit: float) -> TiedSpace:
        """Return where the plans are that cost at most `limit` (money units), the candidate's own among them."""
        space = cls(candidate.formulation.program)
        boxes = tuple(box for box in candidate.boxes or () if box.bound <= limit)
        numbers = np.array([round(variable.varValue or 0.0) for variable in space.integers], dtype=float)
        if any(box.holds(numbers[: len(box.low)]) for box in boxes):
            space.narrow(boxes)
        return space

    @property
    def integers(self) -> list[Variable]:
        """The integer variables."""
        return [variable for variable in self.program.variables if variable.cat == pulp.LpInteger]

    def narrow(self, boxes: tuple[Box, ...]) -> None:
        """Keep to these boxes, whatever bounds a measure in them."""
        self.boxes = tuple(box._replace(bound=-math.inf) for box in boxes) or None
        if boxes:
            hull = hull_of(boxes)
            for variable, low, high in zip(self.integers, hull.low.tolist(), hull.high.tolist(), strict=False):
                if low > variable.lowBound or high < (math.inf if variable.upBound is None else variable.upBound):
                    self.bounds.append((variable, variable.lowBound, variable.upBound))
                    variable.lowBound, variable.upBound = low, None if math.isinf(high) else high

    def restore(self) -> None:
        """Put the bounds back."""
        restore(self.bounds[::-1])


@dataclass
class TieBreaking:
    """The tied plans, compared stage by stage; `stage_left` is the first stage that was not decided, if any."""

    solver: str
    gap: float
    clock: Clock
    pseudo_costs: PseudoCosts
    stage_left: str = field(default="", init=False)

    def preferred(self, tied: Sequence[Candidate], limits: Sequence[float]) -> Candidate:
        """Return the candidate with the plan that is preferred, and leave that plan in it.

        `limits` are the highest objective of a tied plan, in the money units of each.
        """
        reached = {}
        for candidate, limit in zip(tied, limits, strict=True):
            reached[candidate.agreement] = self._minimised(candidate, limit)
        first, last = (
            [{name: (value, step) for name, value, step in part} for part in parts]
            for parts in zip(*reached.values(), strict=True)
        )
        best = _minimum(list(tied), first)
        if len(best) > 1:
            options = [float(options_in_use(candidate.formulation, self.solver, self.clock)) for candidate in best]
            best = [candidate for candidate, count in zip(best, options, strict=True) if count == min(options)]
        if len(best) > 1:
            best = _minimum(best, [last[list(tied).index(candidate)] for candidate in best])
        return best[0]

    def _minimised(self, candidate: Candidate, limit: float) -> tuple[list[_Value], list[_Value]]:
        """Minimise each stage over the tied plans of a candidate; return what was reached before and after options."""
        candidate.recall()
        formulation, program = candidate.formulation, candidate.formulation.program
        space = TiedSpace.of(candidate, limit)
        is_alone = candidate.is_alone or self._is_alone(candidate, limit, space)
        candidate.recall()
        fixed = fix_choices(program) if is_alone else []
        held = [program.add("within_gap", formulation.objective <= limit)]
        reached: tuple[list[_Value], list[_Value]] = [], []
        for values, stages in zip(reached, (tie_stages(formulation), choice_stages(formulation)), strict=True):
            for stage in stages:
                is_decided = self._minimise(candidate, stage, space)
                value = exact_objective(program, stage.measure)
                values.append((stage.name, value * stage.unit, stage.step(value) * stage.unit))
                held.append(program.add("stage_held", stage.measure <= value + stage.step(value) / HELD_SHARE))
                if not is_decided:
                    self.stage_left = self.stage_left or stage.name
                    fixed += fix_choices(program)
        for row in held:
            program.relax(row)
        restore(fixed[::-1])
        space.restore()
        return reached

    def _is_alone(self, candidate: Candidate, limit: float, space: TiedSpace) -> bool:
        """Whether a no-good cut of the best plan's choices leaves no tied plan; not asked of what is left to HiGHS."""
        program = candidate.formulation.program
        if not (program.by_cuts or program.is_branched) or self.clock.is_over:
            return False
        if not binary_choices(program):
            return True
        others = add_no_good_cut(program)
        minimise(program, candidate.formulation.objective)
        any_plan = RunSettings(self.solver, self.gap / 10, cutoff=limit, node_limit=TIE_NODE_LIMIT, any_plan=True)
        any_plan = replace(any_plan, boxes=space.boxes, pseudo_costs=self.pseudo_costs)
        is_alone = False
        with suppress(Disagreement):
            is_alone = run(program, any_plan, self.clock).outcome == "infeasible"
        program.relax(others)
        return is_alone

    def _minimise(self, candidate: Candidate, stage: TieStage, space: TiedSpace) -> bool:
        """Find the tied plan with the least of a stage, from the one in hand; whether it is proven to be the least.

        No look is made where even the relaxation has no less than the plan in hand.
        """
        program = candidate.formulation.program
        candidate.recall()
        value = exact_objective(program, stage.measure)
        target = value - stage.step(value)
        if target < _lower_bound(stage.measure):
            return True
        if self.clock.is_over:
            return False
        is_decided = False
        with suppress(Disagreement):  # a solver whose answers contradict each other decides no tie
            is_decided = self._lessened(candidate, stage, value, space)
        candidate.recall()
        return is_decided

    def _lessened(self, candidate: Candidate, stage: TieStage, value: float, space: TiedSpace) -> bool:
        """Look for a tied plan a step below a value and leave it in the candidate; whether the look is a proof."""
        program, step = candidate.formulation.program, stage.step(value)
        target = value - step
        minimise(program, stage.measure)
        relaxed = run(program, RunSettings(self.solver, relax=True), self.clock, tolerance=float("inf"))
        is_decided = relaxed.outcome == "infeasible" or (relaxed.outcome == "optimal" and relaxed.objective > target)
        if not is_decided:
            limited = RunSettings(self.solver, self.gap, cutoff=target, node_limit=TIE_NODE_LIMIT)
            held = Ties(value + step / HELD_SHARE, step / HELD_SHARE)
            answer = run(program, replace(limited, boxes=space.boxes, ties=held), self.clock)
            if answer.boxes is not None:
                space.narrow(answer.boxes)
            is_decided = answer.outcome in ("infeasible", "optimal")
            if answer.outcome in ("optimal", "limit") and exact_objective(program, stage.measure) <= target:
                candidate.values = [variable.varValue or 0.0 for variable in program.variables]
        return is_decided


def _lower_bound(measure: Expression) -> float:
    """Return what a measure is at least, by the bounds of its variables; none is negative."""
    ends = (c * (v.lowBound if c > 0 else math.inf if v.upBound is None else v.upBound) for v, c in measure if c)
    return max(measure.constant + sum(ends), 0.0)


_Value = tuple[str, float, float]
"""The name of a stage, what was reached in it, and the difference that counts."""


def _minimum(candidates: list[Candidate], reached: list[dict[str, tuple[float, float]]]) -> list[Candidate]:
    """Return the candidates that have the least stage by stage; what differs by less than a step is the same."""
    left = list(zip(candidates, reached, strict=True))
    for name in reached[0]:
        minimum = min(values[name][0] for _, values in left)
        left = [(candidate, values) for candidate, values in left if values[name][0] <= minimum + values[name][1]]
    return [candidate for candidate, _ in left]
