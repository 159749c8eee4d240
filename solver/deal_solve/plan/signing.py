"""Whether the month of signing of a plan or proposal is that of the deal."""

from __future__ import annotations

from deal_solve.deal.deal import Deal
from deal_solve.errors import Problem


def signing_problem(deal: Deal, month: int | None) -> Problem | None:
    """Return why a month of signing, counted from the start, does not fit a deal, or None where it does.

    A deal that is signed at its start has none but 0, a deal from its month of signing on has that one. In a deal whose
    month is still open any one may be stated here; None states none.
    """
    whole = deal.whole
    if deal.is_open or month is None or month == deal.signing_month:
        return None
    if whole.is_open:
        here = whole.dated(deal.signing_month)
        return Problem(
            "signing_month", f"is {whole.dated(month)}, but this question is about the deal signed in {here}"
        )
    return Problem(
        "signing_month",
        f"is {whole.dated(month)}, but the deal is signed at its start, in {whole.start:%Y-%m}; leave it out of the "
        "plan, or state the month in the deal (signing.months)",
    )
