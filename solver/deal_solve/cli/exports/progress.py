"""A bar on the terminal while large exports are read."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click

SHOWN_BYTES = 50_000_000
"""Less is read before anybody wonders."""


@contextmanager
def reading_bar() -> Iterator[None]:
    """Draw a bar on stderr, if it is a terminal, while exports are read inside."""
    from deal_solve.exports.progress import watched

    if not sys.stderr.isatty():
        yield
        return
    with click.progressbar(length=1, label="Reading exports", file=sys.stderr, hidden=True) as bar:

        def watch(done: int, whole: int) -> None:
            bar.length, bar.hidden = max(whole, 1), whole < SHOWN_BYTES
            if done > bar.pos:
                bar.update(done - bar.pos)

        with watched(watch):
            yield
