"""Work that can be stopped from outside: what may stop it is asked every few milliseconds, wherever time is spent."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from functools import partial
from typing import Any, TypeVar

from deal_solve.errors import Cancelled

Result = TypeVar("Result")
Check = Callable[[], None]
"""Returns where work may go on, and raises where it may not."""

_CHECKS: ContextVar[tuple[Check, ...]] = ContextVar("checks", default=())


@contextmanager
def cancellable(cancelled: Callable[[], bool]) -> Iterator[None]:
    """Stop what runs inside, whatever it is, within a second of `cancelled` returning true: it raises Cancelled.

    `cancelled` is called often, in the thread that works, such as `threading.Event().is_set`. Work that was handed to
    other processes is given up, not ended.
    """
    with checked(partial(_refuse_cancelled, cancelled)):
        yield


@contextmanager
def checked(check: Check) -> Iterator[None]:
    """Call `check` at every checkpoint inside; what it raises ends the work."""
    before = _CHECKS.set((*_CHECKS.get(), check))
    try:
        yield
    finally:
        _CHECKS.reset(before)


def checkpoint() -> None:
    """Raise what stops the work, if anything does."""
    for check in _CHECKS.get():
        check()


def may_stop() -> bool:
    """Whether anything may stop the work at hand."""
    return bool(_CHECKS.get())


def carried(work: Callable[..., Result]) -> Callable[..., Result]:
    """Return the same work for other threads, which stops as this one does."""
    here = copy_context()

    def run(*given: Any) -> Result:
        return here.copy().run(_begun, work, *given)

    return run


def _begun(work: Callable[..., Result], *given: Any) -> Result:
    checkpoint()
    return work(*given)


def _refuse_cancelled(cancelled: Callable[[], bool]) -> None:
    if cancelled():
        raise Cancelled("cancelled")
