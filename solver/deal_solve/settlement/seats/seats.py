"""Seat prices and fees: volume tiers, discounts, protected index, yearly or monthly in advance (model §5)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from deal_solve.deal.deal import Deal
from deal_solve.deal.offers.channel import Channel
from deal_solve.deal.offers.running import seat_months
from deal_solve.deal.offers.seats import Tiers
from deal_solve.plan.plan import SeatAgreement
from deal_solve.plan.resolved import OfferTerms, SeatOffer, resolve
from deal_solve.settlement.api.rates import protected_index, uplift
from deal_solve.settlement.ledger import Ledger, Row
from deal_solve.uncertainty.scenario_set import Array


def tier_discount(tiers: Tiers | None, seats: int) -> float:
    """Return the discount of the tier in which a number of seats lies: that of the highest step reached.

    >>> tier_discount(Tiers(kind="all_units", steps=({"seats": 100, "discount": 0.1},)), 100)
    0.1
    """
    reached = [step.discount for step in tiers.steps if step.seats <= seats] if tiers else []
    return reached[-1] if reached else 0.0


def priced_seats(tiers: Tiers | None, seats: int) -> float:
    """Return how many seats at full price cost as much as `seats` after the volume tier.

    all_units: the discount of the highest step reached on all of them. incremental: each step's discount from the
    seat number `step.seats` on.

    >>> priced_seats(Tiers(kind="incremental", steps=({"seats": 101, "discount": 0.1},)), 150)
    145.0
    """
    if tiers is None or tiers.kind == "all_units":
        return seats * (1 - tier_discount(tiers, seats))
    starts = [0, *(step.seats - 1 for step in tiers.steps)]
    rates = [1.0, *(1 - step.discount for step in tiers.steps)]
    ends = [*starts[1:], seats]
    return sum(max(0, min(end, seats) - start) * rate for start, end, rate in zip(starts, ends, rates, strict=True))


@dataclass(frozen=True, eq=False)
class SeatContract:
    """One seat type as bought from one seller: its clauses, N per contract year, and the prices they lead to.

    `years` are the contract years in which it is bought there, all of them unless the agreement is left: then there is
    one contract with the offer and one with the list it is left for. N is 0 in the other years. `bundle` has the extra
    discount of each contract year; `month_index` is the protected seats index, (H, S), and `index` that of the first
    month of each contract year, (Y, S). It is charged from the month `begins` on, the end of seats of its type that are
    in force beyond signing, else 0.
    """

    seat: SeatOffer
    taken: OfferTerms
    years: tuple[int, ...]
    contracted: tuple[int, ...]
    bundle: tuple[float, ...]
    month_index: Array
    begins: int = 0

    @property
    def index(self) -> Array:
        """The protected seats index of the first month of each contract year, (Y, S)."""
        return self.month_index[::12]

    @property
    def channel(self) -> Channel | None:
        """The marketplace that it is bought through, if any."""
        return self.taken.offer.channel

    @property
    def seat_type(self) -> str:
        """The seat type bought."""
        return self.seat.seat_type

    def months_of(self, year: int) -> range:
        """Return the months of a contract year inside the horizon in which it is charged."""
        return range(max(12 * year, self.begins), min(12 * year + 12, len(self.month_index)))

    def year_usd(self, year: int) -> float:
        """Return USD at index 1 of all contracted seats of a year, for its months inside the horizon."""
        return len(self.months_of(year)) * self.month_usd(year)

    def tiers(self, year: int) -> Tiers | None:
        """Return the volume tiers in force; none in a renewal at list."""
        return None if self.taken.is_at_list(self.taken.span_of(year)) else self.seat.part.tiers

    def month_usd(self, year: int) -> float:
        """Return USD a month at index 1 of all contracted seats of a year, after all discounts."""
        seats = self.contracted[year]
        return self._usd(year, seats, priced_seats(self.tiers(year), seats))

    def marginal_usd(self, year: int) -> float:
        """Return USD per user-month at index 1 of one more seat, in the tier in which N of the year lies."""
        return self._usd(year, 1, 1 - tier_discount(self.tiers(year), self.contracted[year]))

    def prices_usd(self, year: int) -> tuple[float, float]:
        """Return USD a month at index 1 for each seat, and for each one that is left by the volume tier."""
        return self._usd(year, 1, 0.0), self._usd(year, 0, 1.0)

    def _usd(self, year: int, seats: int, priced: float) -> float:
        """Return USD a month at index 1 of `seats` that cost as much as `priced` ones after the volume tier.

        Then term and bundle discount, which multiply or are taken off the full price of every seat, and the uplift.
        """
        span = self.taken.span_of(year)
        if self.taken.is_at_list(span):
            return self.seat.card_usd * seats
        of_term, of_bundle = self.taken.offer.terms[span.length].seats, self.bundle[year]
        if self.taken.offer.discounts == "add":
            priced -= (of_term + of_bundle) * seats
        else:
            priced *= (1 - of_term) * (1 - of_bundle)
        return self.seat.usd * priced * uplift(self.taken, span)


def seat_contracts(
    deal: Deal, seat_type: str, agreement: SeatAgreement, bundle: Sequence[float], seats_index: Array
) -> tuple[SeatContract, ...]:
    """Return an agreement with its prices, one contract per seller, in order of time.

    `seats_index` is Π[seats], (H, S); `bundle` is one discount a year, on what is bought from the offer.
    """
    found = []
    for seller in agreement.sellers:
        is_own = seller == agreement.offer
        taken = resolve(deal).taken(agreement) if is_own else _at_list(deal, seller)
        years = tuple(year for year in range(deal.years) if agreement.seller(year) == seller)
        contract = SeatContract(
            seat=resolve(deal).offers[seller].seats[seat_type],
            taken=taken,
            years=years,
            contracted=tuple(seats if year in years else 0 for year, seats in enumerate(agreement.contracted)),
            bundle=(tuple(bundle) if is_own else ()) or (0.0,) * deal.years,
            month_index=protected_index(taken, seats_index),
            begins=seat_months(deal, seat_type, 0).start,
        )
        found.append(contract)
    return tuple(found)


def _at_list(deal: Deal, seller: str) -> OfferTerms:
    return resolve(deal).taken_for(seller, resolve(deal).offers[seller].first_terms[0])


def post_fees(ledger: Ledger, contract: SeatContract) -> None:
    """Post N · price: the months of each contract year at its start, or each month at its start (billed in advance)."""
    for year in contract.years:
        seats = contract.contracted[year]
        month_usd = contract.month_usd(year) * contract.index[year]
        months = contract.months_of(year)
        start, end, count = months.start, months.stop, len(months)
        if contract.seat.part.billing == "yearly":
            ledger.post(
                Row(
                    "seats", contract.seat_type, count * seats, count * month_usd, paid=start, first=start, last=end - 1
                )
            )
        else:
            for t in months:
                ledger.post(Row("seats", contract.seat_type, seats, month_usd, paid=t, first=t, last=t))


def post_users(ledger: Ledger, contract: SeatContract, count: Array) -> None:
    """Post list billed monthly: users · price · index of the month, at its start; `count` are those charged, (H, S)."""
    for t, users in ((t, count[t]) for year in contract.years for t in contract.months_of(year)):
        amount = users * (contract.seat.usd * contract.month_index[t])
        ledger.post(Row("seats", contract.seat_type, users, amount, paid=t, first=t, last=t))


def committed_usd(contract: SeatContract) -> float:
    """Return Σ over contract years of months · N · price at index 1 after all discounts (model §7)."""
    return sum(contract.year_usd(year) for year in range(len(contract.contracted)))


def signed_usd(contract: SeatContract) -> float:
    """Return the same of the contract years of the first term alone (model §7)."""
    return sum(contract.year_usd(year) for year in contract.taken.spans[0].years)


def beyond_horizon_usd(contract: SeatContract) -> float:
    """Return N·price at index 1 of the months of the last term beyond the horizon, N as in its last year inside."""
    last = contract.taken.spans[-1]
    return (last.start + last.length - last.end) * contract.month_usd(len(contract.contracted) - 1)
