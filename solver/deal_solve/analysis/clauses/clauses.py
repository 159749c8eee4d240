"""What every clause of an offer is worth: one step towards the buyer at a time, the deal solved again each time.

The value of a step is what the objective falls by, over the same scenarios and against the same baseline, with
everything decided anew. A buyer may keep the old wording, so no value is negative: a step that would only move payments
the wrong way (of a clause that is no law) is found to cost more and has no value. Its equivalent discount points are
the points of discount, on all bands of the offer alike, that would be worth the same; one curve of such solves, from no
points on, is shared by all clauses.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import Any, Unpack

from deal_solve.analysis.clauses.points import RESOLUTION, DiscountCurve
from deal_solve.analysis.clauses.result import (
    AT_BEST,
    COSTLIER,
    GRANTED,
    NEEDED,
    NO_EFFECT,
    NOT_PRICED,
    ClausePair,
    Clauses,
    ClauseValue,
    DiscountPoint,
)
from deal_solve.analysis.clauses.steps import ClauseStep, clause_steps, max_points, with_points
from deal_solve.analysis.uncertainty.replicates import Replicates, estimate, replicates
from deal_solve.deal.cross_checks import broken_references
from deal_solve.deal.deal import AT_LIST, LIST, Deal
from deal_solve.errors import Infeasible, InputError, Problem
from deal_solve.facts.names import quoted_offer
from deal_solve.frames import Table
from deal_solve.messages import counted, did_you_mean, unknown
from deal_solve.optimise.neighbours import Ask, answers
from deal_solve.optimise.options import SolveKeywords, SolveOptions
from deal_solve.optimise.search.settings import Asks
from deal_solve.optimise.solution import Solution
from deal_solve.optimise.solve import solve
from deal_solve.report.basics import NOT_IN_TIME, About
from deal_solve.settlement.objective import is_below
from deal_solve.uncertainty import measures
from deal_solve.uncertainty.sampling import method_of
from deal_solve.uncertainty.scenario_set import Scenarios, ready

PAIRS = 3
MAX_POINTS = 40.0
ALIKE = 0.002
"""Two clauses whose joint value is the sum to this share are independent."""


def clauses(
    deal: Deal,
    scenarios: Scenarios,
    offer: str | None = None,
    *,
    pairs: int = PAIRS,
    also: Sequence[tuple[str, str]] = (),
    **keywords: Unpack[SolveKeywords],
) -> Clauses:
    """Return what every clause of an offer (default: the API agreement of the best deal, else its seats) is worth.

    A solve per clause, per pair of the `pairs` dearest and per pair in `also`, and a few for the curve of discount
    points. The keywords are those of `solve`, whose `fix` holds in all of them. Raises InputError for an offer that is
    not in the deal, for a clause in `also` that has nothing to ask for, and for regret, which compares with what a
    clause changes too; and what `solve` raises.
    """
    if deal.risk.criterion == "regret":
        message = (
            "regret compares with the best of each scenario, which a clause changes too; expected another criterion"
        )
        raise InputError(deal.problem(("risk", "criterion"), message))
    if offer is not None and offer not in deal.offers:
        raise InputError(Problem("--offer", unknown("offer", offer, deal.offers)))
    options, sampling = SolveOptions.of(keywords).cached().begun(), method_of(scenarios)
    base = solve(deal, ready(scenarios), options=options)
    options = replace(options, baseline=base)  # risk is measured against what it would be without the change
    chosen = offer or _signed(base)
    drawn = replicates(base, sampling) if deal.risk.criterion == "expected" else Replicates(base, ())
    negotiation = _Negotiation(base, drawn, chosen, options)
    negotiation.refuse_unknown(also)
    rows = sorted(negotiation.values(), key=_order)
    dearest = [row.clause for row in rows if row.worth_usd > 0 and not row.finding][:pairs]
    values, found = negotiation.compared(rows, dict.fromkeys((*also, *itertools.combinations(dearest, 2))))
    notes = (*base.notes, *_notes(base, chosen), *_not_in_time(values, found, bool(drawn.sets)))
    return Clauses(
        offer=chosen,
        objective_usd=base.objective_usd,
        values=Table(values),
        pairs=Table(found),
        curve=negotiation.curve,
        base=base,
        about=About(deal, scenarios),
        notes=notes,
    )


def _notes(base: Solution, offer: str) -> Iterator[str]:
    signed = {base.plan.api.offer, *(part.offer for part in base.plan.seats.values())}
    is_proven = base.status == "optimal"  # else the best deal may have what this one leaves out
    if is_proven and offer not in signed:
        yield f"{offer} is no part of the best deal: a step counts only as far as it makes it one"
    elif is_proven and not is_discounted(base, offer):
        yield f"no points of discount: the best deal takes the seats of {offer}, and its API agreement elsewhere"
    yield from also_signed(base, offer)
    if base.settlement.scenarios.kind != "sampled" and base.settlement.scenarios.size > 1:
        yield "no intervals: the scenarios are all there are, not a sample"


def also_signed(base: Solution, offer: str) -> Iterator[str]:
    """Yield, of each other offer that the best deal signs and that has clauses to ask for, how they are valued."""
    deal, plan = base.settlement.deal, base.plan
    for name in dict.fromkeys((plan.api.offer, *(part.offer for part in plan.seats.values()))):
        if name in {offer, *AT_LIST} or all(step.deal is None for step in clause_steps(deal, name)):
            continue
        yield f"{quoted_offer(deal, name)} is signed too: deal-solve clauses FILE --offer {name} values its clauses"


def _order(row: ClauseValue) -> tuple[bool, float, float]:
    return row.worth_usd <= 0, -(row.expected_usd or 0.0), -row.worth_usd


def _not_in_time(values: Sequence[ClauseValue], pairs: Sequence[ClausePair], is_sampled: bool) -> Iterator[str]:
    """Yield what the time limit left unanswered."""
    findings = [*(row.finding for row in values), *(pair.finding for pair in pairs)]
    late = findings.count(NOT_IN_TIME)
    if late:
        yield f"the time limit passed before {counted(late, 'row')} of clauses and pairs had a value"
    known = [row for row in values if row.worth_usd > 0]
    late = sum(not row.has_points_in_time for row in known)
    if late:
        yield f"the time limit passed before the points of discount of {counted(late, 'clause')} were found"
    late = sum(row.low_usd is None for row in known)
    if late and is_sampled:
        yield f"the time limit passed before the interval of {counted(late, 'value')} was found"


def is_discounted(base: Solution, offer: str) -> bool:
    """Return whether a deal takes what a discount of an offer is on, its API part if it has one; else no discount
    counts until that is signed too."""
    plan = base.plan
    if base.settlement.deal.offers[offer].api is not None:
        return plan.api.offer == offer
    return any(seats.offer == offer for seats in plan.seats.values())


def _signed(base: Solution) -> str:
    """Return the offer of the API agreement, else of seats, else the nearest one."""
    plan = base.plan
    offers = [plan.api.offer, *(part.offer for part in plan.seats.values())]
    offers += [candidate.offer for candidate in sorted(base.agreements, key=lambda candidate: candidate.bound_usd)]
    found = next((name for name in offers if name != LIST), None)
    if found is None:
        raise InputError(Problem("offers", "nothing but list is on the table; clauses need an offer"))
    return found


@dataclass
class _Negotiation:
    """The solves of one offer, each against the base."""

    base: Solution
    drawn: Replicates
    offer: str
    options: SolveOptions
    known: dict[float, float] = field(default_factory=lambda: {0.0: 0.0})
    value_of: dict[str, float] = field(default_factory=dict)

    @property
    def deal(self) -> Deal:
        """The deal as it stands."""
        return self.base.settlement.deal

    @property
    def is_signed(self) -> bool:
        """Whether the best deal takes what a discount of the offer is on."""
        return is_discounted(self.base, self.offer)

    @property
    def curve(self) -> Table[DiscountPoint]:
        """What has been solved of the curve, in rising order."""
        return Table(tuple(DiscountPoint(points, usd) for points, usd in sorted(self.known.items())))

    @cached_property
    def steps(self) -> dict[str, ClauseStep]:
        """The step of every clause."""
        known = clause_steps(self.deal, self.offer)  # pins name offers, and know no halves of one
        return {step.clause: step for step in known if not (step.is_granted and self.options.fix)}

    def refuse_unknown(self, pairs: Sequence[tuple[str, str]]) -> None:
        """Raise InputError for a clause of a pair that is none, or has nothing to ask for."""
        requested = {name for name, step in self.steps.items() if step.deal is not None and not step.is_granted}
        for name in itertools.chain.from_iterable(pairs):
            if name not in requested:
                what = f"{name!r} is no clause of {self.offer!r} with a step to ask for{did_you_mean(name, requested)}"
                raise InputError(Problem("--pair", f"{what}; expected two of {', '.join(sorted(requested))}"))

    def values(self) -> Iterator[ClauseValue]:
        """Yield every clause."""
        priced = {name: step for name, step in self.steps.items() if _is_priced(step)}
        solved = answers([partial(self._value, step) for step in priced.values()], self.options, self.base)
        found = {name: row or _late(priced[name]) for name, row in zip(priced, solved, strict=True)}
        rows = [found.get(name) or self._unpriced(step) for name, step in self.steps.items()]
        self.value_of = {row.clause: row.value_usd for row in rows if row.value_usd is not None}
        yield from rows

    def _unpriced(self, step: ClauseStep) -> ClauseValue:
        return self._row(step, AT_BEST if step.deal is None else NOT_PRICED, self.base, self.base)

    def _value(self, step: ClauseStep, options: SolveOptions) -> ClauseValue:
        """Return what a step is worth, without the points of discount that are worth the same."""
        try:
            other = self._solved(_changed(step), options)
        except Infeasible:  # limits on a contract year: what a clause moves between years may break them
            return self._row(step, NEEDED if step.is_granted else COSTLIER, self.base, self.base)
        before, after = (other, self.base) if step.is_granted else (self.base, other)
        if is_below(after.objective_usd, before.objective_usd):
            return self._row(step, GRANTED if step.is_granted else "", before, after)
        is_costlier = is_below(before.objective_usd, after.objective_usd) and not step.is_granted
        return self._row(step, COSTLIER if is_costlier else NO_EFFECT, self.base, self.base, other)

    def _row(
        self, step: ClauseStep, finding: str, before: Solution, after: Solution, other: Solution | None = None
    ) -> ClauseValue:
        """Return what changes from one solution to the next; `other` is a solve whose plan is not taken."""
        one, two = before.settlement, after.settlement
        confidence = self.deal.risk.confidence
        tails = [measures.cvar(each.cost, each.weights, confidence) for each in (one, two)]
        value = before.objective_usd - after.objective_usd
        interval = self._interval(before, after) if before is not after else None
        return ClauseValue(
            clause=step.clause,
            was=step.was,
            asked=step.requested,
            finding=finding,
            value_usd=value,
            expected_usd=one.mean(one.cost) - two.mean(two.cost),
            tail_usd=tails[0] - tails[1],
            low_usd=interval[0] if interval else None,
            high_usd=interval[1] if interval else None,
            points=None,
            is_proven=all(each.status == "optimal" for each in (before, after, other or after)),
            plan=(after if other is None else other).plan,
        )

    def _interval(self, before: Solution, after: Solution) -> tuple[float, float] | None:
        """Return the interval of the difference of two plans, each in its deal, over the same fresh sets.

        None where nothing is sampled, and once the time limit has passed.
        """
        if not self.drawn.sets or self.options.is_over:
            return None
        costs = [self.drawn.objectives(each.plan, each.settlement.deal) for each in (before, after)]
        found = estimate(costs[0] - costs[1])
        return found.usd - found.half_usd, found.usd + found.half_usd

    def compared(
        self, rows: Sequence[ClauseValue], requested: Iterable[tuple[str, str]]
    ) -> tuple[tuple[ClauseValue, ...], tuple[ClausePair, ...]]:
        """Return clauses with the points of discount that are worth as much, and every pair of two that can be asked
        for together.
        """
        both = {pair: deal for pair in requested if (deal := self._together(*pair)) is not None}
        in_time = [pair for pair in both if set(pair) <= set(self.value_of)]
        places = list(self.steps)
        in_order = sorted(rows, key=lambda row: places.index(row.clause))
        values = [row.worth_usd for row in in_order if row.worth_usd > 0] if self.is_signed else []
        curve = self._curve() if values else None
        asked: list[Ask[Any]] = [] if curve is None else curve.questions(values, self.options)
        parts = len(asked)
        asked += (partial(self._gain, both[pair]) for pair in in_time)
        answered = answers(asked, self.options, self.base)
        points: dict[float, float | None] = {}
        self.known |= {} if curve is None else curve.known
        for part, known in filter(None, answered[:parts]):
            points |= part
            self.known |= known
        gains = dict(zip(in_time, answered[parts:], strict=True))
        late_first = sorted(both, key=in_time.__contains__)
        pairs = tuple(self._pair(*pair, gains.get(pair)) for pair in late_first)
        return tuple(self._with_points(row, points) for row in rows), pairs

    def _with_points(self, row: ClauseValue, points: dict[float, float | None]) -> ClauseValue:
        """Return a clause with its points, if they count."""
        if not self.is_signed:
            return row
        is_known = row.worth_usd <= 0 or row.worth_usd in points
        return replace(row, points=points.get(row.worth_usd), has_points_in_time=is_known)

    def _together(self, first: str, second: str) -> Deal | None:
        """Return the deal with two clauses, one after the other; None where they cannot be asked for together."""
        one = self.steps[first].deal
        steps = clause_steps(one, self.offer) if one is not None else ()
        step = next((step for step in steps if step.clause == second), None)
        return None if step is None or not _is_priced(step) else step.deal

    def _pair(self, first: str, second: str, gain: tuple[float, bool] | None) -> ClausePair:
        """Return what two clauses are worth together, by what a solve with both found."""
        if gain is None:
            return ClausePair(first, second, None, None, NOT_IN_TIME, is_proven=False)
        usd, is_proven = gain
        extra = usd - self.value_of[first] - self.value_of[second]
        return ClausePair(first, second, usd, extra, _finding(usd, extra), is_proven)

    def _gain(self, deal: Deal, options: SolveOptions) -> tuple[float, bool]:
        """Return what a changed deal is worth, nothing where it is no better, and whether that is proven."""
        try:
            found = self._solved(deal, options, "cost")
        except Infeasible:
            return 0.0, True
        return max(self.base.objective_usd - found.objective_usd, 0.0), found.status == "optimal"

    def _solved(self, deal: Deal, options: SolveOptions, asks: Asks = "plan") -> Solution:
        """Solve a changed deal against the baseline of the base; raises LimitReached without a plan of its own."""
        return solve(deal, self.base.settlement.scenarios, options=options, asks=asks).optimised()

    # The curve of discount points

    def _curve(self) -> DiscountCurve:
        """Return the curve, as far as the values of clauses say what is on it."""
        maximum = min(MAX_POINTS, max_points(self.deal, self.offer) - RESOLUTION)
        curve = DiscountCurve(self._worth, maximum)
        step = self.steps.get("discount")
        is_priced = step is not None and _is_priced(step) and "discount" in self.value_of
        if step is not None and is_priced and _changed(step).offers == with_points(self.deal, self.offer, 1.0).offers:
            curve.known[1.0] = self.value_of["discount"]  # its step is a point in every band
        return curve

    def _worth(self, points: float, options: SolveOptions) -> float:
        """Return what so many points are worth."""
        return self._gain(with_points(self.deal, self.offer, points), options)[0]


def _late(step: ClauseStep) -> ClauseValue:
    """Return the row of a clause that the time limit did not reach."""
    return ClauseValue(
        clause=step.clause,
        was=step.was,
        asked=step.requested,
        finding=NOT_IN_TIME,
        value_usd=None,
        expected_usd=None,
        tail_usd=None,
        low_usd=None,
        high_usd=None,
        points=None,
        is_proven=False,
        plan=None,
    )


def _is_priced(step: ClauseStep) -> bool:
    """Whether there is a deal with the step that may be signed."""
    return step.deal is not None and not broken_references(step.deal.whole)


def _changed(step: ClauseStep) -> Deal:
    if step.deal is None:
        raise ValueError(f"{step.clause} has no step")
    return step.deal


def _finding(both_usd: float, extra_usd: float) -> str:
    """Return what two clauses are to each other, by their joint value and what of it is beyond the sum."""
    if abs(extra_usd) <= ALIKE * both_usd:
        return "independent"
    return "complements" if extra_usd > 0 else "substitutes"
