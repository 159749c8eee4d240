"""Quantities by place, held so that millions of places fit: one row of eight integers for each."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from datetime import date
from typing import TYPE_CHECKING

from deal_solve.errors import InputError
from deal_solve.exports.row import TOKEN_CLASSES, Place, Quantity

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

QUANTITIES: tuple[Quantity, ...] = (*TOKEN_CLASSES, "web_searches", "requests")
"""The order of a row."""
WIDTH = len(QUANTITIES)
COLUMN = {name: column for column, name in enumerate(QUANTITIES)}
NOTHING = array("q", [0] * WIDTH)
MAX_TOTAL = 9e18
"""What one quantity of one place can add up to."""


class Uses(Mapping[tuple[Place, Quantity], int]):
    """Quantities by place and kind; `rows` and `places` are the same place by place, which is quicker.

    What is 0 is not in it.
    """

    def __init__(self) -> None:
        """Begin with nothing."""
        self._starts: dict[Place, int] = {}
        self._amounts = array("q")

    def __getitem__(self, use: tuple[Place, Quantity]) -> int:
        amount = self._amounts[self._starts[use[0]] + COLUMN[use[1]]]
        if not amount:
            raise KeyError(use)
        return amount

    def __iter__(self) -> Iterator[tuple[Place, Quantity]]:
        return ((place, name) for place, row in self.rows() for name, amount in named(row) if amount)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __bool__(self) -> bool:
        return bool(self._starts)

    @property
    def places(self) -> Set[Place]:
        """The places that anything is used in."""
        return self._starts.keys()

    def rows(self) -> Iterator[tuple[Place, Sequence[int]]]:
        """Yield every place with its quantities, in the order of QUANTITIES."""
        for place, start in self._starts.items():
            yield place, self._amounts[start : start + WIDTH]

    def add(self, place: Place, quantities: Mapping[str, int]) -> None:
        """Add to the quantities of a place; raises InputError for more than can be added up."""
        start = self._starts.get(place)
        if start is None:
            if not any(quantities.values()):
                return
            start = self._new(place)
        try:
            for name, amount in quantities.items():
                self._amounts[start + COLUMN[name]] += amount  # type: ignore[index]
        except OverflowError:
            raise _too_much(place) from None

    def add_rows(self, places: Sequence[Place], amounts: NDArray[np.int64]) -> None:
        """Add rows (N, 8) to the quantities of N places; raises InputError for more than can be added up."""
        import numpy as np

        used = np.flatnonzero(amounts.any(axis=1))
        starts = [self._start(places[index]) for index in used.tolist()]
        rows, more = np.array(starts, dtype=np.int64) // WIDTH, amounts[used]
        held = np.frombuffer(self._amounts, dtype=np.int64).reshape(-1, WIDTH)
        whole = held[rows].astype(float) + more
        if whole.size and whole.max() > MAX_TOTAL:
            raise _too_much(places[int(used[int(whole.max(axis=1).argmax())])])
        np.add.at(held, rows, more)

    def take(self, other: Uses, but: Set[date] = frozenset()) -> None:
        """Add what another one holds, but for some days; the other one is not to be used any more."""
        if not self:
            self._starts, self._amounts = other._starts, other._amounts
            self.drop(lambda place: place.day in but)
            return
        for place, row in other.rows():
            if place.day not in but:
                self.add(place, dict(named(row)))

    def replace(self, other: Uses, but: Set[date]) -> None:
        """Put what another one holds in the place of what is held, quantity by quantity, but for some days.

        The other one is not to be used any more.
        """
        if not self:
            self.take(other, but)
            return
        for place, row in other.rows():
            if place.day not in but:
                start = self._start(place)
                for column, amount in enumerate(row):
                    if amount:
                        self._amounts[start + column] = amount

    def drop(self, is_dropped: Callable[[Place], bool]) -> None:
        """Drop places."""
        for place in [place for place in self._starts if is_dropped(place)]:
            del self._starts[place]

    def rename(self, renamed: Callable[[Place], Place | None]) -> None:
        """Call places otherwise; places of one name are added up, those of None dropped. Each is asked about once."""
        old: list[Place | None] = [*self._starts]
        starts = array("q", self._starts.values())
        self._starts = {}
        for index, start in enumerate(starts):
            place, old[index] = old[index], None  # so that no place is held twice
            name = None if place is None else renamed(place)
            if name is None:
                continue
            if self._starts.setdefault(name, start) != start:
                self.add(name, dict(named(self._amounts[start : start + WIDTH])))

    def _start(self, place: Place) -> int:
        start = self._starts.get(place)
        return self._new(place) if start is None else start

    def _new(self, place: Place) -> int:
        start = self._starts[place] = len(self._amounts)
        self._amounts.extend(NOTHING)
        return start


def named(row: Sequence[int]) -> Iterator[tuple[Quantity, int]]:
    """Return a row with the kind of each quantity."""
    return zip(QUANTITIES, row, strict=True)


def days_of(places: Set[Place]) -> set[date]:
    """Return the days of places."""
    return {place.day for place in places}


def _too_much(place: Place) -> InputError:
    return InputError(
        f"what is used of {place.model or 'no model'} on {place.day} adds up to more than {MAX_TOTAL:.0e}"
    )
