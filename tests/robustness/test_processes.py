"""A pool of processes that is ended in the middle of its work."""

import threading

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
