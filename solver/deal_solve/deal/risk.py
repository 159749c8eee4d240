"""What the buyer is afraid of: risk, limits and named scenarios (model §1, §7)."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from deal_solve.deal.base import DealModel, Name
from deal_solve.deal.numbers import NUMBER_SCHEMA, NonNegative, Number, Positive, Share, parse_number
from deal_solve.messages import one_of

RISK_WEIGHTS = {"neutral": 0.0, "balanced": 0.3, "cautious": 0.7}
EXACT_CHANCE = 200
"""Up to this many scenarios a chance constraint is exact; above, CVaR stands in for it."""
_CONTRACT_YEAR = re.compile(r"contract year ([1-5])")


class Risk(DealModel):
    """(1 - weight)·E[z] + weight·CVaR[z], or a worst-case criterion (model §7)."""

    weight: Share = Field(0.0, description="λ: 0 neutral, 0.3 balanced, 0.7 cautious")
    confidence: Annotated[Share, Field(lt=1)] = Field(0.95, description="0.95: the mean of the worst 5 %")
    on: Literal["loss", "cost"] = Field("loss", description="loss against the best plan without commitment, or cost")
    criterion: Literal["expected", "worst", "regret"] = Field(
        "expected", description="worst case and minimax regret: explicit lists of at most 300 scenarios"
    )

    @model_validator(mode="after")
    def _one_criterion(self) -> Self:
        if self.criterion != "expected" and self.weight:
            raise ValueError(f"criterion: {self.criterion} stands alone; leave the weight out")
        return self


_KEYS = ", ".join(Risk.model_fields)


def _risk(value: Any) -> Any:
    if isinstance(value, str):
        if value not in RISK_WEIGHTS:
            raise ValueError(f"{value!r} is not a risk; expected {one_of(RISK_WEIGHTS)}, or a map with {_KEYS}")
        return {"weight": RISK_WEIGHTS[value]}
    return value


RiskClause = Annotated[
    Risk,
    BeforeValidator(_risk),
    WithJsonSchema(
        {
            "anyOf": [
                {"enum": list(RISK_WEIGHTS)},
                {
                    "type": "object",
                    "properties": {
                        "weight": NUMBER_SCHEMA,
                        "confidence": NUMBER_SCHEMA,
                        "on": {"enum": ["loss", "cost"]},
                        "criterion": {"enum": ["expected", "worst", "regret"]},
                    },
                    "additionalProperties": False,
                },
            ]
        }
    ),
]


class Limit(DealModel):
    """A bound on a measure of the plan, or a probability of staying within a budget."""

    measure: Literal["expected", "cvar", "worst"] | None = Field(None, description="of what is bounded")
    probability_within: Share | None = Field(None, description="least probability of cost <= at_most")
    of: str = Field(
        "total",
        description="total, committed (with renewals), signed (first terms), or 'contract year 1' to 'contract year 5'",
    )
    at_most: NonNegative = Field(description="in the currency of the report, USD unless the deal states another")
    confidence: Annotated[Share, Field(lt=1)] = Field(0.95, description="of measure: cvar")
    discounted: bool = Field(False, description="count payments at the cost of capital")

    @model_validator(mode="after")
    def _form(self) -> Self:
        if (self.measure is None) == (self.probability_within is None):
            raise ValueError("expected either measure (expected, cvar or worst) or probability_within")
        if self.of != "total" and not self.is_certain and not _CONTRACT_YEAR.fullmatch(self.of):
            raise ValueError(
                f"of: {self.of!r}; expected total, committed, signed, or 'contract year 1' to 'contract year 5'"
            )
        if self.is_certain and (self.probability_within is not None or self.discounted):
            raise ValueError(f"of: {self.of} dollars are certain and not discounted; give a measure and at_most only")
        return self

    @property
    def is_certain(self) -> bool:
        """Whether it bounds what the plan fixes, the same in every scenario: dollars committed, or signed now."""
        return self.of in ("committed", "signed")

    @property
    def contract_year(self) -> int | None:
        """The contract year meant, counted from 0, or None."""
        match = _CONTRACT_YEAR.fullmatch(self.of)
        return int(match[1]) - 1 if match else None


def _path(value: Any) -> Any:
    return value if isinstance(value, list | tuple) else (parse_number(value),)


_PATH_SCHEMA = WithJsonSchema({"anyOf": [*NUMBER_SCHEMA["anyOf"], {"type": "array", "items": NUMBER_SCHEMA}]})
NonNegativePath = Annotated[tuple[NonNegative, ...], Field(min_length=1), BeforeValidator(_path), _PATH_SCHEMA]
PositivePath = Annotated[tuple[Positive, ...], Field(min_length=1), BeforeValidator(_path), _PATH_SCHEMA]


class NamedScenario(DealModel):
    """One future of an explicit list; what it does not name is the middle of its band, and no event happens.

    A path is one number (every month), one per contract year, or one per month.
    """

    weight: NonNegative = Field(description="relative to the others")
    requests_per_month: dict[Name, NonNegativePath] = Field({}, description="per workload")
    active_users: dict[Name, NonNegativePath] = Field({}, description="per cohort")
    requests_per_user_month: dict[Name, NonNegativePath] = Field({}, description="per cohort")
    list_price_index: dict[Name, PositivePath] = Field({}, description="per family or seats; 1 is today's list")
    hit_rate: dict[Name, Share] = Field({}, description="per workload or cohort")
    other_spend_usd_per_year: dict[Name, NonNegativePath] = Field(
        {}, description="per cloud commitment; one number, or one per contract year"
    )


class Correlation(DealModel):
    """How strongly bands of a group move together in sampled scenarios; the discrete expansion moves them as one."""

    usage: Annotated[Number, Field(ge=0, le=1)] = Field(0.0, description="base volumes and requests per user")
    growth: Annotated[Number, Field(ge=0, le=1)] = Field(0.0, description="yearly growth")
    adoption: Annotated[Number, Field(ge=0, le=1)] = Field(0.0, description="active shares")
    price: Annotated[Number, Field(ge=0, le=1)] = Field(0.0, description="yearly changes of list prices")
    cache: Annotated[Number, Field(ge=0, le=1)] = Field(0.0, description="hit rates")
    cloud: Annotated[Number, Field(ge=0, le=1)] = Field(0.0, description="other spend toward cloud commitments")
    matrix: dict[str, dict[str, Annotated[Number, Field(ge=-1, le=1)]]] = Field(
        {}, description="of pairs of bands, by dotted path: {workloads.a.growth_per_year: {workloads.b.…: 0.5}}"
    )
