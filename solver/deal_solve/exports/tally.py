"""What every export is read into: quantities and charges by place, days of seats, and what nothing counts twice by."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, timedelta

from deal_solve.exports.row import Charged, Place, SeatDay
from deal_solve.exports.uses import Uses, named

STEPS, MAX_SPREAD_ROWS = (1, 7, 28), 1_000_000


@dataclass
class Counted:
    """What is known from earlier lines and files of the same export, so that nothing counts twice."""

    counters: dict[tuple[tuple[str, str], ...], int] = field(default_factory=dict)
    """Last value of each cumulative counter."""
    requests: dict[tuple[str | None, ...], dict[str, int]] = field(default_factory=dict)
    """What was counted of each request that may stand on several lines."""
    ids: set[str] = field(default_factory=set)

    def is_new(self, name: str | None) -> bool:
        """Whether a line of this id was not there before; a line without one always is new."""
        if name is None:
            return True
        is_new = name not in self.ids
        self.ids.add(name)
        return is_new


@dataclass
class Tally:
    """What one file says, added up: quantities and charges by place, days of seats, and notes on what was left out."""

    used: Uses = field(default_factory=Uses)
    charged: dict[tuple[Place, str], Charged] = field(default_factory=dict)
    seats: list[SeatDay] = field(default_factory=list)
    members: dict[str, int] = field(default_factory=dict)
    known: Counted = field(default_factory=lambda: Counted())
    covers: tuple[date, date] | None = None
    """First and last day of an export that has no days in it."""
    left_out: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    """Rows that were not counted, by the reason."""

    def use(self, place: Place, **quantities: int) -> None:
        """Add tokens, requests or searches of a place; zeros are dropped."""
        self.used.add(place, quantities)

    def charge(self, place: Place, kind: str, net: int, list_price: int | None = None) -> None:
        """Add a charge of a kind (a class of tokens, or what else is billed) to a place."""
        known = self.charged.get((place, kind))
        if known is not None:
            net += known.net
            list_price = None if list_price is None or known.list_price is None else list_price + known.list_price
        self.charged[place, kind] = Charged(net, list_price)

    def spread(self) -> bool:
        """Spread what an export without days says evenly over its range, to the token and to the cent; whether it did.

        Where that would be too many rows it is spread over every seventh or every 28th day.
        """
        if self.covers is None or self.covers[0] == self.covers[1]:
            return False
        length = (self.covers[1] - self.covers[0]).days + 1
        rows = len(self.used.places) + len(self.charged)
        step = next((step for step in STEPS if rows * length <= MAX_SPREAD_ROWS * step), STEPS[-1])
        days = [self.covers[0] + timedelta(day) for day in range(0, length, step)]
        used, charged = self.used, self.charged
        self.used, self.charged = Uses(), {}
        for place, row in used.rows():
            for index, day in enumerate(days):
                own: dict[str, int] = {name: _part(each, index, len(days)) for name, each in named(row)}
                self.used.add(place._replace(day=day), own)
        for (place, kind), (net, listed) in charged.items():
            for index, day in enumerate(days):
                own_list = None if listed is None else _part(listed, index, len(days))
                self.charge(place._replace(day=day), kind, _part(net, index, len(days)), own_list)
        return True

    def leave_out(self, why: str) -> None:
        """Count a row that is not read, by the reason."""
        self.left_out[why] += 1


def _part(amount: int, index: int, count: int) -> int:
    """Return one of so many nearly equal parts, which add up to the amount."""
    return amount * (index + 1) // count - amount * index // count
