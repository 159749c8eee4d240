"""What `track` returns and writes: the position, what came against what was expected, and the deal from here on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from deal_solve.analysis.track.assumed import Assumption
from deal_solve.analysis.track.clouds import CloudPosition
from deal_solve.analysis.track.outlook import Outlook
from deal_solve.analysis.track.spent import SpentLine
from deal_solve.analysis.track.steps import Task
from deal_solve.frames import Table
from deal_solve.optimise.solution import Solution
from deal_solve.record import NotWritten, Record
from deal_solve.report.basics import SCHEMA_KEY, Answered, ResultFile
from deal_solve.settlement.in_force.position import Position

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Came(Record):
    """One workload in one whole month: what came, and where it lies in what was forecast."""

    workload: Annotated[str, Field(description="its name")]
    month: Annotated[str, Field(description="YYYY-MM")]
    requests: Annotated[float, Field(description="measured; where requests are not counted, by input tokens")]
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
class Track(Answered):
    """The signed deal against what happened; USD. It is about the deal from here on, with the plan in force."""

    until: Annotated[str, Field(description="last day measured, UTC")]
    position: Annotated[Position, Field(description="where the agreement in force stands")]
    seats_assigned: Annotated[
        int | None, Field(description="of all seat types, as measured; null: no export says, or no seats are in force")
    ]
    seats_active: Annotated[
        float | None, Field(description="share of them active in the last week, as measured; null: no export says")
    ]
    outlook: Annotated[Outlook, Field(description="what is expected of it until it ends")]
    clouds: Annotated[Table[CloudPosition], Field(description="where cloud commitments stand in the year that runs")]
    spent: Annotated[Table[SpentLine], Field(description="usage since signing against the plan, dearest line first")]
    came: Annotated[Table[Came], Field(description="whole months against their forecast")]
    assumptions: Annotated[Table[Assumption], Field(description="what the plan assumed and is no longer so")]
    steps: Annotated[Table[Task], Field(description="what to do now, and what to ask for when, in order of time")]
    alerts: Annotated[Table[Alert], Field(description="thresholds that were stated")]
    not_measured: Annotated[tuple[str, ...], Field(description="workloads of the deal that no export has")]
    notes: Annotated[tuple[str, ...], Field(description="what the exports leave open")]
    solution: NotWritten[Solution] = field(repr=False)

    def to_frame(self) -> pd.DataFrame:
        """Return what was used since signing against the plan, a row per line."""
        return self.spent.to_frame()


@dataclass(frozen=True, kw_only=True)
class TrackResult(Track, ResultFile):
    """A tracked deal as a file."""

    schema_version: Annotated[Literal["deal-solve-track/1"], SCHEMA_KEY] = "deal-solve-track/1"
