"""What is stopped: solves by a limit, children by Ctrl-C, and how long that takes without what other work takes."""

import signal
import time

PLENTY = 1e6
"""A time limit in seconds that no test reaches."""


def heed_interrupts():
    """Take interrupts as a program on a terminal does, also where the tests run in the background, which ignores them.

    To be called in the child.
    """
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class Stopwatch:
    """Seconds since it was made: what other work on the machine takes does not count, nor what two threads share."""

    def __init__(self):
        self._began = time.monotonic(), time.process_time()

    @property
    def seconds(self):
        wall, processor = self._began
        return min(time.monotonic() - wall, time.process_time() - processor)


def passes_after(monkeypatch, solves):
    """Let every limit that has begun pass once so many solves are done; no later one finds a plan."""
    from deal_solve.errors import LimitReached
    from deal_solve.optimise import neighbours, solve
    from deal_solve.optimise.confirmation import confirmed
    from deal_solve.optimise.options import SolveOptions

    done = []

    def counted(*given):
        if len(done) >= solves:
            raise LimitReached("the time limit passed before a plan was found")
        found = confirmed(*given)
        done.append(found)
        return found

    def left(options):
        return None if options.until is None else 0.0 if len(done) >= solves else PLENTY

    monkeypatch.setattr(solve, "confirmed", counted)
    monkeypatch.setattr(neighbours, "_worth", lambda seconds, base: 1)  # what another process has done is not counted
    monkeypatch.setattr(SolveOptions, "left", property(left))
    return done
