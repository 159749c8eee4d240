"""The plan: everything that is decided at signing, complete, in the form `--json` writes and `--plan` reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Self, TypeAlias

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer, model_validator

from deal_solve.deal.base import DealModel
from deal_solve.deal.numbers import NonNegative, Share
from deal_solve.deal.workload import ProjectName
from deal_solve.messages import counted
from deal_solve.plan.terms import Left, left_in

if TYPE_CHECKING:
    from deal_solve.deal.deal import Deal


class _Part(DealModel):
    """A part of a plan; what `_if_stated` names is written only where it says something."""

    _if_stated: ClassVar[str]

    @model_serializer(mode="wrap")
    def _written(self, write: SerializerFunctionWrapHandler) -> dict[str, Any]:
        data: dict[str, Any] = write(self)
        name = self._if_stated
        return data if getattr(self, name) else {key: item for key, item in data.items() if key != name}


class ApiTerm(_Part):
    """One term of the API agreement: its band, named by its threshold, and the commitment of its contract years.

    A term that is left is at list, in the band from 0.
    """

    _if_stated = "offer"

    offer: Literal["list"] | None = Field(None, description="list where the agreement is left; else it is not written")
    band_usd_per_year: NonNegative = Field(description="threshold of the band; 0: no commitment")
    commitment_usd: tuple[NonNegative, ...] = Field(description="per contract year of the term inside the horizon")


class ApiAgreement(DealModel):
    """The API agreement: an offer (or list), its first term, and what is committed in each term."""

    offer: str = Field(description="an offer of the deal, or list")
    term_months: int = Field(description="length of the first term")
    terms: tuple[ApiTerm, ...] = Field(description="the first term and its renewals, or what is left")

    @property
    def left(self) -> Left:
        """The months in which it is left, at list."""
        return left_in([term.offer is not None for term in self.terms for _ in term.commitment_usd])

    def was_left(self, month: int) -> bool:
        """Whether it is at list in the month before, because it was left."""
        return any(start < month <= end for start, end in self.left)


SellerAtList: TypeAlias = Literal["list", "list-monthly"]
"""List billed yearly, or list billed monthly."""


class SeatTerm(_Part):
    """One term of a seat agreement that is left at some time; what is left has terms of a contract year at list."""

    _if_stated = "offer"

    offer: SellerAtList | None = Field(
        None, description="list, or list-monthly, where the type is left; else it is not written"
    )
    years: Annotated[int, Field(ge=1)] = Field(description="contract years of the term inside the horizon")


class SeatAgreement(_Part):
    """The agreement of one seat type and its contracted seats per contract year."""

    _if_stated = "terms"

    offer: str = Field(description="an offer of the deal, or list")
    term_months: int = Field(description="length of the first term")
    contracted: tuple[Annotated[int, Field(ge=0)], ...] = Field(
        description="seats per contract year, of the agreement or of the list it is left for"
    )
    terms: tuple[SeatTerm, ...] = Field(
        (), description="all its terms, where one is left; not written for an agreement that stays"
    )

    @model_validator(mode="after")
    def _every_year(self) -> Self:
        years = sum(term.years for term in self.terms)
        if self.terms and years != len(self.contracted):
            raise ValueError(f"terms: {counted(years, 'contract year')}, but contracted has {len(self.contracted)}")
        return self

    @property
    def at_list(self) -> tuple[SellerAtList | None, ...]:
        """Per contract year the list it is left for, or None."""
        if not self.terms:
            return (None,) * len(self.contracted)
        return tuple(term.offer for term in self.terms for _ in range(term.years))

    @property
    def left(self) -> Left:
        """The months in which it is left, at list, contract year by contract year: list has terms of 12 months."""
        return tuple((12 * year, 12 * year + 12) for year, seller in enumerate(self.at_list) if seller is not None)

    def seller(self, year: int) -> str:
        """Return whom the seats of a contract year are bought from: the offer, or the list it is left for."""
        return (self.terms and self.at_list[year]) or self.offer

    def was_left(self, month: int) -> bool:
        """Whether it is at list in the month before, because it was left."""
        return month > 0 and self.at_list[(month - 1) // 12] is not None

    @property
    def sellers(self) -> tuple[str, ...]:
        """Whom the seats are bought from in any contract year, the offer first."""
        return tuple(dict.fromkeys((self.offer, *(self.seller(year) for year in range(len(self.contracted))))))


class Route(DealModel):
    """Shares of the requests per option from `from_month` to the next route; they add up to 1."""

    from_month: int = Field(ge=0, description="first month of an epoch, counted from 0")
    shares: dict[str, Share] = Field(description="share of the requests per option; they add up to 1")


class EntriesIfLeft(DealModel):
    """What a row decides instead for what was left before its month.

    What stays left is bound for a year; what is taken again, for a term. Where another part of its offer is inside a
    term, nothing is taken again, whatever the row says.
    """

    api: ApiTerm | None = Field(
        None, description="the term of the API agreement that is taken again; without one it stays left"
    )
    taken_again: tuple[str, ...] = Field((), description="the seat types that are taken again; others stay left")
    seats: dict[str, tuple[Annotated[int, Field(ge=0)], ...]] = Field(
        {},
        description="per seat type that was left, its seats at list in the contract year, 0 where billed monthly; of "
        "one that is taken again, per contract year of the term",
    )
    tracks: dict[str, tuple[str, ...]] = Field(
        {}, description="per cohort that was on a seat type that was left, its track, as in the row"
    )
    routing: dict[str, tuple[Route, ...]] = Field({}, description="per workload, its routes where the API was left")
    use: dict[str, tuple[Route, ...]] = Field({}, description="per metered cohort, its routes where the API was left")

    @model_serializer(mode="wrap")
    def _written(self, write: SerializerFunctionWrapHandler) -> dict[str, Any]:
        data: dict[str, Any] = write(self)
        return {key: item for key, item in data.items() if item or key not in ("api", "taken_again")}


class RenewalRow(_Part):
    """What is decided in the month of a table in one bucket, for terms that start then (model §6).

    It decides for parts that were not left before; what was left is decided by `if_left`, and without an entry there it
    stays as it is.
    """

    _if_stated = "if_left"

    probability: Share = Field(0.0, description="of the bucket in the scenarios that were solved")
    api: ApiTerm | None = Field(None, description="the term of the API agreement that starts")
    seats: dict[str, tuple[Annotated[int, Field(ge=0)], ...]] = Field(
        {}, description="per seat type whose term starts, seats per contract year of the term"
    )
    at_list: dict[str, SellerAtList] = Field(
        {}, description="per seat type that is left then, the list it is bought at from then on"
    )
    tracks: dict[str, tuple[str, ...]] = Field(
        {}, description="per cohort that is not bound: its track, for the years of its term (without one: one year)"
    )
    routing: dict[str, tuple[Route, ...]] = Field({}, description="per workload, the routes of the API term")
    use: dict[str, tuple[Route, ...]] = Field({}, description="per metered cohort, the routes of the contract year")
    if_left: EntriesIfLeft | None = Field(
        None, description="what is decided instead for what was left before; not written where nothing can be"
    )


class RenewalTable(DealModel):
    """Later decisions by what is observed in the twelve months before `month`.

    There is one row per bucket of usage and of users, those of one bucket of usage together, each in rising order.
    """

    month: int = Field(ge=12, description="first month of the terms that are decided, counted from 0")
    usage_edges_usd: tuple[NonNegative, ...] = Field(
        (), description="the highest usage at list of each bucket but the last"
    )
    users_edges: tuple[NonNegative, ...] = Field((), description="the most active users of each bucket but the last")
    rows: tuple[RenewalRow, ...] = Field(description="one per bucket")


class Plan(DealModel):
    """A complete plan.

    `tracks[c]` has one track per contract year. `routing[w]` and `use[c]` have one route per epoch of the workload or
    cohort (`deal_solve.plan.resolved.User.epochs`); `use` holds every cohort with a use section. `projects[w]` are the
    projects bought.
    """

    api: ApiAgreement = Field(description="the API agreement")
    seats: dict[str, SeatAgreement] = Field({}, description="the agreement of each seat type that is bought")
    tracks: dict[str, tuple[str, ...]] = Field({}, description="per cohort, the track in each contract year")
    projects: dict[str, tuple[ProjectName, ...]] = Field({}, description="per workload, the projects bought")
    signing_month: int = Field(
        0,
        ge=0,
        description="month of signing, counted from the start; all other months are counted from it; "
        "not written for a deal that is signed at its start and has nothing in force",
    )
    routing: dict[str, tuple[Route, ...]] = Field({}, description="per workload, one route per epoch")
    use: dict[str, tuple[Route, ...]] = Field({}, description="per metered cohort, one route per epoch")
    later: tuple[RenewalTable, ...] = Field(
        (), description="tables that decide later terms, in order; what stands elsewhere is then the likeliest path"
    )

    @model_serializer(mode="wrap")
    def _written(self, write: SerializerFunctionWrapHandler) -> dict[str, Any]:
        data: dict[str, Any] = write(self)
        is_stated = "signing_month" in self.model_fields_set
        return data if is_stated else {key: item for key, item in data.items() if key != "signing_month"}

    def with_signing_month(self, deal: Deal) -> Plan:
        """Return the plan with the month in which a deal was signed, 0 included; as it is where none was chosen."""
        return self if deal.whole is deal else self.model_copy(update={"signing_month": deal.signing_month})

    def contracted(self, seat_type: str, year: int) -> int:
        """Return N[σ,y]; 0 for a type without an agreement."""
        agreement = self.seats.get(seat_type)
        return agreement.contracted[year] if agreement else 0

    def takes_seats(self, seat_type: str, year: int) -> bool:
        """Whether seats of a type are contracted in a contract year, or users are on it without any (by true-up)."""
        return self.contracted(seat_type, year) > 0 or any(track[year] == seat_type for track in self.tracks.values())
