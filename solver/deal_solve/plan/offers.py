"""What can be taken from an offer, and how its clauses are named in messages (model §6)."""

from __future__ import annotations

from deal_solve.deal.deal import AT_LIST, Deal
from deal_solve.errors import Problem
from deal_solve.messages import counted, unknown
from deal_solve.plan.resolved import resolve


def clause(offer: str, *rest: str | int) -> str:
    """Return the dotted path of a clause; list has no entry in the file and stands by its name alone."""
    path = offer if offer in AT_LIST else f"offers.{offer}"
    return path + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in rest)


def offer_problem(deal: Deal, path: str, offer: str, term_months: int | None, seat_type: str | None) -> Problem | None:
    """Return why a part (the API, or a seat type) cannot be taken from an offer for a first term, or None.

    `path` is where the plan or proposal states the part.
    """
    offers = resolve(deal).offers
    if offer not in offers:
        having = (each for each in offers.values() if each.api is not None or seat_type is not None)
        return Problem(f"{path}.offer", unknown("offer", offer, [each.offer_id for each in having]))
    on_table = offers[offer]
    if seat_type is None and on_table.api is None:
        return Problem(f"{path}.offer", f"{offer!r} has no api part")
    if seat_type is not None and seat_type not in on_table.seats:
        sold = ", ".join(on_table.seats) or "no seats"
        return Problem(f"{path}.offer", f"{offer!r} does not sell {seat_type!r}; it sells {sold}")
    if term_months is None or term_months in on_table.first_terms:
        return None
    offered = ", ".join(map(str, on_table.offer.terms))
    return Problem(
        f"{path}.term_months",
        f"a first term of {counted(term_months, 'month')} cannot be had from {offer!r}; it offers {offered} and the "
        f"horizon is {deal.horizon_months}",
    )
