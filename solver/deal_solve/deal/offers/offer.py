"""An offer: both parts, and what holds for them together (model §6)."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from deal_solve.deal.base import DealModel, Name, Title
from deal_solve.deal.numbers import Discount, NonNegative, Number, Positive, listed
from deal_solve.deal.offers.api import ApiPart, Rollover
from deal_solve.deal.offers.channel import Channel
from deal_solve.deal.offers.renewal import Renewal, RenewalClause
from deal_solve.deal.offers.seats import SeatPart
from deal_solve.deal.offers.terms import Term, Terms
from deal_solve.messages import counted

Protection = Literal["none", "locked", "pass_through"]


class Capped(DealModel, or_a_word=True):
    """Prices follow list up to a yearly rise."""

    capped: NonNegative = Field(description="largest rise per year inside a term")


class BundleTier(DealModel):
    """An extra discount where seats and API together commit at least `combined_usd_per_year`."""

    combined_usd_per_year: Positive = Field(
        description="12 · seats · seat price plus the API commitment of the first contract year of a term"
    )
    seats: Discount = Field(0.0, description="extra discount on seats")
    api: Discount = Field(0.0, description="extra discount on API rates")


class Offer(DealModel):
    """An offer: an API part, a seats part, or both."""

    title: Title = Field("", description="name in reports")
    terms: Terms = Field({12: Term()}, description="lengths on offer, with the discount each earns")
    discounts: Literal["multiply", "add"] = Field(
        "multiply",
        description="how discounts of band or tier, term and bundle combine: 10% and 5% are 14.5% off, or 15%",
    )
    provides: tuple[Name, ...] = Field((), description="controls that hold for both parts")
    exclusive: bool = Field(False, description="nothing from another offer beside it (list is always allowed)")
    on_the_table: bool = Field(True, description="no: it can only be in force, or be extended by another offer")
    api: ApiPart | None = Field(None, description="the API part; left out: the offer has none")
    seats: dict[Name, SeatPart] = Field({}, description="seat types and what the offer says about each")
    bundle: tuple[BundleTier, ...] = Field(
        (), description="extra discounts where both parts are taken, in rising order"
    )
    price_protection: Protection | Capped = Field(
        "none",
        description="none: follows list; locked: list at the start of the term; pass_through: locked upwards, follows "
        "list downwards; {capped: x}: follows list up to x a year",
    )
    renewal: RenewalClause = Field(
        Renewal(), description="same, list or {uplift: x}; or {price: one of them, may_leave: yes, may_return: no}"
    )
    renewal_cap: Number | None = Field(None, description="most a new term's index may rise over the last month's")
    channel: Channel | None = Field(
        None, description="the marketplace of a cloud provider that it is bought through; left out: bought directly"
    )

    @model_validator(mode="after")
    def _parts(self) -> Self:
        if self.api is None and not self.seats:
            raise ValueError("the offer has neither an api part nor a seats part")
        if self.bundle and (self.api is None or not self.seats):
            raise ValueError("bundle: a bundle needs both an api part and a seats part in the same offer")
        for name in ("combined_usd_per_year", "seats", "api"):
            values = [getattr(tier, name) for tier in self.bundle]
            ordered = sorted(set(values)) if name == "combined_usd_per_year" else sorted(values)
            if values != ordered:
                raise ValueError(
                    f"bundle: {name} out of order: {listed(values)}; expected each tier to give at least as much"
                )
        if self.api is not None and isinstance(self.api.ramp, tuple) and len(self.api.ramp) < max(self.terms) // 12:
            raise ValueError(
                f"api.ramp: {counted(len(self.api.ramp), 'factor')} for a term of {counted(max(self.terms), 'month')}; "
                f"expected {max(self.terms) // 12}, one per contract year"
            )
        if self.bundle and self.api is not None and self.api.is_measured_at_list and self.api.differs_by_model:
            raise ValueError(
                "api.measured_at: list and bundle cannot stand together where discounts differ by model; give one "
                "discount a band, or leave one of them out"
            )
        if self.renewal_cap is not None and self.renewal_cap < 0:
            raise ValueError(f"renewal_cap: {self.renewal_cap:g} is below 0")
        return self

    @model_validator(mode="after")
    def _nothing_beyond_a_year(self) -> Self:
        if self.channel is not None and self.api is not None:
            beyond = {
                "api.unused: rollover out of a contract year": isinstance(self.api.unused, Rollover)
                and max(self.terms) > 12,
                "api.yearly_minimum": self.api.yearly_minimum is not None,
                "api.excess: counts_next": self.api.excess == "counts_next",
                "api.credit: charges within more than 12 months": self.api.credit is not None
                and (self.api.credit.within_months or 0) > 12,
            }
            for clause, stands in beyond.items():
                if stands:
                    raise ValueError(f"channel and {clause} cannot stand together; keep one of them")
        return self

    @model_validator(mode="after")
    def _something_is_paid(self) -> Self:
        if self.discounts == "multiply":
            return self
        own = {f"seats.{name}": _deepest(part) for name, part in self.seats.items()}
        if self.api is not None:
            own["api"] = max(share for band in self.api.bands for share in (*band.discount.values(), 0.0))
        for part, largest in own.items():
            side = "api" if part == "api" else "seats"
            bundle = max((getattr(tier, side) for tier in self.bundle), default=0.0)
            for months, term in self.terms.items():
                of_term = getattr(term, side)
                off = largest + of_term + bundle
                if off >= 1 - 1e-9:
                    term_of = f"the term of {counted(months, 'month')}"
                    raise ValueError(
                        f"discounts: {part} at {largest:.10g}, {term_of} at {of_term:.10g} and "
                        f"the bundle at {bundle:.10g} add up to {off:.10g}; expected less than 1 (100%)"
                    )
        return self


def _deepest(part: SeatPart) -> float:
    """Return the largest discount of the volume tiers of a seat type."""
    return max((step.discount for step in part.tiers.steps), default=0.0) if part.tiers else 0.0
