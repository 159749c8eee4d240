"""What plans sign, in a line: agreements, commitment and seats of the first contract year, from least to most."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from deal_solve.deal.deal import AT_LIST, Deal
from deal_solve.messages import counted
from deal_solve.plan.plan import Plan
from deal_solve.report.sentences import titled
from deal_solve.report.text import whole_money


def kind_of(plan: Plan) -> Hashable:
    """Return what two plans share if they differ in amounts alone: API agreement and band, seat agreements."""
    seats = {(name, part.offer, part.term_months) for name, part in plan.seats.items() if part.contracted[0]}
    return plan.api.offer, plan.api.term_months, plan.api.terms[0].band_usd_per_year, frozenset(seats)


def signed_in_a_line(deal: Deal, plans: Sequence[Plan]) -> str:
    """Return what plans of one kind sign; an offer of both API and seats is named once."""
    api = plans[0].api
    named = None
    if api.offer in AT_LIST:
        parts = ["API at list"]
    else:
        usd = _span([plan.api.terms[0].commitment_usd[0] for plan in plans])
        committed = f", {usd} USD committed in year 1" if usd != "0" else ", nothing committed"
        named = api.offer, api.term_months
        parts = [f"API {titled(deal, api.offer)}, {counted(api.term_months, 'month')}{committed}"]
    for name, part in plans[0].seats.items():
        if part.contracted[0]:
            count = _span([float(plan.seats[name].contracted[0]) for plan in plans])
            own = part.offer, part.term_months
            at = f", {titled(deal, part.offer)}, {counted(part.term_months, 'month')}" * (own != named)
            parts.append(f"{count} {name} seats{at}")
    return "; ".join(parts)


def _span(amounts: Sequence[float]) -> str:
    """Return the least and the largest of some amounts in whole numbers; one where they are the same."""
    low, high = whole_money(min(amounts)), whole_money(max(amounts))
    return low if low == high else f"{low} to {high}"
