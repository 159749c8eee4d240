"""A plan somebody proposes against the best deal: what it costs more, decision by decision.

From the proposal to the best deal one group of decisions after another is freed, all others still held as proposed:

| step | what is freed |
|---|---|
| routing and projects | which option answers what, and the engineering for it |
| commitment | its amount, in the band and years as proposed |
| band | the band of every term |
| seats | how many are contracted in each year |
| tracks | who is served how |
| offer and term | the offers, with their clauses: the best deal without the limits that the proposal breaks |
| limits | those limits hold: the best deal |

A step is what the objective falls by. Every step but the last only frees decisions, so none of them is negative, and
together they are the whole loss. The last one is never positive: it is what keeping the limits costs.

From a search that a limit stopped nothing is concluded but what its plans cost: where it found no better deal than the
proposal the loss is unknown, else it is at least what lies between the two. A step after one that is not in time holds
what that one would have saved, too.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, Unpack

from deal_solve.analysis.review.drivers import driver_breakevens
from deal_solve.analysis.review.result import DriverBreakeven, Review, ReviewStep
from deal_solve.deal.deal import Deal
from deal_solve.deal.money import CENT_TOLERANCE_USD
from deal_solve.errors import Infeasible, LimitReached
from deal_solve.facts.decisions import plan_changes
from deal_solve.facts.difference import Difference, difference
from deal_solve.facts.summary import summarise
from deal_solve.frames import Table
from deal_solve.optimise.neighbours import Ask, answers
from deal_solve.optimise.options import SolveKeywords, SolveOptions
from deal_solve.optimise.solution import Solution
from deal_solve.optimise.solve import solve
from deal_solve.plan.plan import Plan
from deal_solve.plan.proposal import Proposal
from deal_solve.plan.validation.validity import refuse_impossible
from deal_solve.report.basics import NOT_IN_TIME, About
from deal_solve.settlement.limit_checks import limit_checks
from deal_solve.settlement.objective import is_below, is_same, objective_of
from deal_solve.settlement.settle import Settlement, settle
from deal_solve.uncertainty import measures
from deal_solve.uncertainty.first_users import first_users
from deal_solve.uncertainty.measures import Against
from deal_solve.uncertainty.scenario_set import Scenarios

if TYPE_CHECKING:
    pass

PROPOSAL, ROUTING, COMMITMENT, BAND, SEATS, TRACKS, OFFER, LIMITS = (
    "the proposal",
    "routing and projects",
    "commitment",
    "band",
    "seats",
    "tracks",
    "offer and term",
    "limits",
)
TOGETHER = "with those not in time"
"""The finding of a step that has what the late ones before it would have saved."""
FREED: dict[str, tuple[tuple[str, ...], ...]] = {
    ROUTING: (("routing",), ("use",), ("projects",)),
    COMMITMENT: (("api", "commitment_usd"),),
    BAND: (("api", "band_usd_per_year"), ("api", "at_list")),
    SEATS: (("seats", "*", "contracted"),),
    TRACKS: (("tracks",),),
}
"""What each step takes out of the proposal, in the stated order."""


def review(
    deal: Deal, plan: Plan, scenarios: Scenarios, best: Solution | None = None, **keywords: Unpack[SolveKeywords]
) -> Review:
    """Compare a complete plan with the best deal over the same scenarios; without `best` the deal is solved.

    Every step is a solve with the rest of the plan pinned; the keywords are those of `solve`. Raises InputError where
    the plan cannot be signed, or has tables, which cannot be pinned, and what `solve` raises.
    """
    refuse_impossible(deal, plan, first_users(scenarios), scenarios)
    options = SolveOptions.of(keywords).cached().begun()
    best = best or solve(deal, scenarios, options=options)
    about, deal = About(deal, scenarios), best.settlement.deal
    proposed = settle(deal, plan, scenarios)
    checks = limit_checks(deal, proposed)
    path = _Path(deal, scenarios, best, options.measured_against(best.baseline), proposed)
    kept = tuple(limit for limit, check in zip(deal.limits, checks, strict=True) if check.is_kept)
    steps = tuple(path.steps(kept))
    own, last = steps[0].objective_usd, steps[-1].objective_usd
    is_less = proposed.cost < best.settlement.cost - CENT_TOLERANCE_USD
    return Review(
        confidence=summarise(deal, proposed, scenarios).confidence,
        loss_usd=own - last if path.reaches(best, own) else None,
        steps=Table(steps),
        lines=difference(best.settlement, proposed, own - path.nearest(last)),
        offer_lines=path.offer_lines,
        changes=plan_changes(best.settlement, proposed),
        beats_probability=measures.probability(is_less, proposed.weights),
        limits=checks,
        breakevens=path.breakevens(plan),
        proposed=proposed,
        best=best,
        about=about,
        notes=(*best.notes, *path.remarks()),
    )


class _Freed(NamedTuple):
    """The best plan of a step, settled, and whether it is proven; without a plan why there is none."""

    settlement: Settlement | None
    is_proven: bool
    why: str = ""


@dataclass
class _Path:
    """The way from a proposal to the best deal: where it stands, and what is said on it.

    `late` are the steps that the time limit did not reach, `pending` those of them whose saving no later step holds.
    """

    deal: Deal
    scenarios: Scenarios
    best: Solution
    options: SolveOptions
    at: Settlement
    notes: list[str] = field(default_factory=list)
    late: list[str] = field(default_factory=list)
    pending: list[str] = field(default_factory=list)
    offer_lines: Difference | None = None

    def steps(self, kept: tuple[Any, ...]) -> Iterator[ReviewStep]:
        """Yield the proposal and every step; `kept` are the limits that it keeps, which hold all along."""
        level = self._objective(self.at)
        end, solved = self._answers(self.deal.model_copy(update={"limits": kept}))
        floor = _floor(end, level)
        level = max(level, floor)
        yield self._step(PROPOSAL, "", level, level, True)
        for step, answer in solved.items():
            if answer is None:
                yield self._late(step, level)
                continue
            found, is_proven, why = answer
            if why:
                self.notes.append(f"{step}: nothing better was found ({why})")
            before, last = self.at, level
            if found is not None and self._objective(found) < level:
                self.at, level = found, max(self._objective(found), floor)
            yield self._reached(step, _finding(step, before.plan, self.at.plan), last, level, is_proven)
        if end is not None and self.reaches(end, level):
            before, last, self.at = self.at, level, end.settlement
            level, is_proven = min(level, end.objective_usd), end.status == "optimal"
            self.offer_lines = None if self.pending else difference(self.at, before, last - level)
            yield self._reached(OFFER, _finding(OFFER, before.plan, self.at.plan), last, level, is_proven)
        else:
            yield self._late(OFFER, level)
        if end is not self.best:
            yield self._limited(level, floor)

    def _limited(self, level: float, floor: float) -> ReviewStep:
        """Return the step to the limits that the proposal breaks."""
        if self.pending and not self.reaches(self.best, level):
            return self._late(LIMITS, level)
        self.at, is_proven = self.best.settlement, self.best.status == "optimal"
        return self._reached(LIMITS, "broken", level, max(self.best.objective_usd, floor), is_proven)

    @staticmethod
    def reaches(found: Solution, level: float) -> bool:
        """Whether a solution says something of a way that stands at a level: it is proven, or a better deal."""
        return found.status == "optimal" or is_below(found.objective_usd, level)

    def nearest(self, level: float) -> float:
        """Return a level where it is the objective of the best deal, as far as two solves tell; else that objective."""
        return level if is_same(level, self.best.objective_usd) else self.best.objective_usd

    def remarks(self) -> Iterator[str]:
        """Yield what is said on the way, and of each step that the time limit did not reach."""
        yield from self.notes
        for step in self.late:
            saved = "not known" if step in self.pending else "in a later step"
            yield f"{step}: the time limit passed before it was solved; what it saves is {saved}"

    def _answers(self, free: Deal) -> tuple[Solution | None, dict[str, _Freed | None]]:
        """Return the best deal without the limits that the proposal breaks, and every step; None: not in time.

        They are solved side by side, unless time is limited: then those that come first have it.
        """
        fixed, asked = _fixings(self.at.plan), {}
        for step, paths in FREED.items():
            held, fixed = fixed, _without(fixed, paths)
            if held != fixed:  # else the deal has nothing of the kind
                asked[step] = partial(self._solved, free, fixed)
        first = [] if free.limits == self.deal.limits else [partial(self._without_limits, free)]
        asks: list[Ask[Any]] = [*first, *asked.values()]
        groups = [asks] if self.options.until is None else [[ask] for ask in asks]
        found = [answer for group in groups for answer in answers(group, self.options, self.best)]
        return found.pop(0) if first else self.best, dict(zip(asked, found, strict=True))

    def _without_limits(self, free: Deal, options: SolveOptions) -> Solution:
        return solve(free, self.scenarios, options=options).optimised()

    def _solved(self, free: Deal, fixed: dict[str, Any], options: SolveOptions) -> _Freed:
        try:
            found = solve(free, self.scenarios, options=options, fix=Proposal.model_validate(fixed)).optimised()
        except Infeasible as error:
            return _Freed(None, True, str(error))
        return _Freed(found.settlement, found.status == "optimal")

    def _late(self, step: str, level: float) -> ReviewStep:
        """Return a step that the time limit did not reach: the way stands where it stood."""
        self.late.append(step)
        self.pending.append(step)
        return replace(self._step(step, "", level, level, False), finding=NOT_IN_TIME, saved_usd=None)

    def _reached(self, step: str, finding: str, before: float, level: float, is_proven: bool) -> ReviewStep:
        """Return a step that was solved, which has what those before it would have saved that are not in time."""
        finding = TOGETHER if self.pending else finding
        self.pending.clear()
        return self._step(step, finding, before, level, is_proven)

    def breakevens(self, proposed: Plan) -> Table[DriverBreakeven]:
        """Return them over as many scenarios as are quick to settle again and again, and not for regret."""
        if self.scenarios.block_count > 1 or self.deal.risk.criterion == "regret":
            return Table()
        try:
            with self.options.deadline():
                return driver_breakevens(
                    self.deal, proposed, self.best.plan, self.scenarios.in_memory(), self.best.baseline
                )
        except LimitReached:
            self.notes.append("the time limit passed before it was found where both plans cost the same")
            return Table()

    def _objective(self, settlement: Settlement) -> float:
        against = Against(baseline=self.best.baseline_cost, best=self.best.best_cost)
        return objective_of(self.deal, settlement.cost, settlement.weights, against)

    def _step(self, step: str, finding: str, before: float, level: float, is_proven: bool) -> ReviewStep:
        """Return the step that led to where the way stands, and its objective from `before` to `level`."""
        settlement, risk = self.at, self.deal.risk
        return ReviewStep(
            step=step,
            finding=finding if step == PROPOSAL or is_below(level, before) or is_below(before, level) else "no loss",
            saved_usd=before - level,
            objective_usd=level,
            expected_usd=settlement.mean(settlement.cost),
            cvar_usd=measures.cvar(settlement.cost, settlement.weights, risk.confidence),
            is_proven=is_proven,
            plan=settlement.plan,
        )


def _floor(end: Solution | None, level: float) -> float:
    """Return what no plan on the way to the end has a lower objective than, but for what two solves differ by.

    A way that begins at a level below the end (of a gap that was asked for) stays there; no end that is not proven is
    one.
    """
    if end is None or end.status != "optimal":
        return -math.inf
    return level if is_below(level, end.objective_usd) else end.objective_usd


def _fixings(plan: Plan) -> dict[str, Any]:
    """Return a plan as a proposal that says all of it, and nothing of what the deal does not have."""
    whole = Proposal.model_validate(plan.model_dump(mode="json")).model_dump(mode="json", exclude_unset=True)
    return {part: stated for part, stated in whole.items() if stated}


def _without(data: dict[str, Any], paths: tuple[tuple[str, ...], ...]) -> dict[str, Any]:
    """Return nested maps without what stands at some paths; * is every key."""
    for head, *rest in paths:
        if not rest:
            data = {key: value for key, value in data.items() if key != head}
            continue
        for key in list(data) if head == "*" else [head] if head in data else []:
            data = {**data, key: _without(data[key], (tuple(rest),))}
    return data


def _finding(step: str, before: Plan, after: Plan) -> str:
    """Return what was wrong with one group of decisions, in a word or two."""
    if step == OFFER:
        return _agreements(before, after)
    words = {COMMITMENT: ("too high", "too low"), BAND: ("too high", "too low"), SEATS: ("too many", "too few")}
    if step not in words:
        return "not optimised"
    change = _amount(step, after) - _amount(step, before)
    return "not optimised" if abs(change) <= CENT_TOLERANCE_USD else words[step][change > 0]


def _amount(step: str, plan: Plan) -> float:
    """Return the sum over all contract years (of bands: over all terms)."""
    if step == SEATS:
        return float(sum(sum(agreement.contracted) for agreement in plan.seats.values()))
    if step == BAND:
        return sum(term.band_usd_per_year for term in plan.api.terms)
    return sum(usd for term in plan.api.terms for usd in term.commitment_usd)


def _agreements(before: Plan, after: Plan) -> str:
    """Return which offers are others in the best deal."""
    found = []
    if before.api.offer != after.api.offer:
        found.append("API agreement")
    seats = [{name: part.offer for name, part in plan.seats.items()} for plan in (before, after)]
    if seats[0] != seats[1]:
        found.append("seat agreement")
    terms = [(p.api.term_months, *(part.term_months for part in p.seats.values())) for p in (before, after)]
    if not found and terms[0] != terms[1]:
        found.append("term")
    return f"other {' and '.join(found)}" if found else "not optimised"
