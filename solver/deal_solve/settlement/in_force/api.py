"""The API agreement in force until it ends or another one is signed (model §6)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from deal_solve.deal.deal import Deal
from deal_solve.deal.offers.api import PERIOD_MONTHS, ApiBand, ApiPart, Rollover
from deal_solve.deal.offers.in_force import ApiInForce, InForce
from deal_solve.deal.offers.offer import Capped, Offer
from deal_solve.plan.resolved import OfferTerms, SeatOffer, resolve
from deal_solve.settlement.api.drawdown import Priced, overage_charge
from deal_solve.settlement.api.rates import overage_ratio
from deal_solve.settlement.ledger import Ledger, Row
from deal_solve.uncertainty.scenario_set import Array, ScenarioSet


@dataclass(frozen=True, eq=False)
class Held:
    """The agreement in force, settled up to a month `until`: its end, or the month of signing if that is earlier.

    All months are counted from the start of the whole deal; `deal` has the agreement in force as its only offer.
    """

    deal: Deal
    in_force: InForce
    until: int

    @property
    def offer(self) -> Offer:
        """The offer it was taken from."""
        return self.deal.offers[self.in_force.offer]

    @property
    def taken(self) -> OfferTerms:
        """The offer as it is taken; its prices are as written."""
        return resolve(self.deal).taken_for(self.in_force.offer, min(self.offer.terms))

    @property
    def ends(self) -> int:
        """The first month after it."""
        return self.deal.month(self.in_force.ends)

    @property
    def is_at_list(self) -> bool:
        """Whether its commitment and the usage that is tested against it are in list dollars."""
        return self.offer.api is not None and self.offer.api.is_measured_at_list

    @property
    def shortfall_factor(self) -> float:
        """What a dollar of shortfall costs: 1 - d of its band where it is charged at contracted rates, else 1."""
        part = self.offer.api
        if part is None or part.shortfall_at != "contracted":
            return 1.0
        return 1 - (band_in_force(self).one_discount or 0.0)

    def year_of(self, month: int) -> int:
        """Return the contract year of a month, counted back from the end; 0 is the one that runs at the start."""
        return max((month + -self.ends % 12) // 12, 0)

    def seat(self, seat_type: str) -> SeatOffer:
        """Return a seat type as the offer sells it."""
        return resolve(self.deal).offers[self.in_force.offer].seats[seat_type]

    def base(self, family: str) -> float:
        """Return the index that its price protection starts from."""
        return self.in_force.index.get(family, 1.0)

    def protected(self, family: str, index: Array) -> Array:
        """Return the protected index of each month, `index` being Π of the months from 0 on, (months, S)."""
        protection, base = self.offer.price_protection, self.base(family)
        if protection == "none":
            return index
        if protection == "locked":
            return np.full(index.shape, base)
        limit: Array | float = base
        if isinstance(protection, Capped):
            limit = base * (1 + protection.capped) ** (np.arange(len(index))[:, None] / 12)
        return np.minimum(limit, index)


@dataclass(frozen=True, eq=False)
class HeldPeriod:
    """One commitment period in force, months [start, end), cut at the month of signing; USD, arrays (S,).

    `left_usd` is the balance less what was drawn before the horizon; `own_shortfall_usd` what is undrawn of the
    period's own commitment, `expired_usd` of the balance carried into it, both at what a dollar of shortfall costs.
    Measured at list, commitment, usage and balance are in list dollars.
    """

    start: int
    end: int
    commitment_usd: float
    left_usd: Array
    uncovered_usd: Array
    overage_usd: Array
    own_shortfall_usd: Array
    rolled_over_usd: Array
    expired_usd: Array
    monthly_usd: Array


def periods_in_force(part: ApiPart, api: ApiInForce, deal: Deal, ends: int) -> list[range]:
    """Return the commitment periods from the one that runs at month 0 to the end of the agreement."""
    started = deal.month(api.period_started)
    if part.period == "term":
        return [range(started, ends)]
    step = PERIOD_MONTHS[part.period]
    return [range(start, start + step) for start in range(started, ends, step)]


def post_api_in_force(
    ledger: Ledger, held: Held, counted: dict[str, Array], before: ScenarioSet
) -> tuple[HeldPeriod, ...]:
    """Post what the API agreement in force charges until it ends, or until the month of signing.

    `counted[model]` is counted usage at today's list, (months, S). What was prepaid before the horizon is not posted.
    """
    api, part = held.in_force.api, held.offer.api
    if api is None or part is None:
        return ()
    items = priced_in_force(held, counted, before)
    if not api.commits or part.payment == "arrears":
        for item in items:
            for t in range(held.until):
                usd = item.usage_usd[t]
                ledger.post(Row("usage", item.model_id, item.list_usd[t], usd, paid=t + 1, first=t, last=t))
    if not api.commits:
        return ()
    settled = tuple(settle_periods(held, (api, part), items, ledger.scenarios))
    for period in settled:
        _post_period(ledger, part, period, held.until)
    if part.payment == "prepaid_yearly":
        for start in range(held.ends % 12, held.ends, 12):
            last = min(start + 12, held.until) - 1
            usd = api.committed_in(held.year_of(start))
            ledger.post(Row("commitment", COMMITMENT, 1.0, usd, paid=start, first=start, last=last))
    return settled


COMMITMENT = "commitment in force"


def priced_in_force(held: Held, counted: dict[str, Array], before: ScenarioSet) -> list[Priced]:
    """Return counted usage of each model, priced as long as the agreement runs: what is later is not read."""
    found = []
    for model_id, value in counted.items():
        model = held.deal.card.model(model_id)
        index = before.index[model.family]
        follows = held.protected(model.family, index)
        factor = 1 - band_in_force(held).discount_of(model.id, model.family)
        ratio = overage_ratio(held.taken, factor, follows, index)
        usage = value * (factor * follows)
        tested = value * index if held.is_at_list else usage
        found.append(Priced(model_id, value, usage, ratio, tested))
    return found


def band_in_force(held: Held) -> ApiBand:
    """Return the band in force, which is one of the offer's."""
    api, part = held.in_force.api, held.offer.api
    threshold = api.band_usd_per_year if api else 0.0
    return next(band for band in (part.bands if part else ()) if band.commit_usd_per_year == threshold)


