"""Where blocks of scenarios are settled and cells solved: in this process, in several, or on a Dask cluster."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import CancelledError, Executor, Future
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from distributed import Client


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
    from deal_solve.cli.support.interrupt import INTERRUPTS
    from deal_solve.cli.support.processes import Processes

    pool = Processes(jobs)
    try:
        yield pool
    except BaseException:  # who stops does not wait for what is under way
        INTERRUPTS.answered()
        pool.kill()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


@contextmanager
def _dask(address: str) -> Iterator[tuple[Executor, int]]:
    from deal_solve.optional import need

    need("distributed", "a cluster", "--cluster")
    from distributed import Client

    from deal_solve.errors import LimitReached

    _refuse_silent(address)
    for name in filter(lambda name: name.startswith("distributed"), list(logging.root.manager.loggerDict)):
        logging.getLogger(name).disabled = True  # what is lost is said once, below
    with Client(address, set_as_default=False) as client:
        try:
            yield ClusterExecutor(client), sum(client.nthreads().values())
        except CancelledError:  # nobody here cancels what is waited for
            raise LimitReached(f"--cluster: the scheduler at {address} was lost; nothing of it is under way") from None


class ClusterExecutor(Executor):
    """Submits to a Dask cluster and cancels what it can no longer hand over, for which `Client.get_executor` waits."""

    def __init__(self, client: Client) -> None:
        self.client = client

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Return the future of a call on the cluster."""
        there, here = self.client.submit(fn, *args, **kwargs), Future[Any]()
        here.add_done_callback(lambda _: there.cancel() if here.cancelled() else None)
        self.client.loop.add_callback(_hand_over, there, here)
        return here


async def _hand_over(there: Awaitable[Any], here: Future[Any]) -> None:
    from distributed.comm.core import CommClosedError

    try:
        result = await there
    except (CancelledError, CommClosedError):
        here.cancel()
        here.set_running_or_notify_cancel()  # wakes who waits
    except Exception as error:
        here.set_exception(error)
    else:
        if not here.cancelled():
            here.set_result(result)


def _refuse_silent(address: str) -> None:
    """Raise InputError where nobody listens: a client that finds nobody waits for long and then complains at length."""
    import socket
    from urllib.parse import urlsplit

    from deal_solve.errors import InputError, Problem

    try:
        index = urlsplit(address)
        if not index.hostname or not index.port:
            raise ValueError("no host and port")
        socket.create_connection((index.hostname, index.port), timeout=10).close()
    except (OSError, ValueError) as error:
        message = f"no scheduler answers at {address!r} ({error}); expected one, as in tcp://host:8786"
        raise InputError(Problem("--cluster", message)) from None
