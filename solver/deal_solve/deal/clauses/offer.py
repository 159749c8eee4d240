"""Clauses of an offer as a whole (model §6)."""

from __future__ import annotations

from typing import Any

from deal_solve.currency import converted
from deal_solve.deal.clauses.clause import FIFTH, Clause, a_twentieth, always, one_point, percent, ten_points
from deal_solve.deal.offers.offer import Capped, Offer
from deal_solve.deal.offers.renewal import Renewal, Uplift

FIRST_CAP = 0.05
"""The renewal cap that is asked for first."""


def _protection_text(value: Any) -> str:
    return f"capped {percent(value.capped)}" if isinstance(value, Capped) else str(value)


def _better_bundle(offer: Offer) -> Any:
    return tuple(
        tier.model_copy(update={"combined_usd_per_year": tier.combined_usd_per_year * (1 - FIFTH)})
        for tier in offer.bundle
    )


def _better_terms(offer: Offer) -> Any:
    """Return the terms with a shorter one added, at the discounts of the shortest."""
    shortest = min(offer.terms)
    return offer.terms if shortest == 12 else {shortest - 12: offer.terms[shortest], **offer.terms}


def _renewal_text(value: Renewal) -> str:
    price = value.price
    return f"uplift {percent(price.uplift)}" if isinstance(price, Uplift) else price


def _better_renewal(offer: Offer) -> Renewal:
    return offer.renewal.model_copy(update={"price": "same"})


def _better_cap(offer: Offer) -> float:
    now = offer.renewal_cap
    return FIRST_CAP if now is None or now > FIRST_CAP else 0.0


def _idle_cap(offer: Offer, _: Offer) -> str | None:
    if offer.renewal_cap is None:
        return None
    if offer.price_protection == "none":
        return "without price protection prices follow list in every month, capped or not"
    return "a renewal at list prices is not capped" if offer.renewal.price == "list" else None


OFFER = (
    Clause(
        "price protection",
        "offer",
        ("price_protection",),
        "clauses",
        "any other → pass-through",
        better=always("pass_through"),
        printed=_protection_text,
        numbers={"capped": one_point},
        needs="price changes",
        ask="Please lock prices against rises, and pass every price cut on to us (now: {was}).",
    ),
    Clause(
        "bundle",
        "offer",
        ("bundle",),
        "bundle",
        "every threshold a fifth lower",
        better=_better_bundle,
        printed=lambda tiers: f"from {', '.join(f'{converted(tier.combined_usd_per_year):,.10g}' for tier in tiers)}",
        is_in=lambda offer: bool(offer.bundle),
        is_of_both_parts=True,
        numbers={"combined_usd_per_year": a_twentieth, "seats": one_point, "api": one_point},
        ask="Please let the bundle discounts start {asked} USD a year in all instead of {was}.",
    ),
    Clause(
        "term",
        "offer",
        ("terms",),
        "commitment",
        "a length of 12 months less, at the discounts of the shortest",
        is_law=False,
        better=_better_terms,
        printed=lambda terms: f"{', '.join(map(str, terms))} months",
        asked=lambda _, better: f"also {min(better)}",
        numbers={"api": one_point, "seats": one_point},
        ask="Please offer a shorter term too, at the discounts of the shortest one: {asked} months, beside {was}.",
    ),
    Clause(
        "renewal",
        "offer",
        ("renewal",),
        "clauses",
        "an uplift, or list → the same prices",
        is_law=False,
        better=_better_renewal,
        printed=_renewal_text,
        numbers={"uplift": one_point},
        needs="renewal",
        ask="Please renew at the same prices (now: {was}).",
    ),
    Clause(
        "leaving",
        "offer",
        ("renewal", "may_leave"),
        "clauses",
        "must be renewed → may be left at a term's end",
        better=always(True),
        printed=lambda may_leave: "may be left" if may_leave else "must be renewed",
        is_in=lambda offer: not offer.renewal.may_leave,
        ask="Please let us leave the agreement at the end of a term.",
    ),
    Clause(
        "returning",
        "offer",
        ("renewal", "may_return"),
        "clauses",
        "left for good → may be taken again at the start of a contract year",
        better=always(True),
        printed=lambda may_return: "may be taken again" if may_return else "left for good",
        is_in=lambda offer: offer.renewal.may_leave and not offer.renewal.may_return,
        ask="Please let us take the agreement again, at the start of a contract year, after we have left it.",
    ),
    Clause(
        "renewal cap",
        "offer",
        ("renewal_cap",),
        "clauses",
        "none, or above 5 % → 5 % → 0 (where there is price protection)",
        better=_better_cap,
        printed=lambda cap: "none" if cap is None else percent(cap),
        is_in=lambda offer: offer.price_protection != "none",  # else prices follow list, whatever a cap says
        numbers={"renewal_cap": one_point},
        needs="renewal",
        idle=_idle_cap,
        ask="Please cap the rise of prices at a renewal at {asked} (now: {was}).",
    ),
    Clause(
        "channel counts",
        "offer",
        ("channel", "counts"),
        "commitment",
        "any other share → all of it counts",
        better=always(1.0),
        printed=percent,
        is_in=lambda offer: offer.channel is not None,
        numbers={"counts": ten_points},
        ask="Please let all of our payments through the marketplace count toward our cloud commitment (now: {was}).",
    ),
    Clause(
        "channel fee",
        "offer",
        ("channel", "fee"),
        "commitment",
        "any fee → none",
        better=always(0.0),
        printed=percent,
        is_in=lambda offer: offer.channel is not None,
        numbers={"fee": one_point},
        ask="Please bear the fee of the marketplace (now: {was}).",
    ),
    Clause(
        "exclusive",
        "offer",
        ("exclusive",),
        "commitment",
        "exclusive → beside other offers",
        better=always(False),
        printed=lambda exclusive: "exclusive" if exclusive else "beside others",
        is_in=lambda offer: offer.exclusive,
        ask="Please let us sign other offers beside this one.",
    ),
)
