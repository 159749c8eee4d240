"""The months of signing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from deal_solve.frames import Table
from deal_solve.optimise.solution import Solution
from deal_solve.plan.plan import Plan
from deal_solve.record import NotWritten, NullIfInfinite, Record
from deal_solve.report.basics import SCHEMA_KEY, Answered, IsProven, ResultFile
from deal_solve.settlement.in_force.position import Position

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, kw_only=True)
class SigningOption(Record):
    """One month of signing at its best; USD over the whole horizon, discounted. Null where it has no plan."""

    month: Annotated[int, Field(description="month of signing, counted from the start")]
    calendar_month: Annotated[str, Field(description="the same, YYYY-MM")]
    outcome: Annotated[
        Literal["solved", "pruned", "infeasible", "limit"], Field(description="solved, infeasible, or limit (stopped)")
    ]
    objective_usd: Annotated[float | None, Field(description="objective of its best plan")] = None
    more_usd: Annotated[
        float | None, Field(description="what that is above the best month; not proven if bound_usd is below that one")
    ] = None
    bound_usd: Annotated[NullIfInfinite, Field(description="no plan signed in it has a lower objective")] = 0.0
    expected_usd: Annotated[float | None, Field(description="expected cost")] = None
    p10_usd: Annotated[float | None, Field(description="10 % of the probability lies at or below it")] = None
    p90_usd: Annotated[float | None, Field(description="90 % of the probability lies at or below it")] = None
    before_usd: Annotated[float | None, Field(description="expected cost of the months before it")] = None
    signed_usd: Annotated[float | None, Field(description="committed by being signed: first terms, undiscounted")] = (
        None
    )
    is_proven: IsProven = True
    deal: Annotated[str, Field(description="what is signed, in a line")] = ""
    plan: Annotated[Plan | None, Field(description="its plan")] = field(default=None, repr=False)


@dataclass(frozen=True, kw_only=True)
class When(Answered):
    """The months in which a deal may be signed, in rising order; `best` is the one of least objective."""

    months: Annotated[Table[SigningOption], Field(description="every month that is open")]
    best: Annotated[int, Field(description="the best month, counted from the start")]
    position: Annotated[Position | None, Field(description="where the agreement in force stands; null without one")]
    solution: NotWritten[Solution] = field(repr=False)
    notes: Annotated[tuple[str, ...], Field(description="remarks in plain words")] = ()

    @property
    def is_proven(self) -> bool:
        """Whether every month is proven to the gap."""
        return all(month.is_proven and month.outcome != "limit" for month in self.months)

    def to_frame(self) -> pd.DataFrame:
        """Return one row per month."""
        return self.months.to_frame()


@dataclass(frozen=True, kw_only=True)
class WhenResult(When, ResultFile):
    """What `when --out FILE.json` writes; USD over the horizon."""

    schema_version: Annotated[Literal["deal-solve-when/1"], SCHEMA_KEY] = "deal-solve-when/1"
