"""How far the reading of exports is, told to whoever watches: bytes read of all bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

Watch = Callable[[int, int], None]
"""Gets the bytes read so far, and those of all files."""

_WATCH: ContextVar[Watch | None] = ContextVar("watch", default=None)
_PLACE: ContextVar[tuple[int, int]] = ContextVar("place", default=(0, 0))


@contextmanager
def watched(watch: Watch) -> Iterator[None]:
    """Call `watch` as exports are read inside."""
    before = _WATCH.set(watch)
    try:
        yield
    finally:
        _WATCH.reset(before)


def at_file(before_bytes: int, all_bytes: int) -> None:
    """Say that a file begins, with so many bytes read before it."""
    _PLACE.set((before_bytes, all_bytes))
    within_file(0)


def within_file(position: int) -> None:
    """Say how many bytes of the file are read."""
    watch = _WATCH.get()
    if watch is not None:
        before, whole = _PLACE.get()
        watch(before + position, whole)
