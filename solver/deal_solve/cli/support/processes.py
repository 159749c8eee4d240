"""Processes that share work: one that is lost is replaced, and none outlives the first one."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import Any, cast

from deal_solve.cli.support.interrupt import INTERRUPTS


class Processes(Executor):
    """A pool of processes; a lost one breaks what is under way, and new work begins in a new pool."""

    def __init__(self, jobs: int) -> None:
        self.jobs = jobs
        with INTERRUPTS.held():
            self._pool = self._made()

    def _made(self) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(self.jobs, multiprocessing.get_context("spawn"), initializer=_begin)

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Hand out a call; a process that begins for it is not begun by halves."""
        with INTERRUPTS.held(), _blocked_in_children():
            try:
                return self._pool.submit(fn, *args, **kwargs)
            except BrokenProcessPool:
                self._pool.shutdown(wait=False)
                self._pool = self._made()
                return self._pool.submit(fn, *args, **kwargs)

    def kill(self) -> None:
        """End the processes at once.

        One that ends while it writes a result leaves half of it; the pool would wait for the rest for ever, as this
        process could still write it. So this end is closed. Python 3.11 also stumbles over cancelled calls among those
        that break, so that each is given up for a future that nobody sees.
        """
        pool = cast(Any, self._pool)
        for call in list(pool._pending_work_items.values()):
            if call.future.cancelled():
                call.future = Future()
        for process in list((pool._processes or {}).values()):
            process.kill()
            process.join()
        pool._result_queue._writer.close()

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the processes."""
        self._pool.shutdown(wait, cancel_futures=cancel_futures)


@contextmanager
def _blocked_in_children() -> Iterator[None]:
    """Keep Ctrl-C from processes that begin inside, from their first instruction on: what is blocked is inherited."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _begin() -> None:
    """Let Ctrl-C reach the first process only, which stops the others in order; end when it is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent:
        parent.join()
        os._exit(1)
