"""The month of signing in print."""

from __future__ import annotations

from deal_solve.deal.deal import Deal
from deal_solve.deal.offers.running import seats_run
from deal_solve.optimise.solution import Solution
from deal_solve.report.text import whole_money


def signing_sentence(deal: Deal, solution: Solution) -> str:
    """Return when to sign, and what other months cost more; '' where it is signed at the start of the horizon."""
    if deal.whole is deal:
        return ""
    text = f"in {deal.start:%Y-%m}"
    if seats_run(deal):
        text += f"; seats in force run to {deal.year_month(seats_run(deal))}, new ones of their type begin then"
    more = []
    for month in solution.months:
        if month.month != deal.signing_month and month.bound_usd < float("inf"):
            usd = month.bound_usd if month.objective_usd is None else month.objective_usd
            bound = "at least " if month.objective_usd is None else ""
            costs = f"{bound}{whole_money(usd - solution.objective_usd)} more"
            more.append(f"in {deal.whole.calendar(month.month):%Y-%m} {costs}")
    return "; ".join([text, *more])
