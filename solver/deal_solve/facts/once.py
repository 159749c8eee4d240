"""What is asked of a settlement more than once, by the page and by the file, is worked out once."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TypeVar
from weakref import WeakKeyDictionary

from deal_solve.settlement.settle import Settlement

Result = TypeVar("Result")


def once(work: Callable[[Settlement], Result]) -> Callable[[Settlement], Result]:
    """Return the same function, which remembers its answer for as long as the settlement lives."""
    known: WeakKeyDictionary[Settlement, Result] = WeakKeyDictionary()

    @wraps(work)
    def remembered(settlement: Settlement) -> Result:
        if settlement not in known:
            known[settlement] = work(settlement)
        return known[settlement]

    return remembered
