"""The deal: everything a buyer states in one file (deal model, all sections)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from functools import cached_property
from typing import Annotated, Any, Literal, Self, cast

from pydantic import BeforeValidator, Field, PrivateAttr

from deal_solve.deal.base import (
    DealModel,
    Id,
    Month,
    Name,
    Title,
    first_month_on_or_after,
    months_between,
    months_later,
)
from deal_solve.deal.card_overrides import RateCardRef
from deal_solve.deal.cohort import NONE, Cohort, InternalTool
from deal_solve.deal.currency import Currency
from deal_solve.deal.model_names import ModelName
from deal_solve.deal.money import discount_factor
from deal_solve.deal.numbers import NonNegative
from deal_solve.deal.offers.api import ApiBand, ApiPart
from deal_solve.deal.offers.channel import CloudCommitment
from deal_solve.deal.offers.in_force import InForce, Signing
from deal_solve.deal.offers.offer import Offer
from deal_solve.deal.offers.seats import SeatPart
from deal_solve.deal.offers.terms import Term
from deal_solve.deal.rate_card import BILLINGS, Billing, Card
from deal_solve.deal.renewal import RenewalDecisions
from deal_solve.deal.risk import Correlation, Limit, NamedScenario, Risk, RiskClause
from deal_solve.deal.workload import Event, PriceChange, Workload
from deal_solve.deal.yaml_source import Loc, Origin, Source, dotted
from deal_solve.errors import Problem

LIST = "list"
LIST_MONTHLY = "list-monthly"
AT_LIST = (LIST, LIST_MONTHLY)
"""List prices: pay as you go with seats billed yearly, and seats billed monthly for the users of the month."""
SCHEMA: Literal["deal-solve/1"] = "deal-solve/1"


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
    in_force: InForce | None = Field(None, description="the agreement that runs at the start, if there is one")
    signing: Signing = Field(Signing(), description="the months in which the agreement that is decided may be signed")
    cloud_commitments: dict[Id, CloudCommitment] = Field(
        {}, description="commitments to cloud providers, toward which offers bought through their marketplaces count"
    )
    renewal_decisions: RenewalDecisions = Field(
        None, description="at_signing (default), observed (terciles), or a map: how terms after the first are decided"
    )
    limits: tuple[Limit, ...] = Field((), description="bounds on cost, any number")
    currency: Currency = Field(
        Currency(),
        description="what reports are in, at a fixed rate; amounts in this file are USD, but for at_most of limits",
    )
    requires_on_both_lines: tuple[Name, ...] = Field(
        (), description="controls that the API agreement and every seat type taken must provide"
    )
    sources: dict[str, Title] = Field(
        {}, description="where numbers come from: dotted path of a part of this file, and what stands behind it"
    )

    _origin: Origin = PrivateAttr(default=Origin())
    _whole: Deal | None = PrivateAttr(default=None)

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
    def signing_months(self) -> tuple[int, ...]:
        """The months in which the agreement may be signed, in rising order, counted from the start."""
        if self.signing.months is not None:
            return tuple(sorted(set(self.signing.months)))
        return (self.month(self.in_force.ends) if self.in_force else 0,)

    @property
    def is_open(self) -> bool:
        """Whether a month of signing has to be chosen before anything is decided (`signed_in`)."""
        return self._whole is None and (self.in_force is not None or self.signing_months != (0,))

    @property
    def signing_month(self) -> int:
        """The month in which this deal begins, counted from the start of the whole one; 0 unless it is signed later."""
        return 0 if self._whole is None else self._whole.month(self.start)

    @property
    def compared_months(self) -> int:
        """The months that are compared: those before the month of signing, which nothing decides, and the horizon."""
        return self.signing_month + self.horizon_months

    def signed_in(self, month: int) -> Deal:
        """Return the deal of the months from one of signing on: an ordinary deal that begins then.

        What is not on the table is no longer among its offers. Its horizon may end inside a contract year.
        """
        offers = {name: offer for name, offer in self.offers.items() if offer.on_the_table}
        later = {"start": self.calendar(month), "horizon_months": self.horizon_months - month, "offers": offers}
        signed = self.model_copy(update=later)
        signed._origin, signed._whole = self._origin, self
        return signed

    @property
    def credits_undrawn(self) -> bool:
        """Whether it is signed before the end of an agreement in force whose undrawn commitment becomes a credit."""
        held = self._whole.in_force if self._whole is not None else None
        is_early = held is not None and self.month(held.ends) > 0
        return is_early and self.signing.early == "credited"

    @cached_property
    def signed_first(self) -> Deal:
        """The deal signed in the first month in which it may be; itself where it is signed."""
        return self.signed_in(self.signing_months[0]) if self.is_open else self

    @cached_property
    def whole(self) -> Deal:
        """The deal with the months before the month of signing; itself where it is not signed in one."""
        if self._whole is None:
            return self
        aside = {name: offer for name, offer in self._whole.offers.items() if not offer.on_the_table}
        update = {
            "start": self._whole.start,
            "horizon_months": self._whole.horizon_months,
            "offers": {**aside, **self.offers},
        }
        whole = self.model_copy(update=update)
        whole._whole = None
        return whole

    @cached_property
    def held(self) -> Deal:
        """The whole deal with the agreement in force as its only offer."""
        held = self.whole.in_force.offer if self.whole.in_force else None
        offers = {
            name: offer.model_copy(update={"on_the_table": True})
            for name, offer in self.whole.offers.items()
            if name == held
        }
        return self.whole.model_copy(update={"offers": offers})

    def at_most_usd(self, limit: Limit) -> float:
        """Return what a limit allows, in USD: it is stated in the currency of the report."""
        return limit.at_most * self.currency.usd

    def discount(self, time: int) -> float:
        """Return what a dollar paid at a time in months counts: (1+r)^(-t/12), t from the start of the whole deal."""
        return discount_factor(self.cost_of_capital_per_year, time + self.signing_month)

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
        if data is None and self._whole is not None:
            return self.whole.written
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
        """Contract years in the horizon, one that it cuts included."""
        return -(-self.horizon_months // 12)

    def months_of(self, year: int) -> range:
        """Return the months of a contract year inside the horizon."""
        return range(12 * year, min(12 * year + 12, self.horizon_months))

    def month(self, day: date | None) -> int:
        """Return the index of a calendar month; 0 for None."""
        return months_between(self.start, day) if day else 0

    def month_after(self, day: date) -> int:
        """Return the index of the first month that begins on or after `day`."""
        return first_month_on_or_after(self.start, day)

    def calendar(self, month: int) -> date:
        """Return the first day of month `month`."""
        return months_later(self.start, month)

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
        return {**at_list, **{name: offer for name, offer in self.offers.items() if offer.on_the_table}}

    def offer(self, offer_id: str) -> Offer:
        """Return an offer on the table, or one of the file that is not."""
        return self.on_table[offer_id] if offer_id in self.on_table else self.offers[offer_id]

    def seat_part(self, offer_id: str, seat_type: str) -> SeatPart:
        """Return a seat type in an offer with every blank filled from the card (price, limits, what it covers)."""
        offer = self.offer(offer_id)
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
        part = self.offer(offer_id).seats[seat_type]
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
