"""Where a deal file says otherwise than the published rate card (model §2)."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, WithJsonSchema, model_validator

from deal_solve.deal.allowance import AllowanceClause
from deal_solve.deal.base import DealModel, Name, Title
from deal_solve.deal.model_names import ByModel
from deal_solve.deal.numbers import NonNegative, Positive, Share
from deal_solve.deal.rate_card import (
    Card,
    Control,
    Model,
    Rates,
    SeatPlan,
    SeatPrice,
    SeatType,
    SeatUsdClause,
    load_card,
)
from deal_solve.errors import InputError, Problem


class ModelOverride(DealModel):
    """Numbers of a model that differ from the card, or a model the card does not have."""

    family: Literal["opus", "sonnet", "haiku", "fable"] | None = Field(
        None, description="of a model the card does not have"
    )
    tokenizer: Name | None = Field(None, description="tokenizer generation")
    released: date | None = Field(None, description="first day on sale")
    retires: date | None = Field(None, description="announced last day; null removes it")
    min_cacheable_tokens: Positive | None = Field(None, description="shortest prefix that is cached")
    us_residency: bool | None = Field(None, description="whether US-only inference is offered")
    input_usd_per_mtok: NonNegative | None = Field(None, description="USD per million input tokens")
    output_usd_per_mtok: NonNegative | None = Field(None, description="USD per million output tokens")
    cache_read_multiplier: NonNegative | None = Field(None, description="on the input rate")
    cache_write_5m_multiplier: NonNegative | None = Field(None, description="on the input rate")
    cache_write_1h_multiplier: NonNegative | None = Field(None, description="on the input rate")
    batch_multiplier: NonNegative | None = Field(None, description="on all rates in batch")
    long_above_prompt_tokens: Positive | None = Field(
        None, description="above this prompt length every token is at the long rates"
    )
    long_input_usd_per_mtok: NonNegative | None = Field(
        None, description="USD per million input tokens of long prompts"
    )
    long_output_usd_per_mtok: NonNegative | None = Field(
        None, description="USD per million output tokens of long prompts"
    )


class SeatOverride(DealModel):
    """Facts of a seat type that differ from the card, or a seat type the card does not have."""

    title: Title | None = Field(None, description="name in reports")
    usd_per_user_month: SeatUsdClause | None = Field(
        None, description="list price billed yearly, or {yearly: price, monthly: price}: the billings that are sold"
    )
    covered_share: Share | None = Field(None, description="share of the usage that the seat includes")
    allowance: AllowanceClause | None = Field(
        None, description="instead of a covered share: the dollars of usage a month that the seat includes, or all"
    )
    provides: tuple[Name, ...] | None = Field(None, description="controls")

    @model_validator(mode="after")
    def _allowance_alone(self) -> Self:
        if self.allowance is not None and self.covered_share is not None:
            raise ValueError("allowance and covered_share cannot stand together; keep one of them")
        return self


class SeatPlanOverride(DealModel):
    """Limits of a plan that differ from the card, or a plan the card does not have."""

    title: Title | None = Field(None, description="name in reports")
    seats: tuple[Name, ...] | None = Field(None, description="its seat types; they leave the plan of the card")
    minimum: int | None = Field(None, ge=0, description="fewest seats of all its types and agreements together")
    maximum: int | None = Field(
        None, ge=1, description="most users and most contracted seats of all its types together; null removes it"
    )


class ControlOverride(DealModel):
    """A control the card does not have, or other consequences of one it has."""

    title: Title | None = Field(None, description="name in reports")
    closes_batch: bool | None = Field(None, description="whether requiring it closes batch")
    usage_multiplier: NonNegative | None = Field(None, description="g of a workload that requires it")
    needs_us_residency: bool | None = Field(None, description="closes models without US-only inference")


CARD = r"^[a-z-]+(@\d{4}-\d{2}-\d{2})?$"


def _card_name(text: str) -> str:
    if not re.fullmatch(CARD, text):
        raise ValueError(f"{text!r} is not a rate card; expected one like claude or claude@2026-11-23")
    return text


class RateCardRef(DealModel):
    """Which published card counts, and what the deal says differently."""

    card: Annotated[str, AfterValidator(_card_name), WithJsonSchema({"type": "string", "pattern": CARD})] = Field(
        "claude", description="card@DATE: the rates in force that day"
    )
    tokenizers: dict[Name, Positive] = Field(
        {}, description="tokens of the same text per generation, relative to each other"
    )
    models: ByModel[ModelOverride] = Field({}, description="other numbers of a model, or a new one")
    seats: dict[Name, SeatOverride] = Field({}, description="other facts of a seat type, or a new one")
    plans: dict[Name, SeatPlanOverride] = Field({}, description="other limits of a plan of seat types, or a new one")
    controls: dict[Name, ControlOverride] = Field({}, description="other consequences of a control, or a new one")
    api_provides: tuple[Name, ...] | None = Field(None, description="controls of the API at list")
    list_usd_per_month_limit: Positive | None = Field(
        None, description="most API usage a month that the vendor sells at list, without a contract"
    )

    def resolve(self) -> Card:
        """Return the card with the deal's own numbers in it; raises InputError for an unknown card."""
        name, _, day = self.card.partition("@")
        try:
            card = load_card(name, date.fromisoformat(day) if day else None)
        except ValueError:
            raise InputError(f"{day!r} is not a date; expected one like claude@2026-11-23") from None
        return card.model_copy(
            update={
                "tokenizers": {**card.tokenizers, **self.tokenizers},
                "models": _merge_models(card, self.models),
                "seats": _merge_seats(card, self.seats),
                "plans": _merge_plans(card, self.plans),
                "controls": _merge_controls(card, self.controls),
                "api_provides": card.api_provides if self.api_provides is None else self.api_provides,
                "list_usd_per_month_limit": self.list_usd_per_month_limit or card.list_usd_per_month_limit,
            }
        )


