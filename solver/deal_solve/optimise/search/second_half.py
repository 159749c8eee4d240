"""Agreements that a second process bounds beside the first one: half of them, and then the bands of all.

It has all programs as they were built. Of the agreements it hands back the cuts that it added and the last bases, of
the bands their bounds; of these the first process finds those that are left when it has nothing else to do. Without a
second process, or where it is lost, all of that is done in the first. An agreement of the second half goes on from its
last basis in a session of its own, and bands are bounded from what bounding has left (`AsBounded`), wherever that is
done, so that the answer has the same bits (formulation §8, "Many deals").
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from typing import NamedTuple, TypeAlias

from deal_solve.formulation.clauses.api.rates import Agreement
from deal_solve.formulation.model.program import AddedCuts
from deal_solve.optimise.search.agreement import Candidate
from deal_solve.optimise.second_process import LostError, SecondProcess, Send, second_process
from deal_solve.optimise.solver.highs_session import Basis, close_session, session_of
from deal_solve.optimise.solver.solvers import Bounds, minimise, restore

BoundsOf: TypeAlias = Callable[[Candidate], list[float]]
"""From an agreement to what bounds each of its bands."""


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

    def basis(self, candidate: Candidate) -> Basis | None:
        """Return the last basis of any agreement, wherever it was bounded."""
        if candidate.agreement in self.bases:
            return self.bases[candidate.agreement]
        return session_of(candidate.formulation.program).basis()

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


@dataclass(frozen=True)
class AsBounded:
    """An agreement as bounding has left it: a candidate with a program of its own, whose variables have these `bounds`,
    and the last basis. Nothing that is solved of the agreement afterwards changes what is solved of this one.
    """

    candidate: Candidate
    bounds: Bounds
    basis: Basis | None

    @classmethod
    def of(cls, candidate: Candidate, basis: Basis | None) -> AsBounded:
        """Return an agreement as it is now."""
        formulation = replace(candidate.formulation, program=candidate.formulation.program.apart())
        own = replace(candidate, build=lambda: formulation)
        return cls(own, [(v, v.lowBound, v.upBound) for v in formulation.program.variables], basis)

    @contextmanager
    def opened(self) -> Iterator[Candidate]:
        """Yield the candidate at the last basis; the variables then have the bounds and values that they had before."""
        program = self.candidate.formulation.program
        before: Bounds = [(v, v.lowBound, v.upBound) for v in program.variables]
        values = [(v.varValue, v.dj) for v in program.variables]
        restore(self.bounds)
        minimise(program, self.candidate.formulation.objective)
        if self.basis is not None:
            session_of(program).begin_from(program, self.basis)
        try:
            yield self.candidate
        finally:
            close_session(program)
            restore(before)
            for variable, (value, reduced) in zip(program.variables, values, strict=True):
                variable.varValue, variable.dj = value, reduced


@dataclass
class BandsBeside:
    """Bounds of bands, by agreement: a second process finds them in order, and the first one from the end."""

    _process: SecondProcess | None = field(default=None, init=False)
    _found: dict[Agreement, list[float]] = field(default_factory=dict, init=False)
    _open: ExitStack = field(default_factory=ExitStack, init=False)

    def begin(self, bounds_of: BoundsOf, candidates: Sequence[Candidate]) -> None:
        """Begin a second process."""
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

    def all_bounds(self, bounds_of: BoundsOf, candidates: Sequence[Candidate]) -> dict[Agreement, list[float]]:
        """Return the bounds of all agreements: what the second process has not begun yet is found here."""
        while left := [candidate for candidate in candidates if candidate.agreement not in self._found]:
            if self._process is not None and (len(left) == 1 or self._process.has_sent()):
                self._hear(self._process)
            else:
                self.keep(left[-1], bounds_of(left[-1]))
        self.end()
        return self._found

    def _hear(self, process: SecondProcess) -> None:
        try:
            agreement, bounds = process.receive()
        except LostError:
            self.end()
        else:
            self._found.setdefault(agreement, bounds)

    @staticmethod
    def _work(bounds_of: BoundsOf, candidates: Sequence[Candidate], send: Send) -> None:
        for candidate in candidates:
            send((candidate.agreement, bounds_of(candidate)))


def _bounded(candidate: Candidate, rows: int) -> Bounded:
    program = candidate.formulation.program
    return Bounded(candidate.bound, candidate.outcome, program.cuts_after(rows), session_of(program).basis())
