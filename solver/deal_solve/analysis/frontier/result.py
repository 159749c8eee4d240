"""The schema of a frontier."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from deal_solve.deal.deal import Deal
from deal_solve.plan.plan import Plan
from deal_solve.report.basics import DealFacts, Scenarios, deal_of, rows_of, scenarios_from
from deal_solve.report.record import Part
from deal_solve.version import VERSION

if TYPE_CHECKING:
    from deal_solve.analysis.frontier.frontier import Frontier

FRONTIER_SCHEMA: Literal["deal-solve-frontier/1"] = "deal-solve-frontier/1"


class FrontierPointFacts(Part):
    """One deal that no other one beats."""

    weight: float = Field(description="the least risk weight for which it is best")
    last_weight: float = Field(description="the largest one")
    expected_usd: float = Field(description="expected cost, discounted")
    cvar_usd: float = Field(description="mean of the worst, of cost or loss")
    is_knee: bool = Field(description="whether it is farthest from the line between the first and the last")
    is_proven: bool = Field(description="whether it is proven to the gap")
    deal: str = Field(description="what is signed, in a line")
    plan: Plan = Field(description="its plan")


class FrontierResult(Part):
    """What `frontier --out FILE.json` writes; USD over the horizon."""

    schema_version: Literal["deal-solve-frontier/1"] = Field(FRONTIER_SCHEMA, alias="schema", description="this schema")
    version: str = Field(VERSION, description="version of deal-solve")
    deal: DealFacts = Field(description="which deal")
    scenarios: Scenarios = Field(description="over which futures")
    on: str = Field(description="cost or loss: what cvar_usd is of")
    confidence: float = Field(description="of cvar_usd")
    points: tuple[FrontierPointFacts, ...] = Field(description="in rising order of expected cost")
    notes: tuple[str, ...] = Field(description="remarks in plain words")


def frontier_result_of(deal: Deal, found: Frontier) -> FrontierResult:
    """Return a frontier as data."""
    return FrontierResult(
        deal=deal_of(deal),
        scenarios=scenarios_from(found.points[0].solution.settlement.scenarios),
        on=found.on,
        confidence=found.confidence,
        points=rows_of(FrontierPointFacts, found.points),
        notes=found.notes,
    )
