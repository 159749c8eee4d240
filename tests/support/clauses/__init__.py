"""Every clause value by name: whether a deal has it, and the same deal with a neutral alternative instead.

A clause is a key of some maps of the deal's plain data (in the explicit form that `tests.support.generators` writes),
the values that count as the clause, and what stands there instead. `without` shows what a clause does: settle a plan
under both.
"""

from deal_solve.deal.clauses import registry as of_offers
from tests.support.clauses import offers, paths, risk_clauses, seats, usage, whole
from tests.support.clauses.registry import CLAUSES, DROP, add, apis, clauses_of, present, seat_parts, without
from tests.support.clauses.registry import offers as papers
from tests.support.clauses.risk_clauses import risk_of
from tests.support.clauses.seats import true_up_of

PARTS = {"api": apis, "seats": seat_parts, "offer": papers}
for _clause in of_offers.CLAUSES:  # one without values of its own above counts where it is stated at all
    if _clause.path[0] not in {known.key for known in CLAUSES.values()}:
        add(_clause.name, PARTS[_clause.part], _clause.path[0], present, DROP)

__all__ = [
    "CLAUSES",
    "clauses_of",
    "offers",
    "paths",
    "risk_clauses",
    "risk_of",
    "seats",
    "true_up_of",
    "usage",
    "whole",
    "without",
]
