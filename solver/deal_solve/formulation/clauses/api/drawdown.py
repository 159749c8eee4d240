"""What usage costs in a price regime: billed, drawn down, overage, shortfall, rollover (model §4).

This module bills usage month by month and puts together the usage of each commitment period. What follows from it in
each scenario is either written as rows (`drawdown_rows`) or valued as recourse (`drawdown_cost`).
"""

from __future__ import annotations

import numpy as np

from deal_solve.deal.deal import Deal
from deal_solve.deal.offers.api import ApiPart, Rollover
from deal_solve.formulation.clauses.api.commitment import Commitments
from deal_solve.formulation.clauses.api.drawdown_cost import DrawdownCost, Period, YearlyMinimumCost
from deal_solve.formulation.clauses.api.drawdown_rows import Chain
from deal_solve.formulation.clauses.api.rates import Rates, Regime, api_of, rates_of
from deal_solve.formulation.clauses.offers import Agreements
from deal_solve.formulation.clauses.routing import Routing
from deal_solve.formulation.model.per_scenario import ScalarOrArray, ScenarioIndices
from deal_solve.formulation.model.program import Program, equal_columns
from deal_solve.formulation.model.rate_groups import Item, PeriodUsage, RateGroups, YearUsage
from deal_solve.formulation.model.recourse import Linear


def bill(program: Program, rates: Rates, routing: Routing, regime: Regime | None) -> None:
    """Charge usage at the end of each month: at contracted rates, or (no regime) at list, line uncounted_usage."""
    by_year: dict[int, list[Item]] = {}
    for usage in routing.usage.get(regime, []):
        index, items = program.index(usage.variable), by_year.setdefault(usage.epoch.year, [])
        for month, row in usage.intervals(program, range(program.sums.months)):
            factor, moving = 1.0, program.sums.index[usage.family][month]
            if regime is not None:
                factor, moving, _ = rates.of(regime, usage.model_id, usage.family, month)
            items.append(Item(index, row, usage.per_request * factor, moving))
    for year, items in by_year.items():
        program.meter("uncounted_usage" if regime is None else "usage", year, items)


def draw_down(program: Program, deal: Deal, agreements: Agreements, commitments: Commitments, routing: Routing) -> None:
    """Add billing, overage, shortfall and rollover of every regime."""
    rates = rates_of(program.sums, deal)
    for regime in agreements.regimes:
        api = api_of(deal, regime.agreement)
        if not regime.commits or api.payment == "arrears":
            bill(program, rates, routing, regime)
        if not regime.commits:
            continue
        periods = api.periods(range(regime.span.start, regime.span.end))
        usages = [usage_of_period(program, rates, routing, regime, months) for months in periods]
        is_chained = isinstance(api.unused, Rollover) or api.excess == "counts_next"
        chains = [slice(None)] if is_chained else [slice(p, p + 1) for p in range(len(periods))]
        for chain in chains:
            yearly = _yearly(deal, program, rates, routing, regime) if api.yearly_minimum else []
            if program.by_cuts:
                committed = [program.linear(commitments.within(regime, months)) for months in periods[chain]]
                program.recourse.append(_cost(api, committed, periods[chain], usages[chain], yearly))
                continue
            maximum = [commitments.maximum_within(regime, months) for months in periods[chain]]
            for members in _alike(program, usages[chain]):
                Chain(
                    program, deal, api, regime, commitments, periods[chain], usages[chain], maximum, members, yearly
                ).add()
    bill(program, rates, routing, None)


def _yearly(deal: Deal, program: Program, rates: Rates, routing: Routing, regime: Regime) -> list[YearUsage]:
    """Return the usage of each contract year of a regime, beside that of the whole term."""
    years = [deal.months_of(year) for year in regime.span.years]
    return [YearUsage(months, usage_of_period(program, rates, routing, regime, months)) for months in years]


def usage_of_period(program: Program, rates: Rates, routing: Routing, regime: Regime, months: range) -> PeriodUsage:
    """Return the usage of one commitment period of a regime."""
    sums = program.sums
    rows = sums.rows_of(months)
    groups: dict[object, int] = {}
    ratios: list[ScalarOrArray] = []
    items: list[Item] = []
    numbers: list[int] = []
    for usage in routing.usage.get(regime, []):
        index = program.index(usage.variable)
        for month, row in usage.intervals(program, months):
            factor, protected, ratio = rates.of(regime, usage.model_id, usage.family, month)
            key = id(ratio) if isinstance(ratio, np.ndarray) else round(ratio, 12)
            if key not in groups:
                groups[key] = len(groups)
                ratios.append(ratio)
            items.append(Item(index, row - rows.start, usage.per_request * factor, protected))
            numbers.append(groups[key])
    return PeriodUsage(RateGroups(sums.requests[rows], items, numbers), tuple(ratios))


def _alike(program: Program, usages: list[PeriodUsage]) -> list[ScenarioIndices]:
    """Return the scenarios in groups in which these usages cost exactly the same."""
    tables = [table for usage in usages for table in (usage.billed, usage.ratio)]
    if not sum(len(table) for table in tables):
        return [np.arange(program.size)]
    return equal_columns(np.vstack(tables))


def _cost(
    api: ApiPart, committed: list[Linear], periods: list[range], usages: list[PeriodUsage], yearly: list[YearUsage]
) -> DrawdownCost | YearlyMinimumCost:
    """Return the cost of consecutive periods as a function of usage and of C_P, `committed` in each of them."""
    settled = []
    for months, usage, balance in zip(periods, usages, committed, strict=True):
        charge = (months.stop, months.stop - 1)
        settled.append(Period(usage.rate_groups, usage.ratios, balance, charge))
    if api.yearly_minimum:
        return YearlyMinimumCost(settled[0], tuple(yearly), api.yearly_minimum)
    share, cap = (api.unused.rollover, api.unused.cap) if isinstance(api.unused, Rollover) else (0.0, 0.0)
    return DrawdownCost(settled, api.payment == "arrears", share, cap, api.excess == "counts_next")
