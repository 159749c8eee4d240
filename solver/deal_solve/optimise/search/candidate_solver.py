"""One candidate agreement bounded by its linear relaxation, then solved as an integer program.

Both stop early where the candidate cannot be better than the incumbent, or tied with it: the bound is then at least the
cutoff. Where a warm start is known its cuts are separated first, and its plan's choices are solved first; what is left
is the proof, under a no-good cut, that no other choices cost as little (formulation §6 and §8).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

import pulp

from deal_solve.formulation.clauses.api.rates import Agreement
from deal_solve.optimise.search.agreement import Candidate, size_of
from deal_solve.optimise.search.benders import add_cuts_at
from deal_solve.optimise.search.benders import run_with_cuts as run
from deal_solve.optimise.search.choices import add_no_good_cut, fix_choices, restrict_to_bands
from deal_solve.optimise.search.rounding import rounded_plan
from deal_solve.optimise.search.settings import SearchSettings
from deal_solve.optimise.search.warm_start import WarmStart
from deal_solve.optimise.solver.boxes import Box, Ties, bounds_of
from deal_solve.optimise.solver.highs_session import session_of
from deal_solve.optimise.solver.pseudo_costs import PseudoCosts
from deal_solve.optimise.solver.solvers import DOUBT, Answer, Clock, RunSettings, fix_integers, minimise, restore

ROUNDING_MIN_NONZEROS = 60_000
"""Non-zeros from which on the rounding heuristic looks for a first plan before the integer program is solved."""


@dataclass(frozen=True)
class Incumbent:
    """The best objective so far, dollars: infinite while there is none. Up to `cutoff_usd` a plan is better or tied."""

    usd: float
    tie_tolerance: float

    @property
    def cutoff_usd(self) -> float:
        """The incumbent and the room of a tie above it."""
        return self.usd + self.tie_tolerance * abs(self.usd) if math.isfinite(self.usd) else math.inf

    def or_better(self, usd: float | None) -> Incumbent:
        """Return the better one of it and another objective."""
        return self if usd is None or usd >= self.usd else replace(self, usd=usd)

    def cutoff(self, candidate: Candidate) -> float | None:
        """Return the cutoff in money units of a candidate's program, None while there is none."""
        return candidate.in_money_units(self.cutoff_usd) if math.isfinite(self.cutoff_usd) else None


