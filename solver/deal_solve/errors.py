"""Everything that can go wrong, each with the exit code of the command line."""

from __future__ import annotations

from dataclasses import dataclass

MAX_PROBLEMS = 1000
"""Problems of one kind that are named; nobody reads more, and a name that was meant is looked for at each."""


class DealSolveError(Exception):
    """Base of all errors raised on purpose; `exit_code` is what the command line returns."""

    exit_code = 1


class InternalError(DealSolveError):
    """The program contradicts itself (optimiser and settlement disagree, a solver answer that cannot be)."""


class Disagreement(InternalError):
    """Optimiser and settlement do not agree on what a plan costs."""


@dataclass(frozen=True)
class Problem:
    """One thing wrong with an input: where it stands, what is wrong and what was expected."""

    path: str
    message: str
    file: str = ""
    line: int | None = None

    def __str__(self) -> str:
        line = f"line {self.line}" if self.line and not self.file else str(self.line or "")
        return ": ".join(part for part in (":".join(filter(None, (self.file, line))), self.path, self.message) if part)


class InputError(DealSolveError):
    """A deal file, proposal or option that cannot be used; carries every problem found, in file order."""

    exit_code = 2

    def __init__(self, problems: list[Problem] | Problem | str) -> None:
        if isinstance(problems, str):
            problems = Problem("", problems)
        self.problems = [problems] if isinstance(problems, Problem) else list(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class Infeasible(DealSolveError):
    """No plan meets all limits and rules of the deal."""

    exit_code = 3


class Cancelled(DealSolveError):
    """The caller said to stop: a progress callback, or who else may."""

    exit_code = 130


class LimitReached(DealSolveError):
    """A time limit, or the end of the memory, stopped the search before any plan was found."""

    exit_code = 5
