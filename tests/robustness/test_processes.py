"""A pool of processes that is ended in the middle of its work."""

import signal
import sys
import threading
import time

import pytest

from deal_solve.cli.support.processes import Processes


def test_a_process_that_is_killed_while_it_writes_its_result_keeps_nobody_waiting():
    """256 MB do not fit the pipe, so the process is still writing when it is killed."""
    pool = Processes(1)
    pool.submit(bytes, 1 << 28)
    written = pool._pool._result_queue._reader
    while not written.poll(0.001):
        pass
    pool.kill()
    ending = threading.Thread(target=pool.shutdown, daemon=True)
    ending.start()
    ending.join(20)
    assert not ending.is_alive()


def test_calls_that_were_cancelled_end_with_the_others_and_no_thread_complains():
    """A warning of a thread that ends with an error is an error here."""
    pool = Processes(1)
    calls = [pool.submit(time.sleep, 60) for _ in range(9)]
    while not calls[1].running():
        time.sleep(0.001)
    assert sum([call.cancel() for call in calls]) >= 4
    pool.kill()
    pool.shutdown(cancel_futures=True)
    assert all(call.done() for call in calls)


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_ctrl_c_does_not_reach_a_process_that_only_begins():
    pool = Processes(1)
    blocked = pool.submit(signal.pthread_sigmask, signal.SIG_BLOCK, ()).result()
    pool.shutdown()
    assert signal.SIGINT in blocked
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, ())
