"""Payments before signing, row by row, for tests that hold them by hand."""

import numpy as np
import pytest

from deal_solve import scenarios_of
from deal_solve.settlement.in_force.before import before_signing
from deal_solve.settlement.lines import LINES

NAMES = {line.title: line.name for line in LINES.values()}


def rows_before(deal, *lines):
    """Return (quantity, USD, first month, last month, time of payment) of the rows of these lines, 0 left out."""
    month = deal.signing_months[0]
    signed = deal.signed_in(month)
    return [
        (
            pytest.approx(float(np.ravel(row.quantity)[0])),
            pytest.approx(float(np.ravel(row.amount)[0])),
            row.first + month,
            row.last + month,
            row.paid + month,
        )
        for row in before_signing(signed, scenarios_of(signed)).rows
        if NAMES[row.item] in lines and np.any(row.amount)
    ]
