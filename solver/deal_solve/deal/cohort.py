"""Cohorts of people, the tools built for them, and what they use (model §1, §5)."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from deal_solve.deal.allowance import UserClass, checked_spread
from deal_solve.deal.base import DealModel, Month, Name, Title
from deal_solve.deal.model_names import ModelName
from deal_solve.deal.numbers import ChangeBand, Count, NonNegative, NonNegativeBand, Positive, Share, ShareBand, certain
from deal_solve.deal.workload import Quality, Request

NONE = "none"
USE = "a use section: use: {requests_per_user_month: 200, input_tokens: 3000, output_tokens: 500, models: [sonnet]}"
"""What a cohort needs where its usage has a price."""


class Ramp(DealModel):
    """Adoption grows in a straight line to the active share over `months`, from a share of it or from `active_now`."""

    from_share: Share = Field(0.0, description="share of the active users in the first month")
    months: Count = Field(ge=1, le=60, description="until all of them")


class Use(Request):
    """What one active user asks for in a month: single models, cached as the client does, never in batch."""

    requests_per_user_month: NonNegativeBand = Field(description="per active user")
    growth_per_year: ChangeBand = Field(certain(0.0), description="of the requests per user")
    models: tuple[ModelName, ...] = Field(min_length=1, description="models or slots the cohort may use")
    quality: Quality = Field(Quality(), description="floors and scores of the models")
    spread: Annotated[tuple[UserClass, ...], AfterValidator(checked_spread)] = Field(
        (),
        description="what heavy and light users use relative to the mean; counts where a seat has an allowance that is "
        "not pooled; left out: all alike",
    )


class Cohort(DealModel):
    """A group of people who may get seats, an internal tool, or nothing."""

    title: Title = Field("", description="name in reports")
    headcount: NonNegative = Field(description="people in its first month")
    headcount_growth_per_year: ChangeBand = Field(certain(0.0), description="of the people")
    starts: Month | None = Field(
        None,
        description="first month, default the start of the deal; one before it says that people have grown and been "
        "adopting since then",
    )
    active_share: ShareBand = Field(certain(1.0), description="share of the people who use it")
    active_now: Share | None = Field(
        None,
        description="share of the people who use it in its first month, where that is known; grows over ramp.months",
    )
    ramp: Ramp | None = Field(None, description="adoption over the first months; left out: all at once")
    assigned_per_active: Positive = Field(1.0, description="seats assigned per active user; 1 if seats are rotated")
    tracks: tuple[Name, ...] = Field(min_length=1, description="seat types, internal tools, or none")
    unserved_usd_per_user_month: NonNegative | None = Field(
        None, description="what it costs to leave an active user unserved; needed by none and by hard_cap"
    )
    requires: tuple[Name, ...] = Field((), description="controls its track or agreement must provide")
    use: Use | None = Field(None, description="needed where usage is metered: internal tools, covered_share below 1")
    covered_share: dict[Name, Share] = Field({}, description="per seat type, where this cohort differs")

    @model_validator(mode="after")
    def _measured_start(self) -> Self:
        if self.active_now is not None:
            if self.ramp is None:
                raise ValueError("active_now: expected ramp.months too, the months until the active share is reached")
            if "from_share" in self.ramp.model_fields_set:
                raise ValueError("active_now: ramp.from_share is given too; expected one of them")
        return self


class InternalTool(DealModel):
    """A tool built on the API for people: built once, run every month, all usage metered."""

    title: Title = Field("", description="name in reports")
    build_usd: NonNegative = Field(0.0, description="paid at the start of its first month in use")
    run_usd_per_month: NonNegative = Field(0.0, description="paid at the end of every month in use")
    provides: tuple[Name, ...] = Field((), description="controls beyond those of the API agreement")
