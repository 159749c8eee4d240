"""Questions about similar deals, answered in two runs: in two processes side by side, or one after the other.

Each run begins with what the cache holds and keeps what it learns to itself, so that an answer depends on the questions
before it in its run alone: it has the same bits in one process as in two. The second process is a fork, which has every
module and every sum already. Where it is lost, for whatever reason, its run is answered here. Where the time limit of
all questions together has passed, those that are left have no answer.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, TypeAlias, TypeVar

from deal_solve.errors import Cancelled, LimitReached
from deal_solve.optimise.options import SolveOptions
from deal_solve.optimise.second_process import TICK, LostError, SecondProcess, Send, can_fork, second_process
from deal_solve.optimise.solution import Solution
from deal_solve.optimise.solver.progress import Progress

Answer = TypeVar("Answer")
Ask: TypeAlias = Callable[[SolveOptions], Answer]
"""A question: it solves with the options that it is given, one deal or more, and returns what can be pickled."""

RUNS = 2
WORTH_SECONDS = 0.3
"""Work that takes less than this is not worth a process: a fork takes some hundredths of a second."""
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
        with second_process(partial(_answer, second, apart), (base.settlement.scenarios,)) as process:
            other = _Other(second, apart, process)
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
    is_few = base.settlement.scenarios.block_count == 1  # of many, each solve takes all cores and much memory
    return 2 if can_fork() and is_few and seconds > WORTH_SECONDS else 1


@dataclass
class _Other:
    """The second process with its questions, and the answers that it has given."""

    questions: Sequence[Ask[Any]]
    options: SolveOptions
    process: SecondProcess
    is_lost: bool = False
    found: list[Any] = field(default_factory=list)

    def heard(self, answer: Answer) -> Answer:
        """Return an answer of this process, after what the other one has said meanwhile is passed on."""
        while not self.is_lost and self.process.has_sent():
            self._hear()
        return answer

    def answers(self) -> list[Any]:
        """Return its answers; where it was lost, those given here; None for what it has not given in time."""
        while not self.is_lost and self._is_due():
            if self.process.has_sent(TICK):
                self._hear()
        missing = len(self.questions) - len(self.found)
        if missing and self.is_lost and not self.options.is_over:
            return [_asked(ask, self.options) for ask in self.questions]
        return [*self.found, *[None] * missing]

    def _is_due(self) -> bool:
        """Whether an answer is missing that may still come."""
        until = self.options.until
        return len(self.found) < len(self.questions) and (until is None or time.monotonic() < until + GRACE)

    def _hear(self) -> None:
        """Take one message: how far it is, or its next answer."""
        try:
            message = self.process.receive()
        except LostError:
            self.is_lost = True
            return
        if not isinstance(message, Progress):
            self.found += message
        elif self.options.progress is not None and self.options.progress(message) is False:
            raise Cancelled(f"the solve was cancelled before {message.phase}")


def _answer(questions: Sequence[Ask[Any]], options: SolveOptions, send: Send) -> None:
    """Answer questions in the second process; nothing is said where one raises, so that it is asked again."""
    reporting = options if options.progress is None else replace(options, progress=send)
    for ask in questions:
        send([_asked(ask, reporting)])
