"""Seats at other contracted numbers: fees by volume tier, and true-ups as sums of max(0, count - contracted).

Seats added in a window stay licensed to the end of the contract year (model §5), so that the seat-months charged in a
contract year are Σ_k w_k · max(0, X_k - N): X_k is the largest count up to window k, w_k the months by which the charge
falls after it. Neither depends on N.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from deal_solve.analysis.document.what_if.api import OFFER_CLAUSES, NotWorkedOut, refuse_later_signing
from deal_solve.deal.offers.seats import Tiers
from deal_solve.deal.offers.true_up import TrueUp
from deal_solve.settlement.bundle import bundle_tiers
from deal_solve.settlement.seats.seats import SeatContract, priced_seats, seat_contracts, tier_discount
from deal_solve.settlement.seats.tracks import taken
from deal_solve.settlement.seats.true_up import months_charged
from deal_solve.settlement.settle import Settlement
from deal_solve.uncertainty.scenario_set import Array, ScenarioSet


@dataclass(frozen=True, eq=False)
class SeatsWhatIf:
    """One seat type in one contract year.

    `per_seat_usd` and `per_priced_usd` are USD a month at index 1 for each seat, and for each seat that is left after
    the volume tier; `true_up_usd` the price of an added seat where it is no contracted one. `index` (S,) is that of the
    seats, `counts` (K, S) and `months` (K,) what true-ups are charged by.
    """

    seat_type: str
    contract_year: int
    planned: int
    per_seat_usd: float
    per_priced_usd: float
    true_up_usd: float | None
    tiers: Tiers | None
    index: Array
    counts: Array
    months: Array

    def fee_usd(self, seats: int) -> Array:
        """Return the fee of the year, (S,)."""
        month_usd = self.per_seat_usd * seats + self.per_priced_usd * priced_seats(self.tiers, seats)
        return np.asarray(12 * month_usd * self.index)

    def added_usd(self, seats: int) -> Array:
        """Return what added seats cost in the year, (S,)."""
        added = (self.months[:, None] * np.maximum(0.0, self.counts - seats)).sum(axis=0)
        return np.asarray(added * self.price_usd(seats) * self.index)

    def price_usd(self, seats: int) -> float:
        """Return USD a month at index 1 of one added seat."""
        if self.true_up_usd is not None:
            return self.true_up_usd
        return self.per_seat_usd + self.per_priced_usd * (1 - tier_discount(self.tiers, seats))


def seats_what_if(settlement: Settlement, scenarios: ScenarioSet) -> list[SeatsWhatIf]:
    """Return every contracted seat type and contract year; raises NotWorkedOut, with the reason, where it cannot.

    `settlement` is that of the plan in these scenarios.
    """
    deal, plan = settlement.deal, settlement.plan
    refuse_later_signing(deal)
    if plan.later:
        raise NotWorkedOut("a table decides how many seats later terms have")
    bundle = tuple(tier.seats for tier in bundle_tiers(deal, plan))
    found: list[SeatsWhatIf] = []
    for name, agreement in plan.seats.items():
        own = bundle if agreement.offer == plan.api.offer else ()
        contracts = seat_contracts(deal, name, agreement, own, scenarios.index["seats"])
        if not any(seats for contract in contracts for seats in contract.contracted):
            continue
        if len(contracts) > 1:
            raise NotWorkedOut("an agreement for seats is left for list")
        for contract in contracts:
            _refuse(contract)
        found += _years(settlement, contracts)
    if not found:
        raise NotWorkedOut("the plan contracts no seats")
    return found


def _refuse(contract: SeatContract) -> None:
    if not isinstance(contract.seat.part.true_up, TrueUp):
        raise NotWorkedOut("seats have a hard cap: users above it are left unserved")
    offer = contract.taken.offer
    for name, facts in type(offer).model_fields.items():
        if name not in OFFER_CLAUSES and getattr(offer, name) != facts.get_default(call_default_factory=True):
            raise NotWorkedOut(f"the offer has the clause {name}")


def _years(settlement: Settlement, contracts: tuple[SeatContract, ...]) -> Iterator[SeatsWhatIf]:
    """Yield the contract years of one seat type in order."""
    deal = settlement.deal
    name = contracts[0].seat_type
    count, is_taken = settlement.seats[name].count, taken(settlement.plan, name, deal.years)
    largest = np.zeros(count.shape[1])
    seller = {year: contract for contract in contracts for year in contract.years}
    for year, contract in sorted(seller.items()):
        clause = contract.seat.part.true_up
        if not isinstance(clause, TrueUp):
            continue
        span = contract.taken.span_of(year)
        starts = year == span.years.start
        carries = clause.ratchet == "term" and year > 0 and (not starts or (not clause.retroactive and is_taken[year]))
        carried = largest if carries else np.zeros_like(largest)
        largest = np.zeros_like(largest) if starts else largest
        ends = {each.end for each in contract.taken.spans if each.end == len(count) or not is_taken[each.end // 12]}
        windows = [range(start, start + clause.check) for start in range(12 * year, 12 * year + 12, clause.check)]
        counted = [
            count[w.start : w.stop].max(axis=0) if clause.count == "peak" else count[w.stop - 1] for w in windows
        ]
        months = [months_charged(clause, w.start, len(count), is_last=w.stop in ends) for w in windows]
        largest = np.max([largest, *counted], axis=0)
        per_seat, per_priced = contract.prices_usd(year)
        yield SeatsWhatIf(
            seat_type=name,
            contract_year=year,
            planned=contract.contracted[year],
            per_seat_usd=per_seat,
            per_priced_usd=per_priced,
            true_up_usd=contract.seat.card_usd if clause.price == "list" else None,
            tiers=contract.tiers(year),
            index=np.broadcast_to(contract.index[year], largest.shape),
            **_charged(clause, carried, np.array(counted), months),
        )


def _charged(clause: TrueUp, carried: Array, counted: Array, months: list[int]) -> dict[str, Array]:
    """Return the counts X_k and the months w_k of a contract year whose windows counted this many, (windows, S)."""
    if clause.ratchet == "none":
        return {"counts": counted, "months": np.array(months, dtype=float)}
    licensed = np.maximum.accumulate(np.concatenate([carried[None], counted]), axis=0)
    falls = -np.diff([12, *months, 0])
    return {"counts": licensed, "months": falls.astype(float)}
