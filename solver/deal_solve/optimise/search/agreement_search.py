"""Branching over API agreements with valid bounds, then the tie rule, then the final linear program."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from time import monotonic
from typing import TypeVar

from deal_solve.deal.deal import Deal
from deal_solve.errors import Infeasible, LimitReached
from deal_solve.formulation.build import Formulation, formulate
from deal_solve.formulation.clauses.rates import Agreement, api_agreements, every_regime
from deal_solve.formulation.fixings import Fixings, fix_decisions
from deal_solve.formulation.model.scenario_sums import ScenarioSums
from deal_solve.optimise.search.agreement import (
    Candidate,
    WarmStart,
    add_no_good_cut,
    fix_choices,
    restrict,
    round_structure,
    size_of,
)
from deal_solve.optimise.search.benders import BOUNDING_TOLERANCE, OPTIMALITY_TOLERANCE, add_cuts_at
from deal_solve.optimise.search.benders import run_with_cuts as run
from deal_solve.optimise.search.tie_breaking import TieBreaking
from deal_solve.optimise.solution import CandidateAgreement, Size
from deal_solve.optimise.solver.solvers import Answer, Clock, fix_integers, minimise, restore
from deal_solve.uncertainty.measures import Against
from deal_solve.uncertainty.scenario_set import BLOCK

Result = TypeVar("Result")

ROUNDING_MIN_NONZEROS = 60_000
"""Non-zeros from which on a first plan is sought by diving before the integer program is solved."""
PARALLEL_MIN_NONZEROS = 10_000
"""Non-zeros from which on agreements are bounded side by side: with fewer, Python's turns take more than they give."""
TIE_TOLERANCE = 1e-7
"""Plans whose objectives differ by less than this, relatively, are tied: the tie rule chooses among them."""


