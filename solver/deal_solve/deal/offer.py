"""Offers: what an offer says about API and seats (model §4, §6)."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from deal_solve.deal.allowance import ALL, AllowanceClause
from deal_solve.deal.base import DealModel, Name, Title
from deal_solve.deal.model_names import ByModel
from deal_solve.deal.money import CENT_TOLERANCE_USD
from deal_solve.deal.numbers import (
    NUMBER_SCHEMA,
    Change,
    Count,
    Discount,
    NonNegative,
    Number,
    Positive,
    Share,
    ShareOrYesNo,
    parse_number,
)
from deal_solve.messages import shown

Protection = Literal["none", "locked", "pass_through"]
TERM_MONTHS = (12, 24, 36, 48, 60)
"""Lengths that a term can have."""


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


class Premium(DealModel):
    """Overage at list plus a premium, or less a discount of its own."""

    premium: Change = Field(
        description="on list: 10% is 1.1 times list, -10% is 0.9 times; never below contracted rates"
    )


class Rollover(DealModel):
    """Unused commitment carried into the next period."""

    rollover: Share = Field(description="share of the period's own shortfall that is carried")
    cap: Share = Field(1.0, description="most that is carried, as a share of the period's commitment")


class Capped(DealModel):
    """Prices follow list up to a yearly rise."""

    capped: NonNegative = Field(description="largest rise per year inside a term")


class Uplift(DealModel):
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
        if self.may_return:
            raise ValueError("may_return: coming back after leaving is not priced yet; expected no")
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

    @model_validator(mode="after")
    def _thresholds(self) -> Self:
        steps = [band.commit_usd_per_year for band in self.bands]
        if any(low >= high for low, high in pairwise(steps)):
            raise ValueError(f"bands: thresholds out of order: {_list(steps)}; expected each above the one before")
        if any(high - low < MIN_STEP_USD for low, high in pairwise([0.0, *filter(None, steps)])):
            raise ValueError(f"bands: thresholds closer than a cent: {_list(steps)}; a commitment is made in cents")
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

    def periods(self, months: range) -> list[range]:
        """Return the commitment periods of a term (or some contract years of it) that has these months.

        >>> ApiPart(bands=({"commit_usd_per_year": 1, "discount": 0},), period="half").periods(range(12, 24))
        [range(12, 18), range(18, 24)]
        """
        if self.period == "term":
            return [months]
        step = PERIOD_MONTHS[self.period]
        return [range(start, start + step) for start in months[::step]]


class TierStep(DealModel):
    """From this many seats on, this discount."""

    seats: Annotated[Count, Field(ge=1)] = Field(description="contracted seats from which the discount holds")
    discount: Discount = Field(description="on the seat price")


class Tiers(DealModel):
    """Volume tiers on the contracted seats of a type and year."""

    kind: Literal["all_units", "incremental"] = Field(
        description="all_units: on all seats; incremental: on the seats from number `seats` on, that one included"
    )
    steps: tuple[TierStep, ...] = Field(min_length=1, description="in rising order")

    @model_validator(mode="after")
    def _order(self) -> Self:
        steps = [step.seats for step in self.steps]
        if any(low >= high for low, high in pairwise(steps)):
            raise ValueError(f"steps: thresholds out of order: {_list(steps)}; expected each above the one before")
        return self


class TrueUp(DealModel):
    """How growth above the contracted seats is counted and charged."""

    check: Literal[1, 3, 12] = Field(1, description="months in a window")
    count: Literal["peak", "snapshot"] = Field(
        "peak", description="peak: highest month of the window; snapshot: its last"
    )
    retroactive: bool = Field(True, description="charged from the window's start, not from its end")
    price: Literal["contracted", "list"] = Field(
        "contracted", description="of added seats: the contracted rate, or the card price"
    )
    ratchet: Literal["term", "year", "none"] = Field(
        "year", description="how long added seats stay licensed: the term, the contract year, or none (the window)"
    )

    @model_validator(mode="after")
    def _none_needs_retroactive(self) -> Self:
        if self.ratchet == "none" and not self.retroactive:
            raise ValueError("ratchet: none charges the window only, so it needs retroactive: true")
        return self


PRESETS: dict[str, dict[str, Any]] = {
    "add-on-demand": {"check": 1, "count": "peak", "retroactive": True, "price": "contracted", "ratchet": "year"},
    "quarterly-reconciliation": {
        "check": 3,
        "count": "peak",
        "retroactive": True,
        "price": "contracted",
        "ratchet": "year",
    },
    "annual-true-up": {"check": 12, "count": "peak", "retroactive": True, "price": "contracted", "ratchet": "term"},
    "true-forward": {"check": 12, "count": "peak", "retroactive": False, "price": "contracted", "ratchet": "term"},
}
HARD_CAP = "hard_cap"
_TRUE_UPS = f"{', '.join([*PRESETS, HARD_CAP])}, or a map with preset, {', '.join(TrueUp.model_fields)}"


def _true_up(value: Any) -> Any:
    if value == HARD_CAP:
        return value
    if isinstance(value, str):
        value = {"preset": value}
    if isinstance(value, dict) and "preset" in value:
        if not isinstance(value["preset"], str) or value["preset"] not in PRESETS:
            raise ValueError(f"there is no true-up preset {value['preset']!r}; expected {_TRUE_UPS}")
        value = {**PRESETS[value["preset"]], **{key: item for key, item in value.items() if key != "preset"}}
    if not isinstance(value, dict | TrueUp):
        raise ValueError(f"expected one of {_TRUE_UPS}, found {shown(value)}")
    return value if isinstance(value, TrueUp) else TrueUp.part_of_file(value)


TRUE_UP_SCHEMA = {
    "anyOf": [
        {"enum": [*PRESETS, HARD_CAP]},
        {
            "type": "object",
            "properties": {
                "preset": {"enum": [*PRESETS]},
                "check": {"enum": [1, 3, 12]},
                "count": {"enum": ["peak", "snapshot"]},
                "retroactive": {"type": "boolean"},
                "price": {"enum": ["contracted", "list"]},
                "ratchet": {"enum": ["term", "year", "none"]},
            },
            "additionalProperties": False,
        },
    ]
}
TrueUpClause = Annotated[TrueUp | Literal["hard_cap"], BeforeValidator(_true_up), WithJsonSchema(TRUE_UP_SCHEMA)]


class SeatPart(DealModel):
    """One seat type in an offer; what is left out is as on the card."""

    usd_per_user_month: NonNegative | None = Field(None, description="default the card's price in this billing")
    list_usd_per_user_month: NonNegative | None = Field(
        None,
        description="list price of seats added or renewed at list; default the card's price in this billing, needed "
        "where the card has none",
    )
    minimum: Annotated[Count, Field(ge=0)] | None = Field(
        None, description="of this type, beside that of its plan; binding where some cohort takes the type"
    )
    maximum: Annotated[Count, Field(ge=1)] | None = Field(None, description="most contracted seats")
    covered_share: Share | None = Field(
        None, description="share of the usage that the seat includes, default as on the card"
    )
    allowance: AllowanceClause | None = Field(
        None,
        description="instead of a covered share: the dollars of usage a month that the seat includes, or all; default "
        "as on the card; does not hold at list",
    )
    provides: tuple[Name, ...] = Field((), description="controls beyond those of the card and the offer")
    billing: Literal["yearly", "monthly"] = Field("yearly", description="in advance, a year or a month at a time")
    tiers: Tiers | None = Field(None, description="volume discounts; left out: none")
    true_up: TrueUpClause = Field(TrueUp(), description="a preset, a map (with or without a preset), or hard_cap")
    initial_order: Literal["expected_users", "free"] | None = Field(
        None,
        description="expected_users: where an agreement or a cohort on it begins, at least the expected users are "
        "contracted; free: any number; default expected_users, free under hard_cap",
    )
    reduction_right: Share = Field(0.0, description="largest share given back at an anniversary")
    counts_toward_commitment: ShareOrYesNo = Field(
        0.0, description="share of the metered usage that draws down the same offer's commitment; yes: all of it"
    )

    @model_validator(mode="after")
    def _order(self) -> Self:
        if self.minimum is not None and self.maximum is not None and self.minimum > self.maximum:
            raise ValueError(f"minimum {self.minimum} is above maximum {self.maximum}")
        return self

    @model_validator(mode="after")
    def _allowance_alone(self) -> Self:
        if self.allowance is not None:
            for clause in clashes_with_allowance(self):
                raise ValueError(f"allowance and {clause} cannot stand together; keep one of them")
        return self

    @property
    def orders_expected_users(self) -> bool:
        """Whether an agreement begins with at least the seats of the expected users."""
        return self.initial_order == "expected_users" or (self.initial_order is None and self.true_up != HARD_CAP)


def clashes_with_allowance(part: SeatPart) -> list[str]:
    """Return the clauses of a seat part that cannot stand beside an allowance; `part.allowance` all is never beyond."""
    clashing = {
        "covered_share": part.covered_share is not None,
        "counts_toward_commitment": part.counts_toward_commitment > 0,
        "true_up: hard_cap": part.true_up == HARD_CAP and part.allowance != ALL,
    }
    return [clause for clause, clashes in clashing.items() if clashes]


class BundleTier(DealModel):
    """An extra discount where seats and API together commit at least `combined_usd_per_year`."""

    combined_usd_per_year: Positive = Field(
        description="12 · seats · seat price plus the API commitment of the first contract year of a term"
    )
    seats: Discount = Field(0.0, description="extra discount on seats")
    api: Discount = Field(0.0, description="extra discount on API rates")


class Term(DealModel):
    """A length of term and the discount it earns."""

    api: Discount = Field(0.0, description="discount on API rates")
    seats: Discount = Field(0.0, description="discount on seats")


def _terms(value: Any) -> Any:
    pairs = [(length, None) for length in value] if isinstance(value, list | tuple) else value
    pairs = list(pairs.items()) if isinstance(pairs, dict) else pairs
    if not isinstance(pairs, list) or not pairs:
        raise ValueError("expected the lengths on offer, like [12, 36] or {12: {}, 36: {api: 4%, seats: 4%}}")
    terms = {}
    for key, item in pairs:
        length = int(key) if isinstance(key, str) and key.isdigit() else key
        if isinstance(length, bool) or not isinstance(length, int) or length not in TERM_MONTHS:
            raise ValueError(f"{key!r} is not a term; expected 12, 24, 36, 48 or 60 months")
        if length in terms:
            raise ValueError(f"the term of {length} months is given twice")
        terms[length] = {} if item is None else item
    return dict(sorted(terms.items()))


Terms = Annotated[
    dict[int, Term],
    BeforeValidator(_terms),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "array", "items": {"enum": [*TERM_MONTHS]}},
                {
                    "type": "object",
                    "patternProperties": {
                        f"^({'|'.join(map(str, TERM_MONTHS))})$": {
                            "type": ["object", "null"],
                            "properties": {"api": NUMBER_SCHEMA, "seats": NUMBER_SCHEMA},
                            "additionalProperties": False,
                        }
                    },
                    "additionalProperties": False,
                },
            ]
        }
    ),
]


class Offer(DealModel):
    """An offer: an API part, a seats part, or both."""

    title: Title = Field("", description="name in reports")
    terms: Terms = Field({12: Term()}, description="lengths on offer, with the discount each earns")
    discounts: Literal["multiply", "add"] = Field(
        "multiply",
        description="how discounts of band or tier, term and bundle combine: 10% and 5% are 14.5% off, or 15%",
    )
    provides: tuple[Name, ...] = Field((), description="controls that hold for both parts")
    exclusive: bool = Field(False, description="nothing from another offer beside it (list is always allowed)")
    api: ApiPart | None = Field(None, description="the API part; left out: the offer has none")
    seats: dict[Name, SeatPart] = Field({}, description="seat types and what the offer says about each")
    bundle: tuple[BundleTier, ...] = Field(
        (), description="extra discounts where both parts are taken, in rising order"
    )
    price_protection: Protection | Capped = Field(
        "none",
        description="none: follows list; locked: list at the start of the term; pass_through: locked upwards, follows "
        "list downwards; {capped: x}: follows list up to x a year",
    )
    renewal: RenewalClause = Field(
        Renewal(), description="same, list or {uplift: x}; or {price: one of them, may_leave: yes, may_return: no}"
    )
    renewal_cap: Number | None = Field(None, description="most a new term's index may rise over the last month's")

    @model_validator(mode="after")
    def _parts(self) -> Self:
        if self.api is None and not self.seats:
            raise ValueError("the offer has neither an api part nor a seats part")
        if self.bundle and (self.api is None or not self.seats):
            raise ValueError("bundle: a bundle needs both an api part and a seats part in the same offer")
        for name in ("combined_usd_per_year", "seats", "api"):
            values = [getattr(tier, name) for tier in self.bundle]
            ordered = sorted(set(values)) if name == "combined_usd_per_year" else sorted(values)
            if values != ordered:
                raise ValueError(
                    f"bundle: {name} out of order: {_list(values)}; expected each tier to give at least as much"
                )
        if self.api is not None and isinstance(self.api.ramp, tuple) and len(self.api.ramp) < max(self.terms) // 12:
            raise ValueError(
                f"api.ramp: {len(self.api.ramp)} factors for a term of {max(self.terms)} months; "
                f"expected {max(self.terms) // 12}, one per contract year"
            )
        if self.renewal_cap is not None and self.renewal_cap < 0:
            raise ValueError(f"renewal_cap: {self.renewal_cap:g} is below 0")
        return self

    @model_validator(mode="after")
    def _something_is_paid(self) -> Self:
        if self.discounts == "multiply":
            return self
        own = {f"seats.{name}": _deepest(part) for name, part in self.seats.items()}
        if self.api is not None:
            own["api"] = max(share for band in self.api.bands for share in (*band.discount.values(), 0.0))
        for part, largest in own.items():
            side = "api" if part == "api" else "seats"
            bundle = max((getattr(tier, side) for tier in self.bundle), default=0.0)
            for months, term in self.terms.items():
                of_term = getattr(term, side)
                off = largest + of_term + bundle
                if off >= 1 - 1e-9:
                    raise ValueError(
                        f"discounts: {part} at {largest:.10g}, the term of {months} months at {of_term:.10g} and "
                        f"the bundle at {bundle:.10g} add up to {off:.10g}; expected less than 1 (100%)"
                    )
        return self


def _deepest(part: SeatPart) -> float:
    """Return the largest discount of the volume tiers of a seat type."""
    return max((step.discount for step in part.tiers.steps), default=0.0) if part.tiers else 0.0


def _list(values: list[float] | list[int]) -> str:
    return ", ".join(f"{value:g}" for value in values)
