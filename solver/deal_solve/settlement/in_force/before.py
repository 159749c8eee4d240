"""What is paid before an agreement is signed: the same in every plan, so a constant per scenario (model §6)."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from deal_solve.deal.deal import Deal
from deal_solve.settlement.in_force.api import Held, HeldPeriod, post_api_in_force
from deal_solve.settlement.in_force.seats import post_people_at_list, post_seats_in_force
from deal_solve.settlement.in_force.usage import tracks_today, usage_before
from deal_solve.settlement.ledger import Ledger, Row
from deal_solve.settlement.lines import LINES
from deal_solve.settlement.usage import post_uncounted
from deal_solve.uncertainty.scenario_set import Array, Scenarios, ScenarioSet, blocks, each_block

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, eq=False)
class Before:
    """The payments of the months before signing, and the commitment periods of the agreement in force."""

    rows: tuple[Row, ...]
    periods: tuple[HeldPeriod, ...]
    size: int

    @property
    def undrawn(self) -> Array:
        """What is undrawn of the own commitment of the last period, (S,), without what was carried into it."""
        return self.periods[-1].own_shortfall_usd if self.periods else np.zeros(self.size)


def before_signing(deal: Deal, scenarios: ScenarioSet) -> Before:
    """Return what is paid for the months before a deal is signed, its months counted from the month of signing."""
    month, alone = deal.signing_month, deal.held
    before = scenarios.before or scenarios.some_months(slice(0))
    ledger = Ledger(scenarios.size, alone, keep_rows=True)
    tracks = tracks_today(alone) if alone.cohorts and month else {}
    ends = alone.month(alone.in_force.ends) if alone.in_force else 0
    until = min(ends, month)
    usage = usage_before(alone, before, tracks, until if alone.in_force and alone.in_force.api else 0)
    post_uncounted([ledger] * before.months, alone, usage, before)
    periods: tuple[HeldPeriod, ...] = ()
    if alone.in_force is not None:
        held = Held(alone, alone.in_force, until)
        periods = post_api_in_force(ledger, held, usage.counted, before)
        post_seats_in_force(ledger, held, tracks, before)
    post_people_at_list(ledger, until, tracks, before)
    return Before(tuple(_moved(row, month) for row in ledger.rows), periods, scenarios.size)


def _moved(row: Row, month: int) -> Row:
    """Return a payment for months before the month of signing, its months counted from that one, on a line of its own.

    The item says which line it is of the agreement in force, or of list.
    """
    last = min(row.last - month, -1)
    item = LINES[row.line].title
    return replace(row, line="before", item=item, paid=row.paid - month, first=min(row.first - month, last), last=last)


def undrawn_before(deal: Deal, scenarios: Scenarios) -> Array | None:
    """Return the credit that a deal signed early brings from the agreement in force, (S,) USD; None without one."""
    if not deal.credits_undrawn:
        return None
    return np.concatenate(each_block(scenarios, lambda _, block: before_signing(deal, block).undrawn))


def paid_before(deal: Deal, scenarios: Scenarios) -> Mapping[int, Array]:
    """Return what is paid before signing by the time of payment, months from signing, (S,) USD each."""
    if deal.whole is deal:
        return {}

    def paid(_: int, block: ScenarioSet) -> dict[int, Array]:
        found: defaultdict[int, Array] = defaultdict(lambda: np.zeros(block.size))
        for row in before_signing(deal, block).rows:
            found[row.paid] = found[row.paid] + row.amount
        return dict(found)

    parts = each_block(scenarios, paid)
    keys = sorted({key for part in parts for key in part})
    sizes = [block.size for block in blocks(scenarios)] if len(parts) > 1 else [scenarios.size]
    return {
        key: np.concatenate([part.get(key, np.zeros(size)) for part, size in zip(parts, sizes, strict=True)])
        for key in keys
    }
