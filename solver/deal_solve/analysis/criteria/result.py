"""Several criteria side by side, each with the deal it would sign."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from deal_solve.deal.deal import Deal
from deal_solve.facts.decisions import Decision
from deal_solve.frames import Table
from deal_solve.optimise.solution import Solution
from deal_solve.plan.plan import Plan
from deal_solve.record import NotWritten, Record
from deal_solve.report.basics import IsProven

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, kw_only=True)
class Criterion(Record):
    """One criterion and the deal it would sign; without one where the time limit passed before."""

    criterion: Annotated[str, Field(description="neutral, balanced, cautious, worst or regret")]
    plan: Annotated[Plan | None, Field(description="the plan it would sign; null: not in time")] = field(repr=False)
    decisions: Annotated[Table[Decision], Field(description="the same in words")] = field(repr=False)
    under: Annotated[
        dict[str, float], Field(description="what that costs by each criterion, USD; by its own: the objective")
    ] = field(repr=False)
    is_proven: IsProven
    deal: NotWritten[Deal] = field(repr=False)
    solution: NotWritten[Solution | None] = field(repr=False)


class Criteria(Table[Criterion]):
    """One row per criterion."""

    def to_frame(self) -> pd.DataFrame:
        """Return what the deal of each criterion (rows) costs by every criterion (columns), USD."""
        import pandas as pd

        return pd.DataFrame([{"criterion": row.criterion, **row.under} for row in self])
