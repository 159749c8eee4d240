"""Seats before the month of signing: in force until they end, then at the card's cheapest price (model §6)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from deal_solve.deal.offers.true_up import TrueUp
from deal_solve.plan.resolved import SeatOffer
from deal_solve.settlement.in_force.api import Held
from deal_solve.settlement.in_force.usage import TrackToday
from deal_solve.settlement.ledger import Ledger, Row
from deal_solve.settlement.seats.seats import priced_seats, tier_discount
from deal_solve.uncertainty.scenario_set import Array, ScenarioSet


@dataclass(frozen=True, eq=False)
class SeatsAtEnd:
    """A seat type in force at its end, arrays (S,): the seats M that stay licensed if the type is taken from there on,
    None where nothing is carried; and USD due for the seats added at the last count if it is not taken on.
    """

    carried: Array | None
    due_usd: Array


def post_seats_in_force(
    ledger: Ledger, held: Held, tracks: Mapping[str, TrackToday], before: ScenarioSet
) -> dict[str, SeatsAtEnd]:
    """Post fees and true-ups of each seat type in force, until it ends, whatever is signed; return them at their end.

    Contract years are counted back from the end; one that began before the horizon is paid. `before` has the months
    from 0 to the end, or to the month of signing if that is later. Under a hard cap users above the contracted seats
    are unserved.
    """
    found = {}
    index = held.protected("seats", before.index["seats"][: held.ends])
    for seat_type, own in held.in_force.seats.items():
        on = [name for name, at in tracks.items() if at.held is not None and at.track == seat_type]
        count = sum((before.users[name][: held.ends] for name in on), np.zeros(index.shape))
        seat = held.seat(seat_type)
        _post_fees(ledger, held, seat, own.contracted, index)
        found[seat_type] = _post_true_up(ledger, held, seat, (own.contracted, own.licensed_seats), (count, index))
        if not isinstance(seat.part.true_up, TrueUp):
            _post_unserved(ledger, held, on, own.contracted, before)
    return found


def _post_unserved(ledger: Ledger, held: Held, cohorts: Sequence[str], seats: int, before: ScenarioSet) -> None:
    """Post the users above N under hard_cap until it ends, the cohort with the lowest unserved cost first."""
    costs = {name: held.deal.cohorts[name].unserved_usd_per_user_month or 0.0 for name in cohorts}
    for t in range(held.ends):
        excess = np.maximum(0.0, sum((before.users[name][t] for name in cohorts), np.zeros(before.size)) - seats)
        for name in sorted(cohorts, key=costs.__getitem__):
            unserved = np.minimum(before.users[name][t], excess)
            excess = excess - unserved
            ledger.post(Row("unserved", name, unserved, unserved * costs[name], paid=t + 1, first=t, last=t))


def _years(held: Held) -> list[range]:
    """Return the contract years in force, from the one that runs at month 0, which may have begun before."""
    return [range(start, start + 12) for start in range(-(-held.ends % 12), held.ends, 12)]


def _post_fees(ledger: Ledger, held: Held, seat: SeatOffer, seats: int, index: Array) -> None:
    """Post N · price: yearly in advance for years that begin inside the horizon, or each month."""
    month_usd = seat.usd * priced_seats(seat.part.tiers, seats)
    for year in _years(held):
        if seat.part.billing == "yearly":
            if year.start >= 0:
                usd = 12 * month_usd * index[year.start]
                first, last = year.start, year.stop - 1
                ledger.post(Row("seats", seat.seat_type, 12 * seats, usd, paid=first, first=first, last=last))
            continue
        for t in range(max(year.start, 0), year.stop):
            usd = month_usd * index[max(year.start, 0)]
            ledger.post(Row("seats", seat.seat_type, seats, usd, paid=t, first=t, last=t))


def _post_true_up(
    ledger: Ledger, held: Held, seat: SeatOffer, seats: tuple[int, int], paths: tuple[Array, Array]
) -> SeatsAtEnd:
    """Post what growth above the licensed seats costs: windows of the contract year, M from those licensed on.

    A window that began before the horizon counts the months inside it. What is not retroactive is charged from the
    window's end: the last count is due only if the type is not taken on.
    """
    clause, (contracted, at_start), (count, index) = seat.part.true_up, seats, paths
    due_usd = np.zeros(count.shape[1])
    if not isinstance(clause, TrueUp):
        return SeatsAtEnd(None, due_usd)
    contracted_usd = seat.usd * (1 - tier_discount(seat.part.tiers, contracted))
    usd = seat.card_usd if clause.price == "list" else contracted_usd
    licensed = largest = np.full(count.shape[1], float(at_start))
    for year in _years(held):
        price = usd * index[max(year.start, 0)]
        if year.start >= 0:
            start = np.maximum(largest, contracted) if clause.ratchet == "term" else np.full_like(largest, contracted)
            licensed = start
            _post(ledger, seat, (start - contracted) * 12, price, (year.start, year.start, year.stop - 1))
        for start in year[:: clause.check]:
            end = start + clause.check
            if end <= 0:
                continue
            inside = count[max(start, 0) : end]
            counted = inside.max(axis=0) if clause.count == "peak" else inside[-1]
            base = np.full_like(licensed, contracted) if clause.ratchet == "none" else licensed
            added = np.maximum(0.0, counted - base)
            charged_from = start if clause.retroactive else end
            months = clause.check if clause.ratchet == "none" else year.stop - charged_from
            _post(ledger, seat, added * months, price, (end, charged_from, end - 1))
            licensed = licensed + added
            largest = np.maximum(largest, counted)
            if not clause.retroactive:
                due_usd = added * clause.check * price
    return SeatsAtEnd(largest if clause.ratchet == "term" and not clause.retroactive else None, due_usd)


def _post(ledger: Ledger, seat: SeatOffer, seat_months: Array, usd: Array, when: tuple[int, int, int]) -> None:
    if seat_months.any():
        paid, first, last = when
        ledger.post(Row("true_up", seat.seat_type, seat_months, seat_months * usd, paid=paid, first=first, last=last))


def post_people_at_list(ledger: Ledger, months: range, tracks: Mapping[str, TrackToday], before: ScenarioSet) -> None:
    """Post users without a seat in force: the card's cheapest price a month each, in advance.

    `months` are those from the end of the agreement in force to the month of signing. Users whose seats have ended
    before that are charged so from then on.
    """
    for name, at in tracks.items():
        for t in range(months.start if at.held else 0, months.stop):
            users = before.users[name][t]
            if at.at_list is not None:
                usd = users * (at.at_list.usd * before.index["seats"][t])
                ledger.post(Row("seats", at.track, users, usd, paid=t, first=t, last=t))
            elif at.unserved_usd:
                ledger.post(Row("unserved", name, users, users * at.unserved_usd, paid=t + 1, first=t, last=t))
