"""List billed monthly: no contracted seats, the users of each month are charged in advance (model §5)."""

from __future__ import annotations

import numpy as np

from deal_solve.settlement.ledger import Ledger, Row
from deal_solve.settlement.seats import SeatContract
from deal_solve.uncertainty.scenario_set import Array


def post_users(ledger: Ledger, contract: SeatContract, count: Array, taken: tuple[bool, ...]) -> None:
    """Post users · monthly list price · index of the month, at the start of each month; at least the minimum of users.

    `count` is A, (H, S); `taken[y]` whether a cohort takes the type in contract year y: only then the minimum binds.
    """
    minimum = contract.seat.part.minimum or 0
    for t, users in enumerate(count):
        charged = np.maximum(users, minimum * taken[t // 12])
        amount = charged * (contract.seat.usd * contract.month_index[t])
        ledger.post(Row("seats", contract.seat_type, charged, amount, paid=t, first=t, last=t))
