"""The plan: everything that is decided at signing, complete, in the form `--json` writes and `--plan` reads."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from deal_solve.deal.base import DealModel
from deal_solve.deal.numbers import NonNegative, Share
from deal_solve.deal.workload import ProjectName


class ApiTerm(DealModel):
    """One term of the API agreement: its band, named by its threshold, and the commitment of its contract years."""

    band_usd_per_year: NonNegative = Field(description="threshold of the band; 0: no commitment")
    commitment_usd: tuple[NonNegative, ...] = Field(description="per contract year of the term inside the horizon")


class ApiAgreement(DealModel):
    """The API agreement: an offer (or list), its first term, and what is committed in each term."""

    offer: str
    term_months: int
    terms: tuple[ApiTerm, ...]


class SeatAgreement(DealModel):
    """The agreement of one seat type and its contracted seats per contract year."""

    offer: str
    term_months: int
    contracted: tuple[Annotated[int, Field(ge=0)], ...]


class Route(DealModel):
    """Shares of the requests per option from `from_month` to the next route; they add up to 1."""

    from_month: int = Field(ge=0)
    shares: dict[str, Share]


class Plan(DealModel):
    """A complete plan.

    `tracks[c]` has one track per contract year. `routing[w]` and `use[c]` have one route per epoch of the workload or
    cohort (`deal_solve.plan.options.menu`); `use` holds every cohort with a use section. `projects[w]` are the projects
    bought.
    """

    api: ApiAgreement
    seats: dict[str, SeatAgreement] = {}
    tracks: dict[str, tuple[str, ...]] = {}
    projects: dict[str, tuple[ProjectName, ...]] = {}
    routing: dict[str, tuple[Route, ...]] = {}
    use: dict[str, tuple[Route, ...]] = {}

    def contracted(self, seat_type: str, year: int) -> int:
        """Return N[σ,y]; 0 for a type without an agreement."""
        agreement = self.seats.get(seat_type)
        return agreement.contracted[year] if agreement else 0
