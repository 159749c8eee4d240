"""The points of a commitment curve, and the file that holds them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from deal_solve.frames import Table
from deal_solve.optimise.solution import Solution
from deal_solve.plan.plan import Plan
from deal_solve.plan.proposal import Proposal
from deal_solve.record import NotWritten, Record
from deal_solve.report.basics import SCHEMA_KEY, Answered, IsProven, ResultFile

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class CurvePoint(Record):
    """One commitment in one band of the first term, and what it does; USD over the horizon, discounted unless said."""

    band_usd_per_year: Annotated[float, Field(description="threshold of the band in the first term")]
    commitment_usd_per_year: Annotated[
        float, Field(description="mean over the contract years, the same in each but for a ramp or an optimum")
    ]
    mark: Annotated[
        Literal["optimum", "threshold", "grid", "proposed", "uncommitted"],
        Field(
            description="optimum: best commitment of the band; threshold: the least it takes; grid: in between; "
            "proposed: the proposal; uncommitted: the best plan without API commitment"
        ),
    ]
    expected_usd: Annotated[float, Field(description="expected cost, discounted")]
    objective_usd: Annotated[float, Field(description="objective")]
    utilisation: Annotated[
        float | None, Field(description="share of all commitments drawn down, expected; null without any")
    ]
    overage_probability: Annotated[float, Field(description="that usage is not covered in some contract year")]
    shortfall_probability: Annotated[float, Field(description="that commitment is not used in some contract year")]
    forfeited_usd: Annotated[float, Field(description="balance lost, expected, not discounted")]
    is_proven: IsProven
    plan: Annotated[Plan, Field(description="the plan of this point")] = field(repr=False)
    fix: NotWritten[Proposal] = field(repr=False)
    """The proposal whose solve this is."""


@dataclass(frozen=True, kw_only=True)
class Curve(Answered):
    """Every band of one API agreement, each with the same grid of commitments, its threshold and its optimum.

    `best` is the solution that chose the agreement, `proposed` the proposal to compare with, what it says pinned and
    all else at its best.
    """

    offer: Annotated[str, Field(description="the offer whose bands these are")]
    term_months: Annotated[int, Field(description="its first term")]
    points: Annotated[Table[CurvePoint], Field(description="band by band, in rising order of the commitment")]
    proposed: Annotated[CurvePoint | None, Field(description="the proposal of --plan, what it leaves out at its best")]
    uncommitted: Annotated[
        CurvePoint | None,
        Field(description="the best plan without API commitment, from any offer; null: there is none"),
    ]
    best: NotWritten[Solution] = field(repr=False)
    notes: Annotated[tuple[str, ...], Field(description="remarks in plain words")] = ()
    not_in_time: Annotated[
        tuple[str, ...], Field(description="points that the time limit left without a plan, by band and commitment")
    ] = ()

    @property
    def is_proven(self) -> bool:
        """Whether every point is solved, and proven to the gap."""
        return not self.not_in_time and all(point.is_proven for point in self.points)

    @property
    def has_optimum(self) -> bool:
        """Whether no point that is left out for the time limit can cost less than `optimum`."""
        api = self.best.plan.api
        return not self.not_in_time or (api.offer, api.term_months) == (self.offer, self.term_months)

    @property
    def optimum(self) -> CurvePoint:
        """The point of least objective: that of `best` where this is a plan of the agreement."""
        return min(self.points, key=lambda point: (point.objective_usd, point.commitment_usd_per_year))

    def to_frame(self) -> pd.DataFrame:
        """Return one row per point, then the plan without commitment and the proposal."""
        return Table((*self.points, *(each for each in (self.uncommitted, self.proposed) if each))).to_frame()


@dataclass(frozen=True, kw_only=True)
class CurveResult(Curve, ResultFile):
    """What `curve --out FILE.json` writes; USD over the horizon unless said."""

    schema_version: Annotated[Literal["deal-solve-curve/1"], SCHEMA_KEY] = "deal-solve-curve/1"
