"""What follows a term that ends inside the horizon (model §6)."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from deal_solve.deal.base import DealModel
from deal_solve.deal.numbers import NUMBER_SCHEMA, NonNegative


class Uplift(DealModel, or_a_word=True):
    """Contracted prices rise at every renewal."""

    uplift: NonNegative = Field(description="rise at every renewal")


class Renewal(DealModel):
    """What follows a term that ends inside the horizon: the prices of the next one, and the right not to take it."""

    price: Literal["same", "list"] | Uplift = Field(
        "same", description="same prices, list prices, or {uplift: x} at every renewal"
    )
    may_leave: bool = Field(True, description="at a term's end the plan may go on at list instead")
    may_return: bool = Field(
        False, description="a plan that has left may take the next renewal at a contract-year start"
    )

    @model_validator(mode="after")
    def _who_stays_cannot_return(self) -> Self:
        if self.may_return and not self.may_leave:
            raise ValueError("may_return: nobody returns who may not leave; expected may_leave: yes beside it")
        return self


RENEWAL_KEYS = frozenset(Renewal.model_fields)


def _renewal(value: Any) -> Any:
    is_price = isinstance(value, str | Uplift) or (isinstance(value, dict) and not RENEWAL_KEYS & set(value))
    return {"price": value} if is_price else value


_RENEWAL_PRICE_SCHEMA: dict[str, Any] = {
    "anyOf": [
        {"enum": ["same", "list"]},
        {
            "type": "object",
            "properties": {"uplift": NUMBER_SCHEMA},
            "required": ["uplift"],
            "additionalProperties": False,
        },
    ]
}
RenewalClause = Annotated[
    Renewal,
    BeforeValidator(_renewal),
    WithJsonSchema(
        {
            "anyOf": [
                *_RENEWAL_PRICE_SCHEMA["anyOf"],
                {
                    "type": "object",
                    "properties": {
                        "price": _RENEWAL_PRICE_SCHEMA,
                        "may_leave": {"type": "boolean"},
                        "may_return": {"type": "boolean"},
                    },
                    "additionalProperties": False,
                },
            ]
        }
    ),
]
