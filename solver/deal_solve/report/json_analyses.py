"""What the analyses before signing found, as data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deal_solve.deal.deal import Deal
from deal_solve.report.json import deal_of, futures_of, rows_of
from deal_solve.report.schema_breakeven import BreakevenResult, FlipFacts, NearestFacts, StretchFacts
from deal_solve.report.schema_clauses import ClauseFacts, ClausePairFacts, ClausesResult, DiscountPointFacts
from deal_solve.report.schema_curve import CurvePointFacts, CurveResult
from deal_solve.report.schema_frontier import FrontierPointFacts, FrontierResult
from deal_solve.report.schema_review import ReviewResult, ReviewStepFacts
from deal_solve.report.schema_sensitivity import BarFacts, SensitivityResult, SobolFacts
from deal_solve.report.schema_sweep import SweepResult, SweepRowFacts

if TYPE_CHECKING:
    from deal_solve.analysis.breakeven import Breakeven
    from deal_solve.analysis.clause_values import Clauses
    from deal_solve.analysis.curve import Curve
    from deal_solve.analysis.frontier import Frontier
    from deal_solve.analysis.review import Review
    from deal_solve.analysis.sensitivity import Sensitivity
    from deal_solve.analysis.sweep import Sweep


def curve_result_of(deal: Deal, curve: Curve) -> CurveResult:
    """Return a curve as data."""
    return CurveResult(
        deal=deal_of(deal),
        scenarios=futures_of(curve.best.settlement.scenarios),
        offer=curve.offer,
        term_months=curve.term_months,
        points=rows_of(CurvePointFacts, curve.points),
        proposed=CurvePointFacts.model_validate(curve.proposed) if curve.proposed else None,
        notes=curve.notes,
    )


def frontier_result_of(deal: Deal, found: Frontier) -> FrontierResult:
    """Return a frontier as data."""
    return FrontierResult(
        deal=deal_of(deal),
        scenarios=futures_of(found.points[0].solution.settlement.scenarios),
        on=found.on,
        confidence=found.confidence,
        points=rows_of(FrontierPointFacts, found.points),
        notes=found.notes,
    )


def sweep_result_of(deal: Deal, found: Sweep) -> SweepResult:
    """Return a sweep as data."""
    return SweepResult(
        deal=deal_of(deal),
        scenarios=futures_of(found.futures),
        paths=found.design.paths,
        cells=len(found.design),
        rows=rows_of(SweepRowFacts, found.rows),
    )


def review_result_of(deal: Deal, found: Review, assumed: tuple[str, ...] = ()) -> ReviewResult:
    """Return a review as data."""
    return ReviewResult(
        deal=deal_of(deal),
        scenarios=futures_of(found.proposed.scenarios),
        confidence=found.summary.confidence,
        loss_usd=found.loss_usd,
        beats_probability=found.beats_probability,
        steps=rows_of(ReviewStepFacts, found.steps),
        lines=found.lines,
        offer_lines=found.offer_lines,
        changes=found.changes,
        limits=found.limits,
        breakevens=found.breakevens,
        assumed=assumed,
        notes=found.notes,
    )


def clauses_result_of(deal: Deal, found: Clauses) -> ClausesResult:
    """Return what clauses are worth as data."""
    return ClausesResult(
        deal=deal_of(deal),
        scenarios=futures_of(found.base.settlement.scenarios),
        offer=found.offer,
        objective_usd=found.base.objective_usd,
        values=rows_of(ClauseFacts, found.values),
        pairs=rows_of(ClausePairFacts, found.pairs),
        curve=rows_of(DiscountPointFacts, found.curve),
        notes=found.notes,
    )


def breakeven_result_of(deal: Deal, found: Breakeven) -> BreakevenResult:
    """Return a break-even as data."""
    names = ("path", "low", "high", "today", "target", "is_complete", "is_proven", "step", "resolution", "notes")
    return BreakevenResult(
        deal=deal_of(deal),
        scenarios=futures_of(found.futures),
        flips=rows_of(FlipFacts, found.flips),
        stretches=rows_of(StretchFacts, found.stretches),
        nearest=NearestFacts.model_validate(found.nearest) if found.nearest else None,
        **{name: getattr(found, name) for name in names},
    )


def sensitivity_result_of(deal: Deal, found: Sensitivity) -> SensitivityResult:
    """Return a sensitivity as data."""
    sobol = found.sobol
    return SensitivityResult(
        deal=deal_of(deal),
        scenarios=futures_of(found.best.settlement.scenarios),
        objective_usd=found.best.objective_usd,
        plan=found.best.plan,
        bars=rows_of(BarFacts, found.bars),
        indices=rows_of(SobolFacts, sobol.indices) if sobol else (),
        factors_are_inputs=sobol.are_inputs if sobol else None,
        notes=(*found.notes, *(sobol.notes if sobol else ())),
    )
