"""Questions about similar deals, answered in two runs: in two processes side by side, or one after the other.

Each run begins with what the cache holds and keeps what it learns to itself, so that an answer depends on the questions
before it in its run alone: it has the same bits in one process as in two. The second process is a fork, which has every
module and every sum already. Where it is lost, for whatever reason, its run is answered here. Where the time limit of
all questions together has passed, those that are left have no answer.
"""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import pickle
import signal
import sys
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from io import BytesIO
from multiprocessing.connection import Connection
from typing import Any, TypeAlias, TypeVar

from deal_solve.errors import Cancelled, LimitReached
from deal_solve.optimise.options import SolveOptions
from deal_solve.optimise.solution import Solution
from deal_solve.optimise.solver.progress import Progress
from deal_solve.stopping import checkpoint

Answer = TypeVar("Answer")
Ask: TypeAlias = Callable[[SolveOptions], Answer]
"""A question: it solves with the options that it is given, one deal or more, and returns what can be pickled."""

RUNS = 2
WORTH_SECONDS = 0.3
"""Work that takes less than this is not worth a process: a fork takes some hundredths of a second."""
END_WITH_PARENT = 1
"""Linux: which signal a process gets when the one that made it is gone."""
TICK = 0.2
"""Seconds between two looks at whether to stop, while the other process works."""
GRACE = 1.0
"""Seconds after the time limit in which the other process may still hand over what it was about to."""


def answers(
    questions: Sequence[Ask[Answer]], options: SolveOptions, base: Solution, processes: int = 0
) -> list[Answer | None]:
    """Return the answer of every question, in their order; `base` is the solution of a similar deal.

    None stands for a question that the time limit of the options did not reach, or stopped without a plan.

    `processes` is 1 or 2; 0 is 2 where there are two cores, the scenarios are few, and the work is worth it. What the
    first run learns stays in the cache of the options. Raises what a question raises, those of the first run first.
    """
    first, second = (list(questions[start::RUNS]) for start in range(RUNS))
    apart = options if options.cache is None else replace(options, cache=options.cache.copy())
    seconds = (base.build_seconds + base.solve_seconds) * len(questions)
    if (processes or _worth(seconds, base)) == 1 or not second:
        found = [_asked(ask, options) for ask in first], [_asked(ask, apart) for ask in second]
    else:
        with _forked(second, apart, (base.settlement.scenarios,)) as other:
            found = [other.heard(_asked(ask, options)) for ask in first], other.answers()
    return [found[number % RUNS][number // RUNS] for number in range(len(questions))]


def _asked(ask: Ask[Answer], options: SolveOptions) -> Answer | None:
    """Return an answer; None where the time limit has passed, or passes before there is a plan."""
    if options.is_over:
        return None
    try:
        return ask(options)
    except LimitReached:
        return None


def _worth(seconds: float, base: Solution) -> int:
    """Return how many processes so many seconds of work are worth."""
    can_fork = sys.platform == "linux" and not multiprocessing.current_process().daemon
    is_few = base.settlement.scenarios.block_count == 1  # of many, each solve takes all cores and much memory
    is_worth = can_fork and is_few and seconds > WORTH_SECONDS and len(os.sched_getaffinity(0)) > 1
    return 2 if is_worth else 1


@dataclass
class _Other:
    """The second process, and what it has said."""

    questions: Sequence[Ask[Any]]
    options: SolveOptions
    kept: tuple[Any, ...]
    process: Any
    receiver: Connection
    found: list[Any] = field(default_factory=list)

    def heard(self, answer: Answer) -> Answer:
        """Return an answer of this process, after what the other one has said meanwhile is passed on."""
        while self.process is not None and self.receiver.poll():
            self._hear()
        return answer

    def answers(self) -> list[Any]:
        """Return its answers; where it was lost, those given here; None for what it has not given in time."""
        while self.process is not None and self._is_due():
            checkpoint()
            if self.receiver.poll(TICK):
                self._hear()
        missing = len(self.questions) - len(self.found)
        if missing and self.process is None and not self.options.is_over:
            return [_asked(ask, self.options) for ask in self.questions]
        return [*self.found, *[None] * missing]

    def _is_due(self) -> bool:
        """Whether an answer is missing that may still come."""
        until = self.options.until
        return len(self.found) < len(self.questions) and (until is None or time.monotonic() < until + GRACE)

    def _hear(self) -> None:
        """Take one message: how far it is, or its next answer; a pipe that ends says that it was lost."""
        try:
            message = _Unpickler(BytesIO(self.receiver.recv_bytes()), self.kept).load()
        except (EOFError, OSError, pickle.UnpicklingError):
            self.process = None
            return
        if not isinstance(message, Progress):
            self.found += message
        elif self.options.progress is not None and self.options.progress(message) is False:
            raise Cancelled(f"the solve was cancelled before {message.phase}")


@contextmanager
def _forked(questions: Sequence[Ask[Any]], options: SolveOptions, kept: tuple[Any, ...]) -> Iterator[_Other]:
    """Yield a process that answers questions; it is ended with the block. `kept` are objects that both have."""
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_answer, args=(questions, options, kept, receiver, sender), daemon=True)
    try:
        with _alone():
            process.start()
        sender.close()
        yield _Other(questions, options, kept, process, receiver)
    finally:
        if process.pid is not None:
            process.kill()
            process.join()
        receiver.close()


@contextmanager
def _alone() -> Iterator[None]:
    """Keep Ctrl-C from the process that begins inside, which this one ends; no solver has threads at that moment."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # the thread that waits for this one holds no lock
            yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _answer(
    questions: Sequence[Ask[Any]],
    options: SolveOptions,
    kept: tuple[Any, ...],
    receiver: Connection,
    sender: Connection,
) -> None:
    """Answer questions in the second process; nothing is said where one raises, so that it is asked again."""
    ctypes.CDLL(None).prctl(END_WITH_PARENT, signal.SIGKILL)
    receiver.close()

    def send(what: Any) -> None:
        if isinstance(what, Progress) and options.progress is None:
            return
        buffer = BytesIO()
        _Pickler(buffer, kept).dump(what)
        sender.send_bytes(buffer.getvalue())

    with suppress(Exception):
        for ask in questions:
            send([_asked(ask, replace(options, progress=send))])


class _Pickler(pickle.Pickler):
    """Writes objects that both processes have as their number."""

    def __init__(self, file: BytesIO, kept: tuple[Any, ...]) -> None:
        super().__init__(file)
        self.numbers = {id(each): number for number, each in enumerate(kept)}

    def persistent_id(self, each: Any) -> int | None:
        return self.numbers.get(id(each))


class _Unpickler(pickle.Unpickler):
    """Reads what `_Pickler` wrote."""

    def __init__(self, file: BytesIO, kept: tuple[Any, ...]) -> None:
        super().__init__(file)
        self.kept = kept

    def persistent_load(self, number: int) -> Any:
        return self.kept[number]