@dataclass(frozen=True)
class CandidateSolver:
    """How candidates are bounded and solved, and what is known of them beforehand."""

    settings: SearchSettings
    clock: Clock
    warm_starts: dict[Agreement, WarmStart] = field(default_factory=dict)
    pseudo_costs: PseudoCosts = field(default_factory=PseudoCosts)

    def bound(self, candidate: Candidate, incumbent: Incumbent) -> None:
        """Bound an agreement by its linear relaxation."""
        formulation = candidate.formulation
        minimise(formulation.program, formulation.objective)
        answer = self._relaxed(candidate, incumbent)
        if answer.outcome == "infeasible":
            candidate.bound = math.inf
        elif math.isfinite(answer.bound):
            candidate.bound = max(candidate.bound, candidate.in_usd(self._proven(candidate, answer)))

    def _proven(self, candidate: Candidate, answer: Answer) -> float:
        """Return the bound of the linear program solved last, or as much of it as its multipliers prove (money units).

        A linear program that goes on from its last basis has been seen to return another objective.
        """
        if self.settings.solver != "highs":
            return answer.bound
        proven = session_of(candidate.formulation.program).proven_bound()
        return answer.bound if proven >= answer.bound - DOUBT * max(abs(answer.bound), 1.0) else proven

    def _relaxed(self, candidate: Candidate, incumbent: Incumbent) -> Answer:
        """Solve the relaxation; of the cuts of a warm start those of expected values, which take little time, go first.

        The first agreement is going to be solved, so it needs no tight bound.
        """
        program, start = candidate.formulation.program, self.warm_starts.get(candidate.agreement)
        cutoff = incumbent.cutoff(candidate)
        is_first = start is not None and cutoff is None
        tolerance = math.inf if is_first else self.settings.bounding_tolerance
        relaxed = RunSettings(self.settings.solver, relax=True, cutoff=cutoff)
        if start and start.fits(program):
            expected, others = start.by_kind(program)
            add_cuts_at(program, expected)
            if cutoff is not None:
                answer = run(program, relaxed, self.clock, tolerance=math.inf)
                if answer.outcome != "optimal":
                    return answer
            add_cuts_at(program, others)
        return run(program, relaxed, self.clock, tolerance=tolerance)

    def bound_of_band(self, candidate: Candidate, band: float) -> float:
        """Return a bound on an agreement in one band of its first term, USD, by the relaxation with all its cuts."""
        formulation = candidate.formulation
        closed = restrict_to_bands(formulation, (band,))
        minimise(formulation.program, formulation.objective)
        tolerance = self.settings.bounding_tolerance
        answer = run(
            formulation.program, RunSettings(self.settings.solver, relax=True), self.clock, tolerance=tolerance
        )
        restore(closed)
        if answer.outcome == "infeasible":
            return math.inf
        known = candidate.bound
        return max(known, candidate.in_usd(self._proven(candidate, answer))) if answer.outcome == "optimal" else known

    def add_cuts_of_warm_start(self, candidate: Candidate) -> None:
        """Add the cuts of the warm start of an agreement that is solved without having been bounded here."""
        program, start = candidate.formulation.program, self.warm_starts.get(candidate.agreement)
        if start and start.fits(program):
            add_cuts_at(program, start.cuts)

    def solve(self, candidate: Candidate, incumbent: Incumbent) -> None:
        """Solve an agreement's integer program, as far as it may be better than, or tied with, the incumbent."""
        formulation, program = candidate.formulation, candidate.formulation.program
        first, choices = self._with_choices_of_warm_start(candidate)
        no_good_cut = add_no_good_cut(program) if first else None
        minimise(program, formulation.objective)
        if size_of(formulation).nonzeros > ROUNDING_MIN_NONZEROS and candidate.objective is None:
            rounded = rounded_plan(formulation, self.settings.solver, self.clock)
            if rounded is not None:  # a cutoff for the proof, and a plan if time runs out
                candidate.keep(candidate.in_usd(rounded.objective))
        incumbent = incumbent.or_better(candidate.objective)
        cutoff = incumbent.cutoff(candidate)
        tie = self.settings.tie_tolerance
        ties = Ties(math.inf if cutoff is None else cutoff, tie * abs(program.usd(candidate.constant_usd)), tie)
        limited = self._branched(cutoff)
        if self.settings.breaks_ties:
            limited = replace(limited, ties=ties)
        answer = run(program, limited, self.clock)
        if no_good_cut:
            program.relax(no_good_cut)
        candidate.boxes = None if answer.boxes is None else (*choices, *answer.boxes)
        known = math.inf if first is None else first.bound
        if answer.outcome == "infeasible" and cutoff is not None:
            # No other plan is better than, or tied with, the incumbent, which may be this agreement's own first plan.
            candidate.outcome = "pruned" if candidate.objective is None else "solved"
            bound = min(incumbent.cutoff_usd, candidate.objective or incumbent.cutoff_usd, candidate.in_usd(known))
            candidate.bound = max(candidate.bound, bound)
            candidate.is_alone = first is not None
            return
        if math.isfinite(answer.bound):
            candidate.bound = max(candidate.bound, candidate.in_usd(min(answer.bound, known)))
        _record(candidate, answer)

    def _branched(self, cutoff: float | None) -> RunSettings:
        """Return how an integer program is solved that has no plan as good as a cutoff (money units), or a better."""
        settings = self.settings
        return RunSettings(settings.solver, settings.gap / 10, cutoff=cutoff, pseudo_costs=self.pseudo_costs)

    def _with_choices_of_warm_start(self, candidate: Candidate) -> tuple[Answer | None, list[Box]]:
        """Solve the program with the choices of the warm start's plan fixed; return the answer and the box of these
        choices, None and no box where that is no plan.
        """
        formulation, program = candidate.formulation, candidate.formulation.program
        start = self.warm_starts.get(candidate.agreement)
        if not (self.settings.by_cuts and start and start.plan is not None and start.fits(program)):
            return None, []
        for variable, value in zip(program.variables, start.plan, strict=True):
            variable.varValue = value
        minimise(program, formulation.objective)
        choices = fix_choices(program)
        fixed = [Box(-math.inf, *bounds_of([v for v in program.variables if v.cat == pulp.LpInteger]))]
        integers = fix_integers(program)
        known = run(program, RunSettings(self.settings.solver, relax=True), self.clock)
        restore(integers)
        cutoff = None
        if known.outcome == "optimal":
            candidate.keep(candidate.in_usd(known.objective))
            cutoff = known.objective
        if not self.settings.breaks_ties:  # what is asked for is no proof that these choices are alone, but a cutoff
            restore(choices)
            return None, []
        answer = run(program, self._branched(cutoff), self.clock)
        restore(choices)
        if answer.outcome == "optimal":
            candidate.keep(candidate.in_usd(answer.objective))
            return answer, fixed
        # With these choices no other numbers cost less than the known ones, or nothing is known.
        return (known, fixed) if answer.outcome == "infeasible" and cutoff is not None else (None, [])


def _record(candidate: Candidate, answer: Answer) -> None:
    """Write the answer of an integer program, whose bound is taken already, into its candidate."""
    if answer.outcome == "infeasible":
        candidate.outcome, candidate.bound = "infeasible", math.inf
    elif answer.outcome == "nothing":
        candidate.outcome = "limit"
    else:
        candidate.outcome = "solved" if answer.outcome == "optimal" else "limit"
        objective = candidate.in_usd(answer.objective)
        if candidate.objective is None or objective <= candidate.objective:
            candidate.keep(objective)
        candidate.bound = min(candidate.bound, candidate.objective or objective)
