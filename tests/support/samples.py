"""How many generated deals a test tries: some in every run, all with `-m slow`."""

from collections.abc import Collection, Iterable
from typing import Any

import pytest

SLOW = pytest.mark.slow


def seeds(quick: int | Collection[int], every: int) -> list[Any]:
    """Return the values of a parameter from 0 to `every`, of which only the first `quick`, or those, are in every run.

    A seed whose deal takes seconds to solve tells no more than one that takes a tenth of it.
    """
    taken = range(quick) if isinstance(quick, int) else quick
    return in_every_run(range(every), slow={*range(every)} - {*taken})


def sizes(quick: int, every: int) -> list[Any]:
    """Return the values of a parameter that is a number of deals: a few, and all of them with `-m slow`."""
    return [quick, pytest.param(every, marks=SLOW)]


def in_every_run(names: Iterable[Any], slow: set[Any]) -> list[Any]:
    """Return the values of a parameter, those in `slow` only with `-m slow`."""
    return [pytest.param(name, marks=SLOW) if name in slow else name for name in names]
