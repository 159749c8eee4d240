"""What is interrupted: children that Ctrl-C reaches, and how long a stop takes that other work does not lengthen."""

import signal
import time


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
