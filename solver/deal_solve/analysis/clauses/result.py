"""The schema of what the clauses of an offer are worth."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from deal_solve.frames import Table
from deal_solve.optimise.solution import Solution
from deal_solve.plan.plan import Plan
from deal_solve.record import NotWritten, Record
from deal_solve.report.basics import NOT_IN_TIME, SCHEMA_KEY, Answered, IsProven, ResultFile

if TYPE_CHECKING:
    import pandas as pd


NO_EFFECT, COSTLIER, AT_BEST, GRANTED, NEEDED = "no effect", "costs more", "at best", "already granted", "needed"
NOT_PRICED = "not priced"


@dataclass(frozen=True)
class ClauseValue(Record):
    """One clause, and what one step towards the buyer is worth; USD over the horizon, discounted."""

    clause: Annotated[str, Field(description="the clause")]
    was: Annotated[str, Field(description="how it stands")]
    asked: Annotated[str | None, Field(description="one step towards the buyer; null where nothing is better")]
    finding: Annotated[
        str,
        Field(
            description="empty, or no effect, costs more (as it stands is better), at best, already granted (the "
            "offer has it), needed (without it no plan meets the limits), not priced (a file with the step is "
            "refused beside other clauses of this deal), or not in time (the time limit passed before)"
        ),
    ]
    value_usd: Annotated[
        float | None, Field(description="what the objective falls by; never negative; null: not in time")
    ]
    expected_usd: Annotated[float | None, Field(description="what expected cost falls by; null: not in time")]
    tail_usd: Annotated[float | None, Field(description="what the mean of the worst costs falls by; null: not in time")]
    low_usd: Annotated[
        float | None,
        Field(description="of the value over all scenarios, at 95 %; null: nothing is sampled, or not in time"),
    ]
    high_usd: Annotated[float | None, Field(description="the other end of the interval")]
    points: Annotated[
        float | None,
        Field(
            description="points of discount that are worth as much; null: none, out of reach, not in time, or the "
            "best deal takes its API agreement from another offer"
        ),
    ]
    is_proven: IsProven
    plan: Annotated[Plan | None, Field(description="the best plan with the step; null: not in time")] = field(
        repr=False
    )
    has_points_in_time: Annotated[
        bool, Field(description="false where the time limit passed before its points of discount were found")
    ] = True

    @property
    def worth_usd(self) -> float:
        """The value, as far as it is known."""
        return self.value_usd or 0.0


@dataclass(frozen=True)
class ClausePair(Record):
    """Two clauses asked for together; USD over the horizon, discounted."""

    first: Annotated[str, Field(description="one clause")]
    second: Annotated[str, Field(description="the other")]
    both_usd: Annotated[float | None, Field(description="what both are worth; null: not in time")]
    extra_usd: Annotated[
        float | None, Field(description="beyond the sum of each; negative for substitutes; null: not in time")
    ]
    finding: Annotated[str, Field(description="substitutes, complements, independent, or not in time")]
    is_proven: IsProven


@dataclass(frozen=True)
class DiscountPoint(Record):
    """One point of the yardstick: what so many points of discount are worth."""

    points: Annotated[float, Field(description="more discount in every band of the offer, in points of 1 %")]
    value_usd: Annotated[float, Field(description="what the objective falls by")]


@dataclass(frozen=True, kw_only=True)
class Clauses(Answered):
    """The concession list of an offer: its clauses, pairs of the first few, and the yardstick."""

    offer: Annotated[str, Field(description="whose clauses these are")]
    objective_usd: Annotated[float, Field(description="of the best deal as it stands")]
    values: Annotated[Table[ClauseValue], Field(description="those that save most in expectation first")]
    pairs: Annotated[Table[ClausePair], Field(description="pairs of the dearest, and those asked for")]
    curve: Annotated[Table[DiscountPoint], Field(description="what points of discount are worth, as far as solved")]
    base: NotWritten[Solution] = field(repr=False)
    notes: Annotated[tuple[str, ...], Field(description="remarks in plain words")] = ()

    @property
    def is_proven(self) -> bool:
        """Whether every solve is proven to the gap."""
        rows: tuple[ClauseValue | ClausePair, ...] = (*self.values, *self.pairs)
        is_reached = all(row.has_points_in_time for row in self.values)
        return self.base.status == "optimal" and is_reached and all(row.is_proven for row in rows)

    @property
    def not_in_time(self) -> int:
        """How many clauses the time limit left without a value."""
        return sum(row.finding == NOT_IN_TIME for row in self.values)

    def to_frame(self) -> pd.DataFrame:
        """Return one row per clause."""
        return self.values.to_frame()


@dataclass(frozen=True, kw_only=True)
class ClausesResult(Clauses, ResultFile):
    """What `clauses --out FILE.json` writes; USD over the horizon."""

    schema_version: Annotated[Literal["deal-solve-clauses/1"], SCHEMA_KEY] = "deal-solve-clauses/1"