@dataclass
class AgreementSearch:
    """One search over the agreements of a deal.

    `guide` says where to look: what a search over other futures, or of a similar deal, has learnt of an agreement.
    `bounds` are known beforehand (dollars). `is_rough` bounds agreements with the cuts there are.
    """

    deal: Deal
    sums: ScenarioSums
    against: Against
    solver: str
    gap: float
    clock: Clock
    fixings: Fixings
    constant: float = 0.0
    zero_bands_only: bool = False
    check_controls: bool = True
    by_cuts: bool = False
    first_band: float | None = None
    is_told: bool = False
    is_pilot: bool = False
    is_brief: bool = False
    is_rough: bool = False
    optimality_tolerance: float = OPTIMALITY_TOLERANCE
    tie_tolerance: float = TIE_TOLERANCE
    warm_starts: dict[Agreement, WarmStart] = field(default_factory=dict)
    bounds: dict[Agreement, float] = field(default_factory=dict)
    candidates: list[Candidate] = field(default_factory=list)
    size: Size = field(default_factory=lambda: Size(0, 0, 0, 0))

    def run(self) -> Candidate:
        """Return the best candidate, its program fixed to the chosen plan.

        Raises Infeasible if no agreement has a plan, LimitReached if time ran out before one was found.
        """
        self._open_all()
        if not self.warm_starts:
            for candidate in self.candidates:
                self._open(candidate)
            self._together(self._bound)
        for candidate in sorted(self.candidates, key=self._rank):
            if self.warm_starts:
                self._open(candidate)
                self._bound(candidate)
            if candidate.bound > self.incumbent + self._tie():
                candidate.outcome = "pruned" if candidate.outcome == "open" else candidate.outcome
            else:
                self._solve(candidate)
        solved = [c for c in self.candidates if c.objective is not None]
        if not solved:
            if self.clock.is_over:
                raise LimitReached(f"the time limit of {self.clock.limit:g} s passed before a plan was found")
            raise Infeasible(self._why_not())
        best = min(solved, key=lambda c: c.objective or 0.0)
        if self.is_pilot or self.clock.is_over:
            return best
        worth = self.incumbent + self._tie()
        tied = [c for c in solved if (c.objective or 0.0) <= worth]
        rule = TieBreaking(self.solver, self.gap, self.clock, single_pass=self.sums.size > BLOCK)
        return rule.least_committed(tied, [self._money(c.formulation, worth) for c in tied])

    def _rank(self, candidate: Candidate) -> float:
        """Return where a candidate stands in the order of search."""
        known = self.warm_starts.get(candidate.agreement)
        return known.rank if known else candidate.bound

    def next_warm_starts(self) -> dict[Agreement, WarmStart]:
        """Return what was learnt of each agreement, for a search over more scenarios."""
        return {candidate.agreement: candidate.warm_start() for candidate in self.candidates if candidate.is_built}

    def agreements(self) -> tuple[CandidateAgreement, ...]:
        """Return every agreement in every band of its first term; to be called before a program is finished."""
        return tuple(branch for bands in self._together(self._bands) for branch in bands)

    def _together(self, work: Callable[[Candidate], Result]) -> list[Result]:
        """Return what `work` makes of every candidate; of large programs side by side, for HiGHS lets others go on."""
        if self.size.nonzeros < PARALLEL_MIN_NONZEROS or self.solver != "highs":
            return [work(candidate) for candidate in self.candidates]
        before = monotonic(), self.clock.solving
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            found = list(pool.map(work, self.candidates))
        self.clock.solving = min(self.clock.solving, before[1] + monotonic() - before[0])
        return found

    def _bands(self, candidate: Candidate) -> list[CandidateAgreement]:
        """Bound each band of a candidate by the relaxation with all its cuts, or by the candidate's own bound."""
        branches = []
        for band in candidate.bands:
            bound = candidate.bound
            is_known = len(candidate.bands) == 1 or bound == math.inf or candidate.first_band() == band
            if not (is_known or self.is_brief or self.clock.is_over):
                formulation = candidate.formulation
                closed = restrict(formulation, band)
                minimise(formulation.program, formulation.objective)
                answer = run(formulation.program, self.solver, 0.0, self.clock, relax=True, tolerance=self._roughly)
                restore(closed)
                if answer.outcome == "infeasible":
                    bound = math.inf
                elif answer.outcome == "optimal":
                    bound = max(bound, self._dollars(formulation, answer.bound))
            branches.append(candidate.branch(band, bound))
        if candidate.objective is not None:
            candidate.recall()
        return branches

    def _why_not(self) -> str:
        """Return why there is no plan, as far as that shows without looking for the conflict."""
        if self.candidates:
            return "no plan meets every limit and rule of this deal"
        lacking = [
            f"workload {name} requires {', '.join(sorted(set(work.requires)))}"
            for name, work in self.deal.workloads.items()
            if not any(set(work.requires) <= self.deal.api_provides(paper) for paper in self.deal.papers)
        ]
        return "; ".join(["no API agreement is open to this deal", *lacking])

    @property
    def incumbent(self) -> float:
        """The best objective so far, dollars."""
        return min((c.objective for c in self.candidates if c.objective is not None), default=math.inf)

    @property
    def bound(self) -> float:
        """A valid lower bound on every plan of the deal, dollars: no cost and no regret is negative."""
        return max(min((c.bound for c in self.candidates), default=math.inf), 0.0)

    def _report(self, doing: str, agreement: Agreement) -> None:
        """Tell what comes next; the best plan and bound of the deal's own search only."""
        known = (self.incumbent, self.bound) if self.is_told else ()
        self.clock.report(f"{doing} {agreement.offer}, {agreement.term_months} months", *known)

    @property
    def _roughly(self) -> float:
        """How close a relaxation is cut that only bounds."""
        return math.inf if self.is_rough else BOUNDING_TOLERANCE

    def _tie(self) -> float:
        return self.tie_tolerance * abs(self.incumbent) if math.isfinite(self.incumbent) else 0.0

    def _open_all(self) -> None:
        """Open every agreement that has a price regime in each of its terms."""
        for agreement in self.fixings.agreements(api_agreements(self.deal, self.check_controls)):
            regimes = every_regime(self.deal, agreement, self.zero_bands_only)
            bands = sorted({regime.threshold_usd for regime in regimes if regime.span.index == 0})
            if self.first_band is not None:
                bands = [self.first_band] if bands else []
            if bands:
                self.candidates.append(Candidate(agreement, tuple(bands), partial(self._formulate, agreement)))

    def _open(self, candidate: Candidate) -> None:
        """Build the program of an agreement that has no bound yet; programs share what is derived: one at a time."""
        if candidate.agreement not in self.bounds:
            self._report("bounding", candidate.agreement)
            candidate.formulation  # noqa: B018 - built where it is first asked for

    def _bound(self, candidate: Candidate) -> None:
        """Bound an agreement by its linear relaxation, unless a bound is known."""
        candidate.bound = self.bounds.get(candidate.agreement, -math.inf)
        if candidate.bound == -math.inf:
            formulation, program = candidate.formulation, candidate.formulation.program
            minimise(program, formulation.objective)
            answer = self._relaxed(candidate)
            if answer.outcome == "infeasible":
                candidate.bound = math.inf
            elif math.isfinite(answer.bound):
                candidate.bound = self._dollars(formulation, answer.bound)
        if candidate.bound == math.inf:
            candidate.outcome = "infeasible"

    def _formulate(self, agreement: Agreement) -> Formulation:
        before = monotonic()
        formulation = formulate(
            self.deal,
            self.sums,
            [agreement],
            self.against,
            self.zero_bands_only,
            self.fixings.least_commitment_usd,
            self.fixings.least_seats,
            self.by_cuts,
            self.fixings.routed,
        )
        fix_decisions(formulation, self.fixings)
        formulation.program.optimality_tolerance = self.optimality_tolerance
        self.clock.building += monotonic() - before
        self.size = max(self.size, size_of(formulation), key=lambda size: size.nonzeros)
        if self.first_band is not None:
            restrict(formulation, self.first_band)
        return formulation

    def _relaxed(self, candidate: Candidate) -> Answer:
        """Solve the relaxation of an agreement; where hints show where to cut, what is cheap to cut goes first."""
        formulation, start = candidate.formulation, self.warm_starts.get(candidate.agreement)
        close = math.inf if start and start.rank < self.incumbent else self._roughly  # it is going to be solved
        relax = partial(run, formulation.program, self.solver, 0.0, self.clock, relax=True)
        cutoff = self._cutoff(formulation)
        if start and start.fits(formulation.program):
            expected, others = start.by_kind(formulation.program)
            add_cuts_at(formulation.program, expected)
            if cutoff is not None and start.rank > self.incumbent:
                answer = relax(tolerance=math.inf, cutoff=cutoff)
                if answer.outcome != "optimal":
                    return answer
            add_cuts_at(formulation.program, others)
        return relax(tolerance=close, cutoff=cutoff)

    def _cutoff(self, formulation: Formulation) -> float | None:
        """Return above which cost (money units) nothing matters any more, None if everything does."""
        worth = self.incumbent + self._tie()
        return self._money(formulation, worth) if math.isfinite(worth) else None

    def _money(self, formulation: Formulation, dollars: float) -> float:
        return formulation.program.usd(dollars - self.constant)

    def _dollars(self, formulation: Formulation, money: float) -> float:
        return money * formulation.program.unit_usd + self.constant

    def _solve(self, candidate: Candidate) -> None:
        """Solve an agreement's integer program, as far as it may be better than, or tied with, the best so far."""
        formulation, program = candidate.formulation, candidate.formulation.program
        self._report("solving", candidate.agreement)
        start = self.warm_starts.get(candidate.agreement)
        if candidate.agreement in self.bounds and start and start.fits(program):  # not bounded here
            add_cuts_at(program, start.cuts)
        first = self._first(candidate)
        others = add_no_good_cut(program) if first else None
        minimise(program, formulation.objective)
        if size_of(formulation).nonzeros > ROUNDING_MIN_NONZEROS and not first:
            self._rounding_heuristic(candidate)
        worth, cutoff = self.incumbent + self._tie(), self._cutoff(formulation)
        answer = run(program, self.solver, self.gap / 10, self.clock, cutoff=cutoff)
        if others:
            program.relax(others)
        known = math.inf if first is None else first.bound
        if answer.outcome == "infeasible" and cutoff is not None:
            # Nothing else is better than, or tied with, the best so far (which may be this agreement's own first plan).
            candidate.outcome = "pruned" if candidate.objective is None else "solved"
            bound = min(worth, candidate.objective or worth, self._dollars(formulation, known))
            candidate.bound = max(candidate.bound, bound)
            candidate.is_alone = first is not None
            return
        if math.isfinite(answer.bound):
            candidate.bound = max(candidate.bound, self._dollars(formulation, min(answer.bound, known)))
        self._note(candidate, answer)

    def _first(self, candidate: Candidate) -> Answer | None:
        """Make the choices of the plan that is known from elsewhere, solve the rest; None if that is no plan."""
        formulation, program = candidate.formulation, candidate.formulation.program
        start = self.warm_starts.get(candidate.agreement)
        if not (self.by_cuts and start and start.plan is not None and start.fits(program)):
            return None
        for variable, value in zip(program.variables, start.plan, strict=True):
            variable.varValue = value
        minimise(program, formulation.objective)
        bounds, numbers = fix_choices(program), fix_integers(program)
        known = run(program, self.solver, 0.0, self.clock, relax=True)
        restore(numbers)
        cutoff = None
        if known.outcome == "optimal":
            candidate.keep(self._dollars(formulation, known.objective))
            cutoff = known.objective
        answer = run(program, self.solver, self.gap / 10, self.clock, cutoff=cutoff)
        restore(bounds)
        if answer.outcome == "optimal":
            candidate.keep(self._dollars(formulation, answer.objective))
            return answer
        # With these choices no other numbers cost less than the known ones, or nothing is known.
        return known if answer.outcome == "infeasible" and cutoff is not None else None

    def _rounding_heuristic(self, candidate: Candidate) -> None:
        """Find a first plan: papers, tracks and projects as the relaxation leans, the rest solved.

        It gives the proof a cutoff to work against, and a plan to report if time runs out.
        """
        formulation = candidate.formulation
        answer = run(formulation.program, self.solver, 0.0, self.clock, relax=True)
        if answer.outcome != "optimal":
            return
        bounds = round_structure(formulation)
        answer = run(formulation.program, self.solver, 1e-4, self.clock)
        restore(bounds)
        if answer.outcome in ("optimal", "limit"):
            candidate.keep(self._dollars(formulation, answer.objective))

    def _note(self, candidate: Candidate, answer: Answer) -> None:
        if answer.outcome == "infeasible":
            candidate.outcome, candidate.bound = "infeasible", math.inf
        elif answer.outcome == "nothing":
            candidate.outcome = "limit"
        else:
            candidate.outcome = "solved" if answer.outcome == "optimal" else "limit"
            objective = self._dollars(candidate.formulation, answer.objective)
            if candidate.objective is None or objective <= candidate.objective:
                candidate.keep(objective)
            candidate.bound = min(candidate.bound, candidate.objective or objective)
