"""What became of every commitment period, seat type and cloud commitment in each scenario."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from deal_solve.settlement.api.drawdown import PeriodRecord
from deal_solve.settlement.channel import CloudFacts
from deal_solve.settlement.renewal import aligned
from deal_solve.uncertainty.scenario_set import Array


@dataclass(frozen=True, eq=False)
class SeatFacts:
    """One seat type: `count` A per month (H, S); `true_up_seats` (Y, S), most above N licensed or charged in a year.

    `contracted` is N, (Y, S).
    """

    count: Array
    contracted: Array
    true_up_seats: Array


@dataclass(frozen=True, eq=False)
class Records:
    """The records of a settlement: by commitment period in order of time, by seat type, and by cloud commitment."""

    drawdown: tuple[PeriodRecord, ...]
    seats: dict[str, SeatFacts]
    clouds: dict[str, CloudFacts]


def alike(found: Sequence[Records | None], sizes: Sequence[int], has_tables: bool) -> Sequence[Records | None]:
    """Return the records of scenarios of these numbers, with tables of the same periods; None if one waits."""
    known = [each for each in found if each is not None]
    if not has_tables or len(known) < len(found):
        return found
    drawn = aligned([each.drawdown for each in known], sizes)
    return [replace(each, drawdown=own) for each, own in zip(known, drawn, strict=True)]
