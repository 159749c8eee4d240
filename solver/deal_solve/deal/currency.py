"""The currency in which a deal is reported, at one fixed rate (model §7)."""

from __future__ import annotations

import re
from contextlib import AbstractContextManager
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from deal_solve.currency import USD, reported_in
from deal_solve.deal.base import DealModel
from deal_solve.deal.numbers import Positive

_CODE = re.compile(r"[A-Z]{3}")


def _code(text: str) -> str:
    if not _CODE.fullmatch(text):
        raise ValueError(f"{text!r} is no currency; expected three capital letters, such as EUR or GBP")
    return text


class Currency(DealModel):
    """A currency and its fixed rate."""

    code: Annotated[str, AfterValidator(_code)] = Field(USD, description="three capital letters, such as EUR")
    usd: Positive = Field(1.0, description="USD per unit of it: 1.08 where a euro is 1.08 USD")

    @model_validator(mode="after")
    def _dollars(self) -> Self:
        if self.code == USD and self.usd != 1:
            raise ValueError(f"usd: one USD is 1 USD, found {self.usd:g}; state the code of the currency that is meant")
        if self.code != USD and "usd" not in self.model_fields_set:
            raise ValueError(f"usd is missing: how many USD is one {self.code}?")
        return self

    def reported(self) -> AbstractContextManager[None]:
        """Let what is written inside be in this currency."""
        return reported_in(self.code, self.usd)
