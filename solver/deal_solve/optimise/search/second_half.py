"""Agreements that a second process bounds beside the first one: half of them, and then the bands of all that are left.

It has all programs as they were built. Of the agreements it hands back the cuts that it added and the last bases, of
the bands their bounds, those first whose agreements are least likely to be solved. Without a second process, or where
it is lost, all of that is done in the first. An agreement of the second half goes on from its last basis in a session
of its own, wherever it was bounded, so that the answer has the same bits (formulation §8, "Many deals").
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import field
from functools import partial
from typing import NamedTuple

from deal_solve.dataclass import dataclass
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
    """The agreements that a second process bounds; `bases` are those of the ones that have no session here since."""

    candidates: Sequence[Candidate]
    bound: Callable[[Candidate], None]
    bases: dict[Agreement, Basis | None] = field(default_factory=dict, init=False)

    def bound_beside(self, others: Sequence[Candidate]) -> bool:
        """Bound them in a second process, and the others here; whether the second process has handed over its own."""
        with second_process(self._work) as process:
            for candidate in others:
                self.bound(candidate)
            with suppress(LostError):
                self._take_over(process.receive())
                return True
        return False

    def note_bases(self) -> None:
        """Note the last bases of the agreements, which were bounded here."""
        for candidate in self.candidates:
            self.bases[candidate.agreement] = session_of(candidate.formulation.program).basis()

    def open_session(self, candidate: Candidate) -> None:
        """Open a new session for an agreement of this half, before anything else is solved of it."""
        basis = self.bases.pop(candidate.agreement, None)
        if basis is not None:
            formulation, program = candidate.formulation, candidate.formulation.program
            close_session(program)
            minimise(program, formulation.objective)
            session_of(program).begin_from(program, basis)

    def _work(self, send: Send) -> None:
        rows = [len(candidate.formulation.program.rows) for candidate in self.candidates]
        for candidate in self.candidates:
            self.bound(candidate)
        send([_bounded(candidate, count) for candidate, count in zip(self.candidates, rows, strict=True)])

    def _take_over(self, found: list[Bounded]) -> None:
        for candidate, bounded in zip(self.candidates, found, strict=True):
            candidate.bound, candidate.outcome = bounded.bound, bounded.outcome
            candidate.formulation.program.take_cuts(bounded.cuts)
            self.bases[candidate.agreement] = bounded.basis


@dataclass
class BandsBeside:
    """Bounds of bands, by agreement, that a second process finds and a search asks for."""

    _process: SecondProcess | None = field(default=None, init=False)
    _found: dict[Agreement, list[float]] = field(default_factory=dict, init=False)
    _open: ExitStack = field(default_factory=ExitStack, init=False)

    def begin(self, bounds_of: Callable[[Candidate], list[float]], candidates: Sequence[Candidate]) -> None:
        """Begin with some agreements, in the order in which they are likely to be asked for."""
        self._process = self._open.enter_context(second_process(partial(self._work, bounds_of, candidates)))

    @property
    def is_at_work(self) -> bool:
        """Whether there is a second process."""
        return self._process is not None

    def end(self) -> None:
        """End the second process, if there is one."""
        self._process = None
        self._open.close()

    def keep(self, candidate: Candidate, bounds: list[float]) -> None:
        """Keep the bounds of an agreement that were found here."""
        self._found[candidate.agreement] = bounds

    def of(self, candidate: Candidate) -> list[float] | None:
        """Return the bounds of an agreement as soon as they are there; None where no process finds them."""
        while self._process is not None and candidate.agreement not in self._found:
            try:
                self._hear(self._process)
            except LostError:
                self.end()
        return self._found.get(candidate.agreement)

    def _hear(self, process: SecondProcess) -> None:
        agreement, bounds = process.receive()
        self._found.setdefault(agreement, bounds)

    @staticmethod
    def _work(bounds_of: Callable[[Candidate], list[float]], candidates: Sequence[Candidate], send: Send) -> None:
        for candidate in candidates:
            send((candidate.agreement, bounds_of(candidate)))


def _bounded(candidate: Candidate, rows: int) -> Bounded:
    program = candidate.formulation.program
    return Bounded(candidate.bound, candidate.outcome, program.cuts_after(rows), session_of(program).basis())
