"""Programs that are kept from one solve of a deal to the next one of the same deal: each is built once.

A program is handed out as it was built, without a value or a basis, but with the cuts that were binding in the first
search that used it: they hold for every plan. So it is the same for whoever asks, whatever was asked before. One that
is handed out is in no other search.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from deal_solve.formulation.build import Formulation
from deal_solve.formulation.clauses.api.rates import Agreement
from deal_solve.formulation.model.snapshot import Snapshot
from deal_solve.optimise.search.settings import SearchProblem
from deal_solve.optimise.solver.highs_session import close_session
from deal_solve.uncertainty.scenario_set import Array


class Kept(NamedTuple):
    """A program that was built for a problem, and what it was like then, or after its first search (`is_cut`)."""

    problem: SearchProblem
    by_cuts: bool
    formulation: Formulation
    snapshot: Snapshot
    is_cut: bool = False


@dataclass
class Programs:
    """Programs by the number of scenarios and agreement, those of the last deal alone."""

    _kept: dict[tuple[int, Agreement], Kept] = field(default_factory=dict)

    def take(self, problem: SearchProblem, by_cuts: bool, agreement: Agreement) -> Kept | None:
        """Return the program of an agreement, if it was built for this deal, and let go of it."""
        key = problem.sums.size, agreement
        kept = self._kept.get(key)
        if kept is None or kept.by_cuts != by_cuts or not _is_same(kept.problem, problem):
            return None
        kept.snapshot.restore(kept.formulation.program)
        return self._kept.pop(key)

    def copy(self) -> Programs:
        """Return the same programs for other searches, before or after which those of this one are."""
        return Programs(dict(self._kept))

    def give(self, agreement: Agreement, kept: Kept) -> None:
        """Keep a program that no search uses any longer."""
        size, program = kept.problem.sums.size, kept.formulation.program
        if program.parts:
            return
        if any(other.problem.deal is not kept.problem.deal for other in self._kept.values()):
            self._kept.clear()
        close_session(program)
        if not kept.is_cut:
            kept.snapshot.restore(program, with_cuts=True)
            kept = kept._replace(snapshot=Snapshot(program), is_cut=True)
        self._kept[size, agreement] = kept


def _is_same(one: SearchProblem, other: SearchProblem) -> bool:
    """Whether the program of an agreement is the same in two problems: bands are closed once it is built."""
    return (
        one.deal is other.deal
        and _is_same_array(one.sums.requests, other.sums.requests)
        and _is_same_array(one.against.baseline, other.against.baseline)
        and _is_same_array(one.against.best, other.against.best)
        and one.fixings == other.fixings
        and one.scope == other.scope
    )


def _is_same_array(one: Array | None, other: Array | None) -> bool:
    """Whether two arrays are the same numbers in one place: subsamples are cut from a set anew for every solve."""
    if one is None or other is None:
        return one is other
    return (one.shape, one.strides) == (other.shape, other.strides) and one.ctypes.data == other.ctypes.data
