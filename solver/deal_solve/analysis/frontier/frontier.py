"""The frontier of expected cost against its tail: one optimum per risk weight, without those that another one beats."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Unpack

import numpy as np

from deal_solve.analysis.frontier.result import Frontier, FrontierPoint
from deal_solve.deal.deal import Deal
from deal_solve.deal.money import CENT_TOLERANCE_USD
from deal_solve.facts.decisions import deal_in_a_line
from deal_solve.frames import Table
from deal_solve.optimise.neighbours import answers
from deal_solve.optimise.options import SolveKeywords, SolveOptions
from deal_solve.optimise.search.settings import LowerBounds
from deal_solve.optimise.solution import Solution
from deal_solve.optimise.solve import solve
from deal_solve.report.basics import About
from deal_solve.settlement.objective import fit_risk, is_below
from deal_solve.uncertainty import measures
from deal_solve.uncertainty.scenario_set import Array, Scenarios, ready

STEPS = 11


def frontier(deal: Deal, scenarios: Scenarios, steps: int = STEPS, **keywords: Unpack[SolveKeywords]) -> Frontier:
    """Solve a deal for risk weights from 0 to 1, in so many even steps, and return the optima that no other one beats.

    What the risk is measured on, and the confidence, are those of the deal; its weight, or worst case or regret, is
    left aside. The keywords are those of `solve`. Raises what `solve` raises.
    """
    about = About(deal, scenarios)
    cautious = deal.risk.model_copy(update={"criterion": "expected", "weight": 1.0})
    deal, notes = fit_risk(deal.model_copy(update={"risk": cautious}), scenarios)
    options, scenarios = SolveOptions.of(keywords).cached().begun(), ready(scenarios)
    last = solve(deal, scenarios, options=options)
    options = options.measured_against(last.baseline)
    weights = np.linspace(0, 1, steps).round(9).tolist()
    found = _Weights(deal, last, options, weights).points()
    late = tuple(weight for weight, point in zip(weights, found, strict=True) if point is None)
    kept = _undominated(_merged(found))
    notes = (*notes, *dict.fromkeys(note for point in kept for note in point.solution.notes if note not in notes))
    if late:
        notes += (f"the time limit passed before the risk weight{'s' * (len(late) > 1)} {_listed(late)} had a deal",)
    return Frontier(
        on=deal.risk.on,
        confidence=deal.risk.confidence,
        points=Table(tuple(kept) if late else _with_knee(kept)),
        not_in_time=late,
        about=about,
        notes=notes,
    )


@dataclass(frozen=True)
class _Weights:
    """The risk weights of a frontier, in rising order; `last` is the solution of the last one.

    What a plan costs is a straight line in the weight: (1-λ)·E + λ·CVaR. So the least cost is concave, and a plan that
    is best at two weights is best at every weight between them: nothing is solved there.
    """

    deal: Deal
    last: Solution
    options: SolveOptions
    weights: list[float]

    def points(self) -> list[FrontierPoint | None]:
        """Return the point of every weight, None where the time limit left none."""
        end = len(self.weights) - 1
        found = self._first(self._point(end, self.last), end)
        gaps = [(0, end)] if 0 in found else []
        while gaps := [gap for gap in gaps if gap[1] - gap[0] > 1]:
            apart = []
            for low, high in gaps:
                if _is_same(found[low], found[high]):
                    between = range(low + 1, high)
                    found |= {number: replace(found[low], weight=self.weights[number]) for number in between}
                else:
                    apart.append((low, (low + high) // 2, high))
            unknown = [(low, middle, high) for low, middle, high in apart if middle not in found]
            found |= self._answered(
                {middle: self._bounds(found[low], found[high], middle) for low, middle, high in unknown}
            )
            gaps = [part for low, middle, high in apart if middle in found for part in ((low, middle), (middle, high))]
        return [found.get(number) for number in range(len(self.weights))]

    def _first(self, last: FrontierPoint, end: int) -> dict[int, FrontierPoint]:
        """Return the points of the last weight, of the first and, unless their plans are the same, of the middle one.

        The two are solved side by side; one after the other the middle one is solved only if it is needed.
        """
        found = {end: last}

        def of_first(options: SolveOptions) -> FrontierPoint:
            found[0] = self._solved(0, options)
            return found[0]

        def of_middle(options: SolveOptions) -> FrontierPoint | None:
            is_needed = end > 1 and not (0 in found and _is_same(found[0], last))
            return self._solved(end // 2, options) if is_needed else None

        first, middle = answers([of_first, of_middle], self.options, self.last)
        if first is None:
            return {end: last}
        found[0] = first
        return found if middle is None or _is_same(first, last) else {**found, end // 2: middle}

    def _answered(self, bounds: Mapping[int, LowerBounds]) -> dict[int, FrontierPoint]:
        """Return the points of some weights, with what is known of each, as far as the time limit leaves them."""
        asked = [partial(self._solved, number, lower_bounds=own) for number, own in bounds.items()]
        solved = answers(asked, self.options, self.last)
        return {number: point for number, point in zip(bounds, solved, strict=True) if point is not None}

    def _bounds(self, low: FrontierPoint, high: FrontierPoint, number: int) -> LowerBounds:
        """Return what bounds every agreement at a weight between two: the least cost under one is concave in it too."""
        share = (self.weights[number] - low.weight) / (high.weight - low.weight)
        ends = low.solution.lower_bounds, high.solution.lower_bounds
        return {each: (1 - share) * ends[0][each] + share * ends[1][each] for each in ends[0].keys() & ends[1].keys()}

    def _solved(self, number: int, options: SolveOptions, lower_bounds: LowerBounds | None = None) -> FrontierPoint:
        risk = self.deal.risk.model_copy(update={"weight": self.weights[number]})
        deal = self.deal.model_copy(update={"risk": risk})
        scenarios = self.last.settlement.scenarios
        found = solve(deal, scenarios, lower_bounds=lower_bounds, options=options)
        return self._point(number, found.optimised())

    def _point(self, number: int, solution: Solution) -> FrontierPoint:
        return _point(self.weights[number], solution, self.last.baseline_cost)


def _is_same(one: FrontierPoint, other: FrontierPoint) -> bool:
    """Whether the plans of two weights cost the same at either, and are proven to be best there."""
    apart = (abs(one.expected_usd - other.expected_usd), abs(one.cvar_usd - other.cvar_usd))
    return one.is_proven and other.is_proven and max(apart) <= CENT_TOLERANCE_USD


def _point(weight: float, solution: Solution, baseline: Array | None) -> FrontierPoint:
    settlement = solution.settlement
    risk, cost = settlement.deal.risk, settlement.cost
    outcome = cost if baseline is None else cost - baseline
    return FrontierPoint(
        weight=weight,
        last_weight=weight,
        expected_usd=settlement.mean(cost),
        cvar_usd=measures.cvar(outcome, settlement.weights, risk.confidence),
        is_knee=False,
        is_proven=solution.status == "optimal",
        deal=deal_in_a_line(settlement),
        plan=solution.plan,
        solution=solution,
    )


def _beats(one: FrontierPoint, other: FrontierPoint) -> bool:
    """Whether a point is better by one measure and not worse by the other."""
    pairs = ((one.expected_usd, other.expected_usd), (one.cvar_usd, other.cvar_usd))
    return any(is_below(a, b) for a, b in pairs) and not any(is_below(b, a) for a, b in pairs)


def _merged(points: Sequence[FrontierPoint | None]) -> list[FrontierPoint]:
    """Return points of rising weight with neighbours that cost the same as one."""
    kept: list[FrontierPoint] = []
    is_next = False
    for point in points:
        if point is None:
            is_next = False
            continue
        amounts = ("expected_usd", "cvar_usd")
        if is_next and not any(
            is_below(getattr(a, name), getattr(b, name))
            for a, b in ((kept[-1], point), (point, kept[-1]))
            for name in amounts
        ):
            kept[-1] = replace(kept[-1], last_weight=point.weight)
        else:
            kept.append(point)
        is_next = True
    return kept


def _listed(weights: Sequence[float]) -> str:
    return ", ".join(f"{weight:.3g}" for weight in weights)


def _undominated(points: Sequence[FrontierPoint]) -> list[FrontierPoint]:
    kept = [point for point in points if not any(_beats(other, point) for other in points)]
    return sorted(kept, key=lambda point: (point.expected_usd, point.weight))


def _with_knee(points: Sequence[FrontierPoint]) -> tuple[FrontierPoint, ...]:
    """Mark the point farthest below the line between the first and the last, if one is below it."""
    if len(points) < 3:
        return tuple(points)
    first, last = points[0], points[-1]
    rise, fall = last.expected_usd - first.expected_usd, first.cvar_usd - last.cvar_usd
    below = [(first.cvar_usd - p.cvar_usd) * rise - (p.expected_usd - first.expected_usd) * fall for p in points]
    index = int(np.argmax(below))
    is_below = 0 < index < len(points) - 1
    return tuple(replace(point, is_knee=is_below and n == index) for n, point in enumerate(points))
