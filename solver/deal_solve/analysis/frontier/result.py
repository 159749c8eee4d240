"""The points of a frontier."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from deal_solve.frames import Table
from deal_solve.optimise.solution import Solution
from deal_solve.plan.plan import Plan
from deal_solve.record import NotWritten, Record
from deal_solve.report.basics import SCHEMA_KEY, Answered, IsProven, ResultFile

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class FrontierPoint(Record):
    """One deal that no other one beats, best for a range of risk weights; USD over the horizon, discounted."""

    weight: Annotated[float, Field(description="the least risk weight for which it is best")]
    last_weight: Annotated[float, Field(description="the largest one")]
    expected_usd: Annotated[float, Field(description="expected cost, discounted")]
    cvar_usd: Annotated[
        float,
        Field(description="mean of the worst costs, or of the worst losses where risk is on loss (negative: a gain)"),
    ]
    is_knee: Annotated[bool, Field(description="whether it is farthest from the line between the first and the last")]
    is_proven: IsProven
    deal: Annotated[str, Field(description="what is signed, in a line")]
    plan: Annotated[Plan, Field(description="its plan")] = field(repr=False)
    solution: NotWritten[Solution] = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Frontier(Answered):
    """The points in rising order of expected cost, each with a lower CVaR than the one before.

    The knee is the point farthest from the line between the first and the last; without three points there is none, nor
    where the time limit left a risk weight without a deal.
    `on` says what CVaR is of, `confidence` that of the tail.
    """

    on: Annotated[str, Field(description="cost or loss: what cvar_usd is of")]
    confidence: Annotated[float, Field(description="of cvar_usd")]
    points: Annotated[Table[FrontierPoint], Field(description="in rising order of expected cost")]
    not_in_time: Annotated[
        tuple[float, ...], Field(description="risk weights that the time limit left without a deal")
    ] = ()
    notes: Annotated[tuple[str, ...], Field(description="remarks in plain words")] = ()

    @property
    def is_proven(self) -> bool:
        """Whether every risk weight is solved, and proven to the gap."""
        return not self.not_in_time and all(point.is_proven for point in self.points)

    @property
    def knee(self) -> FrontierPoint | None:
        """Where more caution begins to cost more than it did before."""
        return next((point for point in self.points if point.is_knee), None)

    def to_frame(self) -> pd.DataFrame:
        """Return one row per point."""
        return self.points.to_frame()


@dataclass(frozen=True, kw_only=True)
class FrontierResult(Frontier, ResultFile):
    """What `frontier --out FILE.json` writes; USD over the horizon."""

    schema_version: Annotated[Literal["deal-solve-frontier/1"], SCHEMA_KEY] = "deal-solve-frontier/1"
