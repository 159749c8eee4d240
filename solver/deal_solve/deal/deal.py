"""The deal: everything a buyer states in one file (deal model, all sections)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from functools import cached_property
from typing import Annotated, Any, Literal, Self, cast

from pydantic import AfterValidator, BeforeValidator, Field, PrivateAttr, WithJsonSchema, model_validator

from deal_solve.deal.allowance import AllowanceClause
from deal_solve.deal.base import DealModel, Id, Month, Name, Title, first_month_on_or_after, months_between
from deal_solve.deal.cohort import NONE, Cohort, InternalTool
from deal_solve.deal.model_names import ByModel, ModelName
from deal_solve.deal.numbers import NonNegative, Positive, Share
from deal_solve.deal.offer import ApiBand, ApiPart, Offer, SeatPart, Term
from deal_solve.deal.rate_card import (
    BILLINGS,
    Billing,
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
from deal_solve.deal.renewal import RenewalDecisions
from deal_solve.deal.risk import Correlation, Limit, NamedScenario, Risk, RiskClause
from deal_solve.deal.workload import Event, PriceChange, Workload
from deal_solve.deal.yaml_source import Loc, Origin, Source, dotted
from deal_solve.errors import InputError, Problem

LIST = "list"
LIST_MONTHLY = "list-monthly"
AT_LIST = (LIST, LIST_MONTHLY)
"""List prices: pay as you go with seats billed yearly, and seats billed monthly for the users of the month."""
SCHEMA: Literal["deal-solve/1"] = "deal-solve/1"


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


def _rates(value: Any) -> Any:
    return {"card": value} if isinstance(value, str) else value


class Uncertainty(DealModel):
    """What is not known: list prices, events, and how bands move together."""

    correlation: Correlation = Field(Correlation(), description="within a group of bands")
    list_price_change_per_year: dict[Name, PriceChange] = Field(
        {}, description="per family, 'models' for all of them, or 'seats'; one band, or one per contract year"
    )
    events: dict[Id, Event] = Field({}, description="what may happen to workloads")


class Variant(DealModel):
    """A named way to run a model (effort, fast mode) with its own price, length of output and quality."""

    model: ModelName = Field(description="a model id or a slot")
    price_factor: NonNegative = Field(1.0, description="on all rates of the model")
    output_factor: NonNegative = Field(1.0, description="on its output tokens")
    batch: bool = Field(True, description="whether it can run in batch")


class Deal(DealModel):
    """A deal file. Ids are short, so that every field has a plain dotted path: offers.counter.api.overage."""

    schema_version: Literal["deal-solve/1"] = Field(SCHEMA, alias="schema", description="version of this file format")
    title: Title = Field("", description="name in reports")
    start: Month = Field(description="first month of the contract")
    horizon_months: Literal[12, 24, 36, 48, 60] = Field(36, description="months that are priced")
    cost_of_capital_per_year: NonNegative = Field(0.0, description="r: a payment in month t counts (1+r)^(-t/12)")
    rates: Annotated[RateCardRef, BeforeValidator(_rates, json_schema_input_type=str | RateCardRef)] = Field(
        RateCardRef(), description="card@DATE, a file with overrides, or overrides inline"
    )
    tokens_counted_in: Name = Field(
        "new", description="tokenizer generation of the token counts in this file; as_run: that of each today.model"
    )
    risk: RiskClause = Field(Risk(), description="neutral, balanced, cautious, or a map")
    uncertainty: Uncertainty = Field(Uncertainty(), description="list prices, events and correlation")
    scenarios: dict[Id, NamedScenario] = Field({}, description="an explicit weighted list, instead of the bands")
    workloads: dict[Id, Workload] = Field({}, description="software that calls Claude")
    cohorts: dict[Id, Cohort] = Field({}, description="groups of people")
    internal_tools: dict[Id, InternalTool] = Field(
        {}, description="tools built on the API for people; a cohort takes one as a track"
    )
    variants: dict[Id, Variant] = Field({}, description="named ways to run a model")
    offers: dict[Id, Offer] = Field({}, description="offers on the table; list prices always are")
    renewal_decisions: RenewalDecisions = Field(
        None, description="at_signing (default), observed (terciles), or a map: how terms after the first are decided"
    )
    limits: tuple[Limit, ...] = Field((), description="bounds on cost, any number")
    requires_on_both_lines: tuple[Name, ...] = Field(
        (), description="controls that the API agreement and every seat type taken must provide"
    )
    sources: dict[str, Title] = Field(
        {}, description="where numbers come from: dotted path of a part of this file, and what stands behind it"
    )

    _origin: Origin = PrivateAttr(default=Origin())

    @classmethod
    def model_validate(cls, obj: Any, **settings: Any) -> Self:
        """Return the deal of plain data, as written in a file; raises InputError with every problem."""
        from deal_solve.deal.load import deal_from

        return obj if isinstance(obj, cls) else cast(Self, deal_from(Source("", obj)))

    @classmethod
    def model_validate_json(cls, json_data: str | bytes | bytearray, **settings: Any) -> Self:
        """Return the deal written in a text; raises InputError with every problem and its line."""
        from deal_solve.deal.load import loads

        return cast(Self, loads(json_data if isinstance(json_data, str) else json_data.decode(), ""))

    def model_dump_json(self, *, exclude_unset: bool = True, **settings: Any) -> str:
        """Return the deal as JSON text that `loads` reads back as the same deal: what was stated, not what was not."""
        return super().model_dump_json(exclude_unset=exclude_unset, **settings)

    def model_post_init(self, context: Any, /) -> None:
        """Keep where the deal was read, which whoever reads it gives as the context of validation."""
        if isinstance(context, Origin):
            self._origin = context

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """Return a copy with some fields replaced; nothing that was derived from the old ones is kept."""
        copied = super().model_copy(update=update, deep=deep)
        for name in copied.__dict__.keys() - type(self).model_fields.keys():  # cached properties of the old deal
            del copied.__dict__[name]
        if self._origin.data is not None:
            replaced = copied.model_dump(mode="json", exclude_unset=True, include=set(update or ()))
            copied._origin = replace(self._origin, data={**self._origin.data, **replaced})
        return copied

    @property
    def lines(self) -> Mapping[Loc, int]:
        """The line of the file on which each path stands; empty where no file was read."""
        return self._origin.lines

    def line(self, loc: Loc) -> int | None:
        """Return the line of `loc`, or of its nearest parent in the file; None where no file was read."""
        lengths = range(len(loc), 0, -1)
        return next((self.lines[loc[:length]] for length in lengths if loc[:length] in self.lines), None)

    @property
    def file(self) -> str:
        """The file the deal was read from; '' where none was."""
        return self._origin.file

    @property
    def grouped(self) -> Mapping[Loc, str]:
        """Numbers that the file writes with three digits after the point, which may be thousands: 1.500."""
        return self._origin.grouped

    @property
    def written(self) -> dict[str, Any]:
        """The deal as plain data that make it: what was read, or else all that was set."""
        data = self._origin.data
        return self.model_dump(mode="json", exclude_unset=True) if data is None else dict(data)

    def problem(self, loc: Loc, message: str) -> Problem:
        """Return a problem found at `loc` after the deal was read, with its place in the file."""
        return Problem(dotted(loc), message, self.file, self.line(loc))

    @cached_property
    def card(self) -> Card:
        """The rate card with the deal's own numbers in it."""
        return self.rates.resolve()

    @property
    def years(self) -> int:
        """Contract years in the horizon."""
        return self.horizon_months // 12

    def month(self, day: date | None) -> int:
        """Return the index of a calendar month; 0 for None."""
        return months_between(self.start, day) if day else 0

    def month_after(self, day: date) -> int:
        """Return the index of the first month that begins on or after `day`."""
        return first_month_on_or_after(self.start, day)

    def calendar(self, month: int) -> date:
        """Return the first day of month `month`."""
        year, index = divmod(self.start.year * 12 + self.start.month - 1 + month, 12)
        return date(year, index + 1, 1)

    def year_month(self, month: int | None) -> str | None:
        """Return a month, counted from 0, as YYYY-MM; None for none."""
        return None if month is None else f"{self.calendar(month):%Y-%m}"

    def dated(self, month: int) -> str:
        """Return a month, counted from 0, for a message: the number as files have it, with its date."""
        return f"{month} ({self.year_month(month)})"

    def span(self, start: int, end: int) -> str:
        """Return months [start, end) as calendar months."""
        first, last = f"{self.calendar(start):%Y-%m}", f"{self.calendar(end - 1):%Y-%m}"
        return first if first == last else f"{first} to {last}"

    @cached_property
    def seat_types(self) -> tuple[str, ...]:
        """Seat types that some cohort may take, in the order of the cohorts' tracks."""
        names = [track for cohort in self.cohorts.values() for track in cohort.tracks]
        return tuple(dict.fromkeys(name for name in names if name != NONE and name not in self.internal_tools))

    @cached_property
    def list_offer(self) -> Offer:
        """Pay as you go, and seats at list price billed yearly, always on the table (model §6)."""
        return Offer(
            title="List prices",
            terms={12: Term()},
            provides=(),
            api=ApiPart(bands=(ApiBand(commit_usd_per_year=0, discount=0.0),)),
            seats=self._seats_at_list("yearly"),
        )

    def _seats_at_list(self, billing: Billing) -> dict[str, SeatPart]:
        sold = [name for name in self.seat_types if self.seat_list_usd(name, billing) is not None]
        part = SeatPart(billing=billing, initial_order="free" if billing == "monthly" else None)
        return dict.fromkeys(sold, part)

    def _is_on_card(self, seat_type: str) -> bool:
        return any(seat.id == seat_type for seat in self.card.seats)

    def seat_list_usd(self, seat_type: str, billing: Billing) -> float | None:
        """Return the list price of a seat type in a billing, USD per user-month; None where the card has none."""
        if not self._is_on_card(seat_type):
            return None
        return self.card.seat(seat_type).usd_on(self.card.as_of).billed(billing)

    @cached_property
    def on_table(self) -> dict[str, Offer]:
        """Every offer one can sign, by its id: list first (billed yearly, then monthly), then the file's order."""
        monthly = self._seats_at_list("monthly")
        at_list: dict[str, Offer] = {LIST: self.list_offer}
        if monthly:
            at_list[LIST_MONTHLY] = Offer(title="List prices, billed monthly", terms={12: Term()}, seats=monthly)
        return {**at_list, **self.offers}

    def seat_part(self, offer_id: str, seat_type: str) -> SeatPart:
        """Return a seat type in an offer with every blank filled from the card (price, limits, what it covers)."""
        offer = self.on_table[offer_id]
        part = offer.seats[seat_type]
        fills: dict[str, Any] = {"provides": tuple(dict.fromkeys((*part.provides, *offer.provides)))}
        if self._is_on_card(seat_type):
            card = self.card.seat(seat_type)
            fills["provides"] = tuple(dict.fromkeys((*fills["provides"], *card.provides)))
            card_facts = {
                "usd_per_user_month": self.seat_list_usd(seat_type, part.billing),
                "list_usd_per_user_month": self.seat_list_usd(seat_type, part.billing),
                "covered_share": card.covered_share,
            }
            if part.covered_share is None and part.allowance is None:
                fills["allowance"] = card.allowance
        else:
            card_facts = {"covered_share": 0.0}
        if fills.get("allowance", part.allowance) is not None:
            fills["covered_share"] = 1.0  # nothing is metered by share
        seat_plan = self.card.plan_of(seat_type)
        if seat_plan is not None and seat_plan.maximum is not None:
            fills["maximum"] = min(seat_plan.maximum, part.maximum or seat_plan.maximum)
        fills |= {name: v for name, v in card_facts.items() if getattr(part, name) is None and name not in fills}
        return part.model_copy(update=fills)

    def unknown_limits_usd(self, offer_id: str, seat_type: str) -> float | None:
        """Return the seat price that usage is held against where what a seat includes is not known; None where it is.

        USD per user-month: the offer's price, else the card's cheapest. It is known where a share or an allowance is
        stated.
        """
        part = self.on_table[offer_id].seats[seat_type]
        is_stated = part.covered_share is not None or part.allowance is not None
        if is_stated or not self._is_on_card(seat_type) or not self.card.seat(seat_type).limits_unknown:
            return None
        if part.usd_per_user_month is not None:
            return part.usd_per_user_month
        return min(usd for each in BILLINGS if (usd := self.seat_list_usd(seat_type, each)) is not None)

    def covered_share(self, cohort_id: str, offer_id: str, seat_type: str) -> float:
        """Return the share of a cohort's usage that a seat includes: the cohort's own figure, else the offer's."""
        own = self.cohorts[cohort_id].covered_share.get(seat_type)
        return own if own is not None else (self.seat_part(offer_id, seat_type).covered_share or 0.0)


__all__ = ["AT_LIST", "LIST", "LIST_MONTHLY", "SCHEMA", "Deal", "RateCardRef", "Uncertainty", "Variant"]
