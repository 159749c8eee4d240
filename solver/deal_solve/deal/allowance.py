"""Usage that a seat includes: dollars of the month, what is beyond them, and how users differ (model §5)."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from deal_solve.deal.base import DealModel
from deal_solve.deal.numbers import NUMBER_SCHEMA, Discount, NonNegative, Number, Positive
from deal_solve.messages import shown

ALL = "all"
TOLERANCE = 1e-6


class Allowance(DealModel):
    """Dollars of usage a month that a seat includes, at the list prices of the month."""

    usd_per_user_month: NonNegative = Field(description="per active user, in dollars of the month")
    pooled: bool = Field(
        False, description="yes: of all active users on the seat type together; no: of each user alone"
    )
    extra_discount: Discount = Field(0.0, description="on usage beyond the allowance, which is billed at list")
    beyond: Literal["billed", "blocked"] = Field(
        "billed", description="usage beyond the allowance: billed at list monthly in arrears, or blocked"
    )
    refused_usd_per_usd: Number | None = Field(
        None, description="what a dollar of blocked usage costs the buyer, at least 1; needed by beyond: blocked"
    )

    @model_validator(mode="after")
    def _blocked(self) -> Self:
        if self.beyond == "billed":
            if self.refused_usd_per_usd is not None:
                raise ValueError("refused_usd_per_usd is for beyond: blocked; leave it out, or block what is beyond")
            return self
        if self.refused_usd_per_usd is None:
            raise ValueError("beyond: blocked needs refused_usd_per_usd: what does a dollar of refused usage cost?")
        if self.refused_usd_per_usd < 1:
            raise ValueError(f"refused_usd_per_usd: {self.refused_usd_per_usd:g} is below 1; expected at least 1")
        if self.extra_discount:
            raise ValueError("extra_discount and beyond: blocked cannot stand together; keep one of them")
        return self

    @property
    def usd_per_extra_usd(self) -> float:
        """What a dollar of usage beyond the allowance costs, billed or refused."""
        return 1 - self.extra_discount if self.refused_usd_per_usd is None else self.refused_usd_per_usd


def _allowance(value: Any) -> Any:
    if value == ALL or isinstance(value, dict | Allowance):
        return value if isinstance(value, str | Allowance) else Allowance.part_of_file(value)
    raise ValueError(f"expected all, or a map with usd_per_user_month, found {shown(value)}")


AllowanceClause = Annotated[
    Allowance | Literal["all"],
    BeforeValidator(_allowance),
    WithJsonSchema(
        {
            "anyOf": [
                {"enum": [ALL]},
                {
                    "type": "object",
                    "properties": {
                        "usd_per_user_month": NUMBER_SCHEMA,
                        "pooled": {"type": "boolean"},
                        "extra_discount": NUMBER_SCHEMA,
                        "beyond": {"enum": ["billed", "blocked"]},
                        "refused_usd_per_usd": NUMBER_SCHEMA,
                    },
                    "required": ["usd_per_user_month"],
                    "additionalProperties": False,
                },
            ]
        }
    ),
]


class UserClass(DealModel):
    """Users of one kind: heavy or light."""

    share: Positive = Field(description="share of the active users; the shares add up to 1")
    factor: NonNegative = Field(description="what one of them uses, as a multiple of the mean")


def checked_spread(spread: tuple[UserClass, ...]) -> tuple[UserClass, ...]:
    """Return classes of users whose shares, and whose shares times factors, add up to 1; raises ValueError."""
    users, usage = sum(one.share for one in spread), sum(one.share * one.factor for one in spread)
    if spread and abs(users - 1) > TOLERANCE:
        raise ValueError(f"the shares add up to {users:.6g}; expected 1 (100%)")
    if spread and abs(usage - 1) > TOLERANCE:
        raise ValueError(f"the shares times their factors add up to {usage:.6g}; expected 1, the mean user")
    return spread
