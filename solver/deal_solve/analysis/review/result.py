"""The schema of a review."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from deal_solve.facts.decisions import Change
from deal_solve.facts.difference import Difference
from deal_solve.facts.summary import Summary, summarise
from deal_solve.frames import Table
from deal_solve.optimise.solution import Solution
from deal_solve.plan.plan import Plan
from deal_solve.record import NotWritten, Record
from deal_solve.report.basics import SCHEMA_KEY, Answered, IsProven, ResultFile
from deal_solve.settlement.limit_checks import LimitCheck
from deal_solve.settlement.settle import Settlement

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class ReviewStep(Record):
    """One step from the proposal to the best deal; USD over the horizon, discounted."""

    step: Annotated[str, Field(description="what is freed; first the proposal itself")]
    finding: Annotated[
        str,
        Field(
            description="what was wrong with it, in a word; no loss: nothing; not in time; or with those not in time: "
            "it has what the late steps before it would have saved, too"
        ),
    ]
    saved_usd: Annotated[
        float | None,
        Field(
            description="what the objective falls by; 0 for the proposal; null: not in time, the next step that has a "
            "number has it too"
        ),
    ]
    objective_usd: Annotated[float, Field(description="objective after it")]
    expected_usd: Annotated[float, Field(description="expected cost after it, discounted")]
    cvar_usd: Annotated[float, Field(description="mean of the worst costs after it")]
    is_proven: IsProven
    plan: Annotated[Plan, Field(description="its plan")] = field(repr=False)


@dataclass(frozen=True)
class DriverBreakeven(Record):
    """One driver of cost, moved until the proposal costs as much as the best deal; both plans stay as they are."""

    driver: Annotated[str, Field(description="what is moved")]
    unit: Annotated[str, Field(description="times (of what the scenarios say) or a year (growth on top of theirs)")]
    today: Annotated[float, Field(description="where it stands: 1 or 0")]
    below: Annotated[float | None, Field(description="nearest value below at which both cost the same; null: none is")]
    above: Annotated[float | None, Field(description="nearest value above")]
    low: Annotated[float, Field(description="the least value looked at")]
    high: Annotated[float, Field(description="the largest")]


@dataclass(frozen=True, kw_only=True)
class Review(Answered):
    """A proposal, the best deal, and what lies between them.

    `steps` begin with the proposal and end at the best deal; `offer_lines` is what the overage, rates and forfeiture of
    other offers do; `breakevens` has none over more scenarios than one block, and for regret.
    """

    confidence: Annotated[float, Field(description="of cvar_usd")]
    loss_usd: Annotated[
        float | None,
        Field(
            description="objective of the proposal above that of the best deal; at least that where the last step is "
            "not proven; null: no better deal was found in the time"
        ),
    ]
    beats_probability: Annotated[float, Field(description="that the proposal costs less than the best deal")]
    steps: Annotated[Table[ReviewStep], Field(description="from the proposal to the best deal, adding up to loss_usd")]
    lines: Annotated[Difference, Field(description="what the proposal costs more, line by line")]
    offer_lines: Annotated[
        Difference | None, Field(description="the same of the step to other offers; null: one up to it is not in time")
    ]
    changes: Annotated[Table[Change], Field(description="decisions that the proposal takes otherwise")]
    limits: Annotated[Table[LimitCheck], Field(description="what the proposal does to each limit")]
    breakevens: Annotated[
        Table[DriverBreakeven],
        Field(description="where the proposal costs as much as the best deal, one driver moved at a time"),
    ]
    proposed: NotWritten[Settlement] = field(repr=False)
    best: NotWritten[Solution] = field(repr=False)
    assumed: Annotated[tuple[str, ...], Field(description="what was assumed where the proposal says nothing")] = ()
    notes: Annotated[tuple[str, ...], Field(description="remarks in plain words")] = ()

    @property
    def is_proven(self) -> bool:
        """Whether every step is proven to the gap."""
        return all(step.is_proven for step in self.steps)

    @property
    def summary(self) -> Summary:
        """The cost of the proposal."""
        return summarise(self.proposed.deal, self.proposed, self.proposed.scenarios)

    def to_frame(self) -> pd.DataFrame:
        """Return one row per step."""
        return self.steps.to_frame()


@dataclass(frozen=True, kw_only=True)
class ReviewResult(Review, ResultFile):
    """What `review --out FILE.json` writes; USD over the horizon."""

    schema_version: Annotated[Literal["deal-solve-review/1"], SCHEMA_KEY] = "deal-solve-review/1"
