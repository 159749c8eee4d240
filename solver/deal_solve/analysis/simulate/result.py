"""The schema of a simulation: what a plan costs over any number of scenarios."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from deal_solve.frames import Table
from deal_solve.plan.plan import Plan
from deal_solve.record import ContractYear, NotWritten, Record
from deal_solve.report.basics import SCHEMA_KEY, Answered, ResultFile
from deal_solve.uncertainty.scenario_set import Array

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Percentile(Record):
    """One percentile of the cost, discounted."""

    level: Annotated[float, Field(description="probability that the cost is at most cost_usd")]
    cost_usd: Annotated[float, Field(description="USD")]


@dataclass(frozen=True)
class Exceedance(Record):
    """One point of the exceedance curve."""

    cost_usd: Annotated[float, Field(description="USD, discounted")]
    probability: Annotated[float, Field(description="that the cost is above cost_usd")]


@dataclass(frozen=True)
class YearOutcome(Record):
    """One contract year over the scenarios; USD expected, not discounted."""

    contract_year: ContractYear
    paid_usd: Annotated[float, Field(description="what is paid for it")]
    overage_usd: Annotated[float, Field(description="charge for usage that no balance covers")]
    forfeited_usd: Annotated[float, Field(description="balance lost")]
    overage_probability: Annotated[float, Field(description="that more than half a cent of usage is not covered")]
    shortfall_probability: Annotated[
        float, Field(description="that more than half a cent of commitment is not drawn by its own period")
    ]


@dataclass(frozen=True, kw_only=True)
class Simulation(Answered):
    """What a plan costs over S scenarios; USD, discounted unless said.

    `cost` is (S,), in the order of the scenarios, and so is `loss`, the cost less that of the reference plan, if there
    is one.
    """

    plan: Annotated[Plan, Field(description="the complete plan")]
    assumed: Annotated[tuple[str, ...], Field(description="what the proposal left out, and what was taken")] = ()
    mean_usd: Annotated[float, Field(description="expected cost")]
    standard_error_usd: Annotated[
        float | None, Field(description="of the mean over independent draws; null for other scenarios")
    ]
    undiscounted_usd: Annotated[float, Field(description="expected cost, not discounted")]
    confidence: Annotated[float, Field(description="of cvar_usd: at most 0.9 from fewer than 100 scenarios")]
    cvar_usd: Annotated[float, Field(description="mean of the worst (1 - confidence)")]
    percentiles: Annotated[Table[Percentile], Field(description="P1 to P99; P10 to P90 from fewer than 100 scenarios")]
    exceedance: Annotated[Table[Exceedance], Field(description="the exceedance curve, lowest cost first")]
    by_line: Annotated[dict[str, float], Field(description="expected; the lines add up to mean_usd")]
    years: Annotated[Table[YearOutcome], Field(description="by contract year")]
    mean_loss_usd: Annotated[float | None, Field(description="expected cost less that of the plan given by --versus")]
    loss_probability: Annotated[float | None, Field(description="that it costs more than that plan")]
    notes: Annotated[tuple[str, ...], Field(description="remarks in plain words")]
    cost: NotWritten[Array] = field(repr=False, compare=False)
    loss: NotWritten[Array | None] = field(repr=False, compare=False)

    @property
    def size(self) -> int:
        """S, the number of scenarios."""
        return len(self.cost)

    def to_frame(self) -> pd.DataFrame:
        """Return one row per scenario: weight, cost_usd and, with a reference, loss_usd."""
        import pandas as pd

        columns = {"weight": self.about.scenarios.weights, "cost_usd": self.cost}
        return pd.DataFrame(columns if self.loss is None else {**columns, "loss_usd": self.loss})


@dataclass(frozen=True, kw_only=True)
class SimulationResult(Simulation, ResultFile):
    """What `simulate --json` writes; USD, discounted unless said."""

    schema_version: Annotated[Literal["deal-solve-simulation/1"], SCHEMA_KEY] = "deal-solve-simulation/1"
