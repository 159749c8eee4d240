"""The schema of a commitment curve."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from deal_solve.deal.deal import Deal
from deal_solve.plan.plan import Plan
from deal_solve.report.basics import DealFacts, Scenarios, deal_of, rows_of, scenarios_from
from deal_solve.report.record import Part
from deal_solve.version import VERSION

if TYPE_CHECKING:
    from deal_solve.analysis.curve.curve import Curve

CURVE_SCHEMA: Literal["deal-solve-curve/1"] = "deal-solve-curve/1"


class CurvePointFacts(Part):
    """One commitment in one band."""

    band_usd_per_year: float = Field(description="threshold of the band in the first term")
    commitment_usd_per_year: float = Field(description="mean over the contract years")
    mark: Literal["optimum", "threshold", "grid", "proposed"] = Field(
        description="optimum: best commitment of the band; threshold: the least it takes; proposed: the proposal"
    )
    expected_usd: float = Field(description="expected cost, discounted")
    objective_usd: float = Field(description="objective")
    utilisation: float | None = Field(description="share of all commitments drawn down, expected; null without any")
    overage_probability: float = Field(description="that usage is not covered in some contract year")
    shortfall_probability: float = Field(description="that commitment is not used in some contract year")
    forfeited_usd: float = Field(description="balance lost, expected, not discounted")
    is_proven: bool = Field(description="whether it is proven to the gap")
    plan: Plan = Field(description="the plan of this point")


class CurveResult(Part):
    """What `curve --out FILE.json` writes; USD over the horizon unless said."""

    schema_version: Literal["deal-solve-curve/1"] = Field(CURVE_SCHEMA, alias="schema", description="this schema")
    version: str = Field(VERSION, description="version of deal-solve")
    deal: DealFacts = Field(description="which deal")
    scenarios: Scenarios = Field(description="over which futures")
    offer: str = Field(description="the offer whose bands these are")
    term_months: int = Field(description="its first term")
    points: tuple[CurvePointFacts, ...] = Field(description="band by band, in rising order of the commitment")
    proposed: CurvePointFacts | None = Field(description="the proposal given by --plan, what it leaves out at its best")
    notes: tuple[str, ...] = Field(description="remarks in plain words")


def curve_result_of(deal: Deal, curve: Curve) -> CurveResult:
    """Return a curve as data."""
    return CurveResult(
        deal=deal_of(deal),
        scenarios=scenarios_from(curve.best.settlement.scenarios),
        offer=curve.offer,
        term_months=curve.term_months,
        points=rows_of(CurvePointFacts, curve.points),
        proposed=CurvePointFacts.model_validate(curve.proposed) if curve.proposed else None,
        notes=curve.notes,
    )
