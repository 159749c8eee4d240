"""A second process that works beside this one: a fork, which has every module and every sum already.

What it finds it sends as soon as it has it. It is ended with the block that began it, and with this process; Ctrl-C
does not reach it. A lock that another thread holds at that moment would never be free in it: it does not begin while
another thread works here, and one that has come to a standstill is given up.
"""

from __future__ import annotations

import ctypes
import gc
import multiprocessing
import os
import pickle
import signal
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from io import BytesIO
from multiprocessing.connection import Connection
from pathlib import Path
from types import FrameType
from typing import Any, TypeAlias

from deal_solve.stopping import checkpoint

Send: TypeAlias = Callable[[Any], None]
"""Sends to the first process what can be pickled."""

PACKAGE = __name__.partition(".")[0]
END_WITH_PARENT = 1
"""Linux: which signal a process gets when the one that made it is gone."""
TICK = 0.2
"""Seconds between two looks at whether to stop, while the other process works."""


STANDSTILL_SECONDS = 10.0
"""A process that has used no processor time for so long, and has sent nothing, waits for what never comes."""


class LostError(Exception):
    """The second process has ended, and has sent no more."""


_IS_BESIDE: ContextVar[bool] = ContextVar("is_beside", default=False)


def can_fork() -> bool:
    """Whether there is a core for a second process: none is at work yet, and this one was not made for a share."""
    is_alone = not _IS_BESIDE.get() and multiprocessing.parent_process() is None
    return sys.platform == "linux" and is_alone and len(os.sched_getaffinity(0)) > 1 and _others_are_idle()


def _others_are_idle() -> bool:
    """Whether no other thread works here; that of a command only waits."""
    frames = sys._current_frames()
    del frames[threading.get_ident()]  # a frame that knows itself keeps all that its callers hold
    for frame in frames.values():
        at: FrameType | None = frame
        while at is not None:
            module = at.f_globals.get("__name__", "")
            if module.startswith(f"{PACKAGE}.") and not module.startswith(f"{PACKAGE}.cli."):
                return False
            at = at.f_back
    return True


@dataclass
class SecondProcess:
    """A second process at work. `kept` are objects that both have, and that are not sent."""

    process: Any
    receiver: Connection
    kept: tuple[Any, ...]
    _used: str = ""
    _used_at: float = 0.0

    def has_sent(self, seconds: float = 0.0) -> bool:
        """Whether there is something to receive, or will be within some seconds; an end is received, too."""
        checkpoint()
        if self.receiver.poll(seconds):
            return True
        used, now = self._processor_time(), time.monotonic()
        if used != self._used:
            self._used, self._used_at = used, now
        elif now - self._used_at > STANDSTILL_SECONDS:
            self.process.kill()
        return False

    def _processor_time(self) -> str:
        """Return what it has used in user and system mode, clock ticks."""
        with suppress(OSError):
            return " ".join(Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()[11:13])
        return ""

    def receive(self) -> Any:
        """Return what it has sent next, as soon as that is there; raises LostError if it has ended before."""
        while not self.has_sent(TICK):
            pass
        try:
            return _Unpickler(BytesIO(self.receiver.recv_bytes()), self.kept).load()
        except (EOFError, OSError, pickle.UnpicklingError) as error:
            raise LostError from error


@contextmanager
def second_process(work: Callable[[Send], None], kept: tuple[Any, ...] = ()) -> Iterator[SecondProcess]:
    """Yield a process that works; it is ended with the block. What `work` raises ends it without a word."""
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_work, args=(work, kept, receiver, sender), daemon=True)
    before = _IS_BESIDE.set(True)
    try:
        with _alone(), suppress(OSError):  # where no more processes may be, it is lost
            if _others_are_idle():
                process.start()
        sender.close()
        yield SecondProcess(process, receiver, kept)
    finally:
        if process.pid is not None:
            process.kill()
            process.join()
        receiver.close()
        _IS_BESIDE.reset(before)


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


def _work(work: Callable[[Send], None], kept: tuple[Any, ...], receiver: Connection, sender: Connection) -> None:
    gc.freeze()  # a look for garbage would copy the pages that are shared
    ctypes.CDLL(None).prctl(END_WITH_PARENT, signal.SIGKILL)
    receiver.close()

    def send(what: Any) -> None:
        buffer = BytesIO()
        _Pickler(buffer, kept).dump(what)
        sender.send_bytes(buffer.getvalue())

    with suppress(Exception):
        work(send)


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
