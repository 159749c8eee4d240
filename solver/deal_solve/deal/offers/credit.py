"""Credits that come with an API agreement: what they pay and when they end (model §4)."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from deal_solve.deal.base import DealModel
from deal_solve.deal.numbers import Count, Positive


class Credit(DealModel):
    """Dollars that the seller grants at the start of the first term: balance beside the commitment, or of charges."""

    usd: Positive = Field(description="granted once, at the start of the first term")
    pays: Literal["balance", "charges"] = Field(
        description="balance: covers the first counted usage of the first commitment period, beside the commitment, "
        "and expires with it; void without a commitment. charges: pays billed usage and overage as they fall due"
    )
    within_months: Annotated[Count, Field(ge=1)] | None = Field(
        None,
        description="with pays: charges, months from the start of the first term in which a charge must fall due; "
        "after them, or after the first term, the rest lapses",
    )

    @model_validator(mode="after")
    def _months(self) -> Self:
        if self.pays == "charges" and self.within_months is None:
            raise ValueError("pays: charges needs within_months: in how many months must a charge fall due?")
        if self.pays == "balance" and self.within_months is not None:
            raise ValueError("within_months is for pays: charges; a balance ends with the first commitment period")
        return self

    def paid_until(self, first_months: int) -> int:
        """Return the last time (months) at which a charge falls due that the credit pays, in a first term so long."""
        return min(self.within_months or first_months, first_months)
