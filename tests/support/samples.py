"""How many generated deals a test tries: some in every run, all with `-m slow`."""

from collections.abc import Iterable
from typing import Any

import pytest

SLOW = pytest.mark.slow


def seeds(quick: int, every: int) -> list[Any]:
    """Return the values of a parameter from 0 to `every`, of which only the first `quick` are in every run."""
    return [*range(quick), *(pytest.param(number, marks=SLOW) for number in range(quick, every))]


def sizes(quick: int, every: int) -> list[Any]:
    """Return the values of a parameter that is a number of deals: a few, and all of them with `-m slow`."""
    return [quick, pytest.param(every, marks=SLOW)]


def in_every_run(names: Iterable[Any], slow: set[Any]) -> list[Any]:
    """Return the values of a parameter, those in `slow` only with `-m slow`."""
    return [pytest.param(name, marks=SLOW) if name in slow else name for name in names]
