"""Branching over API agreements with valid bounds, then the tie rule, then the final linear program."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from time import monotonic

import numpy as np
import pulp

from deal_solve.deal.deal import Deal
from deal_solve.errors import Infeasible, LimitReached
from deal_solve.formulation.build import Formulation, formulate
from deal_solve.formulation.columns import Columns
from deal_solve.formulation.pins import Pins, pin
from deal_solve.formulation.program import Terms, Variable, scaled
from deal_solve.formulation.rates import Agreement, api_agreements, regimes_of
from deal_solve.formulation.read import value_of
from deal_solve.formulation.risk import Against
from deal_solve.optimise.backend import Answer, Bounds, Clock, fix_integers, minimise, restore
from deal_solve.optimise.cuts import CLOSE, ROUGHLY, cut_again
from deal_solve.optimise.cuts import run_with_cuts as run
from deal_solve.optimise.solution import Branch, Size
from deal_solve.uncertainty.scenarios import Array

NUDGE = 1e-6
"""Weight of committed dollars beside cost where, among equal costs, the least commitment is wanted."""
LARGE = 60_000
"""Non-zeros from which on a first plan is sought by diving before the integer program is solved."""
TIE = 1e-7
"""Plans whose objectives differ by less than this, relatively, are tied: the tie rule chooses among them."""


@dataclass(frozen=True)
class Hint:
    """What a search over some of the scenarios knows of an agreement: where it ranks (dollars), and where to cut.

    `cuts` are estimates, by number, with points: values of the variables of these `names`.
    """

    rank: float
    names: tuple[str, ...]
    cuts: tuple[tuple[int, Array], ...]


@dataclass
class Candidate:
    """One API agreement: its program, its bound, and its best plan if it was solved (money in dollars)."""

    agreement: Agreement
    formulation: Formulation
    bound: float
    objective: float | None = None
    outcome: str = "open"
    values: dict[str, float] = field(default_factory=dict)

    def first_band(self) -> float | None:
        """Return the threshold of the first term's band in the best plan, None without one."""
        taken = (
            regime.threshold_usd
            for regime, beta in self.formulation.papers.regimes.items()
            if regime.span.index == 0 and self.values.get(beta.name, 0.0) > 0.5
        )
        return next(taken, None)

    def hint(self) -> Hint:
        """Return its rank, the cuts that held its relaxation or choices, and its best plan, if there is one."""
        program = self.formulation.program
        cuts = list(program.binding.values())
        if self.objective is not None:
            plan = np.array([self.values.get(variable.name, 0.0) for variable in program.variables])
            cuts += [(number, plan) for number in range(len(program.estimates))]
        rank = self.bound if self.objective is None else self.objective
        return Hint(rank, tuple(variable.name for variable in program.variables), tuple(cuts))

    def branch(self, band: float, bound: float) -> Branch:
        """Return what is reported of it in one band, whose relaxation is bounded by `bound` (dollars; 0 always is)."""
        best, bound = self.first_band(), max(bound, 0.0)
        if self.objective is not None and best == band:
            outcome, objective, bound = self.outcome, self.objective, min(bound, self.objective)
        else:
            outcome = "infeasible" if bound == math.inf else "limit" if self.outcome == "limit" else "pruned"
            objective = None
        return Branch(self.agreement.offer, self.agreement.term_months, band, bound, objective, outcome)  # type: ignore[arg-type]


