"""Why one of two plans that cost the same is the one to sign: the order of ties (model §7, "Ties")."""

from __future__ import annotations

from collections.abc import Iterator

from deal_solve.deal.deal import AT_LIST
from deal_solve.deal.money import CENT_TOLERANCE_USD
from deal_solve.plan.plan import Plan
from deal_solve.settlement.settle import Settlement

BY_ORDER = "the order of ties"
"""Stands for what decides where that is not one of the amounts below."""


def tie_reason(chosen: Settlement, other: Settlement) -> str:
    """Return what of a chosen plan is less than of another one that costs the same, the first such of the order."""
    for what, one, more in _in_order(chosen, other):
        if one < more - CENT_TOLERANCE_USD:
            return what
        if one > more + CENT_TOLERANCE_USD:
            break
    return BY_ORDER


def _in_order(chosen: Settlement, other: Settlement) -> Iterator[tuple[str, float, float]]:
    """Yield the stages in turn; those of usage and options are left out where both plans route alike."""

    one, two = chosen.plan, other.plan
    for what, line in (("less cost of people unserved", "unserved"), ("lower true-up charges", "true_up")):
        yield what, chosen.mean(chosen.by_line[line]), other.mean(other.by_line[line])
    if (one.routing, one.use, one.tracks) != (two.routing, two.use, two.tracks):
        yield BY_ORDER, 0.0, 1.0
    yield "fewer committed dollars", chosen.committed_usd, other.committed_usd
    yield "fewer contracted seats", _seats(one), _seats(two)
    yield "fewer projects", _projects(one), _projects(two)
    yield "lower bands", _bands(one), _bands(two)
    ranks = [*chosen.deal.offers, *AT_LIST]
    yield "the offer that stands first in the file", ranks.index(one.api.offer), ranks.index(two.api.offer)
    yield "the shorter first term", one.api.term_months, two.api.term_months


def _seats(plan: Plan) -> int:
    return sum(sum(agreement.contracted) for agreement in plan.seats.values())


def _projects(plan: Plan) -> int:
    return sum(map(len, plan.projects.values()))


def _bands(plan: Plan) -> float:
    return sum(len(term.commitment_usd) * term.band_usd_per_year for term in plan.api.terms)
