"""What is compared with the best deal: other choices, and other agreements."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Literal

from pydantic import Field

from deal_solve.facts.decisions import Change
from deal_solve.facts.difference import Difference
from deal_solve.frames import Table
from deal_solve.optimise.solution import Solution
from deal_solve.plan.plan import Plan
from deal_solve.record import NotWritten, Record
from deal_solve.report.basics import Answered

Outcome = Literal["solved", "already", "impossible", "stopped"]


@dataclass(frozen=True, kw_only=True)
class WhyNot(Answered):
    """The best deal in which something is forced, and how it compares with the best of all."""

    asked: Annotated[str, Field(description="what was forced")]
    outcome: Annotated[
        Outcome,
        Field(description="solved; already (the plan does it); impossible; stopped (by a limit, without a plan)"),
    ]
    reason: Annotated[str, Field(description="why it is impossible or was stopped")] = ""
    already: Annotated[tuple[str, ...], Field(description="of several choices, those that the plan makes anyway")] = ()
    objective_usd: Annotated[float | None, Field(description="objective of the other plan")] = None
    plan: Annotated[Plan | None, Field(description="the other plan")] = None
    difference: Annotated[Difference | None, Field(description="what it costs more")] = None
    changes: Annotated[Table[Change], Field(description="what it does otherwise")] = field(default_factory=Table)
    solution: NotWritten[Solution | None] = None


@dataclass(frozen=True, kw_only=True)
class Alternative(Record):
    """One API agreement, in one band of its first term, with the best of all else, such as seats of any offer."""

    offer: Annotated[str, Field(description="the offer, or list")]
    term_months: Annotated[int, Field(description="its first term")]
    band_usd_per_year: Annotated[float, Field(description="threshold of its band in the first term")]
    is_recommended: Annotated[bool, Field(description="whether it is the plan of the result")] = False
    is_bound: Annotated[bool, Field(description="whether above_usd is only the least it can be")] = False
    above_usd: Annotated[
        float | None, Field(description="what its objective is above that of the result; null: impossible")
    ] = None
    is_proven: Annotated[bool, Field(description="whether its plan is proven to the gap, if it was solved")] = True
    is_in_time: Annotated[
        bool, Field(description="false where it was to be solved and the time limit passed before: a bound is known")
    ] = True
    seats_from: Annotated[str | None, Field(description="offers of its seats; null if it was not solved")] = None
    plan: Annotated[Plan | None, Field(description="its best plan, if it was solved")] = field(default=None, repr=False)
    difference: Annotated[Difference | None, Field(description="what it costs more, if it was solved")] = field(
        default=None, repr=False
    )
    solution: NotWritten[Solution | None] = field(default=None, repr=False)
