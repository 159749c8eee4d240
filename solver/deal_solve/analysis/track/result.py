"""What `track` returns and writes: the position, what came against what was expected, and the deal from here on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from deal_solve.deal.deal import Deal
from deal_solve.frames import Table
from deal_solve.optimise.solution import Solution
from deal_solve.record import NotWritten, Record, to_text
from deal_solve.report.basics import SCHEMA_KEY
from deal_solve.settlement.in_force.position import Position
from deal_solve.version import VERSION


@dataclass(frozen=True)
class Came(Record):
    """One workload in one whole month: what came, and where it lies in what was forecast."""

    workload: Annotated[str, Field(description="its name")]
    month: Annotated[str, Field(description="YYYY-MM")]
    requests: Annotated[float, Field(description="measured")]
    p10: Annotated[float, Field(description="forecast that is exceeded in 90 % of the scenarios")]
    p50: Annotated[float, Field(description="median forecast")]
    p90: Annotated[float, Field(description="forecast that is exceeded in 10 %")]
    below: Annotated[float, Field(description="share of the scenarios with fewer requests than came")]


@dataclass(frozen=True)
class Alert(Record):
    """A threshold, and whether it is crossed."""

    text: Annotated[str, Field(description="as it was stated")]
    value: Annotated[float, Field(description="what it is held against now")]
    is_crossed: Annotated[bool, Field(description="whether the threshold is crossed")]


@dataclass(frozen=True, kw_only=True)
class TrackResult(Record):
    """The signed deal against what happened; USD."""

    schema_version: Annotated[Literal["deal-solve-track/1"], SCHEMA_KEY] = "deal-solve-track/1"
    version: Annotated[str, Field(description="of deal-solve")] = VERSION
    until: Annotated[str, Field(description="last day measured, UTC")]
    position: Annotated[Position, Field(description="where the agreement in force stands")]
    came: Annotated[Table[Came], Field(description="whole months against their forecast")]
    alerts: Annotated[Table[Alert], Field(description="thresholds that were stated")]
    not_measured: Annotated[tuple[str, ...], Field(description="workloads of the deal that no export has")]
    notes: Annotated[tuple[str, ...], Field(description="what the exports left out")]
    deal: NotWritten[Deal | None] = None
    solution: NotWritten[Solution | None] = None

    def to_json(self) -> str:
        """Return the result as JSON text."""
        return to_text(self)
