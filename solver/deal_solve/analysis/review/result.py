"""The schema of a review."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from deal_solve.deal.deal import Deal
from deal_solve.facts.decisions import Change
from deal_solve.facts.difference import Difference
from deal_solve.facts.limit_checks import LimitCheck
from deal_solve.frames import Table
from deal_solve.plan.plan import Plan
from deal_solve.report.basics import DealFacts, Scenarios, deal_of, rows_of, scenarios_from
from deal_solve.report.record import Part
from deal_solve.version import VERSION

if TYPE_CHECKING:
    from deal_solve.analysis.review.review import Review

REVIEW_SCHEMA: Literal["deal-solve-review/1"] = "deal-solve-review/1"


class ReviewStepFacts(Part):
    """One step from the proposal to the best deal."""

    step: str = Field(description="what is freed; first the proposal itself")
    finding: str = Field(description="what was wrong with it, in a word; no loss: nothing")
    saved_usd: float = Field(description="what the objective falls by; 0 for the proposal")
    objective_usd: float = Field(description="objective after it")
    expected_usd: float = Field(description="expected cost after it, discounted")
    cvar_usd: float = Field(description="mean of the worst costs after it")
    is_proven: bool = Field(description="whether it is proven to the gap")
    plan: Plan = Field(description="its plan")


class DriverFacts(Part):
    """One driver of cost; both plans stay as they are."""

    driver: str = Field(description="what is moved")
    unit: str = Field(description="times (of what the futures say) or a year (growth on top of theirs)")
    today: float = Field(description="where it stands: 1 or 0")
    below: float | None = Field(description="nearest value below at which both cost the same; null: none is")
    above: float | None = Field(description="nearest value above")
    low: float = Field(description="the least value looked at")
    high: float = Field(description="the largest")


class ReviewResult(Part):
    """What `review --out FILE.json` writes; USD over the horizon."""

    schema_version: Literal["deal-solve-review/1"] = Field(REVIEW_SCHEMA, alias="schema", description="this schema")
    version: str = Field(VERSION, description="version of deal-solve")
    deal: DealFacts = Field(description="which deal")
    scenarios: Scenarios = Field(description="over which futures")
    confidence: float = Field(description="of cvar_usd")
    loss_usd: float = Field(description="objective of the proposal above that of the best deal")
    beats_probability: float = Field(description="that the proposal costs less than the best deal")
    steps: tuple[ReviewStepFacts, ...] = Field(description="from the proposal to the best deal, adding up to loss_usd")
    lines: Difference = Field(description="what the proposal costs more, line by line")
    offer_lines: Difference = Field(description="the same of the step to other papers")
    changes: Table[Change] = Field(description="decisions that the proposal takes otherwise")
    limits: Table[LimitCheck] = Field(description="what the proposal does to each limit")
    breakevens: tuple[DriverFacts, ...] = Field(
        description="where the proposal costs as much as the best deal, one driver moved at a time"
    )
    assumed: tuple[str, ...] = Field(description="what was assumed where the proposal says nothing")
    notes: tuple[str, ...] = Field(description="remarks in plain words")


def review_result_of(deal: Deal, found: Review, assumed: tuple[str, ...] = ()) -> ReviewResult:
    """Return a review as data."""
    return ReviewResult(
        deal=deal_of(deal),
        scenarios=scenarios_from(found.proposed.scenarios),
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
