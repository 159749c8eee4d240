"""The schema of a sensitivity."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from deal_solve.frames import Table
from deal_solve.optimise.solution import Solution
from deal_solve.plan.plan import Plan
from deal_solve.record import NotWritten, Record
from deal_solve.report.basics import SCHEMA_KEY, Answered, ResultFile

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Bar(Record):
    """One number at its low and its high value; USD, null where there is no such deal or the plan cannot be signed."""

    path: Annotated[str, Field(description="the field")]
    kind: Annotated[
        Literal["uncertain", "assumed", "negotiable"],
        Field(
            description="uncertain: at its P10 and P90; assumed: a path of all listed scenarios times 0.9 and 1.1, or "
            "an allowance of the card's seats a tenth lower and higher; negotiable: one step lower and higher"
        ),
    ]
    today: Annotated[float, Field(description="its value in the deal, P50 of a band")]
    low: Annotated[float, Field(description="the low value")]
    high: Annotated[float, Field(description="the high value")]
    low_usd: Annotated[float | None, Field(description="objective at low, the deal re-optimised")]
    high_usd: Annotated[float | None, Field(description="objective at high, the deal re-optimised")]
    held_low_usd: Annotated[float | None, Field(description="objective of today's plan at low")]
    held_high_usd: Annotated[float | None, Field(description="objective of today's plan at high")]
    flips_low: Annotated[bool, Field(description="whether another deal is best at low")]
    flips_high: Annotated[bool, Field(description="whether another deal is best at high")]
    is_proven: Annotated[bool, Field(description="whether both solves are proven to the gap")]
    low_in_time: Annotated[
        bool, Field(description="false where the time limit passed before the deal was solved at low")
    ] = True
    high_in_time: Annotated[bool, Field(description="the same at high")] = True

    @property
    def flexibility_usd(self) -> tuple[float | None, float | None]:
        """What re-optimising saves against the plan held fixed, at the low and the high value."""
        pairs = ((self.held_low_usd, self.low_usd), (self.held_high_usd, self.high_usd))
        low, high = (None if held is None or best is None else held - best for held, best in pairs)
        return low, high


@dataclass(frozen=True)
class SobolIndex(Record):
    """One factor: shares of the variance of an outcome, with 95 % intervals of a bootstrap."""

    factor: Annotated[str, Field(description="the input, or what is independent behind inputs that move together")]
    of: Annotated[str, Field(description="cost or loss")]
    first: Annotated[float, Field(description="share that it makes alone")]
    first_low: Annotated[float, Field(description="least of the interval")]
    first_high: Annotated[float, Field(description="largest of the interval")]
    total: Annotated[float, Field(description="share that it makes alone and together with others")]
    total_low: Annotated[float, Field(description="least of the interval")]
    total_high: Annotated[float, Field(description="largest of the interval")]


@dataclass(frozen=True)
class Sobol:
    """The indices of a plan. `are_inputs`: its factors are the inputs themselves, as no bands move together.

    `size` scenarios were settled in one pass.
    """

    indices: Table[SobolIndex]
    are_inputs: bool
    size: int
    seed: int
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Sensitivity(Answered):
    """The tornado of a deal, the longest bar first, and the Sobol indices of its best plan, `best`.

    `sobol` is None where the scenarios are listed or nothing is uncertain.
    """

    objective_usd: Annotated[float, Field(description="objective today")]
    plan: Annotated[Plan, Field(description="the best plan today, which is held")]
    bars: Annotated[Table[Bar], Field(description="the longest first")]
    indices: Annotated[
        Table[SobolIndex], Field(description="Sobol indices of the plan; none where scenarios are listed")
    ]
    factors_are_inputs: Annotated[
        bool | None, Field(description="whether no bands move together; null without indices")
    ]
    notes: Annotated[tuple[str, ...], Field(description="remarks in plain words")]
    sobol: NotWritten[Sobol | None] = field(repr=False)
    best: NotWritten[Solution] = field(repr=False)

    @property
    def is_proven(self) -> bool:
        """Whether every solve is proven to the gap."""
        return self.best.status == "optimal" and all(bar.is_proven for bar in self.bars)

    def to_frame(self) -> pd.DataFrame:
        """Return one row per bar; `indices` has a frame of its own."""
        return self.bars.to_frame()


@dataclass(frozen=True, kw_only=True)
class SensitivityResult(Sensitivity, ResultFile):
    """What `sensitivity --out FILE.json` writes; USD over the horizon, discounted."""

    schema_version: Annotated[Literal["deal-solve-sensitivity/1"], SCHEMA_KEY] = "deal-solve-sensitivity/1"
