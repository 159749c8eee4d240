"""Deals of which one can only be dearer than the other: what is proven of the cheaper one holds for both.

The laws of the model (§9.8) say that relaxing a clause for the buyer never raises the optimum. So where every number
in which two deals differ is moved against the buyer in one of them, no plan costs less there, and none can be signed
that could not. A plan that was best, and costs the same in every scenario, is still best. Of the plans that cost as
much as it none is new, and by no stage of the ties has one of them less than it had, so that it is still preferred
among them.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import numpy as np

from deal_solve.deal.deal import Deal
from deal_solve.deal.edit import leaves
from deal_solve.deal.offers.offer import Offer
from deal_solve.deal.offers.seats import SeatPart
from deal_solve.deal.risk import Risk
from deal_solve.deal.yaml_source import Loc
from deal_solve.errors import InputError
from deal_solve.optimise.solution import Solution
from deal_solve.optimise.usage_bounds import grows_with_usage
from deal_solve.plan.resolved import resolve
from deal_solve.plan.validation.validity import refuse_impossible
from deal_solve.settlement.limit_checks import limit_checks
from deal_solve.settlement.settle import settle
from deal_solve.uncertainty.first_users import first_users

RELAXED_BY: Mapping[tuple[str, str], int] = {
    ("terms", "api"): 1,
    ("terms", "seats"): 1,
    ("api", "commit_usd_per_year"): -1,
    ("api", "discount"): 1,
    ("api", "premium"): -1,
    ("api", "rollover"): 1,
    ("api", "cap"): 1,
    ("seats", "minimum"): -1,
    ("seats", "reduction_right"): 1,
    ("bundle", "combined_usd_per_year"): -1,
    ("bundle", "api"): 1,
    ("bundle", "seats"): 1,
}
"""Numbers of an offer of which the laws speak: whether more (1) or less (-1) relaxes the clause. By the part of
the offer and the last key of the path, or `discount`, which may differ by model."""
PRICES: Mapping[str, int] = {"usd_per_user_month": -1, "seats": -1, "discount": 1}
"""The same of what a seat costs: its price, and the thresholds and discounts of its volume tiers. One that costs less
counts less toward a bundle."""


def relaxed_by(loc: Loc) -> int:
    """Return whether more (1) or less (-1) of a number of an offer relaxes it, by its place there; 0 without a law.

    >>> relaxed_by(("api", "bands", 1, "discount", "opus")), relaxed_by(("seats", "team", "minimum"))
    (1, -1)
    >>> relaxed_by(("api", "ramp", 0))
    0
    """
    names = [part for part in loc if isinstance(part, str)]
    if is_of_price(loc):
        return PRICES[names[-1]]
    last = "discount" if names[:3] == ["api", "bands", "discount"] else names[-1]
    return RELAXED_BY.get((names[0], last), 0)


def is_of_price(loc: Loc) -> bool:
    """Return whether a number of an offer, by its place there, is a part of what a seat costs."""
    names = [part for part in loc if isinstance(part, str)]
    return names[0] == "seats" and (names[2:] == ["usd_per_user_month"] or names[2:4] == ["tiers", "steps"])


def is_dearer(deal: Deal, other: Deal) -> bool:
    """Return whether a deal that differs from another one in its offers alone can only be dearer."""
    if list(deal.offers) != list(other.offers):
        return False
    return all(_is_dearer(name, deal, other) for name, offer in deal.offers.items() if offer != other.offers[name])


def _is_dearer(name: str, deal: Deal, other: Deal) -> bool:
    here, there = (_numbers(name, each) for each in (deal, other))
    if here.keys() != there.keys():
        return False
    differ = [loc for loc in here if here[loc] != there[loc]]
    if not all(relaxed_by(loc) and relaxed_by(loc) * (here[loc] - there[loc]) < 0 for loc in differ):
        return False
    priced = {str(loc[1]) for loc in differ if is_of_price(loc)}
    return not priced or _is_priced_higher(name, deal, other, priced)


def _numbers(name: str, deal: Deal) -> dict[Loc, Any]:
    """Return what an offer says, by its places; the price of a seat that it leaves to the card is the card's."""
    found = dict(leaves(deal.offers[name].model_dump(mode="json"), ()))
    prices = {("seats", seat_type, "usd_per_user_month"): part for seat_type, part in _seats(name, deal).items()}
    return found | {loc: part.usd_per_user_month for loc, part in prices.items()}


def _seats(name: str, deal: Deal) -> dict[str, SeatPart]:
    return {seat_type: seat.part for seat_type, seat in resolve(deal).offers[name].seats.items()}


def _is_priced_higher(name: str, deal: Deal, other: Deal, priced: set[str]) -> bool:
    """Whether no plan has cheaper seats for more of its seats counting toward a bundle, or for what may be used there.

    That is: more seats have no smaller discount, no model is closed by the price of a seat, and with the fewest dollars
    that seats can count in the cheaper deal a bundle is reached where it is in the dearer one.
    """
    here, there = _seats(name, deal), _seats(name, other)
    if any(deal.unknown_limits_usd(name, seat_type) is not None for seat_type in priced):
        return False
    if not all(_rises(seats[seat_type]) for seats in (here, there) for seat_type in priced):
        return False
    shares = [_lowest(there[each]) / (here[each].usd_per_user_month or 1.0) for each in priced]
    share = min(1.0, *shares)
    low, high = (_thresholds(each.offers[name]) for each in (other, deal))
    return all(one <= share * more for one, more in zip(low, high, strict=True))


def _rises(part: SeatPart) -> bool:
    """Whether more seats never have a smaller discount."""
    return part.tiers is None or all(one.discount <= more.discount for one, more in pairwise(part.tiers.steps))


def _lowest(part: SeatPart) -> float:
    """Return the lowest price after volume tiers, USD per user and month."""
    discounts = [step.discount for step in part.tiers.steps] if part.tiers else []
    return (part.usd_per_user_month or 0.0) * (1 - max(discounts, default=0.0))


def _thresholds(offer: Offer) -> list[float]:
    return [tier.combined_usd_per_year for tier in offer.bundle]


def is_lawful(best: Solution, deal: Deal) -> bool:
    """Return whether the laws hold in a deal, and whether what they are to be applied to is proven.

    They hold where no plan costs less for more usage (`usage_bounds`): usage that costs less is as good as less of it.
    """
    return best.status == "optimal" and not best.is_simple and grows_with_usage(deal)


def is_unmoved(best: Solution, deal: Deal) -> bool:
    """Return whether the best plan of a deal is that of one that can only be dearer: it is proven, and costs the same
    in every scenario, as does what its loss is measured against.
    """
    if not is_lawful(best, deal):
        return False
    scenarios = best.settlement.scenarios
    users = first_users(scenarios)
    free: dict[str, Any] = {"risk": Risk(), "limits": ()}
    known = [(deal, best.plan, best.settlement.cost), (deal.model_copy(update=free), best.baseline, best.baseline_cost)]
    try:
        for own, plan, cost in known:
            if plan is None or cost is None:
                continue
            refuse_impossible(own, plan, users, scenarios)
            settled = settle(own, plan, scenarios)
            if not np.array_equal(settled.cost, cost) or not all(c.is_kept for c in limit_checks(own, settled)):
                return False
    except InputError:
        return False
    return True
