"""The API agreement: bands, commitment periods, drawdown, rollover and payment (model §4)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from deal_solve.deal.deal import Deal
from deal_solve.deal.money import CENT_TOLERANCE_USD
from deal_solve.deal.offers.api import ApiBand, ApiPart, Rollover
from deal_solve.plan.plan import ApiTerm, Plan
from deal_solve.plan.resolved import OfferTerms, resolve
from deal_solve.plan.terms import TermSpan
from deal_solve.settlement.api.credit import balance_usd, charges_paid, credited, post_credit
from deal_solve.settlement.api.rates import api_factor, band_of, overage_ratio, protected_index, shortfall_factor
from deal_solve.settlement.ledger import Ledger, Row
from deal_solve.uncertainty.scenario_set import Array, ScenarioSet

Order = Literal["highest_ratio", "chronological"]
YEARLY_MINIMUM = "yearly minimum"
"""The item of what is charged at the end of a contract year whose usage lacks to its minimum."""


@dataclass(frozen=True, eq=False)
class PeriodRecord:
    """What became of one commitment period, months [start, end); USD, arrays (S,).

    `usage_usd` is V at contracted rates; `overage_usd` the whole charge for uncovered usage at its overage rate,
    however it is paid, of it `surcharge_usd` above contracted rates; `forfeited_usd` the own shortfall not rolled over
    and the carried-in balance that expired, but for `credit_usd`, which is part of it: a credit that is balance of this
    period (one number, or (S,)), for which nothing is owed; `monthly_usd` is V by month, (months, S). Where it
    `is_at_list`, commitment, usage, what is covered and the shortfall are in list dollars of the month; what is overage
    or forfeited is in dollars that are paid. `committed_usd` is what of the commitment counts as committed dollars;
    both are (S,) where a table decides them. A period ends in `contract_year`; `minimum_usd`, (contract years, S), is
    what of the shortfall was charged at the end of each contract year of a term, where usage lacks to the yearly
    minimum: (0, S) without one.
    """

    contract_year: int
    start: int
    end: int
    commitment_usd: float | Array
    credit_usd: float | Array
    usage_usd: Array
    carried_in_usd: Array
    covered_usd: Array
    own_shortfall_usd: Array
    rolled_over_usd: Array
    forfeited_usd: Array
    overage_usd: Array
    monthly_usd: Array
    minimum_usd: Array
    surcharge_usd: Array
    committed_usd: float | Array
    is_at_list: bool = False

    @property
    def years(self) -> range:
        """The contract years of the period."""
        return range(self.start // 12, self.contract_year + 1)

    @property
    def credited_usd(self) -> Array:
        """What the credit pays of the usage of each month, in order of use, (months, S)."""
        return credited(self.monthly_usd, self.credit_usd)

    @cached_property
    def exhausted_month(self) -> Array:
        """The first month whose usage, drawn down as used, is not covered (by more than half a cent), nan if none."""
        drawn = self.monthly_usd.copy()
        ends = np.minimum(12 * np.arange(1, len(self.minimum_usd) + 1), len(drawn)) - 1
        drawn[ends] += self.minimum_usd
        over = np.cumsum(drawn, axis=0) > self.carried_in_usd + self.commitment_usd + CENT_TOLERANCE_USD
        return np.where(over.any(axis=0), self.start + over.argmax(axis=0), np.nan)


@dataclass(frozen=True, eq=False)
class Priced:
    """Counted usage of one model in a term, shape (months of the term, S).

    `list_usd` at today's list, `usage_usd` at contracted rates, `ratio` the overage rate over the contracted one; it is
    (1, 1) where it is one number. `tested_usd` is what counts toward a commitment: at contracted rates or, measured at
    list, at the list of its month.
    """

    model_id: str
    list_usd: Array
    usage_usd: Array
    ratio: Array
    tested_usd: Array

    def within(self, rows: slice) -> Priced:
        """Return some months of it."""
        ratio = self.ratio if self.ratio.size == 1 else self.ratio[rows]
        return Priced(self.model_id, self.list_usd[rows], self.usage_usd[rows], ratio, self.tested_usd[rows])


@dataclass(frozen=True, eq=False)
class PricedTerm:
    """One term of the API agreement with its band and its counted usage, priced.

    `shortfall_factor` is k, what a dollar of shortfall costs: 1 but where it is charged at contracted rates.
    """

    span: TermSpan
    term: ApiTerm
    band: ApiBand
    usage: list[Priced]
    shortfall_factor: float = 1.0


@dataclass(frozen=True, eq=False)
class _Period:
    """One commitment period of a term: its months, its C_P in USD and its usage.

    `ahead_usd` is E, the usage above the commitments of the periods before that counts toward this one, (S,).
    `credit_usd` is a credit that is balance of this period: one number, or (S,).
    """

    months: range
    commitment_usd: float
    usage: list[Priced]
    is_last: bool
    ahead_usd: Array
    credit_usd: float | Array
    shortfall_factor: float
    committed_share: float


def post_api(ledger: Ledger, taken: OfferTerms, terms: Iterable[PricedTerm], order: Order) -> tuple[PeriodRecord, ...]:
    """Post all counted usage of the terms of an API agreement, and what its commitments cost."""
    records: list[PeriodRecord] = []
    part, directly = taken.require_api(), ledger
    for priced in terms:
        ledger = directly if priced.span.left else directly.through(taken.offer.channel)
        for each in priced.usage:
            yearly = _by_year(each.usage_usd)
            ledger.usage_by_year[priced.span.years.start : priced.span.years.stop] += yearly
        is_billed = priced.band.commit_usd_per_year == 0 or part.payment == "arrears"
        if is_billed:
            _post_usage(ledger, priced)
        found = [*_periods(ledger, part, priced, order)] if priced.band.commit_usd_per_year > 0 else []
        _post_charges_paid(ledger, part, priced, found, is_billed)
        records += found
    return tuple(records)


def _post_charges_paid(
    ledger: Ledger, part: ApiPart, priced: PricedTerm, records: list[PeriodRecord], is_billed: bool
) -> None:
    """Post what a credit pays of usage billed month by month, and of overage, as they fall due in the first term."""
    usd, until = charges_paid(part, priced.span)
    due: Array = np.zeros((until, ledger.scenarios))
    for item in priced.usage if is_billed else ():
        due += item.usage_usd[:until]
    for record in records:
        if record.end <= until:
            due[record.end - 1] += _overage_due(part, record)
    paid = credited(due, usd)
    ledger.credited += paid.sum(axis=0)
    post_credit(ledger, priced.span.start, paid)


def _overage_due(part: ApiPart, record: PeriodRecord) -> Array:
    """Return what is charged for overage at a period's end; under arrears what it costs above contracted rates."""
    return record.surcharge_usd if part.payment == "arrears" else record.overage_usd


