"""What clauses are worth: one by one, two together, and in points of discount."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from deal_solve.frames import Table
from deal_solve.optimise.solution import Solution
from deal_solve.plan.plan import Plan

if TYPE_CHECKING:
    import pandas as pd

ALIKE = 0.002
"""Two clauses whose joint value is the sum to this share are independent."""
NO_EFFECT, DEARER, AT_BEST, IN_HAND, NEEDED = "no effect", "dearer", "at best", "in hand", "needed"


@dataclass(frozen=True)
class ClauseValue:
    """One clause and what a step towards the buyer is worth; USD over the horizon, discounted, never negative.

    - `was` and `asked` the wording before and after; `asked` is None where nothing is better
    - `value_usd` of the objective; `expected_usd` and `tail_usd` what the new plan saves in expected cost and in the
      mean of the worst costs, of which one may be negative
    - `low_usd`, `high_usd` where the value lies over all futures, where those solved are a sample: the interval of what
      the two plans differ by on sixteen fresh sets, the same for both
    - `points` of discount that are worth as much; None where none are, or more than can be given
    - `finding` is empty, or `no effect`, `dearer` (the old wording is better), `at best`, `in hand` (what the offer has
      already), or `needed` (without that no plan meets the limits)
    """

    clause: str
    was: str
    asked: str | None
    finding: str
    value_usd: float
    expected_usd: float
    tail_usd: float
    low_usd: float | None
    high_usd: float | None
    points: float | None
    is_proven: bool
    plan: Plan = field(repr=False)


@dataclass(frozen=True)
class ClausePair:
    """Two clauses together: `extra_usd` is what both are worth beyond the sum, negative for substitutes."""

    first: str
    second: str
    both_usd: float
    extra_usd: float
    is_proven: bool

    @property
    def finding(self) -> str:
        """What they are to each other."""
        if abs(self.extra_usd) <= ALIKE * self.both_usd:
            return "independent"
        return "complements" if self.extra_usd > 0 else "substitutes"


@dataclass(frozen=True)
class DiscountPoint:
    """So many points more discount in every band of the offer, and what the objective falls by, USD."""

    points: float
    value_usd: float


@dataclass(frozen=True)
class Clauses:
    """The asking list of an offer: its clauses, the dearest first, pairs of the first few, and the yardstick."""

    offer: str
    values: Table[ClauseValue]
    pairs: Table[ClausePair]
    curve: Table[DiscountPoint]
    base: Solution = field(repr=False)
    notes: tuple[str, ...] = ()

    @property
    def is_proven(self) -> bool:
        """Whether every solve is proven to the gap."""
        rows: tuple[ClauseValue | ClausePair, ...] = (*self.values, *self.pairs)
        return self.base.status == "optimal" and all(row.is_proven for row in rows)

    def to_frame(self) -> pd.DataFrame:
        """Return one row per clause."""
        return self.values.to_frame()
