"""The list prices that the protection of a signed agreement starts from, beside those of the rate card today."""

from __future__ import annotations

from collections import defaultdict

from deal_solve.analysis.measure.result import MeasureResult
from deal_solve.deal.deal import LIST
from deal_solve.deal.offers.offer import Capped
from deal_solve.exports.prices import list_prices
from deal_solve.plan.resolved import resolve
from deal_solve.settlement.settle import Settlement

MONTHS_PER_YEAR, DIGITS = 12, 6


def protected_from(signed: Settlement, found: MeasureResult, now: int) -> dict[str, float]:
    """Return per family the list price at signing over that of the deal's card, where a protected rate is another.

    It is that of the mix of models and classes of tokens that was used. What a protection lets prices rise by in a year
    has run since signing, `now` months of the signed deal.
    """
    deal, api = signed.deal, signed.plan.api
    if api.offer == LIST or found.exports is None:
        return {}
    taken = resolve(deal).taken(api)
    protection, start = taken.offer.price_protection, taken.spans[0].start
    if protection == "none":
        return {}
    day, prices = deal.calendar(start), defaultdict[str, list[int]](lambda: [0, 0])
    for place, row in found.exports.used.rows():
        family = deal.card.model(place.model or "").family
        for column, at in enumerate((day, deal.card.as_of)):
            prices[family][column] += sum(list_prices(place._replace(day=at), row))
    risen = (1 + protection.capped) ** ((now - start) / MONTHS_PER_YEAR) if isinstance(protection, Capped) else 1.0
    found_index = {family: round(risen * then / today, DIGITS) for family, (then, today) in prices.items() if today}
    return {family: value for family, value in found_index.items() if value != 1}
