"""The schema of a break-even."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from deal_solve.deal.deal import Deal
from deal_solve.plan.plan import Plan
from deal_solve.report.basics import DealFacts, Scenarios, deal_of, rows_of, scenarios_from
from deal_solve.report.record import Part
from deal_solve.version import VERSION

if TYPE_CHECKING:
    from deal_solve.analysis.breakeven.breakeven import Breakeven

BREAKEVEN_SCHEMA: Literal["deal-solve-breakeven/1"] = "deal-solve-breakeven/1"


class FlipFacts(Part):
    """A value at which the best deal, or whether it is at the target, changes; null on a side without a plan."""

    value: float = Field(description="where it changes")
    low: float = Field(description="the last value known on one side")
    high: float = Field(description="the first value known on the other side; the same where it is exact")
    is_exact: bool = Field(description="whether it is exact, to the gap")
    before_usd: float | None = Field(description="objective at low")
    after_usd: float | None = Field(description="objective at high")
    expected_before_usd: float | None = Field(description="expected cost at low, discounted")
    expected_after_usd: float | None = Field(description="expected cost at high, discounted")
    committed_before_usd: float | None = Field(description="committed dollars at low")
    committed_after_usd: float | None = Field(description="committed dollars at high")
    change: str = Field(description="what changes, in words")
    before: Plan | None = Field(description="the plan below the flip")
    after: Plan | None = Field(description="the plan above it")


class StretchFacts(Part):
    """The values between two flips; null where there is no plan."""

    low: float = Field(description="where it begins")
    high: float = Field(description="where it ends")
    low_usd: float | None = Field(description="objective where it begins")
    high_usd: float | None = Field(description="objective where it ends")
    usd_per_unit: float | None = Field(description="change of the objective per unit of the field")
    is_even: bool = Field(description="whether that rate is the same everywhere in the stretch, not a mean")
    at_target: bool | None = Field(description="whether it is at the target; null without one")
    deal: str = Field(description="what is signed, in a line")
    plan: Plan | None = Field(description="its plan")


class NearestFacts(Part):
    """The value nearest to a target that is not reached."""

    value: float = Field(description="of the field")
    missed_usd: float = Field(description="by how much the target is missed")


class BreakevenResult(Part):
    """What `breakeven --out FILE.json` writes; USD over the horizon."""

    schema_version: Literal["deal-solve-breakeven/1"] = Field(
        BREAKEVEN_SCHEMA, alias="schema", description="this schema"
    )
    version: str = Field(VERSION, description="version of deal-solve")
    deal: DealFacts = Field(description="which deal")
    scenarios: Scenarios = Field(description="over which futures, of the deal as it is")
    path: str = Field(description="the field that is varied")
    low: float = Field(description="from here")
    high: float = Field(description="to here")
    today: float | None = Field(description="its value in the deal; null if that is no number")
    target: str | None = Field(description="what was asked for; null: any change of the best deal")
    flips: tuple[FlipFacts, ...] = Field(description="in rising order of the field")
    stretches: tuple[StretchFacts, ...] = Field(description="in rising order of the field")
    nearest: NearestFacts | None = Field(description="the nearest value, where none gets to the target")
    is_complete: bool = Field(description="whether nothing can be missed between flips")
    is_proven: bool = Field(description="whether every solve is proven to the gap")
    step: float = Field(description="distance of the values solved at first")
    resolution: float = Field(description="width of what is not exact")
    notes: tuple[str, ...] = Field(description="remarks in plain words")


def breakeven_result_of(deal: Deal, found: Breakeven) -> BreakevenResult:
    """Return a break-even as data."""
    names = ("path", "low", "high", "today", "target", "is_complete", "is_proven", "step", "resolution", "notes")
    return BreakevenResult(
        deal=deal_of(deal),
        scenarios=scenarios_from(found.scenarios),
        flips=rows_of(FlipFacts, found.flips),
        stretches=rows_of(StretchFacts, found.stretches),
        nearest=NearestFacts.model_validate(found.nearest) if found.nearest else None,
        **{name: getattr(found, name) for name in names},
    )
