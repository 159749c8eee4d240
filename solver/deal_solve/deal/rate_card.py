"""The rate card: published list prices, seats and controls as dated data (model §2, §5)."""

from __future__ import annotations

import json
from datetime import date
from functools import cache, cached_property
from importlib.resources import files
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema, model_validator

from deal_solve.deal.allowance import AllowanceClause
from deal_solve.deal.numbers import NUMBER_SCHEMA, NonNegative, Positive, Share
from deal_solve.errors import InputError

FAMILIES = ("opus", "sonnet", "haiku", "fable")
Billing = Literal["yearly", "monthly"]
BILLINGS: tuple[Billing, ...] = get_args(Billing)


class CardModel(BaseModel):
    """Base of everything on the card: frozen, no unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class Rates(CardModel):
    """USD per million tokens of one model from `effective_from` on; multipliers are on the input rate."""

    effective_from: date
    input_usd_per_mtok: NonNegative
    output_usd_per_mtok: NonNegative
    cache_read_multiplier: NonNegative
    cache_write_5m_multiplier: NonNegative = 1.25
    cache_write_1h_multiplier: NonNegative = 2.0
    batch_multiplier: NonNegative = 0.5
    long_above_prompt_tokens: Positive | None = Field(
        None, description="above this many prompt tokens every token of the request is at the long rates"
    )
    long_input_usd_per_mtok: NonNegative | None = None
    long_output_usd_per_mtok: NonNegative | None = None
    sources: tuple[str, ...] = ()
    confidence: Literal["high", "medium", "low"] = "high"


class Model(CardModel):
    """One model: its family, life and dated rates (oldest first; a rate is never changed, a new one is added)."""

    id: str
    family: Literal["opus", "sonnet", "haiku", "fable"]
    generation: str
    tokenizer: str = "new"
    released: date
    retires: date | None = Field(None, description="the announced date; 'not sooner than' is not a retirement date")
    retires_not_before: date | None = None
    deprecated: bool = False
    context_tokens: Positive = 1_000_000
    min_cacheable_tokens: Positive | None = Field(None, description="null: not published, counts as 1 024")
    us_residency: bool = Field(True, description="whether US-only inference is offered")
    rates: tuple[Rates, ...]
    sources: tuple[str, ...] = ()
    note: str = ""

    def rates_on(self, day: date) -> Rates:
        """Return the rates in force on `day` (the first ones before the release)."""
        past = [rates for rates in self.rates if rates.effective_from <= day]
        return past[-1] if past else self.rates[0]


class SeatUsd(CardModel):
    """List prices of a seat in USD per user-month, one for each billing that the vendor sells."""

    yearly: NonNegative | None = Field(None, description="billed yearly in advance")
    monthly: NonNegative | None = Field(None, description="billed monthly, for the users of the month")

    @model_validator(mode="after")
    def _sold(self) -> Self:
        if self.yearly is None and self.monthly is None:
            raise ValueError("expected a price, or {yearly: price, monthly: price}")
        return self

    def billed(self, billing: Billing) -> float | None:
        """Return the price of a billing; None if it is not sold."""
        return self.yearly if billing == "yearly" else self.monthly


def _seat_usd(value: Any) -> Any:
    return value if isinstance(value, dict | SeatUsd) else {"yearly": value}


SeatUsdClause = Annotated[
    SeatUsd,
    BeforeValidator(_seat_usd),
    WithJsonSchema(
        {
            "anyOf": [
                *NUMBER_SCHEMA["anyOf"],
                {
                    "type": "object",
                    "properties": {"yearly": NUMBER_SCHEMA, "monthly": NUMBER_SCHEMA},
                    "minProperties": 1,
                    "additionalProperties": False,
                },
            ]
        }
    ),
]


class SeatPrice(CardModel):
    """The list prices of a seat from `effective_from` on."""

    effective_from: date
    usd_per_user_month: SeatUsdClause
    sources: tuple[str, ...] = ()


class SeatType(CardModel):
    """A seat type at card price: what it includes and which controls it brings."""

    id: str
    title: str = ""
    prices: tuple[SeatPrice, ...]
    covered_share: Share = Field(0.0, description="share of the usage that the seat includes")
    allowance: AllowanceClause | None = Field(None, description="instead of a covered share")
    limits_unknown: bool = Field(
        False, description="whether usage is included up to limits that the vendor does not publish in dollars"
    )
    provides: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    note: str = ""

    def usd_on(self, day: date) -> SeatUsd:
        """Return the list prices in force on `day`."""
        past = [price for price in self.prices if price.effective_from <= day]
        return (past[-1] if past else self.prices[0]).usd_per_user_month


class SeatPlan(CardModel):
    """A plan of the vendor: its minimum and maximum count all its seat types and all agreements together."""

    id: str
    title: str = ""
    seats: tuple[str, ...] = Field(description="its seat types; a type belongs to one plan at most")
    minimum: int = Field(0, ge=0, description="fewest seats, binding where some cohort is on the plan")
    maximum: int | None = Field(None, ge=1, description="most users, and most contracted seats")
    sources: tuple[str, ...] = ()


class Control(CardModel):
    """A control a buyer can require, and what requiring it does to usage."""

    title: str
    closes_batch: bool = False
    usage_multiplier: NonNegative = Field(1.0, description="g of a workload that requires it")
    needs_us_residency: bool = Field(False, description="closes models without US-only inference")
    sources: tuple[str, ...] = ()


class Source(CardModel):
    """Where a figure was read."""

    what: str
    where: str
    date: str
    kind: str


class Card(CardModel):
    """The whole card as of one day: only rates in force that day count."""

    name: str = Field("claude", description="name of the card file in the package")
    as_of: date
    tokenizers: dict[str, NonNegative] = Field(description="tokens of the same text, relative to each other")
    models: tuple[Model, ...]
    seats: tuple[SeatType, ...]
    plans: tuple[SeatPlan, ...] = ()
    controls: dict[str, Control]
    api_provides: tuple[str, ...] = Field((), description="controls of the API at list")
    list_usd_per_month_limit: Positive | None = Field(
        None, description="most API usage a month that is sold at list, without a contract"
    )
    web_search_usd_per_request: NonNegative = 0.01
    sources: dict[str, Source] = {}

    def model(self, model_id: str) -> Model:
        """Return the model with this id; KeyError if the card has none."""
        for model in self.models:
            if model.id == model_id:
                return model
        raise KeyError(model_id)

    def seat(self, seat_id: str) -> SeatType:
        """Return the seat type with this id; KeyError if the card has none."""
        for seat in self.seats:
            if seat.id == seat_id:
                return seat
        raise KeyError(seat_id)

    def plan_of(self, seat_type: str) -> SeatPlan | None:
        """Return the plan that a seat type belongs to, or None."""
        return next((plan for plan in self.plans if seat_type in plan.seats), None)

    def rates(self, model_id: str) -> Rates:
        """Return the rates of a model in force on the card's day."""
        return self.model(model_id).rates_on(self.as_of)

    @cached_property
    def by_family(self) -> dict[str, list[Model]]:
        """The models of each family in the order of their release."""
        models = sorted(self.models, key=lambda m: (m.released, m.generation))
        return {family: [m for m in models if m.family == family] for family in {m.family for m in models}}

    def newest(self, family: str, day: date) -> Model:
        """Return the newest model of a family released by `day` (the oldest if none is yet): what a slot means."""
        members = self.by_family[family]
        released = [m for m in members if m.released <= day]
        return released[-1] if released else members[0]


def _card_names() -> list[str]:
    return sorted(p.name.removesuffix(".json") for p in files("deal_solve.deal").joinpath("cards").iterdir())


@cache
def load_card(name: str = "claude", as_of: date | None = None) -> Card:
    """Read the card `name` shipped with the package as it stood on `as_of` (default: its own last date).

    Models released after `as_of` are left out. Raises InputError for an unknown name or a day before the card.
    """
    if name not in _card_names():
        raise InputError(f"there is no rate card {name!r}; the package has {', '.join(_card_names())}")
    text = files("deal_solve.deal").joinpath("cards").joinpath(f"{name}.json").read_text(encoding="utf-8")
    raw = json.loads(text)
    day = as_of or date.fromisoformat(raw["as_of"])
    card = Card.model_validate({**raw, "name": name, "as_of": day})
    models = tuple(m for m in card.models if m.released <= day and m.rates[0].effective_from <= day)
    if not models:
        first = min(m.released for m in card.models)
        raise InputError(f"the rate card {name!r} begins on {first}; nothing was in force on {day}")
    return card.model_copy(update={"models": models})


IdText = Annotated[str, Field(pattern=r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?$")]
