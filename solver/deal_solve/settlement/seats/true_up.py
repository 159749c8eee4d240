"""Growth above the contracted seats: true-ups by window and ratchet, and the hard cap (model §5)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from deal_solve.deal.deal import Deal
from deal_solve.deal.offers.true_up import TrueUp
from deal_solve.plan.plan import Plan
from deal_solve.settlement.ledger import Ledger, Row
from deal_solve.settlement.seats.seats import SeatContract
from deal_solve.uncertainty.scenario_set import Array, ScenarioSet


@dataclass
class _Licensed:
    """Licensed seats L and the largest window count M of the term so far, each (S,)."""

    seats: Array
    largest: Array


@dataclass(frozen=True)
class _Growth:
    """What the true-ups of one seat type are charged by and posted to; `count` is A, (H, S).

    `ends` are the months, the horizon among them, at which a term ends and no cohort takes the type on.
    """

    ledger: Ledger
    contract: SeatContract
    clause: TrueUp
    count: Array
    ends: frozenset[int]

    def window(self, state: _Licensed, months: range) -> Array:
        """Settle the window that begins with `months`, what is left of a contract year, and return seats added, (S,).

        They are those above L, charged in one sum at its end; L rises unless ratchet none.
        """
        clause = self.clause
        start, end = months.start, months[: clause.check].stop
        window = self.count[start:end]
        counted: Array = window.max(axis=0) if clause.count == "peak" else window[-1]
        added = np.maximum(0.0, counted - state.seats)
        charged = months_charged(clause, start, len(self.count), is_last=end in self.ends)
        first = start if clause.retroactive or charged == end - start else end - 1
        self.post(added, charged, end, (first, end - 1))
        if clause.ratchet != "none":
            state.seats = state.seats + added
        state.largest = np.maximum(state.largest, counted)
        return added

    def post(self, seats: Array, months: int, paid: int, charged: tuple[int, int]) -> None:
        """Post seats · months · the true-up price of the contract year of the last month charged."""
        quantity = seats * months
        if not quantity.any():
            return
        contract, (first, last) = self.contract, charged
        year = last // 12
        usd = contract.seat.card_usd if self.clause.price == "list" else contract.marginal_usd(year)
        amount = quantity * (usd * contract.index[year])
        self.ledger.post(Row("true_up", contract.seat_type, quantity, amount, paid=paid, first=first, last=last))


def post_true_up(
    ledger: Ledger, contracts: Sequence[SeatContract], count: Array, taken: tuple[bool, ...]
) -> tuple[Array, Array]:
    """Post the true-ups of one seat type; `count` is A, (H, S), `taken[y]` whether a cohort takes the type in year y.

    Returns the most seats above N that were licensed or charged in each contract year, and the seats M that stay
    licensed from the agreement before (or in force), both (Y, S). A contract under hard_cap has no true-up, nor has
    list billed monthly: what it must be charged for at least is M.
    """
    above, carried = (np.zeros((len(taken), count.shape[1])) for _ in range(2))
    seller = {year: contract for contract in contracts for year in contract.years}
    state = _Licensed(np.zeros(count.shape[1]), np.zeros(count.shape[1]))
    for year, contract in sorted(seller.items()):
        carried[year] = _carried(seller, state, year, taken[year])
        if year == 0 and taken[0]:
            carried[0] = ledger.licensed.get(contract.seat_type, 0.0)
        if _starts_term(seller, year):
            state.largest = np.zeros(count.shape[1])
        clause, contracted = contract.seat.part.true_up, contract.contracted[year]
        if not isinstance(clause, TrueUp) or contract.seat.is_billed_by_users:
            continue
        ends = (span.end for span in contract.taken.spans if span.end == len(count) or not taken[span.end // 12])
        growth = _Growth(ledger.through(contract.channel), contract, clause, count, frozenset(ends))
        state.seats = np.maximum(contracted, carried[year])
        months = contract.months_of(year)
        growth.post(state.seats - contracted, len(months), months.start, (months.start, months.stop - 1))
        above[year] = state.seats - contracted
        for place in range(0, len(months), clause.check):
            added = growth.window(state, months[place:])
            above[year] = np.maximum(above[year], state.seats + (added if clause.ratchet == "none" else 0) - contracted)
    return above, carried


def _starts_term(seller: Mapping[int, SeatContract], year: int) -> bool:
    """Whether a contract year is the first of a term, or of a contract."""
    return year == seller[year].taken.span_of(year).years.start or seller[year] is not seller.get(year - 1)


def _carried(seller: Mapping[int, SeatContract], state: _Licensed, year: int, is_taken: bool) -> Array | float:
    """Return the seats that stay licensed at the start of a contract year whatever N is, (S,), or 0.

    ratchet term: M at every anniversary; into a new term, of whatever seller, only if the true-ups that counted are not
    retroactive and a cohort takes the type there. Otherwise none.
    """
    starts_term, before = _starts_term(seller, year), seller.get(year - 1)
    clause = (seller[year] if before is None or not starts_term else before).seat.part.true_up
    if not isinstance(clause, TrueUp) or clause.ratchet != "term":
        return 0.0
    carries = not starts_term or (not clause.retroactive and is_taken)
    return state.largest if carries else 0.0


def months_charged(clause: TrueUp, start: int, horizon: int, *, is_last: bool) -> int:
    """Return the months that seats added in the window from month `start` are charged for.

    retroactive: from the window's start to the end of the contract year; else from its end, but the last count before
    the type is given up, or the horizon ends, charges `check` months. ratchet none: the window. All of them inside the
    horizon.

    >>> [months_charged(TrueUp(check=3, retroactive=back), 3, 12, is_last=False) for back in (True, False)]
    [9, 6]
    """
    year_end = min(start // 12 * 12 + 12, horizon)
    end = min(start + clause.check, year_end)
    if clause.ratchet == "none":
        return end - start
    if clause.retroactive:
        return year_end - start
    return end - start if is_last else year_end - end


def post_hard_cap(ledger: Ledger, deal: Deal, plan: Plan, scenarios: ScenarioSet, contract: SeatContract) -> None:
    """Post the users above N under hard_cap, cheapest to leave unserved first, at the end of each month."""
    if isinstance(contract.seat.part.true_up, TrueUp):
        return
    for year in contract.years:
        cohorts = [c for c in deal.cohorts if plan.tracks[c][year] == contract.seat_type]
        for t in deal.months_of(year):
            users = {c: scenarios.users[c][t] for c in cohorts}
            excess = np.maximum(0.0, sum(users.values(), np.zeros(scenarios.size)) - contract.contracted[year])
            for cohort in sorted(cohorts, key=lambda c: unserved_usd(deal, c)):
                unserved = np.minimum(users[cohort], excess)
                excess = excess - unserved
                usd = unserved * unserved_usd(deal, cohort)
                ledger.post(Row("unserved", cohort, unserved, usd, paid=t + 1, first=t, last=t))


def unserved_usd(deal: Deal, cohort_id: str) -> float:
    """Return USD per unserved user-month of a cohort."""
    return deal.cohorts[cohort_id].unserved_usd_per_user_month or 0.0
