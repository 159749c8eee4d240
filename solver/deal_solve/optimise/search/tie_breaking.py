"""Lexicographic tie-breaking: among optimal plans the least commitment, then seats, then projects (model §7).

The textbook method minimises a second objective with the first held at its optimum by a row, then a third with both
held. Here the first is held at the incumbent plus the tie tolerance (`within_gap`), and each secondary objective is
lowered step by step (`fewer`) under the first objective with a small perturbation towards less commitment, because that
keeps every proof as easy as the proof of the optimum. See formulation §6, "Tie stages".
"""

from __future__ import annotations

from dataclasses import dataclass

import pulp

from deal_solve.formulation.build import Formulation
from deal_solve.formulation.model.expression import Expression, total
from deal_solve.formulation.read import value_of
from deal_solve.optimise.search.agreement import Candidate
from deal_solve.optimise.search.benders import run_with_cuts as run
from deal_solve.optimise.search.choices import add_no_good_cut, fix_choices
from deal_solve.optimise.solver.solvers import Clock, fix_integers, minimise, restore

PERTURBATION = 1e-6
"""Weight of committed dollars beside cost: a perturbation of the objective, so that of equal costs the least commitment
is found."""


@dataclass(frozen=True)
class TieBreaking:
    """How tied plans are looked for; with many scenarios ties are chance, and only a `single_pass` is made."""

    solver: str
    gap: float
    clock: Clock
    single_pass: bool

    def min_committed(self, tied: list[Candidate], maximum: list[float]) -> Candidate:
        """Return the candidate with the least committed dollars, then seats, then projects.

        `most` is the highest objective of a tied plan, in the money units of each.
        """
        ranked = []
        for index, (candidate, limit) in enumerate(zip(tied, maximum, strict=True)):
            candidate.recall()
            program = candidate.formulation.program
            is_alone = candidate.is_alone or self._is_alone(candidate, limit)
            candidate.recall()
            fixed = fix_choices(program) if is_alone else []
            committed, few = self._lexicographic(candidate, limit)
            restore(fixed)
            ranked.append((round(committed * program.unit_usd, 2), round(few), index))
        return tied[min(ranked)[2]]

    def _is_alone(self, candidate: Candidate, maximum: float) -> bool:
        """Whether a no-good cut of the best plan's choices leaves no tied plan; asked of programs with cuts only."""
        program = candidate.formulation.program
        if not program.by_cuts or self.clock.is_over:
            return False
        others = add_no_good_cut(program)
        minimise(program, candidate.formulation.objective)
        answer = run(program, self.solver, self.gap / 10, self.clock, cutoff=maximum)
        program.relax(others)
        return answer.outcome == "infeasible"

    def _lexicographic(self, candidate: Candidate, maximum: float) -> tuple[float, float]:
        """Return the least committed dollars (money units) and then seats and projects of a tied plan."""
        formulation, program = candidate.formulation, candidate.formulation.program
        within = program.add("within_gap", formulation.objective <= maximum)
        min_step = max(program.usd(0.01), 1e-6 * value_of(formulation.committed))
        committed = self._minimise_secondary(candidate, formulation.committed, min_step, maximum)
        room = committed + 1e-7 * max(committed, 1.0)
        minimum = program.add("least_committed", formulation.committed <= room)
        seats_and_projects = 100.0 * formulation.contracted + total(formulation.projects.values())
        few = self._minimise_secondary(candidate, seats_and_projects, 0.999, maximum)
        program.relax(within)
        program.relax(minimum)
        return committed, few

    def _minimise_secondary(self, candidate: Candidate, secondary: Expression, step: float, maximum: float) -> float:
        """Look for tied plans with at least `step` less of a secondary objective until there is none; return the least.

        Each look minimises the perturbed objective under a cutoff: proving that nothing tied is left takes no more than
        the proof of the optimum did.
        """
        formulation = candidate.formulation
        program = formulation.program
        traced = formulation.objective + PERTURBATION * formulation.committed
        while True:
            candidate.recall()
            value = self._min_as_chosen(formulation, secondary)
            if value < step or self.clock.is_over:
                break
            cutoff = maximum + PERTURBATION * value_of(formulation.committed)
            row = program.add("fewer", secondary <= value - step)
            minimise(program, traced)
            answer = run(program, self.solver, self.gap / 10, self.clock, cutoff=cutoff)
            program.relax(row)
            found = answer.outcome in ("optimal", "limit") and value_of(formulation.objective) <= maximum * (1 + 1e-12)
            if not found:
                break
            candidate.values = {variable.name: variable.varValue or 0.0 for variable in program.variables}
            if self.single_pass:
                break
        candidate.recall()
        return max(value, 0.0)

    def _min_as_chosen(self, formulation: Formulation, secondary: Expression) -> float:
        """Return the least of a secondary objective with the integers of the plan fixed."""
        value = value_of(secondary)
        if all(variable.cat == pulp.LpInteger for variable, _ in secondary):
            return value
        bounds = fix_integers(formulation.program)
        minimise(formulation.program, secondary)
        answer = run(formulation.program, self.solver, 0.0, self.clock, relax=True)
        restore(bounds)
        return min(answer.objective, value) if answer.outcome == "optimal" else value
