"""What usage costs in a price regime: billed, drawn down, overage, shortfall, rollover (model §4).

This module bills usage month by month and puts together the usage of each commitment period. What follows from it in
each scenario is either written as rows (`drawdown_rows`) or valued as recourse (`drawdown_cost`).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from deal_solve.deal.deal import Deal
from deal_solve.deal.offers.api import ApiPart, Rollover
from deal_solve.deal.offers.channel import Channel
from deal_solve.formulation.clauses.api.commitment import Commitments
from deal_solve.formulation.clauses.api.credit import Credited, balance_usd
from deal_solve.formulation.clauses.api.credit_cost import BilledBeforePeriodEnd
from deal_solve.formulation.clauses.api.drawdown_cost import DrawdownCost, Period, YearlyMinimumCost
from deal_solve.formulation.clauses.api.drawdown_rows import Chain
from deal_solve.formulation.clauses.api.rates import Rates, Regime, api_of, channel_of, rates_of, shortfall_factor
from deal_solve.formulation.clauses.offers import Agreements
from deal_solve.formulation.clauses.routing import Routing
from deal_solve.formulation.model.expression import Variable
from deal_solve.formulation.model.per_scenario import ScalarOrArray, ScenarioIndices
from deal_solve.formulation.model.program import Program, equal_columns
from deal_solve.formulation.model.rate_groups import Item, PeriodUsage, RateGroups, YearUsage
from deal_solve.formulation.model.recourse import Linear


def bill(program: Program, rates: Rates, routing: Routing, regime: Regime | None, but: range = range(0)) -> None:
    """Charge usage at the end of each month: at contracted rates, or (no regime) at list, line uncounted_usage.

    What is used in months `but` is charged elsewhere.
    """
    by_year: dict[tuple[int, Channel | None], list[Item]] = {}
    for usage in routing.usage.get(regime, []):
        index, items = program.index(usage.variable), by_year.setdefault((usage.epoch.year, usage.channel), [])
        for month, row in usage.intervals(program, range(program.sums.months)):
            if month in but:
                continue
            factor, moving = 1.0, program.sums.index[usage.family][month]
            if regime is not None:
                factor, moving, _ = rates.of(regime, usage.model_id, usage.family, month)
            items.append(Item(index, row, usage.per_request * factor, moving))
    for (year, channel), items in by_year.items():
        program.through(channel).meter("uncounted_usage" if regime is None else "usage", year, items)


def draw_down(program: Program, deal: Deal, agreements: Agreements, commitments: Commitments, routing: Routing) -> None:
    """Add billing, overage, shortfall and rollover of every regime."""
    rates = rates_of(program.sums, deal)
    for regime in agreements.regimes:
        api, book = api_of(deal, regime.agreement), program.through(channel_of(deal, regime))
        periods = api.periods(range(regime.span.start, regime.span.end))
        credit = _balance(program, deal, regime, agreements.regimes[regime])
        if not regime.commits or api.payment == "arrears":
            bill(program, rates, routing, regime, periods[0] if credit is not None and program.by_cuts else range(0))
        if not regime.commits:
            continue
        usages = [usage_of_period(program, rates, routing, regime, months) for months in periods]
        is_chained = isinstance(api.unused, Rollover) or api.excess == "counts_next"
        chains = [slice(None)] if is_chained else [slice(p, p + 1) for p in range(len(periods))]
        for chain in chains:
            own = credit if chain.start in (None, 0) else None
            yearly = _yearly(deal, program, rates, routing, regime) if api.yearly_minimum else []
            if program.by_cuts:
                committed = [program.linear(commitments.within(regime, months)) for months in periods[chain]]
                settled = _periods(periods[chain], usages[chain], committed)
                cost = _cost(api, settled, yearly, shortfall_factor(deal, regime))
                if own is not None and isinstance(cost, DrawdownCost):
                    cost = replace(cost, credit=own)
                book.recur(cost, periods[chain][-1][-1] // 12)
                if own is not None and api.payment == "arrears":
                    usage = usage_by_month(program, rates, routing, regime, periods[0])
                    book.recur(BilledBeforePeriodEnd(usage, periods[0], own), periods[0][-1] // 12)
                continue
            monthly = _monthly(program, rates, routing, regime, periods[0]) if own is not None else []
            maximum = [commitments.maximum_within(regime, months) for months in periods[chain]]
            for members in _alike(program, usages[chain], own):
                Chain(
                    book,
                    deal,
                    api,
                    regime,
                    commitments,
                    periods[chain],
                    usages[chain],
                    maximum,
                    members,
                    yearly,
                    own,
                    monthly,
                ).add()
    bill(program, rates, routing, None)


def _yearly(deal: Deal, program: Program, rates: Rates, routing: Routing, regime: Regime) -> list[YearUsage]:
    """Return the usage of each contract year of a regime, beside that of the whole term."""
    years = [deal.months_of(year) for year in regime.span.years]
    return [YearUsage(months, usage_of_period(program, rates, routing, regime, months)) for months in years]


def _monthly(program: Program, rates: Rates, routing: Routing, regime: Regime, months: range) -> list[PeriodUsage]:
    """Return the usage of each month of a regime, where a credit pays what is billed in them."""
    return [usage_of_period(program, rates, routing, regime, range(month, month + 1)) for month in months]


def _balance(program: Program, deal: Deal, regime: Regime, beta: Variable) -> Credited | None:
    """Return K · β of a regime that starts with a credit as balance."""
    usd = balance_usd(deal, regime)
    if not np.any(usd):
        return None
    return Credited(program.linear(1.0 * beta), usd / program.unit_usd)


def usage_by_month(program: Program, rates: Rates, routing: Routing, regime: Regime, months: range) -> RateGroups:
    """Return the usage of a regime at contracted rates, one group per month."""
    rows = program.sums.rows_of(months)
    items: list[Item] = []
    numbers: list[int] = []
    for usage in routing.usage.get(regime, []):
        for month, row in usage.intervals(program, months):
            factor, protected, _ = rates.of(regime, usage.model_id, usage.family, month)
            items.append(Item(program.index(usage.variable), row - rows.start, usage.per_request * factor, protected))
            numbers.append(month - months.start)
    return RateGroups(program.sums.requests[rows], items, numbers, len(months))


def usage_of_period(program: Program, rates: Rates, routing: Routing, regime: Regime, months: range) -> PeriodUsage:
    """Return the usage of one commitment period of a regime, as it counts toward the commitment."""
    sums = program.sums
    rows = sums.rows_of(months)
    groups: dict[object, int] = {}
    ratios: list[ScalarOrArray] = []
    items: list[Item] = []
    numbers: list[int] = []
    for usage in routing.usage.get(regime, []):
        index = program.index(usage.variable)
        for month, row in usage.intervals(program, months):
            factor, protected, ratio = rates.tested(regime, usage.model_id, usage.family, month)
            key = id(ratio) if isinstance(ratio, np.ndarray) else round(ratio, 12)
            if key not in groups:
                groups[key] = len(groups)
                ratios.append(ratio)
            items.append(Item(index, row - rows.start, usage.per_request * factor, protected))
            numbers.append(groups[key])
    return PeriodUsage(RateGroups(sums.requests[rows], items, numbers), tuple(ratios))


def _alike(program: Program, usages: list[PeriodUsage], credit: Credited | None) -> list[ScenarioIndices]:
    """Return the scenarios in groups in which these usages cost exactly the same, beside the same credit."""
    tables = [table for usage in usages for table in (usage.billed, usage.ratio)]
    if credit is not None:
        tables.append(np.broadcast_to(credit.granted, (1, program.size)))
    if not sum(len(table) for table in tables):
        return [np.arange(program.size)]
    return equal_columns(np.vstack(tables))


def _periods(periods: list[range], usages: list[PeriodUsage], committed: list[Linear]) -> list[Period]:
    """Return consecutive periods with their usage and C_P, `committed` in each of them."""
    settled = []
    for months, usage, balance in zip(periods, usages, committed, strict=True):
        charge = (months.stop, months.stop - 1)
        settled.append(Period(usage.rate_groups, usage.ratios, balance, charge))
    return settled


def _cost(
    api: ApiPart, settled: list[Period], yearly: list[YearUsage], at_shortfall: float
) -> DrawdownCost | YearlyMinimumCost:
    """Return the cost of consecutive periods as a function of usage and of C_P; `at_shortfall` is k."""
    if api.yearly_minimum:
        return YearlyMinimumCost(settled[0], tuple(yearly), api.yearly_minimum)
    share, cap = (api.unused.rollover, api.unused.cap) if isinstance(api.unused, Rollover) else (0.0, 0.0)
    return DrawdownCost(
        settled, api.payment == "arrears", share, cap, api.excess == "counts_next", shortfall_factor=at_shortfall
    )
