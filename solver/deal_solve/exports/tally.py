"""What every export is read into: quantities and charges by place, days of seats, and what nothing counts twice by."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date

from deal_solve.exports.row import Charged, Place, SeatDay
from deal_solve.exports.uses import Uses


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

    def leave_out(self, why: str) -> None:
        """Count a row that is not read, by the reason."""
        self.left_out[why] += 1
