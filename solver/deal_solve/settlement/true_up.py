"""Growth above the contracted seats: true-ups by window and ratchet, and the hard cap (model §5)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from deal_solve.deal.deal import Deal
from deal_solve.deal.offer import TrueUp
from deal_solve.plan.plan import Plan
from deal_solve.settlement.ledger import Ledger, Row
from deal_solve.settlement.seats import SeatContract
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

    def window(self, state: _Licensed, start: int) -> Array:
        """Settle one window: seats added above L, (S,), charged in one sum at its end; L rises unless ratchet none."""
        clause = self.clause
        end = start + clause.check
        window = self.count[start:end]
        counted: Array = window.max(axis=0) if clause.count == "peak" else window[-1]
        added = np.maximum(0.0, counted - state.seats)
        months = months_charged(clause, start, is_last=end in self.ends)
        first = start if clause.retroactive or months == clause.check else end - 1
        self.post(added, months, end, (first, end - 1))
        if clause.ratchet != "none":
            state.seats = state.seats + added
        state.largest = np.maximum(state.largest, counted)
        return added

    def post(self, seats: Array, months: int, paid: int, charged: tuple[int, int]) -> None:
        """Post seats · months · the true-up price of the contract year of the last month charged."""
        if not months or not seats.any():
            return
        contract, (first, last) = self.contract, charged
        year = last // 12
        usd = contract.seat.card_usd if self.clause.price == "list" else contract.marginal_usd(year)
        quantity = seats * months
        amount = quantity * (usd * contract.index[year])
        self.ledger.post(Row("true_up", contract.seat_type, quantity, amount, paid=paid, first=first, last=last))


def post_true_up(ledger: Ledger, contract: SeatContract, count: Array, taken: tuple[bool, ...]) -> Array:
    """Post the true-ups of one seat type; `count` is A, (H, S), `taken[y]` whether a cohort takes the type in year y.

    Returns the most seats above N that were licensed or charged in each contract year, (Y, S). A type under hard_cap
    has no true-up, nor has list billed monthly.
    """
    above = np.zeros((len(contract.contracted), count.shape[1]))
    clause = contract.seat.part.true_up
    if not isinstance(clause, TrueUp) or contract.seat.is_billed_by_users:
        return above
    ends = (span.end for span in contract.taken.spans if span.end == len(count) or not taken[span.end // 12])
    growth = _Growth(ledger, contract, clause, count, frozenset(ends))
    state = _Licensed(np.zeros(count.shape[1]), np.zeros(count.shape[1]))
    for year, contracted in enumerate(contract.contracted):
        carried = _carried(contract, clause, state, year, taken[year])
        if year == contract.taken.span_of(year).years.start:
            state.largest = np.zeros(count.shape[1])
        state.seats = np.maximum(contracted, carried)
        growth.post(state.seats - contracted, 12, 12 * year, (12 * year, 12 * year + 11))
        above[year] = state.seats - contracted
        for start in range(12 * year, 12 * year + 12, clause.check):
            added = growth.window(state, start)
            above[year] = np.maximum(above[year], state.seats + (added if clause.ratchet == "none" else 0) - contracted)
    return above


def _carried(contract: SeatContract, clause: TrueUp, state: _Licensed, year: int, is_taken: bool) -> Array:
    """Return the seats that stay licensed at the start of a contract year whatever N is, (S,).

    ratchet term: M at every anniversary; into a new term only if true-ups are not retroactive and a cohort takes the
    type there. Otherwise none.
    """
    starts_term = year == contract.taken.span_of(year).years.start
    carries = clause.ratchet == "term" and (not starts_term or (not clause.retroactive and is_taken))
    return state.largest if carries else np.zeros_like(state.largest)


def months_charged(clause: TrueUp, start: int, *, is_last: bool) -> int:
    """Return the months that seats added in the window from month `start` are charged for.

    retroactive: from the window's start to the end of the contract year; else from its end, but the last count before
    the type is given up, or the horizon ends, charges `check` months. ratchet none: the window.

    >>> [months_charged(TrueUp(check=3, retroactive=back), 3, is_last=False) for back in (True, False)]
    [9, 6]
    """
    end = start + clause.check
    year_end = start // 12 * 12 + 12
    if clause.ratchet == "none":
        return clause.check
    if clause.retroactive:
        return year_end - start
    return clause.check if is_last else year_end - end


def post_hard_cap(ledger: Ledger, deal: Deal, plan: Plan, scenarios: ScenarioSet, contract: SeatContract) -> None:
    """Post the users above N under hard_cap, cheapest to leave unserved first, at the end of each month."""
    if isinstance(contract.seat.part.true_up, TrueUp):
        return
    for t in range(scenarios.months):
        cohorts = [c for c in deal.cohorts if plan.tracks[c][t // 12] == contract.seat_type]
        users = {c: scenarios.users[c][t] for c in cohorts}
        excess = np.maximum(0.0, sum(users.values(), np.zeros(scenarios.size)) - contract.contracted[t // 12])
        for cohort in sorted(cohorts, key=lambda c: unserved_usd(deal, c)):
            unserved = np.minimum(users[cohort], excess)
            excess = excess - unserved
            ledger.post(
                Row("unserved", cohort, unserved, unserved * unserved_usd(deal, cohort), paid=t + 1, first=t, last=t)
            )


def unserved_usd(deal: Deal, cohort_id: str) -> float:
    """Return USD per unserved user-month of a cohort."""
    return deal.cohorts[cohort_id].unserved_usd_per_user_month or 0.0
