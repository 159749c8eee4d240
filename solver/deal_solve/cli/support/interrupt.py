"""Ctrl-C is answered at once, also while a solver holds the processor, and is never lost."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import copy_context
from types import FrameType, TracebackType
from typing import TypeVar

from deal_solve.cli.support import collector

T = TypeVar("T")

REMINDER_SECONDS = 0.5
"""An interrupt that nobody has answered is raised again after this: some modules swallow one while they are loaded."""


class Interrupts:
    """The interrupts (SIGINT) of one run of the command line, each a KeyboardInterrupt until it is answered."""

    def __init__(self) -> None:
        self.is_pending = False
        self._is_held = False

    def answered(self) -> None:
        """Say that the interrupt was seen: what follows is an orderly end, which only another one cuts short."""
        self.is_pending = False
        _remind_after(0.0)

    def _come(self, _number: int, _frame: FrameType | None) -> None:
        self.is_pending = True
        _remind_after(REMINDER_SECONDS)
        self._raise_pending()

    def _remind(self, _number: int, _frame: FrameType | None) -> None:
        self._raise_pending()

    def _raise_pending(self) -> None:
        if self.is_pending and not self._is_held:
            raise KeyboardInterrupt

    @contextmanager
    def held(self) -> Iterator[None]:
        """Cut nothing inside in two: an interrupt that comes meanwhile is raised at the end."""
        self._is_held = True
        try:
            yield
        finally:
            self._is_held = False
        self._raise_pending()

    @contextmanager
    def heeded(self) -> Iterator[None]:
        """Take interrupts inside, where they are taken at all: what runs in the background may ignore them."""
        is_first = threading.current_thread() is threading.main_thread()
        if not is_first or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
            yield
            return
        signal.signal(signal.SIGINT, self._come)
        before = signal.signal(signal.SIGALRM, self._remind) if hasattr(signal, "setitimer") else None
        try:
            with _without_traceback():
                yield
        finally:
            self.answered()
            signal.signal(signal.SIGINT, signal.default_int_handler)
            if before is not None:
                signal.signal(signal.SIGALRM, before)


INTERRUPTS = Interrupts()
"""Those of this process: signals have one handler."""


def _remind_after(seconds: float) -> None:
    if hasattr(signal, "setitimer"):  # not on Windows
        signal.setitimer(signal.ITIMER_REAL, seconds, seconds)


@contextmanager
def _without_traceback() -> Iterator[None]:
    """Print nothing of an interrupt that compiled code reports and swallows, as some of SciPy does: it comes again."""
    shown, ignored = sys.excepthook, sys.unraisablehook

    def show(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if not issubclass(kind, KeyboardInterrupt):
            shown(kind, error, trace)

    def ignore(found: sys.UnraisableHookArgs) -> None:
        if not issubclass(found.exc_type, KeyboardInterrupt):
            ignored(found)

    sys.excepthook, sys.unraisablehook = show, ignore
    try:
        yield
    finally:
        sys.excepthook, sys.unraisablehook = shown, ignored


def interruptible(work: Callable[[], T]) -> T:
    """Run `work` in a second thread and wait for it in the first, which signals reach."""
    collector.work()
    results: list[T] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            results.append(work())
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=copy_context().run, args=(run,), name="solve", daemon=True)
    thread.start()
    while thread.is_alive():
        thread.join(0.2)
    if errors:
        raise errors[0]
    return results[0]
