"""What is committed to a cloud provider, and an offer that is bought through its marketplace (model §6)."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from deal_solve.deal.base import DealModel, Month, Name, Title
from deal_solve.deal.numbers import NonNegative, NonNegativeBand, Share


def _bands(value: Any) -> Any:
    return value if isinstance(value, list | tuple) else (value,)


OtherSpend = Annotated[
    tuple[NonNegativeBand, ...],
    Field(min_length=1),
    BeforeValidator(_bands, json_schema_input_type=NonNegativeBand | tuple[NonNegativeBand, ...]),
]


class CloudCommitment(DealModel):
    """What is committed to a cloud provider: what spend of a year lacks to it is paid at the year's end."""

    title: Title = Field("", description="name in reports")
    usd_per_year: Annotated[tuple[NonNegative, ...], Field(min_length=1)] = Field(
        description="the commitment, one amount per year of the horizon: what is left of it from the first month on; "
        "where a year runs already (year_started), one per year from that one on, the whole of it"
    )
    other_spend_usd_per_year: OtherSpend = Field(
        description="what else is spent toward it; one band for all years, or one per year"
    )
    year_started: Month | None = Field(
        None,
        description="first month of the year of the commitment that runs at the start; default the start; holds for "
        "all commitments, whichever states it",
    )
    retired_usd: NonNegative = Field(0.0, description="what purchases have counted toward that year so far")
    cap_share: Share = Field(1.0, description="most that marketplace purchases retire, as a share of the commitment")


class Channel(DealModel):
    """An offer that is bought through the marketplace of a cloud provider."""

    through: Name = Field(description="the cloud commitment that the payments count toward")
    counts: Share = Field(1.0, description="share of the payments that counts toward it")
    fee: NonNegative = Field(0.0, description="on top of every payment, as a share of it; it does not count")
