"""What usage costs in a price regime: billed, drawn down, overage, shortfall, rollover (model §4).

This module bills usage month by month and puts together the usage of each commitment period. What follows from it in
each scenario is either written as rows (`drawdown_rows`) or valued as recourse (`drawdown_cost`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from deal_solve.deal.deal import Deal
from deal_solve.deal.offers.api import ApiPart, Rollover
from deal_solve.deal.offers.channel import Channel
from deal_solve.formulation.clauses.api.commitment import Commitments
from deal_solve.formulation.clauses.api.credit import Credited, Grant, grant
from deal_solve.formulation.clauses.api.credit_cost import BilledBeforePeriodEnd, ChargedAboveCredit
from deal_solve.formulation.clauses.api.credit_rows import CreditRows
from deal_solve.formulation.clauses.api.drawdown_cost import DrawdownCost
from deal_solve.formulation.clauses.api.drawdown_rows import Balance, Chain, UsedUp, granted, in_order, used
from deal_solve.formulation.clauses.api.rates import Rates, Regime, api_of, channel_of, rates_of, shortfall_factor
from deal_solve.formulation.clauses.api.yearly_minimum_cost import YearlyMinimumCost
from deal_solve.formulation.clauses.offers import Agreements
from deal_solve.formulation.clauses.routing import Routing
from deal_solve.formulation.model.expression import Expression, Variable
from deal_solve.formulation.model.per_scenario import Ratio, ScenarioIndices
from deal_solve.formulation.model.period import Period
from deal_solve.formulation.model.program import Program, equal_columns
from deal_solve.formulation.model.rate_groups import Item, PeriodUsage, RateGroups, YearUsage


def bill(program: Program, rates: Rates, routing: Routing, regime: Regime | None, but: range = range(0)) -> None:
    """Charge usage at the end of each month: at contracted rates, or (no regime) at list, line uncounted_usage.

    What is used in months `but` is charged elsewhere.
    """
    by_year: dict[tuple[int, Channel | None, int], list[Item]] = {}
    own, sums = None if regime is None else rates.within(regime), program.sums
    for usage in routing.usage.get(regime, []):
        index, channel = usage.variable.place, usage.channel
        for month, row in usage.intervals(sums, range(sums.months)):
            if month in but:
                continue
            factor, moving = 1.0, sums.index[usage.family][month]
            if own is not None:
                factor, moving, _ = own.of(usage.model_id, usage.family, month)
            key = usage.epoch.year, channel, 0 if channel is None else sums.cloud_year(month)
            by_year.setdefault(key, []).append(Item(index, row, usage.per_request * factor, moving))
    for (year, channel, cloud_year), items in by_year.items():
        book = program.through(channel)
        book.meter("uncounted_usage" if regime is None else "usage", year, items, cloud_year)


def draw_down(program: Program, deal: Deal, agreements: Agreements, commitments: Commitments, routing: Routing) -> None:
    """Add billing, overage, shortfall, rollover and credits of every regime."""
    rates = rates_of(program.sums, deal)
    for regime, beta in agreements.regimes.items():
        given = grant(program, deal, regime, beta)
        drawn = _Drawdown(program, deal, rates, routing, regime, commitments, beta, given)
        if program.by_cuts:
            drawn.add_costs()
        else:
            drawn.add_rows()
    bill(program, rates, routing, None)


@dataclass
class _Drawdown:
    """What usage of one regime costs, and the credit that it is granted."""

    program: Program
    deal: Deal
    rates: Rates
    routing: Routing
    regime: Regime
    commitments: Commitments
    taken: Variable
    given: Grant | None

    @cached_property
    def api(self) -> ApiPart:
        """The API part of the offer."""
        return api_of(self.deal, self.regime.agreement)

    @cached_property
    def book(self) -> Program:
        """The program, for what is paid through the channel of the offer, if it has one."""
        return self.program.through(channel_of(self.deal, self.regime))

    @property
    def is_billed(self) -> bool:
        """Whether usage is billed month by month."""
        return not self.regime.commits or self.api.payment == "arrears"

    @cached_property
    def periods(self) -> list[range]:
        """The commitment periods of the term."""
        return self.api.periods(range(self.regime.span.start, self.regime.span.end))

    @property
    def chains(self) -> list[list[range]]:
        """Periods that are settled together, because one passes something on to the next; none without commitment."""
        if not self.regime.commits:
            return []
        is_chained = isinstance(self.api.unused, Rollover) or self.api.excess == "counts_next"
        return [self.periods] if is_chained else [[months] for months in self.periods]

    @property
    def balance(self) -> Credited | None:
        """A credit that the first period starts with."""
        return self.given.credit if self.given is not None and self.given.paid_until is None else None

    @property
    def credited_until(self) -> int:
        """The time up to which a credit pays charges; 0 without one."""
        return self.given.paid_until or 0 if self.given is not None else 0

    @cached_property
    def _usages(self) -> dict[range, PeriodUsage]:
        """The usage of every commitment period of the term."""
        return dict(zip(self.periods, self._usage_of(self.periods), strict=True))

    def _usage_of(self, periods: list[range]) -> list[PeriodUsage]:
        return usage_of_periods(self.program, self.rates, self.routing, self.regime, periods)

    def _yearly(self) -> list[YearUsage]:
        """Return the usage of each contract year, beside that of the whole term, where there is a yearly minimum."""
        years = [self.deal.months_of(year) for year in self.regime.span.years] if self.api.yearly_minimum else []
        return [YearUsage(*each) for each in zip(years, self._usage_of(years), strict=True)] if years else []

    def _monthly(self, months: range) -> list[PeriodUsage]:
        """Return what is billed in each of some months, whatever it counts toward the commitment."""
        return [PeriodUsage(self._by_month(range(month, month + 1)), (1.0,)) for month in months]

    def _by_month(self, months: range) -> RateGroups:
        return usage_by_month(self.program, self.rates, self.routing, self.regime, months)

    def add_costs(self) -> None:
        """Bill usage, and leave what follows from the scenario to cuts; what a credit may pay is valued with it."""
        until, balance = range(self.credited_until), self.balance
        if self.is_billed:
            bill(self.program, self.rates, self.routing, self.regime, self.periods[0] if balance else until)
        costs = [self._cost(chain, balance if chain[0] == self.periods[0] else None) for chain in self.chains]
        if self.given is not None and balance is None:
            apart = [cost for cost in costs if cost.charges[0][0] <= self.credited_until]
            usage = self._by_month(until if self.is_billed else range(0))
            self.book.recur(ChargedAboveCredit(usage, until, self.given.credit, apart), len(until) - 1)
            costs = costs[len(apart) :]
        elif balance is not None and self.is_billed:
            first = self.periods[0]
            self.book.recur(BilledBeforePeriodEnd(self._by_month(first), first, balance), first[-1])
        for cost in costs:
            self.book.recur(cost, cost.charges[-1][1])

    def _cost(self, chain: list[range], balance: Credited | None) -> DrawdownCost | YearlyMinimumCost:
        """Return the cost of consecutive periods as a function of usage and of C_P, committed in each of them."""
        settled = []
        for months in chain:
            usage, committed = self._usages[months], self.commitments.within(self.regime, months)
            due = (months.stop, months.stop - 1)
            settled.append(Period(usage.rate_groups, usage.ratios, self.program.linear(committed), due))
        api = self.api
        if api.yearly_minimum:
            return YearlyMinimumCost(settled[0], tuple(self._yearly()), api.yearly_minimum)
        share, cap = (api.unused.rollover, api.unused.cap) if isinstance(api.unused, Rollover) else (0.0, 0.0)
        factor = shortfall_factor(self.deal, self.regime)
        arrears, counts_next = api.payment == "arrears", api.excess == "counts_next"
        return DrawdownCost(settled, arrears, share, cap, counts_next, balance, factor)

    def add_rows(self) -> None:
        """Bill usage, and write what follows from the scenario as rows."""
        if self.is_billed:
            bill(self.program, self.rates, self.routing, self.regime)
        if self.given is not None and self.balance is None:
            self._add_rows_of_charges(self.given.credit)
            return
        found: list[UsedUp] = []
        for chain in self.chains:
            first = self.balance if chain[0] == self.periods[0] else None
            balance = None if first is None else Balance(first, self._monthly(chain[0]))
            usages = [self._usages[months] for months in chain]
            for members in _alike(self.program, usages, first):
                rows = self._chain(chain, usages, members, balance)
                rows.add()
                found += rows.used_up
        in_order(self.program, found)

    def _add_rows_of_charges(self, credit: Credited) -> None:
        """Write all periods, and what a credit pays of usage billed and of overage, in groups of equal scenarios."""
        usages = self._usages if self.regime.commits else {}
        monthly = dict(enumerate(self._monthly(range(self.credited_until)))) if self.is_billed else {}
        for members in _alike(self.program, [*usages.values(), *monthly.values()], credit):
            row = int(members[0])
            due = {month: used(self.program, usage, row) for month, usage in monthly.items()}
            for periods in self.chains:
                chain = self._chain(periods, [usages[months] for months in periods], members, None)
                chain.add()
                for month, overage in chain.overages:
                    if month < self.credited_until:
                        due[month] = due.get(month, Expression()) + overage
            rows = CreditRows(self.book, self.deal, members, *granted(self.program, credit, row))
            rows.pay(sorted(due.items(), key=lambda item: item[0]))

    def _chain(
        self, periods: list[range], usages: list[PeriodUsage], members: ScenarioIndices, balance: Balance | None
    ) -> Chain:
        return Chain(
            program=self.book,
            deal=self.deal,
            api=self.api,
            regime=self.regime,
            commitments=self.commitments,
            periods=periods,
            usages=usages,
            maximum=[self.commitments.maximum_within(self.regime, months) for months in periods],
            members=members,
            yearly=self._yearly(),
            taken=self.taken,
            balance=balance,
            credited_until=self.credited_until,
        )


def usage_by_month(program: Program, rates: Rates, routing: Routing, regime: Regime, months: range) -> RateGroups:
    """Return the usage of a regime at contracted rates, one group per month."""
    rows = program.sums.rows_of(months)
    items: list[Item] = []
    numbers: list[int] = []
    own = rates.within(regime)
    for usage in routing.usage.get(regime, []):
        for month, row in usage.intervals(program.sums, months):
            factor, protected, _ = own.of(usage.model_id, usage.family, month)
            items.append(Item(usage.variable.place, row, usage.per_request * factor, protected))
            numbers.append(month - months.start)
    return RateGroups(program.sums.requests[rows], items, numbers, len(months), rows.start)


@dataclass
class _PeriodItems:
    """Usage of one commitment period: its items with the number of their groups, and number and ratio of each group."""

    items: list[Item] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    groups: dict[float, tuple[int, Ratio]] = field(default_factory=dict)

    def put(self, item: Item, ratio: Ratio) -> None:
        """Put an item into the group of its overage ratio."""
        key = round(ratio, 12) if isinstance(ratio, float) else id(ratio)
        number, _ = self.groups.setdefault(key, (len(self.groups), ratio))
        self.items.append(item)
        self.numbers.append(number)


def usage_of_periods(
    program: Program, rates: Rates, routing: Routing, regime: Regime, periods: Sequence[range]
) -> list[PeriodUsage]:
    """Return the usage of a regime as it counts in each of some commitment periods that follow one another."""
    sums, own, whole = program.sums, rates.within(regime), range(periods[0].start, periods[-1].stop)
    found = [_PeriodItems() for _ in periods]
    of_month = [items for items, months in zip(found, periods, strict=True) for _ in months]
    for usage in routing.usage.get(regime, []):
        index = usage.variable.place
        for month, row in usage.intervals(sums, whole):
            factor, protected, ratio = own.tested(usage.model_id, usage.family, month)
            of_month[month - whole.start].put(Item(index, row, usage.per_request * factor, protected), ratio)
    return [
        PeriodUsage(
            RateGroups(sums.requests[rows], own_items.items, own_items.numbers, first_row=rows.start),
            tuple(ratio for _, ratio in own_items.groups.values()),
        )
        for own_items, rows in zip(found, map(sums.rows_of, periods), strict=True)
    ]


def _alike(program: Program, usages: list[PeriodUsage], credit: Credited | None) -> list[ScenarioIndices]:
    """Return the scenarios in groups in which these usages cost exactly the same, beside the same credit."""
    tables = [table for usage in usages for table in (usage.billed, usage.ratio)]
    if credit is not None:
        tables.append(np.broadcast_to(credit.granted, (1, program.size)))
    if not sum(len(table) for table in tables):
        return [np.arange(program.size)]
    return equal_columns(np.vstack(tables))
