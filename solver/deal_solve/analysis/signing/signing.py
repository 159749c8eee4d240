"""Signing now or in a later month: list in arrears until then, contract years counted from it (model §6).

Only API deals: seats bought at list for some months would need an agreement of their own.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Annotated, Any, Unpack

import numpy as np
from pydantic import Field

from deal_solve.analysis.levers.deals import at_list
from deal_solve.deal.deal import Deal
from deal_solve.deal.money import discount_factor
from deal_solve.errors import InputError
from deal_solve.frames import Table
from deal_solve.optimise.options import SolveKeywords, SolveOptions
from deal_solve.optimise.solution import Solution
from deal_solve.optimise.solve import solve
from deal_solve.record import NotWritten, Record
from deal_solve.settlement.settle import settle
from deal_solve.uncertainty.expansion import scenarios_of
from deal_solve.uncertainty.measures import quantile
from deal_solve.uncertainty.scenario_set import Array, Scenarios, ScenarioSet, each_block


@dataclass(frozen=True)
class Signing(Record):
    """Signing in a month: USD over the whole horizon, discounted; `solution` is the best plan of its months."""

    month: Annotated[int, Field(description="month of signing, counted from 0")]
    expected_usd: Annotated[float, Field(description="expected cost")]
    p10_usd: Annotated[float, Field(description="10 % of the probability lies at or below it")]
    p90_usd: Annotated[float, Field(description="90 % of the probability lies at or below it")]
    at_list_usd: Annotated[float, Field(description="what of it is paid before the agreement and after it")]
    solution: NotWritten[Solution] = field(repr=False)


def signings(
    deal: Deal,
    months: Iterable[int],
    agreement_months: int,
    scenarios: Scenarios | None = None,
    **keywords: Unpack[SolveKeywords],
) -> Table[Signing]:
    """Return the best deal of each month of signing, all over the horizon of the deal and in the same scenarios.

    From the month on there are `agreement_months` of agreements (12, 24, 36 or 48: terms, renewals and projects count
    from there); the months before and after are paid in arrears at list, routed as is best at list. Raises InputError
    for a deal with people, or months that do not fit the horizon; the keywords are those of `solve`.
    """
    if deal.cohorts:
        raise InputError("signing later is compared for API deals only; take the cohorts out")
    if agreement_months not in (12, 24, 36, 48) or agreement_months > deal.horizon_months:
        raise InputError(f"{agreement_months} months of agreement do not fit; expected 12, 24 … in the horizon")
    whole = (scenarios_of(deal) if scenarios is None else scenarios).in_memory()
    horizon = _Horizon(deal, whole, _at_list_by_month(deal, whole), SolveOptions.of(keywords))
    return Table(tuple(horizon.signing(month, month + agreement_months) for month in months))


def _at_list_by_month(deal: Deal, scenarios: ScenarioSet) -> Array:
    """Return what every month costs at list, present value, (H, S): the optimum without agreement, projects apart."""
    best = solve(at_list(deal), scenarios)

    def monthly(_: int, block: ScenarioSet) -> Array:  # payments are kept of one block at a time
        found = np.zeros((block.months, block.size))
        for row in settle(best.settlement.deal, best.plan, block, keep_rows=True).rows or ():
            if row.line in ("usage", "other_charges"):
                found[row.first] += row.amount * discount_factor(deal.cost_of_capital_per_year, row.paid)
        return found

    return np.concatenate(each_block(scenarios, monthly), axis=1)


@dataclass(frozen=True)
class _Horizon:
    """What is the same whatever the month of signing; `listed` (H, S) is each month at list, present value."""

    deal: Deal
    scenarios: ScenarioSet
    listed: Array
    options: SolveOptions

    def signing(self, month: int, end: int) -> Signing:
        """Return the best deal with agreements in months [month, end) alone."""
        deal, scenarios, length = self.deal, self.scenarios, end - month
        if month < 0 or end > deal.horizon_months:
            raise InputError(
                f"signing in month {deal.dated(month)} for {length} months ends outside {deal.compared_months} months"
            )
        then = deal.model_copy(update={"start": deal.calendar(month), "horizon_months": length})
        solution = solve(then, _between(scenarios, month, end), options=self.options)
        outside = self.listed[:month].sum(axis=0) + self.listed[end:].sum(axis=0)
        cost = outside + solution.settlement.cost * discount_factor(deal.cost_of_capital_per_year, month)
        p10, p90 = (quantile(cost, scenarios.weights, level) for level in (0.1, 0.9))
        return Signing(month, scenarios.mean(cost), p10, p90, scenarios.mean(outside), solution)


def _between(scenarios: ScenarioSet, start: int, end: int) -> ScenarioSet:
    """Return the scenarios of months [start, end) alone; list prices stay relative to today's."""
    paths: dict[str, Any] = {
        name: {key: path[start:end] for key, path in getattr(scenarios, name).items()}
        for name in ("requests", "users", "per_user", "index")
    }
    return replace(scenarios, **paths)