def settle_periods(
    held: Held, parts: tuple[ApiInForce, ApiPart], items: list[Priced], size: int
) -> Iterator[HeldPeriod]:
    """Yield the periods in force in turn, each (S,); `items` are counted usage from month 0 on.

    The month of signing is never before the start of the last one.
    """
    api, part = parts
    carried, drawn = np.full(size, api.carried_in_usd), api.drawn_usd
    for months in periods_in_force(part, api, held.deal, held.ends):
        end = min(months.stop, held.until)
        inside = slice(max(months.start, 0), end)
        own = [item.within(inside) for item in items] if inside.start < inside.stop else []
        monthly = sum((item.tested_usd for item in own), np.zeros((inside.stop - inside.start, size)))
        commitment = api.committed_in(held.year_of(months.start)) * len(months) / 12
        used, balance = drawn + monthly.sum(axis=0), carried + commitment
        covered, from_carry = np.minimum(used, balance), np.minimum(used, carried)
        left = np.maximum(balance - drawn, 0.0)
        shortfall = commitment - (covered - from_carry)
        rolled, k = np.zeros(size), held.shortfall_factor
        uncovered = np.maximum(monthly.sum(axis=0) - left, 0.0)
        if isinstance(part.unused, Rollover) and months.stop < held.ends:
            rolled = np.minimum(part.unused.rollover * shortfall, part.unused.cap * commitment)
        yield HeldPeriod(
            start=months.start,
            end=end,
            commitment_usd=commitment,
            left_usd=left,
            uncovered_usd=uncovered,
            overage_usd=uncovered if held.is_at_list else overage_charge(own, left, "highest_ratio"),
            own_shortfall_usd=k * shortfall,
            rolled_over_usd=rolled,
            expired_usd=k * (carried - from_carry),
            monthly_usd=monthly,
        )
        carried, drawn = rolled, 0.0


def _post_period(ledger: Ledger, part: ApiPart, period: HeldPeriod, until: int) -> None:
    """Post a period's commitment if it is paid in the horizon, and what falls due at its end."""
    if part.payment == "prepaid" and 0 <= period.start <= until:
        usd = period.commitment_usd
        ledger.post(Row("commitment", COMMITMENT, 1.0, usd, paid=period.start, first=period.start, last=period.end - 1))
    charge, last = period.overage_usd, period.end - 1
    if part.payment == "arrears":
        charge = charge - period.uncovered_usd
        lost = period.own_shortfall_usd - period.rolled_over_usd + period.expired_usd
        ledger.post(Row("shortfall", "unused commitment", lost, lost, paid=period.end, first=last, last=last))
    uncovered = period.uncovered_usd
    ledger.post(Row("overage", "uncovered usage", uncovered, charge, paid=period.end, first=last, last=last))
