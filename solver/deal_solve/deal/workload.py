"""Workloads: software that calls Claude (model §1, §3)."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from deal_solve.deal.base import DealModel, Month, Name, Title
from deal_solve.deal.model_names import ByModel, ModelName
from deal_solve.deal.numbers import (
    NUMBER_SCHEMA,
    Band,
    ChangeBand,
    Count,
    NonNegative,
    NonNegativeBand,
    Positive,
    Share,
    ShareBand,
    Tokens,
    certain,
    parse_number,
)
from deal_solve.deal.rate_card import Rates


class Bucket(DealModel):
    """A share of the requests and their mean input length."""

    share: Share = Field(description="share of the requests")
    tokens: Tokens = Field(description="mean input tokens of these requests")


def _buckets(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return value
    return ({"share": 1.0, "tokens": parse_number(value)},)


Buckets = Annotated[
    tuple[Bucket, ...],
    BeforeValidator(_buckets),
    WithJsonSchema(
        {
            "anyOf": [
                *NUMBER_SCHEMA["anyOf"],
                {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "properties": {"share": NUMBER_SCHEMA, "tokens": NUMBER_SCHEMA},
                        "required": ["share", "tokens"],
                        "additionalProperties": False,
                    },
                },
            ]
        }
    ),
]


Ttl = Literal["5m", "1h"]


class WritesByTtl(DealModel, or_a_word=True):
    """How the writes of a cache are spread over the lives of its entries."""

    five_minutes: Share = Field(0.0, alias="5m", description="share of the writes that live 5 minutes")
    one_hour: Share = Field(0.0, alias="1h", description="share of the writes that live 1 hour")

    @model_validator(mode="after")
    def _shares(self) -> Self:
        written = self.five_minutes + self.one_hour
        if abs(written - 1) > 1e-9:
            raise ValueError(f"the shares of 5m and 1h add up to {written:g}; expected 1 (100%)")
        return self


class Cache(DealModel):
    """Prompt caching: which part of the input is a stable prefix and how often it is still warm."""

    share: Share = Field(description="cacheable share of the input tokens (the stable prefix)")
    hit_rate: ShareBand = Field(description="share of requests that find the prefix warm, a band or one number")
    ttl: Ttl | WritesByTtl = Field("5m", description="life of a cache entry, or the shares of the writes by it")
    batch_hit_rate: Share | None = Field(None, description="hit rate in batch; the smaller of the two counts")

    def write_multiplier(self, rates: Rates) -> float:
        """Return ψ, what a written token costs over one that is not cached; the mean over the writes (model §2)."""
        if self.ttl == "5m":
            return rates.cache_write_5m_multiplier
        if self.ttl == "1h":
            return rates.cache_write_1h_multiplier
        shares = self.ttl.five_minutes, self.ttl.one_hour
        return shares[0] * rates.cache_write_5m_multiplier + shares[1] * rates.cache_write_1h_multiplier


class Today(DealModel):
    """What the workload runs on now; going on with it needs no project."""

    model: ModelName = Field(description="a model id, slot or variant")
    cached: bool = Field(False, description="whether the stable prefix is cached today")
    batch: bool = Field(False, description="whether all requests run in batch today")

    @property
    def key(self) -> str:
        """The name of the routing option that it is."""
        return self.model + "+cache" * self.cached + "+batch" * self.batch


class Quality(DealModel):
    """Quality from the buyer's own evaluations, 0 to 1."""

    floor: Share | None = Field(None, description="closes every option below it")
    mean_floor: Share | None = Field(None, description="least mean quality over the routing shares")
    scores: ByModel[Share] = Field({}, description="per variant, model id or family")


class Cascade(DealModel):
    """Ask `first`, check the answer, and pay `then` as well where the check fails."""

    first: ModelName = Field(description="model that every request asks")
    then: ModelName = Field(description="model asked where the check fails")
    pass_rate: Share = Field(description="share of answers of the first model that pass the check")
    quality: Share | None = Field(None, description="measured; default pass·q[first] + (1-pass)·q[then]")
    check_usd_per_request: NonNegative = Field(0.0, description="cost of the check, paid once per request")


class ShareLimit(DealModel):
    """Least and largest share of the requests on a model or family."""

    minimum: Share = Field(0.0, description="least share of the requests")
    maximum: Share = Field(1.0, description="largest share of the requests")

    @model_validator(mode="after")
    def _order(self) -> Self:
        if self.minimum > self.maximum:
            raise ValueError(f"minimum {self.minimum:g} is above maximum {self.maximum:g}")
        return self


class Project(DealModel):
    """A one-off piece of engineering that opens options from `ready_month` on."""

    usd: NonNegative = Field(0.0, description="one-off cost, paid at signing")
    ready_month: Count = Field(
        0, ge=0, le=60, description="first month, counted from 0, in which the options it opens can be used"
    )


ProjectName = Literal["caching", "batch", "rerouting"]


AS_RUN = "as_run"
"""As a tokenizer generation: the one of the model that runs today."""


