"""The schema of what the clauses of an offer are worth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from deal_solve.deal.deal import Deal
from deal_solve.plan.plan import Plan
from deal_solve.report.basics import DealFacts, Scenarios, deal_of, rows_of, scenarios_from
from deal_solve.report.record import Part
from deal_solve.version import VERSION

if TYPE_CHECKING:
    from deal_solve.analysis.clauses.values import Clauses

CLAUSES_SCHEMA: Literal["deal-solve-clauses/1"] = "deal-solve-clauses/1"


class ClauseFacts(Part):
    """One clause, and what one step towards the buyer is worth."""

    clause: str = Field(description="the clause")
    was: str = Field(description="how it stands")
    asked: str | None = Field(description="one step towards the buyer; null where nothing is better")
    finding: str = Field(
        description="empty, or no effect, dearer (as it stands is better), at best, in hand (the offer has it), needed"
    )
    value_usd: float = Field(description="what the objective falls by; never negative")
    expected_usd: float = Field(description="what expected cost falls by")
    tail_usd: float = Field(description="what the mean of the worst costs falls by")
    low_usd: float | None = Field(description="of the value over all futures, at 95 %; null where nothing is sampled")
    high_usd: float | None = Field(description="the other end of the interval")
    points: float | None = Field(description="points of discount that are worth as much; null: none, or out of reach")
    is_proven: bool = Field(description="whether it is proven to the gap")
    plan: Plan = Field(description="the best plan with the step")


class ClausePairFacts(Part):
    """Two clauses asked for together."""

    first: str = Field(description="one clause")
    second: str = Field(description="the other")
    both_usd: float = Field(description="what both are worth")
    extra_usd: float = Field(description="beyond the sum of each; negative for substitutes")
    finding: str = Field(description="substitutes, complements or independent")
    is_proven: bool = Field(description="whether it is proven to the gap")


class DiscountPointFacts(Part):
    """One point of the yardstick."""

    points: float = Field(description="more discount in every band of the offer, in points of 1 %")
    value_usd: float = Field(description="what the objective falls by")


class ClausesResult(Part):
    """What `clauses --out FILE.json` writes; USD over the horizon."""

    schema_version: Literal["deal-solve-clauses/1"] = Field(CLAUSES_SCHEMA, alias="schema", description="this schema")
    version: str = Field(VERSION, description="version of deal-solve")
    deal: DealFacts = Field(description="which deal")
    scenarios: Scenarios = Field(description="over which futures")
    offer: str = Field(description="whose clauses these are")
    objective_usd: float = Field(description="of the best deal as it stands")
    values: tuple[ClauseFacts, ...] = Field(description="the dearest first")
    pairs: tuple[ClausePairFacts, ...] = Field(description="pairs of the dearest, and those asked for")
    curve: tuple[DiscountPointFacts, ...] = Field(description="what points of discount are worth, as far as solved")
    notes: tuple[str, ...] = Field(description="remarks in plain words")


def clauses_result_of(deal: Deal, found: Clauses) -> ClausesResult:
    """Return what clauses are worth as data."""
    return ClausesResult(
        deal=deal_of(deal),
        scenarios=scenarios_from(found.base.settlement.scenarios),
        offer=found.offer,
        objective_usd=found.base.objective_usd,
        values=rows_of(ClauseFacts, found.values),
        pairs=rows_of(ClausePairFacts, found.pairs),
        curve=rows_of(DiscountPointFacts, found.curve),
        notes=found.notes,
    )
