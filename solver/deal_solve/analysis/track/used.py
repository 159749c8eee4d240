"""What was used since signing, priced as the signed plan prices it: by month and model, and what of it is drawn."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from deal_solve.deal.deal import LIST
from deal_solve.deal.offers.api import Premium, Rollover
from deal_solve.deal.offers.offer import Capped, Offer
from deal_solve.exports.prices import list_price
from deal_solve.exports.read import Exports
from deal_solve.exports.row import NANO, Place, Quantity
from deal_solve.plan.resolved import resolve
from deal_solve.settlement.api.credit import balance_usd
from deal_solve.settlement.api.rates import api_factor, band_of
from deal_solve.settlement.bundle import bundle_tiers
from deal_solve.settlement.settle import Settlement
from deal_solve.settlement.usage import metered_share

SEARCHES = "web searches"


class Use(NamedTuple):
    """One model in one month, USD: at the list price of its day, at contracted rates, and what draws a commitment."""

    list_usd: float = 0.0
    contracted_usd: float = 0.0
    drawn_usd: float = 0.0

    def plus(self, other: Use) -> Use:
        """Return the sum of both."""
        return Use(*(one + two for one, two in zip(self, other, strict=True)))


Used = dict[tuple[int, str], Use]
"""By month of the signed deal, and model or `SEARCHES`."""


@dataclass(frozen=True)
class Balance:
    """The commitment period that runs in a month: its months, commitment, what was carried into it, and drawn of it."""

    months: range
    commitment_usd: float
    carried_usd: float
    drawn_usd: float


def used(signed: Settlement, exports: Exports) -> Used:
    """Return what was used of the API since a deal was signed, months counted from there.

    What people use through a seat counts by the share that their seats meter, and draws by the share that counts; with
    several cohorts the mean of those. Prices follow list as the offer protects them. Searches are never drawn.
    """
    deal, plan = signed.deal, signed.plan
    taken = resolve(deal).taken(plan.api)
    bundle = tuple(tier.api for tier in bundle_tiers(deal, plan))
    measured_at_list = taken.api is not None and taken.api.is_measured_at_list
    found: Used = defaultdict(Use)
    for (place, quantity), amount in exports.used.items():
        month = deal.month(place.day)
        if quantity == "requests" or not 0 <= month < deal.horizon_months:
            continue
        metered, counted = _shares(signed, month) if place.is_of_people else (1.0, 1.0)
        usd = metered * list_price(place, quantity, amount) / NANO
        if quantity == "web_searches":
            found[month, SEARCHES] = found[month, SEARCHES].plus(Use(usd, usd))
            continue
        span = taken.span_at(month)
        term = plan.api.terms[taken.spans.index(span)]
        model, extra = deal.card.model(place.model or ""), bundle[span.years[0]]
        factor = api_factor(taken, span, band_of(taken, span, term), extra, model)
        dated = _protected(place, quantity, amount, taken.offer if not span.left else None)
        contracted = metered * dated(deal.calendar(span.start)) * factor / NANO
        drawn = counted * (usd if measured_at_list else contracted)
        billed = counted * contracted + (1 - counted) * usd
        key = month, place.model or ""
        found[key] = found[key].plus(Use(usd, billed, drawn))
    return dict(found)


def _protected(place: Place, quantity: Quantity, amount: int, offer: Offer | None) -> Callable[[date], float]:
    """Return the list price that a contracted rate follows, by the first day of its term."""

    def priced(start: date) -> float:
        now, then = list_price(place, quantity, amount), list_price(place._replace(day=start), quantity, amount)
        protection = "none" if offer is None else offer.price_protection
        if protection == "none":
            return now
        if isinstance(protection, Capped):
            return min(now, then * float((1 + protection.capped) ** ((place.day - start).days / 365.25)))
        return then if protection == "locked" else min(now, then)

    return priced


def _shares(signed: Settlement, month: int) -> tuple[float, float]:
    """Return what of the usage of people is metered, and what of that counts toward the commitment."""
    deal, plan, year = signed.deal, signed.plan, month // 12
    shares = [metered_share(deal, plan, name, year) for name in deal.cohorts]
    if not shares:
        return 1.0, 1.0
    metered = sum(share for share, _ in shares) / len(shares)
    counted = sum(share * part for share, part in shares) / len(shares)
    return metered, counted / metered if metered else 0.0


def balance_of(signed: Settlement, found: Used, now: int, part_of_last: float) -> Balance | None:
    """Return the commitment period that runs in month `now`; None where the first term has ended, or commits nothing.

    The last month before `now` was measured to `part_of_last`, and counts as if it had gone on so.
    """
    for each, _ in periods_of(signed, found, now, part_of_last):
        if now < each.months.stop:
            return each
    return None


def periods_of(signed: Settlement, found: Used, now: int, part_of_last: float) -> Iterator[tuple[Balance, float]]:
    """Yield the commitment periods of the first term that have begun by month `now`, and the usage of each by then.

    A credit that is balance opens the first, what was not drawn rolls over as the offer says. What is drawn is no more
    than the balance.
    """
    deal, plan = signed.deal, signed.plan
    taken = resolve(deal).taken(plan.api)
    span, term, part = taken.spans[0], plan.api.terms[0], taken.require_api()
    if plan.api.offer == LIST or not span.start <= now < span.end:
        return
    monthly: dict[int, float] = defaultdict(float)
    for (month, _), use in found.items():
        monthly[month] += use.drawn_usd / (part_of_last if month == now - 1 else 1.0)
    carried = float(balance_usd(part, span, band_of(taken, span, term), None))
    for months in part.periods(range(span.start, span.end)):
        if months.start > now:
            return
        due = sum(term.commitment_usd[(month - span.start) // 12] / 12 for month in months)
        drawn = sum(monthly[month] for month in months if month < now)
        yield Balance(months, due, carried, min(drawn, carried + due)), drawn
        own = min(drawn, carried + due) - min(drawn, carried)
        carried = 0.0
        if isinstance(part.unused, Rollover):
            carried = min(part.unused.rollover * (due - own), part.unused.cap * due)


def overage_ratio(signed: Settlement, used: Used, months: range) -> float:
    """Return the overage rate over the contracted one, of the mix of models that was used."""
    overage = resolve(signed.deal).taken(signed.plan.api).require_api().overage
    here = [use for (month, _), use in used.items() if month in months]
    listed, contracted = sum(use.list_usd for use in here), sum(use.contracted_usd for use in here)
    if overage == "contracted" or not contracted:
        return 1.0
    premium = overage.premium if isinstance(overage, Premium) else 0.0
    return max((1 + premium) * listed / contracted, 1.0)
