"""Children that Ctrl-C reaches, also where the tests run in the background, which ignores it."""

import signal


def heed_interrupts():
    """Take interrupts as a program on a terminal does; to be called in the child."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
