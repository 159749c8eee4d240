"""Clauses of the API part of an offer (model §4)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from deal_solve.currency import converted
from deal_solve.deal.clauses.clause import (
    FIFTH,
    MONEY,
    POINT,
    Clause,
    a_twentieth,
    always,
    next_of,
    one_point,
    one_point_either_way,
    percent,
    ten_points,
)
from deal_solve.deal.offers.api import ApiBand, ApiPart, Premium, Rollover
from deal_solve.deal.offers.credit import Credit
from deal_solve.deal.offers.offer import Offer
from deal_solve.messages import counted

ALL = "all"
"""Stands for every model that a discount does not name."""


def raised(discount: Mapping[str, float], more: float) -> dict[str, float]:
    """Return a discount, by model, with so much more on every model, those that it does not name last."""
    return {name: share + more for name, share in {**discount, ALL: discount.get(ALL, 0.0)}.items()}


def _better_discount(api: ApiPart) -> Any:
    shares = [share for band in api.bands for share in band.discount.values()]
    if max(shares, default=0.0) + POINT >= 1:
        return api.bands
    return tuple(band.model_copy(update={"discount": raised(band.discount, POINT)}) for band in api.bands)


def _discounts_text(bands: Iterable[ApiBand]) -> str:
    return ", ".join(_discount_text(band.discount) for band in bands)


def _discount_text(discount: Mapping[str, float]) -> str:
    """Return a discount, of several by model or family in their order.

    >>> _discount_text({"all": 0.05}), _discount_text({"opus": 0.17, "haiku": 0.06, "all": 0.01})
    ('5%', '17% opus/6% haiku/1% others')
    """
    if not discount.keys() - {ALL}:
        return percent(discount.get(ALL, 0.0))
    return "/".join(f"{percent(share)} {'others' if name == ALL else name}" for name, share in discount.items())


def _commits(api: ApiPart) -> bool:
    return any(band.commit_usd_per_year > 0 for band in api.bands)


def _better_thresholds(api: ApiPart) -> Any:
    lower = [round(band.commit_usd_per_year * (1 - FIFTH), 2) for band in api.bands]
    pairs = zip(api.bands, lower, strict=True)
    return tuple(band.model_copy(update={"commit_usd_per_year": usd}) for band, usd in pairs)


def _thresholds_text(bands: Iterable[ApiBand]) -> str:
    return f"from {', '.join(f'{converted(band.commit_usd_per_year):,.10g}' for band in bands)}"


def _overage_text(value: Any) -> str:
    if not isinstance(value, Premium):
        return str(value)
    return f"list {'-' if value.premium < 0 else '+'} {percent(abs(value.premium))}"


def _better_overage(api: ApiPart) -> Any:
    return "list" if isinstance(api.overage, Premium) and api.overage.premium > 0 else "contracted"


ALL_ROLLS_OVER = Rollover(rollover=1.0, cap=1.0)


def _unused_text(value: Any) -> str:
    is_rolled = isinstance(value, Rollover)
    return f"rollover {percent(value.rollover)}, cap {percent(value.cap)}" if is_rolled else str(value)


def _idle_rollover(offer: Offer, api: ApiPart) -> str | None:
    if not isinstance(api.unused, Rollover):
        return None
    if api.unused.rollover == 0 or api.unused.cap == 0:
        return "nothing is rolled over, so it is as forfeited"
    if _has_one_period(offer, api):
        return "every term has one commitment period, and at the end of a term the rest is forfeited"
    return None


def _has_one_period(offer: Offer, api: ApiPart) -> bool:
    return len(api.periods(range(max(offer.terms)))) == 1


def _has_two_periods(offer: Offer) -> bool:
    """Whether every term on offer has two commitment periods or more."""
    return offer.api is not None and len(offer.api.periods(range(min(offer.terms)))) > 1


def _longer_period(api: ApiPart) -> str:
    """A whole term needs arrears, and years that are not free, whose commitment is forfeited and excess is lost."""
    is_simple = (
        not _has_balance(api) and api.excess == "lost" and not isinstance(api.unused, Rollover) and api.ramp != "free"
    )
    is_simple = is_simple and not api.is_measured_at_list
    whole = ("term",) if api.payment == "arrears" and is_simple else ()
    return str(next_of("period", "month", "quarter", "half", "year", *whole)(api))


def _idle_minimum(offer: Offer, api: ApiPart) -> str | None:
    if api.yearly_minimum is None:
        return None
    if api.yearly_minimum == 0:
        return "a minimum of 0 asks for nothing"
    return "every term is one contract year" if max(offer.terms) == 12 else None


def _minimum_text(value: float | None) -> str:
    return "none" if value is None else percent(value)


def _ramp_text(value: Any) -> str:
    if value == "free":
        return "free"
    return " : ".join(f"{factor:g}" for factor in value) if value else "equal years"


def _better_ramp(api: ApiPart) -> Any:
    """Any rising shape is a case of a free ramp; one that falls somewhere is not. Over a whole term none is free."""
    if api.period == "term":
        return api.ramp
    rises = api.ramp == "free" or sorted(api.ramp or (1.0,)) == [*(api.ramp or (1.0,))]
    return "free" if rises else api.ramp


def _may_be_measured_at_list(api: ApiPart) -> bool:
    is_simple = not isinstance(api.unused, Rollover) and api.period != "term" and not _has_balance(api)
    return is_simple and api.payment == "arrears" and api.overage == "contracted"


def _step_text(value: float | None) -> str:
    return "any amount" if value is None else f"multiples of {converted(value):,.10g}"


def _has_balance(api: ApiPart) -> bool:
    return api.credit is not None and api.credit.pays == "balance"


def _larger_credit(api: ApiPart) -> Credit:
    """Half as much again; where none is granted a twentieth of the lowest commitment: as balance where it is paid in
    advance, else of the charges of a year.
    """
    if api.credit is not None:
        return api.credit.model_copy(update={"usd": round(1.5 * api.credit.usd, 2)})
    lowest = min(band.commit_usd_per_year for band in api.bands if band.commit_usd_per_year > 0)
    usd = max(round(lowest * MONEY, 2), 0.01)
    if api.payment == "arrears" or api.clashes_with_balance():
        return Credit(usd=usd, pays="charges", within_months=12)
    return Credit(usd=usd, pays="balance")


def _credit_text(value: Credit | None) -> str:
    if value is None:
        return "none"
    within = counted(value.within_months or 0, "month")
    until = f" of charges within {within}" if value.pays == "charges" else " as balance"
    return f"{converted(value.usd):,.10g} USD{until}"


def _idle_credit(offer: Offer, api: ApiPart) -> str | None:
    credit = api.credit
    if credit is None or credit.within_months is None:
        return None
    if credit.within_months > max(offer.terms):
        longest = counted(max(offer.terms), "month")
        return f"within_months never binds: a credit ends with the first term, after {longest} at most"
    period = min(len(api.periods(range(months))[0]) for months in offer.terms)
    is_prepaid = api.payment != "arrears" and all(band.commit_usd_per_year > 0 for band in api.bands)
    if is_prepaid and credit.within_months < period:
        first = counted(period, "month")
        return f"pays nothing: overage is first due after {first}, and what is paid in advance is no charge"
    return None


API = (
    Clause(
        "discount",
        "api",
        ("bands",),
        "commitment",
        "one point more in every band",
        better=_better_discount,
        printed=_discounts_text,
        numbers={"discount": one_point},
        ask="Please raise the discount of every commitment band by one point (now: {was}).",
    ),
    Clause(
        "threshold",
        "api",
        ("bands",),
        "commitment",
        "every threshold a fifth lower",
        better=_better_thresholds,
        printed=_thresholds_text,
        is_in=_commits,
        numbers={"commit_usd_per_year": a_twentieth},
        ask="Please let the discount bands start {asked} USD a year instead of {was}.",
    ),
    Clause(
        "overage",
        "api",
        ("overage",),
        "clauses",
        "a premium on list → list, or a discount on it → contracted rates",
        better=_better_overage,
        printed=_overage_text,
        numbers={"premium": one_point_either_way},
        needs="commitment",
        ask="Please bill usage above the commitment at {asked} rates instead of {was}.",
    ),
    Clause(
        "unused commitment",
        "api",
        ("unused",),
        "clauses",
        "forfeited, or some of it → all of it rolls over, without a cap",
        better=always(ALL_ROLLS_OVER),
        is_in=lambda api: api.excess == "lost" and api.period != "term" and not api.is_measured_at_list,
        printed=_unused_text,
        asked=lambda _, __: "rollover 100%",
        numbers={"rollover": ten_points, "cap": ten_points},
        needs="commitment",
        idle=_idle_rollover,
        ask="Please let all commitment that a period leaves unused roll over, without a cap (now: {was}).",
    ),
    Clause(
        "excess usage",
        "api",
        ("excess",),
        "clauses",
        "lost → counts toward the next periods of the term, under arrears",
        better=always("counts_next"),
        printed=lambda excess: "counts next" if excess == "counts_next" else "lost",
        is_in=lambda api: (
            api.payment == "arrears"
            and api.period != "term"
            and not isinstance(api.unused, Rollover)
            and not _has_balance(api)
        ),
        fits=_has_two_periods,
        needs="commitment",
        ask="Please let usage above the commitment of a period count toward the next periods of the term.",
    ),
    Clause(
        "period",
        "api",
        ("period",),
        "clauses",
        "month → quarter → half → year → term, under arrears",
        is_law=False,
        better=_longer_period,
        needs="commitment",
        ask="Please measure the commitment per {asked} instead of per {was}.",
    ),
    Clause(
        "yearly minimum",
        "api",
        ("yearly_minimum",),
        "clauses",
        "a minimum share of each contract year → none",
        better=always(None),
        is_in=lambda api: api.period == "term",
        printed=_minimum_text,
        numbers={"yearly_minimum": ten_points},
        needs="commitment",
        idle=_idle_minimum,
        ask="Please leave out the least usage of each contract year (now: {was}).",
    ),
    Clause(
        "ramp",
        "api",
        ("ramp",),
        "clauses",
        "equal years, or rising factors → any years that do not fall",
        better=_better_ramp,
        printed=_ramp_text,
        along={"step_usd": None},
        numbers={"ramp": ten_points},
        needs="commitment",
        ask="Please let us choose the commitment of each contract year, as long as it does not fall (now: {was}).",
    ),
    Clause(
        "payment",
        "api",
        ("payment",),
        "clauses",
        "a year in advance → at each period's start → in arrears",
        is_law=False,
        better=next_of("payment", "prepaid_yearly", "prepaid", "arrears"),
        needs="commitment",
        ask="Please change the payment of the commitment from {was} to {asked}.",
    ),
    Clause(
        "commitment step",
        "api",
        ("step_usd",),
        "clauses",
        "multiples of an amount → any amount",
        better=always(None),
        printed=_step_text,
        needs="commitment",
        ask="Please accept any amount as the commitment (now: {was}).",
    ),
    Clause(
        "credit",
        "api",
        ("credit",),
        "clauses",
        "none → a twentieth of the lowest commitment; else half as much again",
        better=_larger_credit,
        is_in=lambda api: api.credit is not None or _commits(api),
        printed=_credit_text,
        numbers={"usd": a_twentieth},
        idle=_idle_credit,
        ask="Please grant a credit of {asked} (now: {was}).",
    ),
    Clause(
        "measured at",
        "api",
        ("measured_at",),
        "clauses",
        "contracted → list, under arrears with overage at contracted rates",
        is_law=False,
        better=always("list"),
        printed=lambda rates: f"{rates} dollars",
        is_in=_may_be_measured_at_list,
        fits=lambda offer: offer.api is not None and not (offer.bundle and offer.api.differs_by_model),
        needs="commitment",
        ask="Please count usage in {asked} toward the commitment instead of {was}.",
    ),
    Clause(
        "shortfall at",
        "api",
        ("shortfall_at",),
        "clauses",
        "with a commitment measured at list: list → contracted",
        is_law=False,
        better=always("contracted"),
        printed=lambda rates: f"{rates or 'list'} rates",
        is_in=lambda api: api.is_measured_at_list and not api.differs_by_model,
        needs="commitment",
        ask="Please charge a shortfall at {asked} instead of {was}.",
    ),
)
