"""The commitment curve: what each commitment of one agreement costs and risks, band by band, all else at its best."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, Unpack

import numpy as np

from deal_solve.analysis.curve.result import Curve, CurvePoint
from deal_solve.currency import converted
from deal_solve.deal.deal import Deal
from deal_solve.deal.money import CENT_TOLERANCE_USD
from deal_solve.errors import Infeasible, InputError, LimitReached, Problem
from deal_solve.facts.health import commitment_overall
from deal_solve.facts.today import end_in_force
from deal_solve.frames import Table
from deal_solve.messages import counted
from deal_solve.optimise.neighbours import answers
from deal_solve.optimise.options import SolveKeywords, SolveOptions
from deal_solve.optimise.search.settings import Comparison
from deal_solve.optimise.solution import Solution
from deal_solve.optimise.solve import solve
from deal_solve.plan.plan import ApiAgreement, Plan
from deal_solve.plan.proposal import Proposal, ProposedApi, pins_of
from deal_solve.plan.resolved import resolve
from deal_solve.report.basics import About
from deal_solve.uncertainty.measures import Against
from deal_solve.uncertainty.months import in_months_of
from deal_solve.uncertainty.scenario_set import Scenarios

if TYPE_CHECKING:
    pass

Mark = Literal["optimum", "threshold", "grid", "proposed", "uncommitted"]
POINTS = 7
MIN_SHARE, LARGEST_SHARE = 0.5, 1.5
"""Where the grid begins and ends, as a share of the least and the largest commitment that is best in a band."""
LATE = "the time limit passed before it had a plan"
"""Why a point is left out that may well have one."""
SAME_POINT_TOLERANCE = 0.01
"""A point of the grid this near to the optimum, as a share, is left to it."""


def curve(
    deal: Deal,
    scenarios: Scenarios,
    offer: str | None = None,
    term_months: int | None = None,
    *,
    points: int = POINTS,
    proposed: Proposal | Plan | Solution | None = None,
    **keywords: Unpack[SolveKeywords],
) -> Curve:
    """Return the curve of an offer and term (default: those of the best plan, else of the nearest that commits).

    Every point is a solve over the same scenarios with offer, term, band and commitment pinned and all else free; the
    optimum of a band is the solve with the band pinned alone, that of the best plan's first band the best plan.
    `points` is the size of the grid, which the bands share, `proposed` a proposal or a plan to mark; the keywords are
    those of `solve`. A point that no plan can take is left out, with a note. Raises InputError where no agreement
    commits anything, and what `solve` raises.
    """
    agreement = {key: value for key, value in (("offer", offer), ("term_months", term_months)) if value is not None}
    options = SolveOptions.of(keywords).begun()
    best = solve(deal, scenarios, options=options, fix=_fixed(options.fix, agreement))
    chosen = _agreement(best)
    curves = _Curves(deal, scenarios, dict(zip(("offer", "term_months"), chosen, strict=True)), best, options.cached())
    rows = tuple(curves.rows(points))
    if not rows and LATE in curves.left_out:
        raise LimitReached("the time limit passed before any point of the curve had a plan")
    if not rows:
        raise Infeasible(
            f"no band of {chosen[0]} can be signed for {counted(chosen[1], 'month')}; {'; '.join(curves.notes)}"
        )
    pins = pins_of(proposed)
    today = None if pins is None else curves.solved("the proposal", "proposed", pins)
    return Curve(
        offer=chosen[0],
        term_months=chosen[1],
        points=Table(rows),
        proposed=today,
        uncommitted=curves.uncommitted(),
        best=best,
        about=About(deal, scenarios),
        notes=(*best.notes, *_shapes(rows), *curves.notes),
        not_in_time=tuple(curves.left_out.get(LATE, ())),
    )


def _agreement(best: Solution) -> tuple[str, int]:
    """Return offer and term of a plan if it could commit there, else of the candidate of least bound that commits."""
    own = best.plan.api.offer, best.plan.api.term_months
    candidates = sorted(best.agreements, key=lambda candidate: candidate.bound_usd)
    open_to = [
        (candidate.offer, candidate.term_months)
        for candidate in candidates
        if candidate.band_usd_per_year > 0 and candidate.outcome != "infeasible"
    ]
    if not open_to:
        raise InputError(Problem("offers", "no API agreement that commits can be signed; a curve needs one"))
    return own if own in open_to else open_to[0]


def _fixed(fix: Proposal | None, api: dict[str, Any]) -> Proposal:
    """Return a proposal with parts of its API agreement replaced."""
    fix = fix or Proposal()
    stated = fix.api.model_dump(exclude_unset=True)
    return fix.model_copy(update={"api": ProposedApi.model_validate({**stated, **api})})


@dataclass
class _Curves:
    """The bands of one agreement."""

    deal: Deal
    scenarios: Scenarios
    agreement: dict[str, Any]
    best: Solution
    options: SolveOptions
    left_out: dict[str, list[str]] = field(default_factory=dict)

    @property
    def notes(self) -> tuple[str, ...]:
        """What is left out, and why."""
        return tuple(f"left out ({why}): {'; '.join(indices)}" for why, indices in self.left_out.items())

    def rows(self, points: int) -> Iterator[CurvePoint]:
        """Yield the points of all bands, each in rising order of the commitment."""
        api = resolve(self.deal).taken_for(self.agreement["offer"], self.agreement["term_months"]).require_api()
        bands = [each.commit_usd_per_year for each in api.bands]
        known = self._of_best()
        others = [band for band in bands if known is None or band != known.band_usd_per_year]
        optima = dict(self._all_fixed([(band, "optimum", None) for band in others]))
        optima |= {} if known is None else {known.band_usd_per_year: known}
        optima = {band: optima[band] for band in bands if band in optima}
        grid = _grid([point.commitment_usd_per_year for point in optima.values()], api.step_usd, points)
        wanted: list[tuple[float, Mark, float | None]] = []
        for band, optimum in optima.items():
            minimum = band if api.step_usd is None else math.ceil(band / api.step_usd - 1e-9) * api.step_usd
            for usd in sorted({minimum, *(usd for usd in grid if usd > minimum)}) if band else ():
                tolerance = CENT_TOLERANCE_USD if usd == minimum else SAME_POINT_TOLERANCE * usd
                if abs(usd - optimum.commitment_usd_per_year) > tolerance:
                    wanted.append((band, "threshold" if usd == minimum else "grid", usd))
        found = self._all_fixed(wanted)
        for band, optimum in optima.items():
            row = [optimum, *(point for own, point in found if own == band)]
            yield from sorted(row, key=lambda point: point.commitment_usd_per_year)

    def _of_best(self) -> CurvePoint | None:
        """Return the point of the solution that chose the agreement, if its own is that: no point costs less."""
        api = self.best.plan.api
        own = {"offer": api.offer, "term_months": api.term_months}
        if self.best.is_simple or own != self.agreement:
            return None
        band = {"band_usd_per_year": (api.terms[0].band_usd_per_year,)}
        return _point(self.best.optimised(), "optimum", _fixed(self.options.fix, {**self.agreement, **band}))

    def uncommitted(self) -> CurvePoint | None:
        """Return the best plan without API commitment, from any offer; None where there is none."""
        best: CurvePoint | None = None
        for each in sorted(self.best.agreements, key=lambda candidate: candidate.bound_usd):
            if each.band_usd_per_year > 0 or each.outcome == "infeasible":
                continue
            if best is not None and each.bound_usd >= best.objective_usd:
                break
            api = {"offer": each.offer, "term_months": each.term_months, "band_usd_per_year": (0,)}
            point = self.solved("no commitment", "uncommitted", _fixed(self.options.fix, api))
            if point and (best is None or point.objective_usd < best.objective_usd):
                best = point
        nothing = self._nothing_signed()
        return nothing if nothing and (best is None or nothing.objective_usd < best.objective_usd) else best

    def _nothing_signed(self) -> CurvePoint | None:
        """Return what costs least with nothing signed, where signing cuts short what is in force; None elsewhere.

        It then runs to its end, as in what `solve` compares with.
        """
        whole, end = self.deal.whole, end_in_force(self.deal.whole)
        if end <= self.deal.signing_month or self.options.fix is not None:
            return None
        listed = whole.signed_in(end).model_copy(update={"offers": {}})
        scenarios = in_months_of(listed, self.scenarios)
        known = Comparison(self.best.baseline, Against(baseline=self.best.baseline_cost, best=self.best.best_cost))

        def ask(options: SolveOptions) -> CurvePoint | str:
            try:
                found = solve(listed, scenarios, options=replace(options, baseline=known, fix=None)).optimised()
            except Infeasible as error:
                return str(error)
            return _point(found, "uncommitted", Proposal())

        (found,) = answers([ask], self.options, self.best, processes=1)
        return next(self._kept("nothing signed", found), None)

    def _all_fixed(self, wanted: list[tuple[float, Mark, float | None]]) -> list[tuple[float, CurvePoint]]:
        """Return bands with their points at a commitment, or at any, of all that has a plan."""
        asked = []
        for band, mark, usd in wanted:
            api = {**self.agreement, "band_usd_per_year": (band,)} | ({} if usd is None else {"commitment_usd": (usd,)})
            asked.append(partial(self._solved, mark, _fixed(self.options.fix, api)))
        found: list[tuple[float, CurvePoint]] = []
        for (band, _, usd), point in zip(wanted, answers(asked, self.options, self.best), strict=True):
            index = f"band from {band:,.10g}" + ("" if usd is None else f" at {usd:,.10g} a year")
            found += [(band, each) for each in self._kept(index, point)]
        return found

    def solved(self, index: str, mark: Mark, fix: Proposal) -> CurvePoint | None:
        """Return a point; None where there is no plan."""
        (found,) = answers([partial(self._solved, mark, fix)], self.options, self.best)
        return next(self._kept(index, found), None)

    def _kept(self, index: str, found: CurvePoint | str | None) -> Iterator[CurvePoint]:
        """Yield a point, or note why there is none."""
        if found is None or isinstance(found, str):
            self.left_out.setdefault(LATE if found is None else found, []).append(index)
        else:
            yield found

    def _solved(self, mark: Mark, fix: Proposal, options: SolveOptions) -> CurvePoint | str:
        """Return a point, or why there is none."""
        try:
            options = options.measured_against(self.best.baseline)
            return _point(solve(self.deal, self.scenarios, options=options, fix=fix).optimised(), mark, fix)
        except Infeasible as error:
            return str(error)


def _grid(optima: list[float], step: float | None, points: int) -> list[float]:
    """Return commitments around the optima, evenly spaced: multiples of the offer's step, or of a round amount.

    >>> _grid([0, 500_000], None, 3), _grid([48], None, 3), _grid([0], None, 3)
    ([250000.0, 500000.0, 750000.0], [24.0, 48.0, 72.0], [])
    """
    committed = [usd for usd in optima if usd > 0]
    if not committed:
        return []
    low, high = MIN_SHARE * min(committed), LARGEST_SHARE * max(committed)
    unit = step or 10.0 ** (math.floor(math.log10(high)) - 2)
    spread = np.linspace(low, high, points).tolist()
    return sorted({round(round(usd / unit) * unit, 2) for usd in spread} - {0.0})


def _shapes(rows: tuple[CurvePoint, ...]) -> Iterator[str]:
    """Yield where a point does not say all of its commitment."""
    for point in rows:
        if point.mark == "optimum" and len({round(usd, 2) for usd in _committed(point.plan.api)}) > 1:
            band = f"{converted(point.band_usd_per_year):,.10g}"
            yield f"in the band from {band} the best commitment differs by contract year; its mean is shown"


def _committed(api: ApiAgreement) -> list[float]:
    """Return the commitment of every contract year whose term commits anything."""
    return [usd for term in api.terms if any(term.commitment_usd) for usd in term.commitment_usd]


def _point(found: Solution, mark: Mark, fix: Proposal) -> CurvePoint:
    """Return the point of a solution; a pinned commitment is stated as it was pinned, not as it was rounded."""
    settlement = found.settlement
    api, health = found.plan.api, commitment_overall(settlement)
    fixed = mark in ("threshold", "grid") and fix.api.commitment_usd
    committed = fixed or _committed(api)
    return CurvePoint(
        band_usd_per_year=api.terms[0].band_usd_per_year,
        commitment_usd_per_year=sum(committed) / len(committed) if committed else 0.0,
        mark=mark,
        expected_usd=settlement.mean(settlement.cost),
        objective_usd=found.objective_usd,
        utilisation=health.utilisation if health else None,
        overage_probability=health.overage_probability if health else 0.0,
        shortfall_probability=health.shortfall_probability if health else 0.0,
        forfeited_usd=health.forfeited_usd if health else 0.0,
        is_proven=found.status == "optimal",
        fix=fix,
        plan=found.plan,
    )
