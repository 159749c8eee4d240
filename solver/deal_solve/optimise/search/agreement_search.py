"""Search over API agreements: branch and bound with one node per agreement, each a program of its own.

The textbook method bounds every node by a relaxation, takes nodes in the order of their bounds, prunes those that
cannot be better than the incumbent, and solves the others. Here a node is an API agreement (an offer and a first term):
its linear relaxation is the bound (`candidate_solver`), the solved ones are integer programs under the incumbent as a
cutoff, and what is pruned keeps the bound that pruned it, so the least bound over all agreements is one on the deal.
Plans within a tie of the incumbent are kept for the tie-breaking. See formulation §6, "Branching".
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from time import monotonic
from typing import TypeVar

from deal_solve.errors import Infeasible, LimitReached
from deal_solve.formulation.build import Formulation, formulate
from deal_solve.formulation.clauses.api.rates import Agreement, api_agreements, every_regime
from deal_solve.formulation.fixings import fix_decisions
from deal_solve.formulation.model.snapshot import Snapshot
from deal_solve.messages import counted
from deal_solve.optimise.search.agreement import Candidate, size_of
from deal_solve.optimise.search.candidate_solver import CandidateSolver, Incumbent
from deal_solve.optimise.search.choices import restrict_to_bands
from deal_solve.optimise.search.extensive_size import refuse_large
from deal_solve.optimise.search.programs import Kept, Programs
from deal_solve.optimise.search.second_half import AsBounded, BandsBeside, SecondHalf
from deal_solve.optimise.search.settings import Beaten, SearchProblem, SearchSettings
from deal_solve.optimise.search.tie_breaking import FIRST_STAGE, TieBreaking
from deal_solve.optimise.search.warm_start import WarmStart
from deal_solve.optimise.second_process import can_fork
from deal_solve.optimise.solution import CandidateAgreement, Size
from deal_solve.optimise.solver.pseudo_costs import PseudoCosts
from deal_solve.optimise.solver.solvers import Clock
from deal_solve.plan.resolved import resolve
from deal_solve.stopping import carried, checked
from deal_solve.uncertainty.scenario_set import BLOCK

Result = TypeVar("Result")

BRANCHED_NONZEROS = 20_000
"""Non-zeros up to which a program with all rows is branched on here: its linear programs are soon solved again."""
DIVIDED_MIN_NONZEROS = 500
"""Non-zeros from which on half of the agreements are bounded in a second process: a fork takes some hundredths of a
second."""
PARALLEL_MIN_NONZEROS = 10_000
"""Non-zeros from which on agreements are bounded in parallel: with fewer, threads take more time than they save."""


@dataclass
class AgreementSearch:
    """One search over the agreements of a deal.

    `warm_starts` are what is known of an agreement from other scenarios or another deal; `bounds` (dollars) are known
    to hold; `keys` say what each bound depends on, where they are kept, `usage_keys` the same beside how much is used,
    and agreements `left_out` are not searched. `programs` are taken from those of other solves of the deal, and given
    back; `pseudo_costs` are added to. `candidates` and `size`, that of the largest program, are what it finds, with the
    programs that were `built` or taken; `stage_left` is the first stage of the tie-breaking that was not decided, if
    there is one.
    """

    problem: SearchProblem
    settings: SearchSettings
    clock: Clock
    warm_starts: dict[Agreement, WarmStart] = field(default_factory=dict)
    bounds: dict[Agreement, float] = field(default_factory=dict)
    programs: Programs | None = None
    keys: dict[Agreement, str] = field(default_factory=dict)
    usage_keys: dict[Agreement, str] = field(default_factory=dict)
    left_out: frozenset[Agreement] = frozenset()
    pseudo_costs: PseudoCosts = field(default_factory=PseudoCosts)
    candidates: list[Candidate] = field(default_factory=list, init=False)
    built: dict[Agreement, Kept] = field(default_factory=dict, init=False)
    size: Size = field(default_factory=lambda: Size(0, 0, 0, 0), init=False)
    stage_left: str = field(default="", init=False)
    _second_half: SecondHalf | None = field(default=None, init=False)
    _bands: BandsBeside = field(default_factory=BandsBeside, init=False)
    _bounded: dict[Agreement, AsBounded] = field(default_factory=dict, init=False)

    def run(self) -> Candidate:
        """Return the best candidate, its best plan in the variables of its program.

        Raises Infeasible if no agreement has a plan, LimitReached if time ran out before one was found.
        """
        self.candidates = self._open_agreements()
        if not self.settings.by_cuts:
            self._refuse_large()
        if not self.warm_starts:
            for candidate in self.candidates:
                self._in_time(self._build, candidate)
            self._bound_all()
        for candidate in sorted(self.candidates, key=self._rank):
            if self.warm_starts and self._is_ruled_out(candidate):
                continue
            if self.warm_starts:
                self._in_time(self._build, candidate)
                self._in_time(self._bound, candidate)
            if candidate.bound > self.incumbent.cutoff_usd:
                candidate.outcome = "pruned" if candidate.outcome == "open" else candidate.outcome
            else:
                self._in_time(self._solve, candidate)
        solved = [candidate for candidate in self.candidates if candidate.objective is not None]
        if not solved:
            self.clock.check()
            if self.problem.better_than < math.inf and self.bound < math.inf:
                raise Beaten(self.bound)
            raise Infeasible(self._why_infeasible())
        if self.settings.breaks_ties and self.clock.is_over:
            self.stage_left = FIRST_STAGE
        if not self.settings.breaks_ties or self.clock.is_over:
            return min(solved, key=lambda candidate: candidate.objective or 0.0)
        return self._tied(solved)

    def _bound_all(self) -> None:
        """Bound every agreement, every other one in a second process where that is worth it."""
        bound = partial(self._in_time, self._bound)
        if not self._is_divided:
            self._in_parallel(bound, self.candidates)
            return
        first, second = self.candidates[::2], self.candidates[1::2]
        self._second_half = SecondHalf(second, bound)
        is_beside = can_fork()
        if not (is_beside and self._second_half.bound_beside(first)):
            self._in_parallel(bound, second if is_beside else self.candidates)
            self._second_half.note_bases()
        if self.settings.bounds_bands:
            for candidate in self.candidates:
                self._bounded[candidate.agreement] = AsBounded.of(candidate, self._second_half.basis(candidate))
            if is_beside:
                self._bands.begin(self._bounds_of_bands, self.candidates)

    @property
    def _is_divided(self) -> bool:
        """Whether half of the agreements are worth a process: the scenarios are few, and bounding takes a while."""
        is_few = self.problem.sums.size <= BLOCK and self.settings.by_cuts
        is_whole = not self.bounds and all(candidate.is_built for candidate in self.candidates)
        return is_few and is_whole and len(self.candidates) > 1 and self.size.nonzeros >= DIVIDED_MIN_NONZEROS

    def _refuse_large(self) -> None:
        """Raise InputError where the programs of an extensive form take more memory than they may."""

        def programs(problem: SearchProblem) -> list[Candidate]:
            return AgreementSearch(problem, self.settings, self.clock)._open_agreements()

        with suppress(LimitReached):
            refuse_large(self.problem, programs, self.clock)

    def _in_time(self, step: Callable[[Candidate], None], candidate: Candidate) -> None:
        """Take a step of an agreement, unless the time limit passes before or while its program is built."""
        try:
            self.clock.check()
            step(candidate)
        except LimitReached:
            candidate.outcome = "limit"

    def _tied(self, solved: list[Candidate]) -> Candidate:
        """Return the candidate that tie-breaking prefers among those within a tie of the incumbent.

        A solver may hand over a plan above its cutoff; where only such were found, Beaten is raised.
        """
        cutoff = self.incumbent.cutoff_usd
        tied = [candidate for candidate in solved if (candidate.objective or 0.0) <= cutoff]
        if not tied:
            raise Beaten(self.bound)
        rule = TieBreaking(self.settings.solver, self.settings.gap, self.clock, self.pseudo_costs)
        best = rule.preferred(tied, [candidate.in_money_units(cutoff) for candidate in tied])
        self.stage_left = rule.stage_left
        return best

    def next_warm_starts(self) -> dict[Agreement, WarmStart]:
        """Return the warm starts for a search over more scenarios, or of a similar deal.

        An agreement that was left out stands no higher than what left it out says.
        """
        built = {each.agreement: each.next_warm_start() for each in self.candidates if each.is_built}
        others = {each.agreement: each.bound for each in self.candidates if not each.is_built}
        known = {agreement: self.warm_starts[agreement] for agreement in others if agreement in self.warm_starts}
        return built | {
            agreement: replace(start, rank_usd=max(start.rank_usd, others[agreement]))
            for agreement, start in known.items()
        }

    def bound_bands(self) -> None:
        """Bound the bands of agreements where no second process does; to be called before a plan is polished."""
        here = [] if self._bands.is_at_work else self.candidates
        for candidate, bounds in zip(here, self._in_parallel(self._bounds_of_bands, here), strict=True):
            self._bands.keep(candidate, bounds)
            if candidate.objective is not None:
                candidate.recall()

    def agreements(self) -> tuple[CandidateAgreement, ...]:
        """Return every agreement in every band of its first term, which it has a bound of."""
        found = self._bands.all_bounds(self._bounds_of_bands, self.candidates)
        return tuple(
            candidate.in_band(band, max(bound, candidate.bound))
            for candidate in self.candidates
            for band, bound in zip(candidate.bands, found[candidate.agreement], strict=True)
        )

    def forget(self) -> None:
        """Let go of the candidates, which know the search: their programs take memory no longer than they are used."""
        self._bands.end()
        self._second_half = None
        self._bounded.clear()
        self.candidates.clear()
        if self.programs is not None:
            for agreement, kept in self.built.items():
                self.programs.give(agreement, kept)
        self.built.clear()

    @property
    def best_usd(self) -> float:
        """The best objective so far, dollars."""
        return min((c.objective for c in self.candidates if c.objective is not None), default=math.inf)

    @property
    def incumbent(self) -> Incumbent:
        """The best objective so far, and what is tied with it."""
        return Incumbent(min(self.best_usd, self.problem.better_than), self.settings.tie_tolerance)

    @property
    def bound(self) -> float:
        """A valid lower bound on every plan of the deal, dollars: no cost and no regret is negative."""
        return max(min((c.bound for c in self.candidates), default=math.inf), 0.0)

    @property
    def _solver(self) -> CandidateSolver:
        return CandidateSolver(self.settings, self.clock, self.warm_starts, self.pseudo_costs)

    def _rank(self, candidate: Candidate) -> float:
        """Return where a candidate stands in the order of search."""
        known = self.warm_starts.get(candidate.agreement)
        return known.rank_usd if known else candidate.bound

    def _open_agreements(self) -> list[Candidate]:
        """Return every agreement that has a price regime in each of its terms."""
        problem, found = self.problem, []
        for agreement in problem.fixings.agreements(api_agreements(problem.deal, problem.checks_controls)):
            regimes = every_regime(problem.deal, agreement, problem.zero_bands_only)
            offered = {regime.threshold_usd for regime in regimes if regime.span.index == 0}
            bands = problem.open_bands(agreement.offer, agreement.term_months, offered)
            if bands and agreement not in self.left_out:
                build = partial(self._formulate, agreement, bands)
                found.append(Candidate(agreement, tuple(bands), build, problem.constant_usd))
        return found

    def _formulate(self, agreement: Agreement, bands: list[float]) -> Formulation:
        before, by_cuts = monotonic(), self.settings.by_cuts
        kept = None if self.programs is None else self.programs.take(self.problem, by_cuts, agreement)
        if kept is None:
            formulation = self._built(agreement)
            kept = Kept(self.problem, by_cuts, formulation, Snapshot(formulation.program))
        self.built[agreement] = kept
        formulation = kept.formulation
        formulation.program.optimality_tolerance = self.settings.optimality_tolerance
        formulation.program.is_presolved = self.settings.presolves
        self.clock.building += monotonic() - before
        size = size_of(formulation)
        if self.settings.branches and size.nonzeros <= BRANCHED_NONZEROS:
            formulation.program.is_branched = True
        self.size = max(self.size, size, key=lambda size: size.nonzeros)
        restrict_to_bands(formulation, bands)
        return formulation

    def _built(self, agreement: Agreement) -> Formulation:
        """Return the program of an agreement, all its bands open."""
        problem, fixings = self.problem, self.problem.fixings
        options = fixings.options(by_cuts=self.settings.by_cuts, zero_bands_only=problem.zero_bands_only)
        with checked(self.clock.check):
            formulation = formulate(problem.deal, problem.sums, [agreement], problem.against, options)
            fix_decisions(formulation, fixings)
        return formulation

    def _build(self, candidate: Candidate) -> None:
        """Build the program of an agreement that has no bound yet; programs share what is derived: one at a time."""
        if candidate.agreement not in self.bounds:
            self._report("bounding", candidate.agreement)
            candidate.formulation  # noqa: B018 - built where it is first asked for

    def _is_ruled_out(self, candidate: Candidate) -> bool:
        """Whether the bound that its problem states leaves out an agreement, which is then not built."""
        known = self.problem.lower_bounds.get(candidate.agreement, -math.inf)
        is_above = known > self.incumbent.cutoff_usd
        if is_above:
            candidate.bound, candidate.outcome = known, "infeasible" if known == math.inf else "pruned"
        return is_above

    def _bound(self, candidate: Candidate) -> None:
        """Bound an agreement, unless a bound is known."""
        candidate.bound = self.bounds.get(candidate.agreement, -math.inf)
        if candidate.bound == -math.inf:
            self._solver.bound(candidate, self.incumbent)
        if candidate.bound == math.inf:
            candidate.outcome = "infeasible"

    def _solve(self, candidate: Candidate) -> None:
        """Solve an agreement that may be better than, or tied with, the incumbent."""
        candidate.formulation  # noqa: B018 - built before the step is reported
        self._open_session(candidate)
        self._report("solving", candidate.agreement)
        if candidate.agreement in self.warm_starts and candidate.agreement in self.bounds:
            self._solver.add_cuts_of_warm_start(candidate)
        elif candidate.agreement in self.bounds:
            self._solver.bound(candidate, self.incumbent)
            if candidate.bound > self.incumbent.cutoff_usd:
                candidate.outcome = "infeasible" if candidate.bound == math.inf else "pruned"
                return
        self._solver.solve(candidate, self.incumbent)

    def _open_session(self, candidate: Candidate) -> None:
        if self._second_half is not None:
            self._second_half.open_session(candidate)

    def _bounds_of_bands(self, candidate: Candidate) -> list[float]:
        """Bound each band of a candidate, as bounding has left it if that is known."""
        if candidate.agreement not in self._bounded:
            return self._bounds_by_relaxation(candidate)
        with self._bounded[candidate.agreement].opened() as bounded:
            return self._bounds_by_relaxation(bounded)

    def _bounds_by_relaxation(self, candidate: Candidate) -> list[float]:
        """Bound each band of a candidate by the relaxation with all its cuts, or by the candidate's own bound."""
        bounds = []
        for band in candidate.bands:
            bound = candidate.bound
            is_known = len(candidate.bands) == 1 or bound == math.inf or candidate.first_band() == band
            if self.settings.bounds_bands and not (is_known or self.clock.is_over):
                bound = self._solver.bound_of_band(candidate, band)
            bounds.append(bound)
        return bounds

    def _in_parallel(self, work: Callable[[Candidate], Result], candidates: Sequence[Candidate]) -> list[Result]:
        """Return the result of `work` for candidates; large programs in threads, as HiGHS releases the lock."""
        if self.size.nonzeros < PARALLEL_MIN_NONZEROS or self.settings.solver != "highs":
            return [work(candidate) for candidate in candidates]
        before = monotonic(), self.clock.solving
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            found = list(pool.map(carried(work), candidates))
        self.clock.solving = min(self.clock.solving, before[1] + monotonic() - before[0])
        return found

    def _why_infeasible(self) -> str:
        """Return why there is no plan, as far as that shows without looking for the conflict."""
        if self.candidates:
            return "no plan meets every limit and rule of this deal"
        deal = self.problem.deal
        lacking = [
            f"workload {name} requires {', '.join(sorted(set(work.requires)))}"
            for name, work in deal.workloads.items()
            if not any(set(work.requires) <= offer.api_provides for offer in resolve(deal).offers.values())
        ]
        return "; ".join(["no API agreement is open to this deal", *lacking])

    def _report(self, step: str, agreement: Agreement) -> None:
        """Report the next step, with the incumbent and bound where they are those of the deal."""
        known = (self.best_usd, self.bound) if self.settings.reports_incumbent else ()
        self.clock.report(f"{step} {agreement.offer}, {counted(agreement.term_months, 'month')}", *known)
