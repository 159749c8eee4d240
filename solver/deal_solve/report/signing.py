"""The month of signing in print."""

from __future__ import annotations

from deal_solve.deal.deal import Deal
from deal_solve.deal.money import CENT_TOLERANCE_USD
from deal_solve.deal.offers.running import seats_run
from deal_solve.optimise.solution import SignedMonth, Solution
from deal_solve.report.text import whole_money

IN_GAP = "in the gap"
"""Stands for a difference that the search does not prove: a month that looks dearer may be the cheaper one."""


def signing_sentence(deal: Deal, solution: Solution) -> str:
    """Return when to sign, and what other months cost more and by what; '' where it is signed at the start."""
    if deal.whole is deal:
        return ""
    text = f"in {deal.start:%Y-%m}"
    if seats_run(deal):
        text += f"; seats in force run to {deal.year_month(seats_run(deal))}, new ones of their type begin then"
    more = [
        f"in {deal.whole.calendar(month.month):%Y-%m} {_more(month, solution.objective_usd)}"
        for month in solution.months
        if month.month != deal.signing_month and month.bound_usd < float("inf")
    ]
    return "; ".join([text, *more]) + (f" ({_by(deal, solution)})" if more else "")


def is_in_gap(bound_usd: float, best_usd: float) -> bool:
    """Whether it is not proven that a month of this bound costs more than the best one."""
    return bound_usd - best_usd < CENT_TOLERANCE_USD


def _more(month: SignedMonth, best_usd: float) -> str:
    if month.objective_usd is None:
        usd = whole_money(month.bound_usd - best_usd)
        if month.outcome == "limit":
            return "not worked out"
        return "no less" if usd == "0" else f"at least {usd} more"
    usd = whole_money(month.objective_usd - best_usd)
    if usd == "0":
        return "the same"
    return f"{usd} more, {IN_GAP}: not proven" if is_in_gap(month.bound_usd, best_usd) else f"{usd} more"


def _by(deal: Deal, solution: Solution) -> str:
    """Return in which measure months are compared."""
    risk = deal.risk
    if len(solution.settlement.weights) == 1:
        return "cost over the same months"
    if risk.criterion != "expected" or risk.weight:
        return "weighed as under Proof, not by expected cost alone"
    return "expected cost"