@dataclass
class Search:
    """One search over the agreements of a deal."""

    deal: Deal
    columns: Columns
    against: Against
    solver: str
    gap: float
    clock: Clock
    pins: Pins
    constant: float = 0.0
    zero_bands_only: bool = False
    check_controls: bool = True
    by_cuts: bool = False
    first_band: float | None = None
    is_told: bool = False
    is_pilot: bool = False
    close: float = CLOSE
    guide: dict[Agreement, Hint] = field(default_factory=dict)
    candidates: list[Candidate] = field(default_factory=list)
    size: Size = field(default_factory=lambda: Size(0, 0, 0, 0))

    def run(self) -> Candidate:
        """Return the best candidate, its program fixed to the chosen plan.

        Raises Infeasible if no agreement has a plan, LimitReached if time ran out before one was found.
        """
        self._open_all()
        if not self.guide:
            for candidate in self.candidates:
                self._bound(candidate)
        for candidate in sorted(self.candidates, key=self._rank):
            if self.guide:
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
        return self._least_committed([c for c in solved if (c.objective or 0.0) <= self.incumbent + self._tie()])

    def _rank(self, candidate: Candidate) -> float:
        """Return where a candidate stands in the order of search."""
        known = self.guide.get(candidate.agreement)
        return known.rank if known else candidate.bound

    def hints(self) -> dict[Agreement, Hint]:
        """Return what was learnt of each agreement, for a search over more scenarios."""
        return {candidate.agreement: candidate.hint() for candidate in self.candidates}

    def branches(self) -> tuple[Branch, ...]:
        """Return every agreement in every band of its first term; to be called before a program is finished."""
        return tuple(branch for candidate in self.candidates for branch in self._bands(candidate))

    def _bands(self, candidate: Candidate) -> Iterator[Branch]:
        """Bound each band of a candidate by the relaxation, all its cuts kept."""
        formulation = candidate.formulation
        bands = sorted({r.threshold_usd for r in formulation.papers.regimes if r.span.index == 0})
        bands = bands if self.first_band is None else [self.first_band]
        for band in bands:
            bound = candidate.bound
            alone = len(bands) == 1 or bound == math.inf or candidate.first_band() == band or self.clock.is_over
            if not alone:
                closed = restrict(formulation, band)
                minimise(formulation.program, formulation.objective)
                answer = run(formulation.program, self.solver, 0.0, self.clock, relax=True, close=self._roughly)
                restore(closed)
                if answer.outcome == "infeasible":
                    bound = math.inf
                elif answer.outcome == "optimal":
                    bound = max(bound, self._dollars(formulation, answer.bound))
            yield candidate.branch(band, bound)
        _recall(formulation, candidate.values)

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

    def _say(self, doing: str, agreement: Agreement) -> None:
        """Tell what comes next; the best plan and bound of the deal's own search only."""
        known = (self.incumbent, self.bound) if self.is_told else ()
        self.clock.say(f"{doing} {agreement.offer}, {agreement.term_months} months", *known)

    @property
    def _roughly(self) -> float:
        """How close a relaxation is cut that only bounds; a guided search bounds with the cuts it has."""
        return math.inf if self.guide else ROUGHLY

    def _tie(self) -> float:
        return TIE * abs(self.incumbent) if math.isfinite(self.incumbent) else 0.0

    def _open_all(self) -> None:
        """Build every agreement's program."""
        for agreement in self.pins.agreements(api_agreements(self.deal, self.check_controls)):
            if not regimes_of(self.deal, agreement, self.zero_bands_only):
                continue
            formulation = self._formulate(agreement)
            if not formulation.papers.api:
                continue
            if self.first_band is not None:
                restrict(formulation, self.first_band)
            self.candidates.append(Candidate(agreement, formulation, -math.inf))

    def _bound(self, candidate: Candidate) -> None:
        """Bound an agreement by its linear relaxation; a guided search leaves cuts to the integer program."""
        formulation, program = candidate.formulation, candidate.formulation.program
        self._say("bounding", candidate.agreement)
        hint = self.guide.get(candidate.agreement)
        if hint and hint.names == tuple(variable.name for variable in program.variables):
            cut_again(program, hint.cuts)
        minimise(program, formulation.objective)
        answer = run(program, self.solver, 0.0, self.clock, relax=True, close=self._roughly)
        if answer.outcome == "infeasible":
            candidate.outcome, candidate.bound = "infeasible", math.inf
        elif answer.outcome == "optimal":
            candidate.bound = self._dollars(formulation, answer.bound)

    def _formulate(self, agreement: Agreement) -> Formulation:
        before = monotonic()
        formulation = formulate(
            self.deal,
            self.columns,
            [agreement],
            self.against,
            self.zero_bands_only,
            self.pins.least_commitment_usd,
            self.pins.least_seats,
            self.by_cuts,
            self.pins.routed,
        )
        pin(formulation, self.pins)
        formulation.program.close = self.close
        self.clock.building += monotonic() - before
        self.size = max(self.size, size_of(formulation), key=lambda size: size.nonzeros)
        return formulation

    def _money(self, formulation: Formulation, dollars: float) -> float:
        return formulation.program.usd(dollars - self.constant)

    def _dollars(self, formulation: Formulation, money: float) -> float:
        return money * formulation.program.unit_usd + self.constant

    def _solve(self, candidate: Candidate) -> None:
        """Solve an agreement's integer program, as far as it may be better than, or tied with, the best so far."""
        formulation = candidate.formulation
        self._say("solving", candidate.agreement)
        minimise(formulation.program, formulation.objective)
        if size_of(formulation).nonzeros > LARGE:
            self._dive(candidate)
        worth = self.incumbent + self._tie()
        cutoff = self._money(formulation, worth) if math.isfinite(worth) else None
        answer = run(formulation.program, self.solver, self.gap / 10, self.clock, cutoff=cutoff)
        if answer.outcome == "infeasible" and cutoff is not None:
            # Nothing is better than, or tied with, the best so far (which may be this agreement's own dive).
            candidate.outcome = "pruned" if candidate.objective is None else "solved"
            candidate.bound = max(candidate.bound, min(worth, candidate.objective or worth))
            return
        if math.isfinite(answer.bound):
            candidate.bound = max(candidate.bound, self._dollars(formulation, answer.bound))
        self._note(candidate, answer)

    def _dive(self, candidate: Candidate) -> None:
        """Find a first plan: papers, tracks and projects as the relaxation leans, the rest solved.

        It gives the proof a cutoff to work against, and a plan to report if time runs out.
        """
        formulation = candidate.formulation
        answer = run(formulation.program, self.solver, 0.0, self.clock, relax=True)
        if answer.outcome != "optimal":
            return
        bounds = lean(formulation)
        answer = run(formulation.program, self.solver, 1e-4, self.clock)
        restore(bounds)
        if answer.outcome in ("optimal", "limit"):
            candidate.objective = self._dollars(formulation, answer.objective)
            candidate.values = _values(formulation)

    def _note(self, candidate: Candidate, answer: Answer) -> None:
        if answer.outcome == "infeasible":
            candidate.outcome, candidate.bound = "infeasible", math.inf
        elif answer.outcome == "nothing":
            candidate.outcome = "limit"
        else:
            candidate.outcome = "solved" if answer.outcome == "optimal" else "limit"
            objective = self._dollars(candidate.formulation, answer.objective)
            if candidate.objective is None or objective <= candidate.objective:
                candidate.objective = objective
                candidate.values = _values(candidate.formulation)
            candidate.bound = min(candidate.bound, candidate.objective)

    def _least_committed(self, tied: list[Candidate]) -> Candidate:
        """Return the tied candidate with the least committed dollars, then seats, then projects (section 7)."""
        ranked = []
        for place, candidate in enumerate(tied):
            formulation = candidate.formulation
            program = formulation.program
            most = self._money(formulation, self.incumbent + self._tie())
            within = program.row("within_gap", formulation.objective, "<=", most)
            least_step = max(program.usd(0.01), 1e-6 * value_of(formulation.committed))
            committed = self._fewest(candidate, formulation.committed, least_step, most)
            room = committed + 1e-7 * max(committed, 1.0)
            least = program.row("least_committed", formulation.committed, "<=", room)
            projects: Terms = [(bought, 1.0) for bought in formulation.projects.values()]
            few = self._fewest(candidate, [*scaled(formulation.contracted, 100.0), *projects], 0.999, most)
            program.relax(within)
            program.relax(least)
            ranked.append((round(committed * program.unit_usd, 2), round(few), place))
        return tied[min(ranked)[2]]

    def _fewest(self, candidate: Candidate, secondary: Terms, step: float, most: float) -> float:
        """Look for tied plans with at least `step` less of a secondary measure until there is none; return the least.

        The search minimises cost with a trace of committed dollars under a cutoff: proving that nothing tied is left
        takes no more than the proof of the optimum did.
        """
        formulation = candidate.formulation
        program = formulation.program
        traced = [*formulation.objective, *scaled(formulation.committed, NUDGE)]
        while True:
            _recall(formulation, candidate.values)
            value = self._least_as_chosen(formulation, secondary)
            if value < step or self.clock.is_over:
                break
            cutoff = most + NUDGE * value_of(formulation.committed)
            row = program.row("fewer", secondary, "<=", value - step)
            minimise(program, traced)
            answer = run(program, self.solver, self.gap / 10, self.clock, cutoff=cutoff)
            program.relax(row)
            found = answer.outcome in ("optimal", "limit") and value_of(formulation.objective) <= most * (1 + 1e-12)
            if not found:
                break
            candidate.values = _values(formulation)
            if self.guide:
                break  # with many futures ties are chance: one look finds those that the deal makes
        _recall(formulation, candidate.values)
        return max(value, 0.0)

    def _least_as_chosen(self, formulation: Formulation, secondary: Terms) -> float:
        """Return the least of a measure that its discrete choices allow within the gap."""
        value = value_of(secondary)
        if all(variable.cat == pulp.LpInteger for variable, _ in secondary):
            return value
        bounds = fix_integers(formulation.program)
        minimise(formulation.program, secondary)
        answer = run(formulation.program, self.solver, 0.0, self.clock, relax=True)
        restore(bounds)
        return min(answer.objective, value) if answer.outcome == "optimal" else value


