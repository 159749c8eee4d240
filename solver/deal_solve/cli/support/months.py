"""The month of signing that a command is about: a deal that may be signed in one month is the deal from it on."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from deal_solve.deal.deal import Deal


def in_one_month(deal: Deal, wanted: int | None = None) -> Deal:
    """Return the deal from its month of signing on, the one that is `wanted` or the only one there is.

    Raises InputError where there are several and none is wanted, or where the wanted one is not among them.
    """
    from deal_solve.errors import InputError, Problem

    if not deal.is_open:
        return deal
    months = deal.signing_months
    known = ", ".join(map(deal.dated, months))
    if wanted is not None and wanted not in months:
        message = f"is {deal.dated(wanted)}; the deal may be signed in month {known}"
        raise InputError(Problem("signing_month", message))
    if wanted is None and len(months) > 1:
        message = (
            f"months {known} are open, and this question is about one of them; expected one, as in "
            f"--set 'signing.months=[{months[0]}]'; deal-solve when compares them"
        )
        raise InputError(deal.problem(("signing", "months"), message))
    return deal.signed_in(months[0] if wanted is None else wanted)
