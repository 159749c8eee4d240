"""The schema of what is compared with the best deal: other agreements, other choices, levers, and conflicts."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from deal_solve.facts.decisions import Change, Decision
from deal_solve.facts.difference import Difference
from deal_solve.frames import Table
from deal_solve.plan.plan import Plan
from deal_solve.report.record import Part


class AnswerFacts(Part):
    """The best deal in which something is forced."""

    asked: str = Field(description="what was forced")
    outcome: Literal["solved", "already", "impossible", "stopped"] = Field(
        description="solved; already (the plan does it); impossible; stopped (by a limit, without a plan)"
    )
    reason: str = Field(description="why it is impossible or was stopped")
    already: tuple[str, ...] = Field(description="of several choices, those that the plan makes anyway")
    objective_usd: float | None = Field(description="objective of the other plan")
    plan: Plan | None = Field(description="the other plan")
    difference: Difference | None = Field(description="what it costs more")
    changes: Table[Change] = Field(description="what it does otherwise")


class AlternativeFacts(Part):
    """One API agreement, in one band of its first term, at its own best."""

    offer: str = Field(description="the offer, or list")
    term_months: int = Field(description="its first term")
    band_usd_per_year: float = Field(description="threshold of its band in the first term")
    is_recommended: bool = Field(description="whether it is the plan of the result")
    is_bound: bool = Field(description="whether above_usd is only the least it can be")
    above_usd: float | None = Field(description="what its objective is above that of the result; null: impossible")
    seats_from: str | None = Field(description="offers of its seats; null if it was not solved")
    plan: Plan | None = Field(description="its best plan, if it was solved")
    difference: Difference | None = Field(description="what it costs more, if it was solved")


class StepFacts(Part):
    """One step of a waterfall; expected USD, discounted."""

    lever: str = Field(description="the lever, or the baseline")
    expected_usd: float = Field(description="cost after it")
    change_usd: float = Field(description="against the step before; 0 for a baseline")
    share: float | None = Field(description="of the baseline's cost; null where that is 0")
    api_usd: float = Field(description="the API bill in it")
    commitment_usd_per_year: float | None = Field(description="fitting commitment, from the commitment step on the own")


class LeverFacts(Part):
    """What the levers are worth, from either baseline."""

    from_all_opus: tuple[StepFacts, ...] = Field(description="everything on the newest Opus at list, a seat for all")
    from_today: tuple[StepFacts, ...] = Field(description="the same with today's routing")
    api_cut: float | None = Field(description="what routing, caching and batch take off the all-Opus API bill")
    notes: tuple[str, ...] = Field(description="what has to be known to read them")


class CriterionFacts(Part):
    """One criterion and the deal it would sign."""

    criterion: str = Field(description="neutral, balanced, cautious, worst or regret")
    plan: Plan = Field(description="the plan it would sign")
    decisions: Table[Decision] = Field(description="the same in words")
    under: dict[str, float] = Field(description="what that costs by each criterion, USD; by its own: the objective")


class RequirementFacts(Part):
    """One of the requirements that conflict."""

    path: str = Field(description="where it stands in the deal file")
    line: int | None = Field(description="its line")
    words: str = Field(description="what it asks")
    amount: float | None = Field(description="its amount, if it has one")
    least_usd: float | None = Field(description="of a limit: the least it could be with the rest kept")


class RelaxationFacts(Part):
    """Requirements that, dropped or raised together, make the deal possible."""

    paths: tuple[str, ...] = Field(description="where they stand in the deal file")
    words: tuple[str, ...] = Field(description="what they ask")
    to_usd: tuple[float | None, ...] = Field(description="what each limit is raised to; null: dropped")
    objective_usd: float | None = Field(description="objective of the best deal then; null where none was proven")
    is_priced: bool = Field(description="false if people are left unserved at a cost the deal does not state")


class ConflictFacts(Part):
    """Requirements that no plan meets together, and what would help."""

    requirements: tuple[RequirementFacts, ...] = Field(description="without any one of them the others can be met")
    relaxations: tuple[RelaxationFacts, ...] = Field(description="of fewest requirements")
    is_smallest: bool = Field(description="whether no smaller conflict exists")
