"""Where blocks of futures are settled: in this process, in several, or on a Dask cluster."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from concurrent.futures import Executor


@contextmanager
def executor_of(jobs: int, cluster: str | None) -> Iterator[tuple[Executor | None, int]]:
    """Yield (executor, its workers); None means this process. What has not begun is dropped when the caller stops."""
    from deal_solve.errors import InputError, Problem

    if jobs > 1 and cluster:
        raise InputError(Problem("--cluster", "has its own workers; expected no --jobs beside it"))
    if cluster:
        with _dask(cluster) as found:
            yield found
    elif jobs > 1:
        with _processes(jobs) as pool:
            yield pool, jobs
    else:
        yield None, 1


@contextmanager
def _processes(jobs: int) -> Iterator[Executor]:
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor

    pool = ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn"), initializer=_leave_ctrl_c)
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


def _leave_ctrl_c() -> None:
    """Let Ctrl-C reach the first process only, which stops the others in order."""
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)


@contextmanager
def _dask(address: str) -> Iterator[tuple[Executor, int]]:
    from deal_solve.errors import InputError, Problem

    try:
        from distributed import Client
    except ModuleNotFoundError:
        raise InputError(Problem("--cluster", "needs Dask; expected pip install 'deal-solve[cluster]'")) from None
    try:
        client = Client(address, timeout="10s", set_as_default=False)
    except (OSError, ValueError) as error:
        message = f"no scheduler answers at {address!r} ({error}); expected one, as in tcp://host:8786"
        raise InputError(Problem("--cluster", message)) from None
    with client:
        yield client.get_executor(), sum(client.nthreads().values())
