"""Programs that are kept from one solve of a deal to the next one of the same deal: each is built once.

A program is handed out as it was built, without a cut, a value or a basis, so that a solve with it is the same to the
bit as one that builds it. One that is handed out is in no other search.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from deal_solve.formulation.build import Formulation
from deal_solve.formulation.clauses.api.rates import Agreement
from deal_solve.formulation.model.snapshot import Snapshot
from deal_solve.optimise.search.settings import SearchProblem
from deal_solve.optimise.solver.highs_session import close_session

MAX_SCENARIOS = 1024
"""Over more scenarios a program takes memory, and is built in little of the time that its solve takes."""


class Kept(NamedTuple):
    """A program as it was built for a problem."""

    problem: SearchProblem
    by_cuts: bool
    formulation: Formulation
    snapshot: Snapshot


@dataclass
class Programs:
    """Programs by agreement, those of the last deal alone."""

    _kept: dict[Agreement, Kept] = field(default_factory=dict)

    def take(self, problem: SearchProblem, by_cuts: bool, agreement: Agreement) -> Kept | None:
        """Return the program of an agreement, if it was built for this deal, and let go of it."""
        kept = self._kept.get(agreement)
        if kept is None or kept.by_cuts != by_cuts or not _is_same(kept.problem, problem):
            return None
        return self._kept.pop(agreement)

    def give(self, agreement: Agreement, kept: Kept) -> None:
        """Keep a program that no search uses any longer, as it was built."""
        if kept.problem.sums.size > MAX_SCENARIOS or kept.formulation.program.parts:
            return
        if any(other.problem.deal is not kept.problem.deal for other in self._kept.values()):
            self._kept.clear()
        close_session(kept.formulation.program)
        kept.snapshot.restore(kept.formulation.program)
        self._kept[agreement] = kept


def _is_same(one: SearchProblem, other: SearchProblem) -> bool:
    """Whether the program of an agreement is the same in two problems: bands are closed once it is built."""
    return (
        one.deal is other.deal
        and one.sums.requests is other.sums.requests
        and one.against.baseline is other.against.baseline
        and one.against.best is other.against.best
        and one.fixings == other.fixings
        and one.scope == other.scope
    )
