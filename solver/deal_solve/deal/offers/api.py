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
from deal_solve.deal.rate_card import FAMILIES


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

    commit_usd_per_year: NonNegative = Field(
        description="threshold in contracted dollars a year (list dollars with measured_at: list); 0: no commitment"
    )
    discount: Discounts = Field(description="one number, or a map per family or model id (what is not named gets 0)")

    def discount_of(self, model_id: str, family: str) -> float:
        """Return the discount on one model: its own, its family's, or the one for all."""
        return self.discount.get(model_id, self.discount.get(family, self.discount.get("all", 0.0)))

    @property
    def one_discount(self) -> float | None:
        """The discount on every model; None where discounts differ by model.

        >>> ApiBand(commit_usd_per_year=1, discount={"sonnet": 0.1}).one_discount is None
        True
        """
        models = [share for name, share in self.discount.items() if name not in ("all", *FAMILIES)]
        shares = {*models, *(self.discount_of(family, family) for family in FAMILIES)}
        return shares.pop() if len(shares) == 1 else None


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
    measured_at: Literal["contracted", "list"] = Field(
        "contracted",
        description="dollars in which thresholds, the commitment and the usage that is tested against it are counted; "
        "list needs payment: arrears and overage: contracted",
    )
    shortfall_at: Literal["list", "contracted"] | None = Field(
        None,
        description="with measured_at: list, what a list dollar of shortfall costs: a dollar (list, the default), or "
        "what it would cost at contracted rates",
    )

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
        if self.credit is not None and self.credit.pays == "balance":
            for other in self.clashes_with_balance():
                raise ValueError(f"credit: pays: balance and {other} cannot stand together; keep one of them")
        return self

    def clashes_with_balance(self) -> list[str]:
        """Return the clauses that cannot stand beside a credit that is balance of the first commitment period."""
        clashing = {
            "period: term": self.period == "term",
            "excess: counts_next": self.excess == "counts_next",
            "measured_at: list": self.is_measured_at_list,
            "bands without a commitment": not any(band.commit_usd_per_year for band in self.bands),
        }
        return [clause for clause, clashes in clashing.items() if clashes]

    @model_validator(mode="after")
    def _at_list(self) -> Self:
        if self.measured_at == "contracted":
            if self.shortfall_at is not None:
                raise ValueError("shortfall_at needs measured_at: list, found measured_at: contracted")
            return self
        if self.payment != "arrears":
            raise ValueError(f"measured_at: list needs payment: arrears, found payment: {self.payment}")
        if self.overage != "contracted":
            found = "a premium" if isinstance(self.overage, Premium) else self.overage
            raise ValueError(f"measured_at: list needs overage: contracted, found overage: {found}")
        others = {"unused: rollover": isinstance(self.unused, Rollover), "period: term": self.period == "term"}
        for other, stands in others.items():
            if stands:
                raise ValueError(f"measured_at: list and {other} cannot stand together; keep one of them")
        if self.shortfall_at == "contracted" and self.differs_by_model:
            raise ValueError(
                "shortfall_at: contracted and bands with discounts that differ by model cannot stand together; "
                "give one discount a band, or shortfall_at: list"
            )
        return self

    @property
    def is_measured_at_list(self) -> bool:
        """Whether commitments and the usage that is tested against them are counted in list dollars."""
        return self.measured_at == "list"

    @property
    def differs_by_model(self) -> bool:
        """Whether the discounts of some band with a commitment differ by model."""
        return any(band.one_discount is None for band in self.bands if band.commit_usd_per_year > 0)

    def committed_share(self, band: ApiBand) -> float:
        """Return what a committed dollar counts in bundle tests and committed dollars: 1, or what a list dollar comes
        to after the discount of its band, where that is one for all models.
        """
        return 1 - (band.one_discount or 0.0) if self.is_measured_at_list else 1.0

    def periods(self, months: range) -> list[range]:
        """Return the commitment periods of a term (or some contract years of it) that has these months.

        >>> ApiPart(bands=({"commit_usd_per_year": 1, "discount": 0},), period="half").periods(range(12, 24))
        [range(12, 18), range(18, 24)]
        """
        if self.period == "term":
            return [months]
        step = PERIOD_MONTHS[self.period]
        return [range(start, min(start + step, months.stop)) for start in months[::step]]
