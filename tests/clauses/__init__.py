"""Every clause value by name: whether a deal has it, and the same deal with a neutral alternative instead.

A clause is a key of some maps of the deal's plain data (in the explicit form that `tests.generated` writes), the values
that count as the clause, and what stands there instead. `without` shows what a clause does: settle a plan under both.
"""

from tests.clauses import papers, paths, seats, usage, worries
from tests.clauses.registry import CLAUSES, clauses_of, without
from tests.clauses.seats import true_up_of
from tests.clauses.worries import risk_of

__all__ = ["CLAUSES", "clauses_of", "papers", "paths", "risk_of", "seats", "true_up_of", "usage", "without", "worries"]
