"""The allowance of seats before the month of signing: in force until they end, then as on the card (model §6)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np

from deal_solve.deal.deal import Deal
from deal_solve.plan.resolved import SeatOffer, resolve
from deal_solve.settlement.in_force.usage import TrackToday, Until, value_before
from deal_solve.settlement.ledger import Ledger
from deal_solve.settlement.seats.allowance import extra_usage, post_beyond
from deal_solve.uncertainty.scenario_set import Array, ScenarioSet


def post_extra_before(
    ledgers: tuple[Ledger, Ledger], deal: Deal, before: ScenarioSet, tracks: Mapping[str, TrackToday], until: Until
) -> None:
    """Post usage beyond the allowance of seats, month by month: billed at list, or refused.

    `ledgers` are those of payments for seats in force, and for seats at list. Users share a pooled allowance with all
    on the same seat type that is taken alike.
    """
    in_force: defaultdict[str, list[tuple[str, SeatOffer, range]]] = defaultdict(list)
    at_list: defaultdict[str, list[tuple[str, SeatOffer, range]]] = defaultdict(list)
    for name, at in tracks.items():
        if name not in resolve(deal).users:
            continue
        ends = until.seats if at.held is not None else 0
        if at.held is not None:
            in_force[at.track].append((name, at.held, range(ends)))
        if at.at_list is not None:
            at_list[at.track].append((name, at.at_list, range(ends, until.signed)))
    for ledger, by_type in zip(ledgers, (in_force, at_list), strict=True):
        for taken in by_type.values():
            _post(ledger, deal, before, taken)


def _post(ledger: Ledger, deal: Deal, before: ScenarioSet, taken: Sequence[tuple[str, SeatOffer, range]]) -> None:
    """Post what cohorts on one seat type use beyond its allowance, each in its own months."""
    allowance = taken[0][1].allowance
    if allowance is None:
        return
    values = {name: value_before(deal, before, name, months) for name, _, months in taken}
    users = {name: _inside(before.users[name], months) for name, _, months in taken}
    for name, extra in extra_usage(deal, allowance, values, users).items():
        post_beyond(ledger, allowance, name, 0, extra)


def _inside(users: Array, months: range) -> Array:
    """Return users of some months, 0 in the others."""
    found = np.zeros(users.shape)
    found[months.start : months.stop] = users[months.start : months.stop]
    return found
