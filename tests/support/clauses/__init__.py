"""Every clause value by name: whether a deal has it, and the same deal with a neutral alternative instead.

A clause is a key of some maps of the deal's plain data (in the explicit form that `tests.support.generators` writes),
the values that count as the clause, and what stands there instead. `without` shows what a clause does: settle a plan
under both.
"""

from tests.support.clauses import offers, paths, risk_clauses, seats, usage
from tests.support.clauses.registry import CLAUSES, clauses_of, without
from tests.support.clauses.risk_clauses import risk_of
from tests.support.clauses.seats import true_up_of

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
    "without",
]
