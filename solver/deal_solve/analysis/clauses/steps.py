"""Every clause of an offer, and what one step towards the buyer would make of it.

The clauses and their steps stand in `deal.clauses`. A step changes one part of an offer: its API part, all seat types
that have the clause at once, or the offer itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from deal_solve.deal.clauses.api import raised
from deal_solve.deal.clauses.clause import Clause, Wording
from deal_solve.deal.clauses.registry import CLAUSES
from deal_solve.deal.deal import Deal
from deal_solve.plan.resolved import resolve

ONE_ORDER_FORM = "one order form"
ONE_ORDER_FORM_STEP = (
    "each part in an order form of its own, without what one for both gives → as it stands: already granted"
)


@dataclass(frozen=True)
class ClauseStep:
    """One clause of an offer: its name, how it stands, what to ask for, and the deal with that; None: nothing better.

    `is_in_hand` where the step is what the offer has already, and the deal the one without it.
    """

    clause: str
    was: str
    requested: str | None = None
    deal: Deal | None = None
    is_granted: bool = False


def clause_steps(deal: Deal, offer: str) -> Iterator[ClauseStep]:
    """Yield every clause that an offer has, in the order of the registry, then one order form for both parts."""
    stated = deal.offers[offer]
    for clause in CLAUSES:
        if clause.is_of_both_parts and not (stated.api and stated.seats):
            continue
        step = _step(deal, offer, clause)
        if step is not None:
            yield step
    if stated.api is not None and stated.seats:
        yield ClauseStep(ONE_ORDER_FORM, "two order forms", ONE_ORDER_FORM, _apart(deal, offer), is_granted=True)


def _step(deal: Deal, offer: str, clause: Clause) -> ClauseStep | None:
    """Return the step of a clause, on all parts of an offer that have it at once; None if no part does."""
    with deal.currency.reported():
        stated = {name: wording for name, part in parts_of(deal, offer, clause) if (wording := clause.wording(part))}
    better = {name: wording for name, wording in stated.items() if wording.fields is not None}
    if not better:
        return ClauseStep(clause.name, _words(each.was for each in stated.values())) if stated else None
    changed = with_offer(deal, offer, _fields(deal, offer, clause, better))
    requested = _words(each.asked or "" for each in better.values())
    return ClauseStep(clause.name, _words(each.was for each in better.values()), requested, changed)


def parts_of(deal: Deal, offer: str, clause: Clause) -> Iterator[tuple[str, Any]]:
    """Yield the parts of an offer in which a clause may stand: seat types by their name, the others by the part's."""
    stated = deal.offers[offer]
    if not clause.fits(stated):
        return
    if clause.part == "offer":
        yield "offer", stated
    elif clause.part == "api" and stated.api is not None:
        yield "api", stated.api
    elif clause.part == "seats":
        seats = resolve(deal).offers[offer].seats.items()
        yield from ((name, seat.part) for name, seat in seats if name in deal.seat_types)


def _fields(deal: Deal, offer: str, clause: Clause, better: dict[str, Wording]) -> dict[str, Any]:
    """Return the fields of an offer with the parts changed."""
    stated = deal.offers[offer]
    if clause.part == "offer":
        return better["offer"].fields or {}
    if clause.part == "api":
        return {"api": _with(stated.api, better["api"].fields or {})}
    changed = {name: _with(stated.seats[name], wording.fields or {}) for name, wording in better.items()}
    return {"seats": {**stated.seats, **changed}}


def _with(part: Any, fields: dict[str, Any]) -> Any:
    return part.model_copy(update=fields)


def with_offer(deal: Deal, offer: str, fields: dict[str, Any]) -> Deal:
    """Return the deal with some fields of an offer replaced."""
    return deal.model_copy(update={"offers": {**deal.offers, offer: _with(deal.offers[offer], fields)}})


def _words(texts: Iterable[str]) -> str:
    return " / ".join(dict.fromkeys(texts))


def _apart(deal: Deal, offer: str) -> Deal:
    """Return the deal with both parts of an offer on offers of their own: what only one order form gives is gone.

    That is bundle tiers, and seat usage that counts toward the commitment. The two need not have the same term.
    """
    stated = deal.offers[offer]
    seats = {name: _with(part, {"counts_toward_commitment": 0.0}) for name, part in stated.seats.items()}
    both = {"bundle": (), "exclusive": False}
    halves = {f"{offer}-api": _with(stated, {**both, "seats": {}})}
    halves[f"{offer}-seats"] = _with(stated, {**both, "api": None, "seats": seats})
    others = {name: each for name, each in deal.offers.items() if name != offer}
    return deal.model_copy(update={"offers": {**others, **halves}})


# The yardstick


def with_points(deal: Deal, offer: str, points: float) -> Deal:
    """Return the deal with so many points more discount: in every band, or on seats where an offer has no API part."""
    stated, more = deal.offers[offer], points / 100
    if stated.api is None:
        terms = {months: _with(term, {"seats": term.seats + more}) for months, term in stated.terms.items()}
        return with_offer(deal, offer, {"terms": terms})
    bands = tuple(_with(band, {"discount": raised(band.discount, more)}) for band in stated.api.bands)
    return with_offer(deal, offer, {"api": _with(stated.api, {"bands": bands})})


def max_points(deal: Deal, offer: str) -> float:
    """Return how many points may be added before a discount would reach 100 %."""
    stated = deal.offers[offer]
    if stated.api is None:
        return 100 * (1 - max(term.seats for term in stated.terms.values()))
    return 100 * (1 - max(share for band in stated.api.bands for share in band.discount.values()))
