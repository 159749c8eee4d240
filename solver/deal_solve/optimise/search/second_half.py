"""Half of the agreements of a search, bounded in a second process while the first one bounds the others.

It has all programs as they were built, and hands back the cuts that it added and the last bases; then it bounds the
bands of its agreements, those first that are least likely to be solved. Without a second process, or where it is lost,
all of that is done in the first. An agreement that is solved goes on from its last basis in a session of its own,
wherever it was bounded, so that the answer has the same bits (formulation §8, "Many deals").
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from deal_solve.formulation.clauses.api.rates import Agreement
from deal_solve.formulation.model.program import AddedCuts
from deal_solve.optimise.search.agreement import Candidate
from deal_solve.optimise.second_process import LostError, SecondProcess, Send, second_process
from deal_solve.optimise.solver.highs_session import Basis, close_session, session_of
from deal_solve.optimise.solver.solvers import minimise


class Bounded(NamedTuple):
    """What bounding an agreement has left: its bound and outcome, the cuts of its program, and the last basis."""

    bound: float
    outcome: str
    cuts: AddedCuts
    basis: Basis | None


@dataclass
class SecondHalf:
    """Agreements that a second process bounds by `bound`, and then band by band by `of_bands`.

    `bases` are those of agreements that have been bounded and not been solved since.
    """

    candidates: Sequence[Candidate]
    bound: Callable[[Candidate], None]
    of_bands: Callable[[Candidate], list[float]]
    bases: dict[Agreement, Basis | None] = field(default_factory=dict, init=False)
    _process: SecondProcess | None = field(default=None, init=False)
    _by_band: dict[Agreement, list[float]] = field(default_factory=dict, init=False)
    _open: ExitStack = field(default_factory=ExitStack, init=False)

    def begin(self) -> None:
        """Begin the second process."""
        self._process = self._open.enter_context(second_process(self._work))

    def end(self) -> None:
        """End the second process, if there is one."""
        self._process = None
        self._open.close()

    @property
    def is_at_work(self) -> bool:
        """Whether there is a second process."""
        return self._process is not None

    def is_taken_over(self) -> bool:
        """Take over what bounding has left in the second process; whether it is there."""
        found: list[Bounded] | None = self._received()
        for candidate, bounded in zip(self.candidates, found or [], strict=found is not None):
            candidate.bound, candidate.outcome = bounded.bound, bounded.outcome
            candidate.formulation.program.take_cuts(bounded.cuts)
            self.bases[candidate.agreement] = bounded.basis
        return found is not None

    def note_bases(self) -> None:
        """Note the last bases of the agreements, which were bounded here."""
        for candidate in self.candidates:
            self.bases[candidate.agreement] = session_of(candidate.formulation.program).basis()

    def open_session(self, candidate: Candidate) -> None:
        """Open a new session for an agreement, where it is of this half and has none here, or not such a one."""
        basis = self.bases.pop(candidate.agreement, None)
        if basis is not None:
            formulation, program = candidate.formulation, candidate.formulation.program
            close_session(program)
            minimise(program, formulation.objective)
            session_of(program).begin_from(program, basis)

    def bounds_of_bands(self, candidate: Candidate) -> list[float] | None:
        """Return the bounds of the bands of an agreement that was not solved, if there is a second process for it."""
        while self.is_at_work and candidate.agreement in self.bases:
            if candidate.agreement in self._by_band:
                return self._by_band[candidate.agreement]
            found: dict[Agreement, list[float]] | None = self._received()
            if found is None:
                self.open_session(candidate)
            else:
                self._by_band |= found
        return None

    def _received(self) -> Any:
        """Return what the second process has sent, None if it is lost."""
        if self._process is not None:
            with suppress(LostError):
                return self._process.receive()
        return None

    def _work(self, send: Send) -> None:
        """Bound the agreements, then their bands, in the second process."""
        rows = [len(candidate.formulation.program.rows) for candidate in self.candidates]
        for candidate in self.candidates:
            self.bound(candidate)
        send([_bounded(candidate, count) for candidate, count in zip(self.candidates, rows, strict=True)])
        for candidate in sorted(self.candidates, key=lambda candidate: -candidate.bound):
            send({candidate.agreement: self.of_bands(candidate)})


def _bounded(candidate: Candidate, rows: int) -> Bounded:
    program = candidate.formulation.program
    return Bounded(candidate.bound, candidate.outcome, program.cuts_after(rows), session_of(program).basis())
