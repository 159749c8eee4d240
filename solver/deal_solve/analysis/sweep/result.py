"""The schema of a sweep."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from deal_solve.deal.deal import Deal
from deal_solve.report.basics import DealFacts, Scenarios, deal_of, rows_of, scenarios_from
from deal_solve.report.record import Part
from deal_solve.version import VERSION

if TYPE_CHECKING:
    from deal_solve.analysis.sweep.sweep import Sweep

SWEEP_SCHEMA: Literal["deal-solve-sweep/1"] = "deal-solve-sweep/1"


class SweepRowFacts(Part):
    """One cell; amounts are null where there is no plan."""

    cell: int = Field(description="counted from 1")
    inputs: dict[str, Any] = Field(description="the value of every varied field, by its path")
    status: Literal["optimal", "limit", "infeasible", "stopped", "invalid", "failed"] = Field(
        description="limit: a plan, not proven to the gap; stopped: the time limit passed without one; invalid: no deal"
    )
    reason: str = Field(description="why there is no plan, or no proof")
    objective_usd: float | None = Field(description="objective")
    bound_usd: float | None = Field(description="a valid lower bound on it")
    gap: float | None = Field(description="(objective - bound) / |objective|")
    agreement: str | None = Field(description="offer of the API agreement")
    term_months: int | None = Field(description="its first term")
    band_usd_per_year: float | None = Field(description="threshold of the band in the first term")
    commitment_usd_per_year: float | None = Field(description="mean over the contract years")
    committed_usd: float | None = Field(description="what is owed whatever happens: API commitment and seats")
    seats: dict[str, float] = Field(description="contracted seats per type, mean over the contract years")
    shares: dict[str, float] = Field(description="of the expected API requests: by model family, cached, in batch")
    expected_usd: float | None = Field(description="expected cost, discounted")
    p10_usd: float | None = Field(description="P10 of the cost")
    p90_usd: float | None = Field(description="P90 of the cost")
    cvar_usd: float | None = Field(description="mean of the worst costs")
    worst_usd: float | None = Field(description="cost in the worst future, where there are enough to say")
    savings_usd: float | None = Field(description="against the plan without commitment, where the objective has it")
    savings_rate: float | None = Field(description="1 - what counted usage costs / the same at list, not discounted")
    decisions: dict[str, str] = Field(description="what the plan decides, in words")
    seconds: float = Field(description="what the solve took")


class SweepResult(Part):
    """What `sweep --out FILE.json` writes; USD over the horizon."""

    schema_version: Literal["deal-solve-sweep/1"] = Field(SWEEP_SCHEMA, alias="schema", description="this schema")
    version: str = Field(VERSION, description="version of deal-solve")
    deal: DealFacts = Field(description="which deal, as it stands")
    scenarios: Scenarios = Field(description="over which futures, as it stands")
    paths: tuple[str, ...] = Field(description="the varied fields")
    cells: int = Field(description="in all; a sweep that was stopped has fewer rows")
    rows: tuple[SweepRowFacts, ...] = Field(description="one per cell, in the order of the design")


def sweep_result_of(deal: Deal, found: Sweep) -> SweepResult:
    """Return a sweep as data."""
    return SweepResult(
        deal=deal_of(deal),
        scenarios=scenarios_from(found.scenarios),
        paths=found.design.paths,
        cells=len(found.design),
        rows=rows_of(SweepRowFacts, found.rows),
    )
