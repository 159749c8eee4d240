"""The agreement in force, and the months in which the next one may be signed (model §6)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from deal_solve.deal.base import DealModel, Id, Month, Name
from deal_solve.deal.numbers import Count, NonNegative, Positive
from deal_solve.deal.risk import NonNegativePath


class ApiInForce(DealModel):
    """The API part of the agreement in force, in the middle of a commitment period."""

    band_usd_per_year: NonNegative = Field(0.0, description="threshold of its band; 0: no commitment")
    commitment_usd: NonNegativePath = Field(
        (0.0,),
        description="commitment of a contract year, split evenly over its commitment periods: one number, or one per "
        "contract year left, from the one that runs at the start (they end at `ends` and every 12 months before)",
    )
    period_started: Month | None = Field(
        None, description="first month of the commitment period that runs at the start; needed with a commitment"
    )
    drawn_usd: NonNegative = Field(0.0, description="usage of that period so far, at contracted rates")
    carried_in_usd: NonNegative = Field(0.0, description="balance carried into that period")

    @property
    def commits(self) -> bool:
        """Whether any contract year left has a commitment."""
        return any(self.commitment_usd)

    def committed_in(self, year: int) -> float:
        """Return the commitment of a contract year, USD; 0 is the one that runs at the start."""
        return self.commitment_usd[year if len(self.commitment_usd) > 1 else 0]


class SeatsInForce(DealModel):
    """A seat type of the agreement in force."""

    contracted: Annotated[Count, Field(ge=0)] = Field(description="seats contracted to the end")
    licensed: Annotated[Count, Field(ge=0)] | None = Field(
        None, description="seats licensed at the start, added ones included; default those contracted"
    )

    @property
    def licensed_seats(self) -> int:
        """The largest count so far, never below the contracted seats."""
        return max(self.contracted, self.licensed or 0)


class InForce(DealModel):
    """An agreement that runs when the horizon starts."""

    offer: Id = Field(description="the offer it was taken from, with on_the_table: no")
    ends: Month = Field(description="the first month after it, inside the horizon")
    index: dict[Name, Positive] = Field(
        {}, description="per family, or seats: the list-price index that its price protection starts from, default 1"
    )
    api: ApiInForce | None = Field(None, description="the API part; left out: there is none")
    seats: dict[Name, SeatsInForce] = Field({}, description="seat types and how many are contracted and licensed")


class Signing(DealModel):
    """When the agreement that is decided may be signed."""

    months: Annotated[tuple[Annotated[Count, Field(ge=0, lt=60)], ...], Field(min_length=1)] | None = Field(
        None, description="months counted from the start; default the end of the agreement in force, 0 without one"
    )
    early: Literal["refused", "forfeited", "credited"] = Field(
        "refused",
        description="before the end of the agreement in force, inside its last commitment period: refused; forfeited: "
        "what is undrawn is lost; credited: it becomes a credit of the new agreement",
    )