_MAY_BE_NOTHING = ("retires", "min_cacheable_tokens", "maximum", "long_above_prompt_tokens")


def _given(override: DealModel) -> dict[str, Any]:
    given = {name: getattr(override, name) for name in override.model_fields_set}
    return {name: value for name, value in given.items() if value is not None or name in _MAY_BE_NOTHING}


def _refuse_incomplete(path: str, given: dict[str, Any], needed: tuple[str, ...]) -> None:
    missing = [name for name in needed if name not in given]
    if missing:
        raise InputError(Problem(path, f"is not on the card, so it needs {', '.join(missing)}"))


def _merge_models(card: Card, overrides: dict[str, ModelOverride]) -> tuple[Model, ...]:
    models = {model.id: model for model in card.models}
    for model_id, override in overrides.items():
        given = _given(override)
        numbers = {key: given.pop(key) for key in list(given) if key in Rates.model_fields}
        if model_id in models:
            base = models[model_id]
            rates = base.rates_on(card.as_of).model_copy(update={**numbers, "sources": ("deal",)})
            models[model_id] = base.model_copy(update={**given, "rates": (rates,)} if numbers else given)
        else:
            needed = ("family", "input_usd_per_mtok", "output_usd_per_mtok")
            _refuse_incomplete(f"rates.models.{model_id}", {**given, **numbers}, needed)
            first = given.get("released") or card.as_of
            rates = Rates.model_validate(
                {"cache_read_multiplier": 0.1, **numbers, "effective_from": first, "sources": ("deal",)}
            )
            models[model_id] = Model.model_validate(
                {"generation": "deal", **given, "id": model_id, "released": first, "rates": (rates,)}
            )
    return tuple(models.values())


def _merge_seats(card: Card, overrides: dict[str, SeatOverride]) -> tuple[SeatType, ...]:
    seats = {seat.id: seat for seat in card.seats}
    for seat_id, override in overrides.items():
        given = _given(override)
        if "usd_per_user_month" in given:
            price = SeatPrice(effective_from=card.as_of, usd_per_user_month=given.pop("usd_per_user_month"))
            given["prices"] = (price,)
        if "covered_share" in given:
            given.setdefault("allowance", None)
        if {"covered_share", "allowance"} & {*given}:
            given["limits_unknown"] = False
        if seat_id in seats:
            seats[seat_id] = seats[seat_id].model_copy(update=given)
        else:
            _refuse_incomplete(f"rates.seats.{seat_id}", _given(override), ("usd_per_user_month",))
            seats[seat_id] = SeatType.model_validate({**given, "id": seat_id})
    return tuple(seats.values())


def _merge_plans(card: Card, overrides: dict[str, SeatPlanOverride]) -> tuple[SeatPlan, ...]:
    moved: dict[str, str] = {}
    for name, override in overrides.items():
        for seat_type in override.seats or ():
            if moved.setdefault(seat_type, name) != name:
                problem = f"{seat_type!r} stands in plan {moved[seat_type]} too; a seat type belongs to one plan"
                raise InputError(Problem(f"rates.plans.{name}.seats", problem))
    plans = {plan.id: plan for plan in card.plans}
    for name, plan in plans.items():
        kept = tuple(seat_type for seat_type in plan.seats if moved.get(seat_type, name) == name)
        plans[name] = plan.model_copy(update={"seats": kept})
    for name, override in overrides.items():
        given = _given(override)
        if name in plans:
            plans[name] = plans[name].model_copy(update=given)
        else:
            _refuse_incomplete(f"rates.plans.{name}", given, ("seats",))
            plans[name] = SeatPlan.model_validate({**given, "id": name})
        low, high = plans[name].minimum, plans[name].maximum
        if high is not None and low > high:
            raise InputError(Problem(f"rates.plans.{name}", f"minimum {low} is above maximum {high}"))
    return tuple(plans.values())


def _merge_controls(card: Card, overrides: dict[str, ControlOverride]) -> dict[str, Control]:
    controls = dict(card.controls)
    for name, override in overrides.items():
        base = controls.get(name, Control(title=name))
        controls[name] = base.model_copy(update=_given(override))
    return controls
