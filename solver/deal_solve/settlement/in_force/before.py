"""What is paid before an agreement is signed, and for seats in force: the same in every plan, a constant per scenario
(model §6).
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from deal_solve.deal.deal import Deal
from deal_solve.deal.offers.cloud_years import cloud_years
from deal_solve.plan.plan import Plan
from deal_solve.plan.resolved import resolve
from deal_solve.settlement.in_force.allowance import post_extra_before
from deal_solve.settlement.in_force.api import Held, HeldPeriod, post_api_in_force
from deal_solve.settlement.in_force.seats import SeatsAtEnd, post_people_at_list, post_seats_in_force
from deal_solve.settlement.in_force.usage import Until, tracks_today, usage_before
from deal_solve.settlement.ledger import Ledger, Row
from deal_solve.settlement.lines import LINES
from deal_solve.settlement.usage import post_uncounted
from deal_solve.uncertainty.scenario_set import Array, Scenarios, ScenarioSet, each_block

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, eq=False)
class Before:
    """The payments of the months before signing and for seats in force, and the commitment periods in force.

    `seats` are the seat types in force as they end.
    """

    rows: tuple[Row, ...]
    periods: tuple[HeldPeriod, ...]
    size: int
    retiring: Mapping[str, Array]
    seats: Mapping[str, SeatsAtEnd]

    @property
    def undrawn(self) -> Array:
        """What is undrawn of the own commitment of the last period, (S,), without what was carried into it."""
        return self.periods[-1].own_shortfall_usd if self.periods else np.zeros(self.size)


def post_before(ledger: Ledger, before: Before) -> None:
    """Post the payments of the months before signing, and what of them counts toward cloud commitments."""
    for row in before.rows:
        ledger.post(row)
    ledger.retiring = {name: usd.copy() for name, usd in before.retiring.items()}


def before_signing(deal: Deal, scenarios: ScenarioSet) -> Before:
    """Return what is paid for the months before a deal is signed, its months counted from the month of signing."""
    month, alone, before = deal.signing_month, deal.held, _until_all_ends(scenarios)
    ledger = Ledger(scenarios.size, alone, keep_rows=True)
    tracks = tracks_today(alone) if alone.cohorts and before.months else {}
    ends = month if alone.in_force is None else alone.month(alone.in_force.ends)
    has_api = alone.in_force is not None and alone.in_force.api is not None
    until = Until(min(ends, month) if has_api else 0, ends, month)
    usage = usage_before(alone, before, tracks, until)
    periods: tuple[HeldPeriod, ...] = ()
    seats: dict[str, SeatsAtEnd] = {}
    channel = None
    if alone.in_force is not None:
        held = Held(alone, alone.in_force, min(ends, month))
        channel = held.offer.channel
        periods = post_api_in_force(ledger.through(channel), held, usage.counted, before)
        seats = post_seats_in_force(ledger.through(channel), held, tracks, before)
    if channel is None:
        post_uncounted([ledger] * before.months, alone, usage, before)
    for name in resolve(alone).users if channel is not None else ():
        own = until.api if name not in tracks else until.seats if tracks[name].held else 0
        ledgers = [ledger.through(channel if t < own else None) for t in range(before.months)]
        post_uncounted(ledgers, alone, usage_before(alone, before, tracks, until, (name,)), before, name)
    post_extra_before((ledger.through(channel), ledger), alone, before, tracks, until)
    post_people_at_list(ledger, range(ends, month), tracks, before)
    rows = tuple(_moved(row, month) for row in ledger.rows)
    return Before(rows, periods, scenarios.size, ledger.retiring, seats)


def post_given_up(ledger: Ledger, deal: Deal, plan: Plan, before: Before) -> None:
    """Post what is due at the end of seats in force of a type that no cohort takes from there on."""
    if deal.in_force is None:
        return
    ends = deal.month(deal.in_force.ends)
    for seat_type, at_end in before.seats.items():
        is_taken = any(tracks[0] == seat_type for tracks in plan.tracks.values())
        if ends >= 0 and not is_taken and at_end.due_usd.any():
            usd, last = at_end.due_usd, ends - 1
            ledger.post(Row("before", LINES["true_up"].title, usd, usd, paid=ends, first=last, last=last))


def seats_at_end(deal: Deal, scenarios: Scenarios) -> Mapping[str, SeatsAtEnd]:
    """Return the seat types in force as they end, where that is not before the month of signing; {} without any."""
    held = deal.in_force
    if held is None or not held.seats or deal.month(held.ends) < 0:
        return {}
    parts = each_block(scenarios, lambda _, block: before_signing(deal, block).seats)
    found = {}
    for name, first in parts[0].items():
        carried = None
        if first.carried is not None:
            carried = np.concatenate([part[name].carried for part in parts])
        found[name] = SeatsAtEnd(carried, np.concatenate([part[name].due_usd for part in parts]))
    return found


def _until_all_ends(scenarios: ScenarioSet) -> ScenarioSet:
    """Return the months from 0 to that of signing, or to the end of seats in force where they outlast it."""
    before, running = scenarios.before, scenarios.running
    if running is not None:
        return replace(running, before=before).all_months()
    return before or scenarios.some_months(slice(0))


def _moved(row: Row, month: int) -> Row:
    """Return a payment before signing, or for seats in force, its months counted from signing, on a line of its own.

    The item says which line it is of the agreement in force, or of list.
    """
    last, item = row.last - month, LINES[row.line].title
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

    def paid(_: int, block: ScenarioSet) -> defaultdict[int, Array]:
        size = block.size
        found: defaultdict[int, Array] = defaultdict(lambda: np.zeros(size))
        for row in before_signing(deal, block).rows:
            found[row.paid] = found[row.paid] + row.amount
        return found

    parts = each_block(scenarios, paid)
    keys = sorted({key for part in parts for key in part})
    return {key: np.concatenate([part[key] for part in parts]) for key in keys}


def retired_before(deal: Deal, scenarios: Scenarios) -> Mapping[str, Array]:
    """Return what is paid before signing and counts toward each cloud commitment, by year of it, (Y, S).

    It is not discounted, USD.
    """
    if deal.whole is deal or not deal.cloud_commitments:
        return {}

    def retired(_: int, block: ScenarioSet) -> dict[str, Array]:
        found = before_signing(deal, block).retiring
        empty = np.zeros((cloud_years(deal), block.size))
        return {name: found.get(name, empty) for name in deal.cloud_commitments}

    parts = each_block(scenarios, retired)
    return {name: np.hstack([part[name] for part in parts]) for name in deal.cloud_commitments}
