"""The points of a commitment curve, and the file that holds them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Literal

from pydantic import Field

from deal_solve.frames import Table
from deal_solve.plan.plan import Plan
from deal_solve.plan.proposal import Proposal
from deal_solve.record import NotWritten, Record
from deal_solve.report.basics import ResultFile


@dataclass(frozen=True)
class CurvePoint(Record):
    """One commitment in one band of the first term, and what it does; USD over the horizon, discounted unless said."""

    band_usd_per_year: Annotated[float, Field(description="threshold of the band in the first term")]
    commitment_usd_per_year: Annotated[
        float, Field(description="mean over the contract years, the same in each but for a ramp or an optimum")
    ]
    mark: Annotated[
        Literal["optimum", "threshold", "grid", "proposed"],
        Field(
            description="optimum: best commitment of the band; threshold: the least it takes; grid: in between; "
            "proposed: the proposal"
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
    is_proven: Annotated[bool, Field(description="whether it is proven to the gap")]
    plan: Annotated[Plan, Field(description="the plan of this point")] = field(repr=False)
    fix: NotWritten[Proposal] = field(repr=False)
    """The proposal whose solve this is."""


class CurveResult(ResultFile):
    """What `curve --out FILE.json` writes; USD over the horizon unless said."""

    schema_version: Literal["deal-solve-curve/1"] = Field(
        "deal-solve-curve/1", alias="schema", description="this schema"
    )
    offer: str = Field(description="the offer whose bands these are")
    term_months: int = Field(description="its first term")
    points: Table[CurvePoint] = Field(description="band by band, in rising order of the commitment")
    proposed: CurvePoint | None = Field(description="the proposal given by --plan, what it leaves out at its best")
    notes: tuple[str, ...] = Field(description="remarks in plain words")