class Request(DealModel):
    """What one request looks like: shared by workloads and by the use of seats and internal tools."""

    input_tokens: Buckets = Field(description="mean input tokens, or buckets of {share, tokens}")
    output_tokens: Tokens = Field(description="mean output tokens")
    tokens_counted_in: Name | None = Field(
        None, description="tokenizer generation of these counts, default the deal's; as_run: that of today.model"
    )
    cache: Cache | None = Field(None, description="what can be cached; left out: nothing")
    usage_multiplier: Positive = Field(1.0, description="g: 1.1 for US-only inference or a regional endpoint")
    other_usd_per_request: NonNegative = Field(0.0, description="web search and the like: not discounted")
    output_factor: ByModel[NonNegative] = Field({}, description="output tokens per model, family or variant, x")
    shares: ByModel[ShareLimit] = Field({}, description="limits on the share of a model or family")
    monthly_noise: NonNegative = Field(
        0.0, description="month-to-month noise on the requests in sampled scenarios: standard deviation over mean"
    )

    @model_validator(mode="after")
    def _bucket_shares(self) -> Self:
        total = sum(bucket.share for bucket in self.input_tokens)
        if abs(total - 1) > 1e-9:
            raise ValueError(f"input_tokens: the bucket shares add up to {total:g}; expected 1 (100%)")
        return self


class Workload(Request):
    """Software that calls Claude."""

    title: Title = Field("", description="name in reports")
    starts: Month | None = Field(None, description="first month with requests, default the start of the deal")
    requests_per_month: NonNegativeBand | None = Field(
        None, description="in the first month, before season and growth; needed, or spend_usd_per_month"
    )
    spend_usd_per_month: NonNegativeBand | None = Field(
        None, description="instead of requests_per_month: the list bill of an average month at the start, on `today`"
    )
    growth_per_year: ChangeBand = Field(certain(0.0), description="of the requests, from the start of the workload")
    season_by_calendar_month: tuple[NonNegative, ...] | None = Field(
        None, description="twelve factors, January first; only their ratios count"
    )
    batchable: Share = Field(0.0, description="share of requests that can wait 24 hours")
    today: Today | None = Field(None, description="what runs now; left out: a new workload")
    models: Annotated[tuple[ModelName, ...], Field(min_length=1)] | None = Field(
        None, description="models, slots or variants it may use; default those with a quality score, else all slots"
    )
    quality: Quality = Field(Quality(), description="floors and scores of the models")
    cascades: tuple[Cascade, ...] = Field((), description="cheap model first, dear one where its answer fails")
    projects: dict[ProjectName, Project] = Field(
        {}, description="what caching, batch and rerouting cost; one left out is free and ready at once"
    )
    requires: tuple[Name, ...] = Field((), description="controls its API agreement must provide")

    @model_validator(mode="after")
    def _season(self) -> Self:
        season = self.season_by_calendar_month
        if season is not None and (len(season) != 12 or sum(season) == 0):
            raise ValueError("season_by_calendar_month: expected twelve factors, not all of them 0")
        return self

    @model_validator(mode="after")
    def _one_volume(self) -> Self:
        if self.requests_per_month is None and self.spend_usd_per_month is None:
            raise ValueError("requests_per_month is missing; expected it, or spend_usd_per_month and today")
        if self.requests_per_month is not None and self.spend_usd_per_month is not None:
            raise ValueError("spend_usd_per_month: requests_per_month is given too; expected one of them")
        if self.spend_usd_per_month is not None and self.today is None:
            raise ValueError("spend_usd_per_month: there is no today section that says what the money was spent on")
        return self

    @property
    def volume(self) -> tuple[str, Band]:
        """Name and band of the field that says how much is asked for: requests, or list dollars, in a month."""
        if self.spend_usd_per_month is not None:
            return "spend_usd_per_month", self.spend_usd_per_month
        return "requests_per_month", self.requests_per_month or certain(0.0)

    @model_validator(mode="after")
    def _batch_needs(self) -> Self:
        if self.today and self.today.batch and self.batchable < 1:
            raise ValueError(
                f"today.batch: all requests are in batch today, but only {self.batchable:.0%} can wait; "
                "expected batchable: 100%"
            )
        if self.today and self.today.cached and self.cache is None:
            raise ValueError("today.cached: is true, but there is no cache section that says what is cached")
        return self


class Event(DealModel):
    """Something that may happen to workloads."""

    probability: Share = Field(description="of happening")
    workloads: tuple[Name, ...] = Field(min_length=1, description="which workloads it touches")
    delay_months: Count = Field(0, ge=0, le=60, description="added to their start")
    factor: NonNegative = Field(1.0, description="on their requests")
    from_month: Month | None = Field(None, description="first calendar month of the factor, default the first month")


def _changes(value: Any) -> Any:
    return value if isinstance(value, list | tuple) else (value,)


PriceChange = Annotated[
    tuple[ChangeBand, ...],
    Field(min_length=1),
    BeforeValidator(_changes, json_schema_input_type=ChangeBand | tuple[ChangeBand, ...]),
    Field(description="per contract year; the last one goes on"),
]
