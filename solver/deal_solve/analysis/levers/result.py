"""What the levers are worth, step by step from a stated baseline."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from deal_solve.frames import Table
from deal_solve.record import NotWritten, Record
from deal_solve.report.basics import Answered


@dataclass(frozen=True)
class Step(Record):
    """One step of a waterfall; expected USD, discounted.

    The fitting commitment is what one would sign for the usage of the step, with its models, caching, batch, projects
    and tracks held, over all offers as written, without limits; null where no offer may serve it. A step that the time
    limit did not reach has no amounts.
    """

    lever: Annotated[str, Field(description="the lever, or the baseline")]
    expected_usd: Annotated[float | None, Field(description="cost after it; null: not in time")]
    change_usd: Annotated[
        float | None,
        Field(description="against the step before; 0 for a baseline; null where one of the two is not in time"),
    ]
    share: Annotated[float | None, Field(description="of the baseline's cost; null where that is 0, or not in time")]
    api_usd: Annotated[float | None, Field(description="the API bill in it; null: not in time")]
    commitment_usd_per_year: Annotated[
        float | None, Field(description="fitting commitment, from the commitment step on the own; null: none, or late")
    ]


@dataclass(frozen=True, kw_only=True)
class Waterfall(Answered):
    """What the levers are worth, from either baseline."""

    from_all_opus: Annotated[Table[Step], Field(description="everything on the newest Opus at list, a seat for all")]
    from_today: Annotated[Table[Step], Field(description="the same with today's routing")]
    api_cut: Annotated[
        float | None, Field(description="what routing, caching and batch take off the all-Opus API bill")
    ]
    notes: Annotated[tuple[str, ...], Field(description="what has to be known to read them")] = ()
    is_in_time: NotWritten[bool] = True
    """Whether no step, and no fitting commitment, was left out for the time limit."""