def restrict(formulation: Formulation, band: float) -> Bounds:
    """Close every other band of the first term; return the bounds there were."""
    bounds: Bounds = []
    for regime, beta in formulation.papers.regimes.items():
        if regime.span.index == 0 and regime.threshold_usd != band:
            bounds.append((beta, beta.lowBound, beta.upBound))
            beta.upBound = 0
    return bounds


def lean(formulation: Formulation) -> Bounds:
    """Fix papers, regimes, tracks and projects to what their values are nearest to; return the bounds there were."""
    groups: dict[object, list[Variable]] = {}
    for place, decisions in enumerate(formulation.paths):
        for regime, variable in decisions.papers.regimes.items():
            groups.setdefault((place, regime.span), []).append(variable)
        for (cohort, _, span), variable in decisions.tracks.seats.items():
            for year in span.years:
                groups.setdefault((place, cohort, year), []).append(variable)
        for (cohort, _, year), variable in decisions.tracks.other.items():
            groups.setdefault((place, cohort, year), []).append(variable)
    bounds: Bounds = []
    chosen = {id(max(group, key=lambda v: v.varValue or 0.0)) for group in groups.values()}
    for variable in {id(v): v for group in groups.values() for v in group}.values():
        bounds.append((variable, variable.lowBound, variable.upBound))
        variable.lowBound = variable.upBound = int(id(variable) in chosen)
    for variable in formulation.projects.values():
        bounds.append((variable, variable.lowBound, variable.upBound))
        variable.lowBound = variable.upBound = int((variable.varValue or 0.0) > 0.01)
    return bounds


def size_of(formulation: Formulation) -> Size:
    """Return the size of a program."""
    problem = formulation.program.problem
    return Size(
        rows=problem.numConstraints(),
        columns=problem.numVariables(),
        integers=sum(variable.cat == pulp.LpInteger for variable in formulation.program.variables),
        nonzeros=sum(len(row) for row in problem.constraints()),
    )


def _values(formulation: Formulation) -> dict[str, float]:
    return {v.name: v.varValue or 0.0 for v in formulation.program.variables}


def _recall(formulation: Formulation, values: dict[str, float]) -> None:
    for variable in formulation.program.variables:
        variable.varValue = values.get(variable.name, 0.0)
