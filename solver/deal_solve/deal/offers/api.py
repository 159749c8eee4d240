"""The API side of an offer: bands, commitment and what becomes of it (model §4)."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from deal_solve.deal.base import DealModel
from deal_solve.deal.model_names import ByModel
from deal_solve.deal.money import CENT_TOLERANCE_USD
from deal_solve.deal.numbers import NUMBER_SCHEMA, Change, Discount, NonNegative, Positive, Share, listed, parse_number
from deal_solve.deal.offers.credit import Credit


def _by_name(value: Any) -> Any:
    return value if isinstance(value, dict) else {"all": parse_number(value)}


Discounts = Annotated[
    ByModel[Discount],
    BeforeValidator(_by_name),
    WithJsonSchema({"anyOf": [*NUMBER_SCHEMA["anyOf"], {"type": "object", "additionalProperties": NUMBER_SCHEMA}]}),
]


MIN_STEP_USD = 2 * CENT_TOLERANCE_USD - 1e-9
"""Commitments and thresholds nearer than a cent are the same (model §4); less a rounding error of cents as floats."""


class ApiBand(DealModel):
    """An all-units discount that a yearly commitment earns; 0 means no commitment."""

    commit_usd_per_year: NonNegative = Field(description="threshold in contracted dollars a year; 0: no commitment")
    discount: Discounts = Field(description="one number, or a map per family or model id (what is not named gets 0)")

    def discount_of(self, model_id: str, family: str) -> float:
        """Return the discount on one model: its own, its family's, or the one for all."""
        return self.discount.get(model_id, self.discount.get(family, self.discount.get("all", 0.0)))


class Premium(DealModel, or_a_word=True):
    """Overage at list plus a premium, or less a discount of its own."""

    premium: Change = Field(
        description="on list: 10% is 1.1 times list, -10% is 0.9 times; never below contracted rates"
    )


class Rollover(DealModel, or_a_word=True):
    """Unused commitment carried into the next period."""

    rollover: Share = Field(description="share of the period's own shortfall that is carried")
    cap: Share = Field(1.0, description="most that is carried, as a share of the period's commitment")


Period = Literal["year", "half", "quarter", "month", "term"]
PERIOD_MONTHS: dict[str, int] = {"year": 12, "half": 6, "quarter": 3, "month": 1}
"""Months of a commitment period that is part of a contract year."""


class ApiPart(DealModel):
    """The API side of an offer."""

    bands: tuple[ApiBand, ...] = Field(
        min_length=1, description="thresholds and discounts, in rising order; discounts are on all units"
    )
    period: Period = Field(
        "year",
        description="commitment period: the yearly commitment is split evenly; term: those of all years add up",
    )
    yearly_minimum: Share | None = Field(
        None,
        description="with period: term, least share of a contract year's even part of the commitment; what usage lacks "
        "to it is charged at the year's end and counts as usage",
    )
    overage: Literal["contracted", "list"] | Premium = Field(
        "list", description="price of usage beyond the commitment: contracted rates, list, or {premium: x}"
    )
    unused: Literal["forfeited"] | Rollover = Field(
        "forfeited", description="forfeited, or {rollover: share, cap: share} into the next period"
    )
    payment: Literal["prepaid", "prepaid_yearly", "arrears"] = Field(
        "prepaid", description="prepaid: at each period's start; prepaid_yearly: a year in advance"
    )
    excess: Literal["lost", "counts_next"] = Field(
        "lost", description="usage above a period's commitment: lost, or counts toward the next ones of the term"
    )
    ramp: Literal["free"] | tuple[NonNegative, ...] | None = Field(
        None, description="factors per contract year on one base, or free (non-decreasing); default equal years"
    )
    step_usd: Positive | None = Field(None, description="the base (free ramp: each year) is a multiple of this")
    credit: Credit | None = Field(None, description="dollars granted at the start of the first term; default none")

    @model_validator(mode="after")
    def _thresholds(self) -> Self:
        steps = [band.commit_usd_per_year for band in self.bands]
        if any(low >= high for low, high in pairwise(steps)):
            raise ValueError(f"bands: thresholds out of order: {listed(steps)}; expected each above the one before")
        if any(high - low < MIN_STEP_USD for low, high in pairwise([0.0, *filter(None, steps)])):
            raise ValueError(f"bands: thresholds closer than a cent: {listed(steps)}; a commitment is made in cents")
        if isinstance(self.ramp, tuple) and (not self.ramp or sum(self.ramp) == 0):
            raise ValueError("ramp: expected one factor per contract year, not all of them 0")
        return self

    @model_validator(mode="after")
    def _excess(self) -> Self:
        if self.excess == "counts_next" and self.payment != "arrears":
            raise ValueError(f"excess: counts_next needs payment: arrears, found payment: {self.payment}")
        if self.excess == "counts_next" and isinstance(self.unused, Rollover):
            raise ValueError("excess: counts_next and unused: rollover cannot stand together; keep one of them")
        return self

    @model_validator(mode="after")
    def _whole_term(self) -> Self:
        if self.period != "term":
            if self.yearly_minimum is not None:
                raise ValueError(f"yearly_minimum needs period: term, found period: {self.period}")
            return self
        if self.payment != "arrears":
            raise ValueError(f"period: term needs payment: arrears, found payment: {self.payment}")
        others = {
            "unused: rollover": isinstance(self.unused, Rollover),
            "excess: counts_next": self.excess == "counts_next",
            "ramp: free": self.ramp == "free",
        }
        for other, stands in others.items():
            if stands:
                raise ValueError(f"period: term and {other} cannot stand together; keep one of them")
        return self

    @model_validator(mode="after")
    def _credit(self) -> Self:
        if self.credit is not None and self.credit.pays == "charges":
            raise ValueError("credit: pays: charges is not priced yet; expected balance")
        if self.credit is not None:
            for other in self.clashes_with_balance():
                raise ValueError(f"credit: pays: balance and {other} cannot stand together; keep one of them")
        return self

    def clashes_with_balance(self) -> list[str]:
        """Return the clauses that cannot stand beside a credit that is balance of the first commitment period."""
        clashing = {
            "period: term": self.period == "term",
            "excess: counts_next": self.excess == "counts_next",
            "bands without a commitment": not any(band.commit_usd_per_year for band in self.bands),
        }
        return [clause for clause, clashes in clashing.items() if clashes]

    def periods(self, months: range) -> list[range]:
        """Return the commitment periods of a term (or some contract years of it) that has these months.

        >>> ApiPart(bands=({"commit_usd_per_year": 1, "discount": 0},), period="half").periods(range(12, 24))
        [range(12, 18), range(18, 24)]
        """
        if self.period == "term":
            return [months]
        step = PERIOD_MONTHS[self.period]
        return [range(start, min(start + step, months.stop)) for start in months[::step]]
