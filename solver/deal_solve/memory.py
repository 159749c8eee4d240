"""How much memory may be taken, the refusal of what would take more, before any of it is built, and its reuse."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from functools import cache
from pathlib import Path

from deal_solve.errors import InputError, Problem

SHARE_OF_FREE = 0.5
"""What may be taken of the free memory where no bound is given."""
FREE_WHERE_UNKNOWN = 8_000_000_000
"""Bytes taken for free where the system does not say."""
SMALLEST = 1_000_000
"""Bytes: a bound below holds not even the program."""
EXPECTED = "expected one like 8GB or 500MB"
_SIZE = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*([KMGT])B?", re.IGNORECASE)
_UNITS = {"K": 1e3, "M": 1e6, "G": 1e9, "T": 1e12}
_PREFIXES = ("", "k", "M", "G", "T", "P", "E")
_GLIBC = {"arenas": -8, "trimmed": -1, "mapped": -3}
"""The numbers of options of the C library: how many heaps there are, how much of one may be free at its end before it
is given back, and from which size on an array is apart from all heaps (bytes)."""
_HEAPS = 2
_TRIMMED, _MAPPED = 128 << 20, 4 << 20
_MEMINFO = Path("/proc/meminfo")
_CGROUP = Path("/sys/fs/cgroup")
_BOUND: ContextVar[float | None] = ContextVar("memory_bound", default=None)


@contextmanager
def bounded_memory(bytes_: float | None) -> Iterator[None]:
    """Bound what is built inside to so many bytes; None is SHARE_OF_FREE of what is free when it is asked."""
    before = _BOUND.set(bytes_)
    try:
        yield
    finally:
        _BOUND.reset(before)


@cache
def reuse_freed() -> None:
    """Reuse what arrays of a megabyte have freed, as far as the C library lets itself be told.

    Blocks of scenarios are made and dropped by the thousand. Where each array is given back to the system, and another
    one asked for page by page, that takes longer than the arithmetic. Two heaps hold less between them than one for
    each thread that ever was.
    """
    import ctypes

    with suppress(OSError, AttributeError, TypeError):  # other systems, other C libraries
        set_option = ctypes.CDLL(None).mallopt
        for option, value in (("arenas", _HEAPS), ("trimmed", _TRIMMED), ("mapped", _MAPPED)):
            set_option(_GLIBC[option], value)


def memory_bound() -> float:
    """Return how many bytes may be taken."""
    bound = _BOUND.get()
    return SHARE_OF_FREE * free_bytes() if bound is None else bound


def refuse_larger(needed_bytes: float, what: str, remedy: str) -> None:
    """Raise InputError where more memory is needed than may be taken.

    `what` is what needs it, with its number ("4,096 scenarios of 36 months and 12 workloads"), `remedy` what takes
    less of it ("sample fewer with --scenarios N").
    """
    bound = memory_bound()
    if needed_bytes > bound:
        message = f"{what} would take about {in_bytes(needed_bytes)} of memory; expected at most {in_bytes(bound)}"
        raise InputError(Problem("", f"{message}: {remedy}, or set the bound with --memory"))


def free_bytes() -> int:
    """Return the memory that is free: what the system can give without swapping, no more than a container may take."""
    free = [_available(), *_left_in_container()]
    return min((each for each in free if each is not None), default=FREE_WHERE_UNKNOWN)


def parse_size(text: str) -> float:
    """Return the bytes of a size as one writes it; raises ValueError for what is none.

    >>> parse_size("8GB"), parse_size("1.5 g"), parse_size("500MB")
    (8000000000.0, 1500000000.0, 500000000.0)
    """
    match = _SIZE.fullmatch(text.strip())
    if not match:
        raise ValueError(f"{text[:40]!r} is not a size; {EXPECTED}")
    size = float(match[1]) * _UNITS[match[2].upper()]
    if size < SMALLEST:
        raise ValueError(f"{text[:40]!r} is too little for any solve; {EXPECTED}")
    return size


def in_bytes(number: float) -> str:
    """Return bytes as one writes them.

    >>> in_bytes(9_230_000_000), in_bytes(512e6), in_bytes(3e30)
    ('9.2 GB', '512 MB', '3,000,000,000,000 EB')
    """
    power = 0
    while number >= 999.5 and power < len(_PREFIXES) - 1:
        number, power = number / 1000, power + 1
    digits = 1 if number < 10 and power else 0
    return f"{number:,.{digits}f} {_PREFIXES[power]}B"


def _available() -> int | None:
    """Return what is free as Linux says, elsewhere the memory of the machine; None where nothing says."""
    try:
        found = re.search(r"^MemAvailable:\s+(\d+) kB", _MEMINFO.read_text(encoding="ascii"), re.MULTILINE)
    except (OSError, ValueError):
        found = None
    if found:
        return int(found[1]) * 1024
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, AttributeError):
        return None


def _left_in_container() -> Iterator[int]:
    """Yield what a memory limit of the process group leaves, if it has one."""
    try:
        limit, used = (
            (_CGROUP / name).read_text(encoding="ascii").strip() for name in ("memory.max", "memory.current")
        )
        if limit.isdecimal() and used.isdecimal():
            yield max(int(limit) - int(used), 0)
    except (OSError, ValueError):
        return
