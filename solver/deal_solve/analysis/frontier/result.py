"""The points of a frontier."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Literal

from pydantic import Field

from deal_solve.frames import Table
from deal_solve.optimise.solution import Solution
from deal_solve.plan.plan import Plan
from deal_solve.record import NotWritten, Record
from deal_solve.report.basics import ResultFile


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
    is_proven: Annotated[bool, Field(description="whether it is proven to the gap")]
    deal: Annotated[str, Field(description="what is signed, in a line")]
    plan: Annotated[Plan, Field(description="its plan")] = field(repr=False)
    solution: NotWritten[Solution] = field(repr=False)


class FrontierResult(ResultFile):
    """What `frontier --out FILE.json` writes; USD over the horizon."""

    schema_version: Literal["deal-solve-frontier/1"] = Field(
        "deal-solve-frontier/1", alias="schema", description="this schema"
    )
    on: str = Field(description="cost or loss: what cvar_usd is of")
    confidence: float = Field(description="of cvar_usd")
    points: Table[FrontierPoint] = Field(description="in rising order of expected cost")
    notes: tuple[str, ...] = Field(description="remarks in plain words")