def priced_terms(
    deal: Deal, plan: Plan, scenarios: ScenarioSet, counted: dict[str, Array], bundle: tuple[float, ...]
) -> Iterator[PricedTerm]:
    """Yield every term of the API agreement with its usage, priced.

    `counted[model id]` is (H, S) at today's list; `bundle` is the API discount of each contract year.
    """
    taken, models = resolve(deal).taken(plan.api), {name: deal.card.model(name) for name in counted}
    indices = {name: scenarios.index[name] for name in {model.family for model in models.values()}}
    protected = {name: protected_index(taken, index) for name, index in indices.items()}
    for span, term in zip(taken.spans, plan.api.terms, strict=True):
        band = band_of(taken, span, term)
        months = slice(span.start, span.end)
        priced = []
        for model_id, value in counted.items():
            model = models[model_id]
            factor = api_factor(taken, span, band, bundle[span.years[0]], model)
            follows = protected[model.family][months]
            ratio = overage_ratio(taken, factor, follows, indices[model.family][months])
            usage = value[months] * (factor * follows)
            is_at_list = taken.require_api().is_measured_at_list
            tested = value[months] * indices[model.family][months] if is_at_list else usage
            priced.append(Priced(model_id, value[months], usage, ratio, tested))
        yield PricedTerm(span, term, band, priced, shortfall_factor(taken, span, band, bundle[span.years[0]]))


def _post_usage(ledger: Ledger, priced: PricedTerm) -> None:
    """Post all counted usage of a term at contracted rates at the end of each month."""
    for each in priced.usage:
        for row, t in enumerate(range(priced.span.start, priced.span.end)):
            list_usd, usage_usd = each.list_usd[row], each.usage_usd[row]
            ledger.post(Row("usage", each.model_id, list_usd, usage_usd, paid=t + 1, first=t, last=t))


