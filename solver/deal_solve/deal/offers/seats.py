"""What an offer says about a seat type (model §5)."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from deal_solve.deal.allowance import ALL, AllowanceClause
from deal_solve.deal.base import DealModel, Name
from deal_solve.deal.numbers import Count, Discount, NonNegative, Share, ShareOrYesNo, listed
from deal_solve.deal.offers.true_up import HARD_CAP, TrueUp, TrueUpClause


class TierStep(DealModel):
    """From this many seats on, this discount."""

    seats: Annotated[Count, Field(ge=1)] = Field(description="contracted seats from which the discount holds")
    discount: Discount = Field(description="on the seat price")


class Tiers(DealModel):
    """Volume tiers on the contracted seats of a type and year."""

    kind: Literal["all_units", "incremental"] = Field(
        description="all_units: on all seats; incremental: on the seats from number `seats` on, that one included"
    )
    steps: tuple[TierStep, ...] = Field(min_length=1, description="in rising order")

    @model_validator(mode="after")
    def _order(self) -> Self:
        steps = [step.seats for step in self.steps]
        if any(low >= high for low, high in pairwise(steps)):
            raise ValueError(f"steps: thresholds out of order: {listed(steps)}; expected each above the one before")
        return self


class SeatPart(DealModel):
    """One seat type in an offer; what is left out is as on the card."""

    usd_per_user_month: NonNegative | None = Field(None, description="default the card's price in this billing")
    list_usd_per_user_month: NonNegative | None = Field(
        None,
        description="list price of seats added or renewed at list; default the card's price in this billing, needed "
        "where the card has none",
    )
    minimum: Annotated[Count, Field(ge=0)] | None = Field(
        None, description="of this type, beside that of its plan; binding where some cohort takes the type"
    )
    maximum: Annotated[Count, Field(ge=1)] | None = Field(None, description="most contracted seats")
    covered_share: Share | None = Field(
        None, description="share of the usage that the seat includes, default as on the card"
    )
    allowance: AllowanceClause | None = Field(
        None,
        description="instead of a covered share: the dollars of usage a month that the seat includes, or all; default "
        "as on the card; does not hold at list",
    )
    provides: tuple[Name, ...] = Field((), description="controls beyond those of the card and the offer")
    billing: Literal["yearly", "monthly"] = Field("yearly", description="in advance, a year or a month at a time")
    tiers: Tiers | None = Field(None, description="volume discounts; left out: none")
    true_up: TrueUpClause = Field(TrueUp(), description="a preset, a map (with or without a preset), or hard_cap")
    initial_order: Literal["expected_users", "free"] | None = Field(
        None,
        description="expected_users: where an agreement or a cohort on it begins, at least the expected users are "
        "contracted; free: any number; default expected_users, free under hard_cap",
    )
    reduction_right: Share = Field(0.0, description="largest share given back at an anniversary")
    counts_toward_commitment: ShareOrYesNo = Field(
        0.0, description="share of the metered usage that draws down the same offer's commitment; yes: all of it"
    )

    @model_validator(mode="after")
    def _order(self) -> Self:
        if self.minimum is not None and self.maximum is not None and self.minimum > self.maximum:
            raise ValueError(f"minimum {self.minimum} is above maximum {self.maximum}")
        return self

    @model_validator(mode="after")
    def _allowance_alone(self) -> Self:
        if self.allowance is not None:
            for clause in clashes_with_allowance(self):
                raise ValueError(f"allowance and {clause} cannot stand together; keep one of them")
        return self

    @property
    def orders_expected_users(self) -> bool:
        """Whether an agreement begins with at least the seats of the expected users."""
        return self.initial_order == "expected_users" or (self.initial_order is None and self.true_up != HARD_CAP)


def clashes_with_allowance(part: SeatPart) -> list[str]:
    """Return the clauses of a seat part that cannot stand beside an allowance; `part.allowance` all is never beyond."""
    clashing = {
        "covered_share": part.covered_share is not None,
        "counts_toward_commitment": part.counts_toward_commitment > 0,
        "true_up: hard_cap": part.true_up == HARD_CAP and part.allowance != ALL,
    }
    return [clause for clause, clashes in clashing.items() if clashes]
