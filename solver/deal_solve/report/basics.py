"""The head of every result file: its schema, the version, the deal and the scenarios."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Literal, Self

from pydantic import Field

from deal_solve.deal.deal import Deal
from deal_solve.record import NotWritten, Record, to_text
from deal_solve.uncertainty import scenario_set as uncertainty
from deal_solve.version import VERSION


def deal_of(deal: Deal) -> DealSummary:
    """Return what is said of a deal in every file."""
    return DealSummary(
        title=deal.title,
        start=f"{deal.whole.start:%Y-%m}",
        horizon_months=deal.compared_months,
        cost_of_capital_per_year=deal.cost_of_capital_per_year,
        rates=f"{deal.card.name}@{deal.card.as_of}",
    )


def scenarios_from(scenarios: uncertainty.Scenarios) -> Scenarios:
    """Return what is said of a set of scenarios in every file."""
    return Scenarios(kind=scenarios.kind, count=scenarios.size, groups=scenarios.groups, seed=scenarios.seed)


@dataclass(frozen=True)
class DealSummary(Record):
    """Which deal it was."""

    title: Annotated[str, Field(description="as in the file")]
    start: Annotated[str, Field(description="first month, YYYY-MM")]
    horizon_months: Annotated[int, Field(description="months of the horizon")]
    cost_of_capital_per_year: Annotated[float, Field(description="r")]
    rates: Annotated[str, Field(description="rate card and its date")]


@dataclass(frozen=True)
class Scenarios(Record):
    """The scenario set."""

    kind: Annotated[
        Literal["explicit", "discrete", "certain", "sampled"],
        Field(description="a list, the expansion of bands, one, or drawn from the bands"),
    ]
    count: Annotated[int, Field(description="number of scenarios")]
    groups: Annotated[tuple[str, ...], Field(description="groups of bands that were expanded or sampled")]
    seed: Annotated[int | None, Field(description="of sampled scenarios; null: nothing was drawn")]


IsProven = Annotated[bool, Field(description="whether it is proven to the gap")]
"""Of a figure that a solve found."""
NOT_IN_TIME = "not in time"
"""Of what the time limit did not reach, or stopped without a plan."""
SCHEMA_KEY = Field(alias="schema", description="this schema")
"""Annotates the name of the schema of a file; each kind of file has its own."""


@dataclass(frozen=True)
class About:
    """What an analysis was asked about: the deal as it stands, and over which scenarios."""

    deal: Deal
    scenarios: uncertainty.Scenarios


@dataclass(frozen=True, kw_only=True)
class Answered(Record):
    """What an analysis returns; in Python it knows what it is about."""

    about: NotWritten[About] = field(repr=False, compare=False)


@dataclass(frozen=True, kw_only=True)
class Written(Record):
    """What every file begins with; a kind of file adds its own schema, and what was found."""

    schema_version: Annotated[str, SCHEMA_KEY]
    version: Annotated[str, Field(description="version of deal-solve")] = VERSION

    def to_json(self) -> str:
        """Return it as JSON text."""
        return to_text(self)


@dataclass(frozen=True, kw_only=True)
class ResultFile(Written):
    """A file about one deal and its scenarios."""

    deal: Annotated[DealSummary, Field(description="which deal")]
    scenarios: Annotated[Scenarios, Field(description="over which scenarios")]

    @classmethod
    def of(cls, found: Answered) -> Self:
        """Return the file of what was found."""
        about = found.about
        return cls(deal=deal_of(about.deal), scenarios=scenarios_from(about.scenarios), **vars(found))