def _periods(ledger: Ledger, part: ApiPart, priced: PricedTerm, order: Order) -> Iterator[PeriodRecord]:
    """Settle and post the commitment periods of a term in turn; nothing rolls out of the last one."""
    ahead: Array = np.zeros(ledger.scenarios)
    span, share = priced.span, part.committed_share(priced.band)
    credit = balance_usd(part, span, priced.band, ledger.undrawn)
    carried: Array = np.zeros(ledger.scenarios) + credit
    for months in part.periods(range(span.start, span.end)):
        by_year = Counter(month // 12 for month in months)
        due = sum(priced.term.commitment_usd[year - span.years.start] * by_year[year] / 12 for year in by_year)
        items = [each.within(slice(months.start - span.start, months.stop - span.start)) for each in priced.usage]
        k = priced.shortfall_factor
        period = _Period(months, due, items, months.stop == span.end, ahead, credit, k, share)
        record, uncovered = _settle_period(part, period, carried, order)
        if part.excess == "counts_next":
            ahead = np.maximum(ahead + record.usage_usd - record.commitment_usd, 0.0)
        _post_commitment(ledger, part, record, priced)
        _post_end(ledger, part, record, uncovered)
        ledger.credited += record.credited_usd.sum(axis=0)
        if part.payment == "arrears":
            post_credit(ledger, record.start, record.credited_usd)
        carried, credit = record.rolled_over_usd, 0.0
        yield record


def _settle_period(part: ApiPart, period: _Period, carried: Array, order: Order) -> tuple[PeriodRecord, Array]:
    """Return the record of one period, into which R = `carried` rolls, and its uncovered usage at contracted rates.

    covered = min(V, R + C_P - Σ s_y); from_carry = min(V, R); own shortfall = max(0, C_P - (covered - from_carry) - E),
    Σ s_y included; next R = min(share · own shortfall, cap · C_P), 0 out of the last period of a term or horizon. (S,).
    """
    commitment = period.commitment_usd
    monthly = np.zeros((len(period.months), len(carried)))
    for item in period.usage:
        monthly += item.tested_usd
    minimum = _below_minimum(part, commitment, monthly)
    usage, balance = monthly.sum(axis=0), carried + commitment - minimum.sum(axis=0)
    covered, from_carry = np.minimum(usage, balance), np.minimum(usage, carried)
    shortfall = np.maximum(commitment - (covered - from_carry) - period.ahead_usd, 0.0)
    rolled = np.zeros(len(carried))
    if isinstance(part.unused, Rollover) and not period.is_last:
        rolled = np.minimum(part.unused.rollover * shortfall, part.unused.cap * commitment)
    uncovered = usage - covered
    if part.is_measured_at_list:
        share = uncovered / np.where(usage > 0, usage, 1.0)
        overage, surcharge = _billed_share(period.usage, share), np.zeros(len(carried))
    else:
        overage = overage_charge(period.usage, balance, order)
        surcharge = overage - uncovered
    record = PeriodRecord(
        contract_year=period.months[-1] // 12,
        start=period.months.start,
        end=period.months.stop,
        commitment_usd=commitment,
        credit_usd=period.credit_usd,
        usage_usd=usage,
        carried_in_usd=carried,
        covered_usd=covered,
        own_shortfall_usd=shortfall,
        rolled_over_usd=rolled,
        forfeited_usd=period.shortfall_factor
        * (shortfall - rolled + np.maximum(carried - period.credit_usd - from_carry, 0.0)),
        overage_usd=overage,
        monthly_usd=monthly,
        minimum_usd=minimum,
        surcharge_usd=surcharge,
        committed_usd=period.committed_share * commitment,
        is_at_list=part.is_measured_at_list,
    )
    return record, uncovered


def _billed_share(usage: list[Priced], share: Array) -> Array:
    """Return a share (S,) of usage at contracted rates, (S,)."""
    billed = np.zeros(len(share))
    for item in usage:
        billed += item.usage_usd.sum(axis=0)
    return share * billed


def _below_minimum(part: ApiPart, commitment_usd: float, monthly_usd: Array) -> Array:
    """Return s_y = max(0, m · C_T · share of the months - V_y), (contract years, S); (0, S) without a minimum."""
    if not part.yearly_minimum:
        return monthly_usd[:0]
    months = _by_year(np.ones((len(monthly_usd), 1)))
    return np.maximum(part.yearly_minimum * commitment_usd * (months / len(monthly_usd)) - _by_year(monthly_usd), 0.0)


def _by_year(monthly: Array) -> Array:
    """Return the sums of contract years of an array that begins with one, (months, S)."""
    return np.add.reduceat(monthly, range(0, len(monthly), 12))


def overage_charge(items: list[Priced], balance: Array, order: Order) -> Array:
    """Return Σ over uncovered usage of its overage rate, (S,): the balance covers the items in drawdown order.

    highest_ratio: by the ratio of overage to contracted rate over the whole period; chronological: month by month,
    the highest ratio first within a month.
    """
    charge = np.zeros(len(balance))
    left = balance
    for usage, ratio in _stacks(items, order):
        usage, ratio = _by_ratio(usage, ratio)
        for value, price in zip(usage, ratio, strict=True):
            covered = np.minimum(value, left)
            left = left - covered
            charge += (value - covered) * price
    return charge


def _stacks(items: list[Priced], order: Order) -> Iterator[tuple[Array, Array]]:
    """Yield (usage, ratio), each (items, S), of what is drawn down together: the period, or month after month."""
    if not items:
        return
    if order == "chronological":
        for row in range(len(items[0].usage_usd)):
            yield _stack([(item.usage_usd[row], item.ratio[row if len(item.ratio) > 1 else 0]) for item in items])
        return
    yield _stack([group for item in items for group in _same_ratio(item)])


def _stack(groups: list[tuple[Array, Array]]) -> tuple[Array, Array]:
    """Return (usage, ratio), each (items, S), of pairs of (S,) each; a ratio may be (1,)."""
    usage = np.stack([each for each, _ in groups])
    return usage, np.stack([np.broadcast_to(ratio, usage.shape[1]) for _, ratio in groups])


def _same_ratio(item: Priced) -> Iterator[tuple[Array, Array]]:
    """Yield (usage, ratio), (S,) or (1,), of runs of months in which one model has the same ratio everywhere."""
    if item.ratio.size == 1:
        yield item.usage_usd.sum(axis=0), item.ratio[0]
        return
    first = 0
    for row in range(1, len(item.ratio) + 1):
        if row == len(item.ratio) or not np.array_equal(item.ratio[row], item.ratio[first]):
            yield item.usage_usd[first:row].sum(axis=0), item.ratio[first]
            first = row


def _by_ratio(usage: Array, ratio: Array) -> tuple[Array, Array]:
    """Return usage and ratio sorted by falling ratio in every scenario, each (items, S)."""
    if len(ratio) < 2 or np.all(ratio == ratio[:1]):
        return usage, ratio
    order = np.argsort(-ratio, axis=0, kind="stable")
    return np.take_along_axis(usage, order, axis=0), np.take_along_axis(ratio, order, axis=0)


def _post_commitment(ledger: Ledger, part: ApiPart, record: PeriodRecord, priced: PricedTerm) -> None:
    """Post a prepaid commitment at the period's start, or the whole year's at the start of the contract year."""
    if part.payment == "prepaid":
        paid, last, usd = record.start, record.end - 1, record.commitment_usd
    elif part.payment == "prepaid_yearly" and record.start % 12 == 0:
        months = range(record.start, min(record.start + 12, priced.span.end))
        yearly_usd = priced.term.commitment_usd[record.start // 12 - priced.span.years.start]
        paid, last, usd = record.start, months[-1], yearly_usd * len(months) / 12
    else:
        return
    ledger.post(Row("commitment", "api commitment", 1.0, usd, paid=paid, first=paid, last=last))


def _post_end(ledger: Ledger, part: ApiPart, record: PeriodRecord, uncovered: Array) -> None:
    """Post what falls due at a period's end, charged for its last month.

    prepaid: uncovered usage at its overage rate. arrears: what overage costs above contracted; and the own shortfall
    less what is rolled over, with the carried-in balance that expired unused. What of it usage lacks to a yearly
    minimum is charged at the end of the contract year.
    """
    charge, last = _overage_due(part, record), record.end - 1
    if part.payment == "arrears":
        forfeited = record.forfeited_usd - record.minimum_usd.sum(axis=0)
        for number, usd in enumerate(record.minimum_usd):
            start = record.start + 12 * number
            end = min(start + 12, record.end)
            ledger.post(Row("shortfall", YEARLY_MINIMUM, usd, usd, paid=end, first=start, last=end - 1))
        ledger.post(Row("shortfall", "unused commitment", forfeited, forfeited, paid=record.end, first=last, last=last))
    ledger.post(Row("overage", "uncovered usage", uncovered, charge, paid=record.end, first=last, last=last))
