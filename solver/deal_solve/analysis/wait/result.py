"""What waiting to measure is worth, by months waited."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from deal_solve.frames import Table
from deal_solve.optimise.solution import Solution
from deal_solve.record import NotWritten, Record
from deal_solve.report.basics import SCHEMA_KEY, Answered, IsProven, ResultFile

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, kw_only=True)
class WaitMonth(Record):
    """One length of waiting: what it costs and what is learnt is worth; USD of the objective over the whole horizon."""

    months: Annotated[int, Field(description="months waited beyond the first month in which the deal may be signed")]
    calendar_month: Annotated[str, Field(description="month of signing, YYYY-MM")]
    measured_months: Annotated[int, Field(description="months measured by then, counted from the start")]
    verdict: Annotated[
        Literal["wait", "sign", "open"],
        Field(description="wait: it pays; sign: it does not; open: the interval of net_usd holds 0"),
    ]
    cost_usd: Annotated[
        float, Field(description="what the best deal signed then, with nothing learnt, costs above the best one now")
    ]
    value_usd: Annotated[
        float, Field(description="what choosing the deal by what was measured saves of that, on average; never below 0")
    ]
    value_low_usd: Annotated[float, Field(description="lower end of its 95 % interval")]
    value_high_usd: Annotated[float, Field(description="upper end of its 95 % interval")]
    net_usd: Annotated[float, Field(description="value less cost: what waiting saves")]
    net_low_usd: Annotated[float, Field(description="lower end of its 95 % interval")]
    net_high_usd: Annotated[float, Field(description="upper end of its 95 % interval")]
    before_usd: Annotated[float, Field(description="expected cost of the months before signing, discounted")]
    routing_usd: Annotated[
        float | None,
        Field(
            description="what workloads cost more at list because they run as today for longer: about what of cost_usd "
            "needs no signature to be saved; null: routing is decided later"
        ),
    ]
    changed: Annotated[float, Field(description="share of the observations after which another deal is signed")]
    observations: Annotated[int, Field(description="simulated observations, each of them solved")]
    effective: Annotated[
        float, Field(description="scenarios that are left after a median observation, as equally likely ones")
    ]
    is_proven: IsProven
    unlearnt: Annotated[str, Field(description="what is signed then if nothing was learnt, in a line")]
    learnt: Annotated[
        tuple[str, ...],
        Field(description="how often which kind of deal is signed after measuring, the most frequent first"),
    ] = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Wait(Answered):
    """Signing now against waiting to measure; USD of the objective over the whole horizon, risk included."""

    now_usd: Annotated[float, Field(description="objective of the best deal signed now")]
    now: Annotated[str, Field(description="what that is, in a line")]
    best: Annotated[int, Field(description="months of waiting that save most; 0: sign now")]
    turns: Annotated[
        int | None,
        Field(
            description="months from which on waiting no longer pays, of those asked about; null: it does to the end"
        ),
    ]
    shock: Annotated[
        float, Field(description="standard deviation of the logarithm of usage in a month, about its trend")
    ]
    months: Annotated[Table[WaitMonth], Field(description="by months waited")]
    is_complete: Annotated[bool, Field(description="whether every month was compared before the time limit")]
    solution: NotWritten[Solution] = field(repr=False)
    notes: Annotated[tuple[str, ...], Field(description="remarks in plain words")] = ()

    @property
    def is_proven(self) -> bool:
        """Whether every month was compared, and every deal proven to the gap."""
        return self.is_complete and self.solution.status == "optimal" and all(month.is_proven for month in self.months)

    def to_frame(self) -> pd.DataFrame:
        """Return one row per length of waiting."""
        return self.months.to_frame()


@dataclass(frozen=True, kw_only=True)
class WaitResult(Wait, ResultFile):
    """What `wait --out FILE.json` writes; USD over the horizon."""

    schema_version: Annotated[Literal["deal-solve-wait/1"], SCHEMA_KEY] = "deal-solve-wait/1"
