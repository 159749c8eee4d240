"""Credits of an API agreement: balance of the first commitment period, or what pays charges (model §4)."""

from __future__ import annotations

import numpy as np

from deal_solve.deal.offers.api import ApiBand, ApiPart
from deal_solve.plan.terms import TermSpan
from deal_solve.settlement.ledger import Ledger, Row
from deal_solve.uncertainty.scenario_set import Array

CREDIT = "credit"


def balance_usd(part: ApiPart, span: TermSpan, band: ApiBand, undrawn: Array | None) -> float | Array:
    """Return K, the balance that the first commitment period of a term starts with: 0 but in a first term that commits.

    Nothing is owed for it, and what is left of it at the period's end expires. Of the offer's own credit and what was
    `undrawn` of an agreement in force, (S,), the larger counts; None where none of that is credited.
    """
    if span.index > 0 or band.commit_usd_per_year == 0:
        return 0.0
    own = part.credit.usd if part.credit is not None and part.credit.pays == "balance" else 0.0
    return own if undrawn is None else np.maximum(own, undrawn)


def charges_paid(part: ApiPart, span: TermSpan) -> tuple[float, int]:
    """Return K and the last time (months) at which a charge of a term falls due that the credit pays; 0, 0 if none."""
    if part.credit is None or part.credit.pays != "charges" or span.index > 0 or span.left:
        return 0.0, 0
    return part.credit.usd, part.credit.paid_until(span.end)


def credited(due: Array, credit_usd: float | Array) -> Array:
    """Return what a credit K pays of what falls due, (times, S): min(X_t, K) - min(X_(t-1), K), X cumulated.

    >>> credited(np.array([[20.0], [20.0], [20.0]]), 50.0).ravel()
    array([20., 20., 10.])
    """
    paid = np.minimum(np.cumsum(due, axis=0), credit_usd)
    return np.diff(paid, axis=0, prepend=np.zeros((1, paid.shape[1])))


def post_credit(ledger: Ledger, start: int, paid: Array) -> None:
    """Post what a credit pays of what falls due at the end of each month from `start` on, (months, S)."""
    for month, usd in enumerate(paid, start):
        if np.any(usd):
            ledger.post(Row("credit", CREDIT, usd, -usd, paid=month + 1, first=month, last=month))
