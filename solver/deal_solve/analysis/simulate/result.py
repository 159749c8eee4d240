"""The schema of a simulation: what a plan costs over any number of futures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from deal_solve.deal.deal import Deal
from deal_solve.plan.plan import Plan
from deal_solve.report.basics import DealFacts, Scenarios, _by_year, deal_of, rows_of, scenarios_from
from deal_solve.report.record import Part
from deal_solve.version import VERSION

if TYPE_CHECKING:
    from deal_solve.analysis.simulate.simulate import Simulation
    from deal_solve.plan.plan import Plan

SIMULATION_SCHEMA: Literal["deal-solve-simulation/1"] = "deal-solve-simulation/1"


class PercentileFacts(Part):
    """One percentile of the cost, discounted."""

    level: float = Field(description="probability that the cost is at most cost_usd")
    cost_usd: float = Field(description="USD")


class ExceedanceFacts(Part):
    """One point of the exceedance curve."""

    cost_usd: float = Field(description="USD, discounted")
    probability: float = Field(description="that the cost is above cost_usd")


class SimulatedYear(Part):
    """One contract year over the futures; USD expected, not discounted."""

    contract_year: int = Field(description="counted from 1")
    paid_usd: float = Field(description="what is paid for it")
    overage_usd: float = Field(description="charge for usage that no balance covers")
    forfeited_usd: float = Field(description="balance lost")
    overage_probability: float = Field(description="that some usage is not covered")
    shortfall_probability: float = Field(description="that some commitment is not drawn by its own period")


class SimulationResult(Part):
    """What `simulate --json` writes; USD, discounted unless said."""

    schema_version: Literal["deal-solve-simulation/1"] = Field(
        SIMULATION_SCHEMA, alias="schema", description="this schema"
    )
    version: str = Field(VERSION, description="version of deal-solve")
    deal: DealFacts = Field(description="which deal")
    scenarios: Scenarios = Field(description="over which futures")
    plan: Plan = Field(description="the complete plan")
    assumed: tuple[str, ...] = Field(description="what the proposal left out, and what was taken")
    mean_usd: float = Field(description="expected cost")
    standard_error_usd: float | None = Field(description="of the mean over independent draws; null for other futures")
    undiscounted_usd: float = Field(description="expected cost, not discounted")
    confidence: float = Field(description="of cvar_usd: at most 0.9 from fewer than 100 futures")
    cvar_usd: float = Field(description="mean of the worst (1 - confidence)")
    percentiles: tuple[PercentileFacts, ...] = Field(description="P1 to P99; P10 to P90 from fewer than 100 futures")
    exceedance: tuple[ExceedanceFacts, ...] = Field(description="the exceedance curve, lowest cost first")
    by_line: dict[str, float] = Field(description="expected; the lines add up to mean_usd")
    years: tuple[SimulatedYear, ...] = Field(description="by contract year")
    mean_loss_usd: float | None = Field(description="expected cost less that of the plan given by --versus")
    loss_probability: float | None = Field(description="that it costs more than that plan")
    notes: tuple[str, ...] = Field(description="remarks in plain words")


def simulation_result_of(deal: Deal, plan: Plan, simulation: Simulation, assumed: tuple[str, ...]) -> SimulationResult:
    """Return a simulation as data."""
    return SimulationResult(
        deal=deal_of(deal),
        scenarios=scenarios_from(simulation.scenarios),
        plan=plan,
        assumed=assumed,
        mean_usd=simulation.mean_usd,
        standard_error_usd=simulation.standard_error_usd,
        undiscounted_usd=simulation.undiscounted_usd,
        confidence=simulation.confidence,
        cvar_usd=simulation.cvar_usd,
        percentiles=rows_of(PercentileFacts, simulation.percentiles),
        exceedance=rows_of(ExceedanceFacts, simulation.exceedance),
        by_line=simulation.by_line,
        years=_by_year(SimulatedYear, simulation.years),
        mean_loss_usd=simulation.mean_loss_usd,
        loss_probability=simulation.loss_probability,
        notes=simulation.notes,
    )
