"""Every clause of an offer.

Whatever has to go through the clauses of an offer reads this table: the concession list (`analysis/clauses`), the steps
of a negotiable number (`analysis/sensitivity`), standard offers (`analysis/levers`), clauses that cannot matter
(`analysis/check`), the table of docs/guides/clauses.md and the generated tests.
"""

from __future__ import annotations

from deal_solve.deal.clauses.api import API
from deal_solve.deal.clauses.clause import Clause
from deal_solve.deal.clauses.offer import OFFER
from deal_solve.deal.clauses.seats import SEATS

CLAUSES: tuple[Clause, ...] = (*API, *SEATS, *OFFER)
"""Every clause, in the order in which they are printed."""
