"""The schema of a break-even."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from deal_solve.frames import Table
from deal_solve.plan.plan import Plan
from deal_solve.record import NotWritten, Record
from deal_solve.report.basics import SCHEMA_KEY, Answered, ResultFile

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Breakpoint(Record):
    """A value at which the best deal, or whether it is at the target, changes; USD, null on a side without a plan."""

    value: Annotated[float, Field(description="where it changes")]
    low: Annotated[float, Field(description="the last value known on one side")]
    high: Annotated[float, Field(description="the first value known on the other side; the same where it is exact")]
    is_exact: Annotated[bool, Field(description="whether it is exact, to the gap")]
    before_usd: Annotated[float | None, Field(description="objective at low")]
    after_usd: Annotated[float | None, Field(description="objective at high")]
    expected_before_usd: Annotated[float | None, Field(description="expected cost at low, discounted")]
    expected_after_usd: Annotated[float | None, Field(description="expected cost at high, discounted")]
    committed_before_usd: Annotated[float | None, Field(description="committed dollars at low")]
    committed_after_usd: Annotated[float | None, Field(description="committed dollars at high")]
    change: Annotated[str, Field(description="what changes, in words")]
    before: Annotated[Plan | None, Field(description="the plan below the breakpoint")] = field(repr=False)
    after: Annotated[Plan | None, Field(description="the plan above it")] = field(repr=False)


@dataclass(frozen=True)
class Interval(Record):
    """The values between two breakpoints; USD over the horizon, discounted, null where there is no plan."""

    low: Annotated[float, Field(description="where it begins")]
    high: Annotated[float, Field(description="where it ends")]
    low_usd: Annotated[float | None, Field(description="objective where it begins")]
    high_usd: Annotated[float | None, Field(description="objective where it ends")]
    usd_per_unit: Annotated[float | None, Field(description="change of the objective per unit of the field")]
    is_even: Annotated[bool, Field(description="whether that rate is the same everywhere in the interval, not a mean")]
    at_target: Annotated[bool | None, Field(description="whether it is at the target; null without one")]
    deal: Annotated[str, Field(description="what is signed, in a line")]
    plan: Annotated[Plan | None, Field(description="its plan")] = field(repr=False)


@dataclass(frozen=True)
class Nearest(Record):
    """The value nearest to a target that is not reached."""

    value: Annotated[float, Field(description="of the field")]
    missed_usd: Annotated[float, Field(description="by how much the target is missed")]


@dataclass(frozen=True, kw_only=True)
class Breakeven(Answered):
    """The range of one field, cut into intervals at the breakpoints.

    `today` is the value in the deal, if it is a number. `is_complete`: between breakpoints nothing can be missed;
    otherwise a deal that is best in less than `step`, the distance of the values solved at first, can be. `resolution`
    is the width of what is not exact, `solved` every value solved with its objective. `nearest` is given where no value
    gets to the target (None as well if there is no such deal anywhere).
    """

    path: Annotated[str, Field(description="the field that is varied")]
    low: Annotated[float, Field(description="from here")]
    high: Annotated[float, Field(description="to here")]
    today: Annotated[float | None, Field(description="its value in the deal; null if that is no number")]
    target: Annotated[str | None, Field(description="what was asked for; null: any change of the best deal")]
    flips: Annotated[Table[Breakpoint], Field(description="in rising order of the field")]
    stretches: Annotated[Table[Interval], Field(description="in rising order of the field")]
    nearest: Annotated[Nearest | None, Field(description="the nearest value, where none gets to the target")]
    is_complete: Annotated[bool, Field(description="whether nothing can be missed between breakpoints")]
    is_proven: Annotated[bool, Field(description="whether every solve is proven to the gap")]
    step: Annotated[float, Field(description="distance of the values solved at first")]
    resolution: Annotated[float, Field(description="width of what is not exact")]
    searched_to: Annotated[float, Field(description="nothing is known above it; below `high`: the time limit passed")]
    solved: NotWritten[tuple[tuple[float, float], ...]] = field(repr=False)
    notes: Annotated[tuple[str, ...], Field(description="remarks in plain words")] = ()
    has_gap: NotWritten[bool] = False
    """Whether a value that was solved is not proven to the gap."""

    def to_frame(self) -> pd.DataFrame:
        """Return one row per interval; that of `breakpoints` has one per breakpoint."""
        return self.stretches.to_frame()


@dataclass(frozen=True, kw_only=True)
class BreakevenResult(Breakeven, ResultFile):
    """What `breakeven --out FILE.json` writes; USD over the horizon; the scenarios are those of the deal as it is."""

    schema_version: Annotated[Literal["deal-solve-breakeven/1"], SCHEMA_KEY] = "deal-solve-breakeven/1"
