"""The best plan over the months in which it may be signed: one solve per month, in which the deal is an ordinary one.

Every month is compared over the whole horizon: what is paid before it is a constant of each scenario, the same in every
plan. The least bound over the months is one on the deal (formulation §6, "Branching").
"""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Unpack

import numpy as np

from deal_solve.deal.deal import Deal
from deal_solve.deal.money import CENT_TOLERANCE_USD
from deal_solve.errors import Infeasible, InputError, LimitReached
from deal_solve.optimise.options import SolveKeywords, SolveOptions
from deal_solve.optimise.search.settings import TIE_TOLERANCE, Beaten, Comparison
from deal_solve.optimise.solution import SignedMonth, Solution
from deal_solve.optimise.solve import compared_with
from deal_solve.optimise.solve import solve as solve_signed
from deal_solve.plan.proposal import pins_of
from deal_solve.settlement.objective import fit_risk
from deal_solve.uncertainty.expansion import scenarios_of
from deal_solve.uncertainty.measures import Against
from deal_solve.uncertainty.months import in_months_of
from deal_solve.uncertainty.scenario_set import Scenarios

LOG = logging.getLogger(__name__)


def solve(deal: Deal, scenarios: Scenarios | None = None, **keywords: Unpack[SolveKeywords]) -> Solution:
    """Return the plan of least objective over the scenarios (default: those the deal states), with its proof.

    Where the deal may be signed in several months, or follows an agreement in force, the month of signing is part of
    the plan; the months from it on are then the deal of the settlement. The keywords are the fields of SolveOptions,
    such as `gap`, `time_limit` (seconds) and `fix`. Raises Infeasible if there is no plan, LimitReached if `time_limit`
    passed without one, Cancelled if `progress` stopped it, InputError for a fixed decision or a solver that cannot be,
    and InternalError if the settled cost of the plan is not that of the optimiser.
    """
    if not deal.is_open:
        return solve_signed(deal, scenarios, **keywords)
    return months_solved(deal, scenarios, SolveOptions.of(keywords))[0]


def months_solved(
    deal: Deal, scenarios: Scenarios | None, options: SolveOptions, *, prunes: bool = True
) -> tuple[Solution, dict[int, Solution]]:
    """Return the best plan over all months of signing, and the solution of each month that was solved.

    A month is pruned once its bound is above the best plan found, unless every month is to be solved.
    """
    whole = scenarios_of(deal) if scenarios is None else scenarios
    options = options.begun()
    signed = {month: deal.signed_in(month) for month in _months(deal, options)}
    sets = {month: in_months_of(own, whole) for month, own in signed.items()}
    is_regret = deal.risk.criterion == "regret"  # measured against the least cost of any month, not of each
    if options.baseline is None or (is_regret and not isinstance(options.baseline, Comparison)):
        options = replace(options, baseline=_compared(list(signed.values()), list(sets.values()), options))
    found: dict[int, Solution] = {}
    months: list[SignedMonth] = []
    reasons: list[str] = []
    for month, own in signed.items():
        if found and options.is_over:
            months.append(SignedMonth(month, "limit", None, 0.0))
            continue
        best = min((each.objective_usd for each in found.values()), default=math.inf)
        try:
            found[month] = solve_signed(own, sets[month], options=options, better_than=best if prunes else math.inf)
            each = found[month]
            months.append(
                SignedMonth(month, "limit" if each.status == "limit" else "solved", each.objective_usd, each.bound_usd)
            )
        except Beaten as beaten:
            months.append(SignedMonth(month, "pruned", None, beaten.bound_usd))
        except Infeasible as error:
            reasons.append(str(error))
            months.append(SignedMonth(month, "infeasible", None, math.inf))
        except LimitReached:
            months.append(SignedMonth(month, "limit", None, 0.0))
        LOG.info("signing in month %d: %s", month, months[-1])
    return _best(found, months, reasons), found


def _months(deal: Deal, options: SolveOptions) -> tuple[int, ...]:
    """Return the months that are open: the one that is fixed, or all of them."""
    fixed = pins_of(options.fix)
    month = fixed.signing_month if fixed is not None else None
    if month is None:
        return deal.signing_months
    if month not in deal.signing_months:
        known = ", ".join(map(str, deal.signing_months))
        raise InputError(f"signing_month is fixed to {month}; the deal may be signed in {known}")
    return (month,)


def _compared(deals: Sequence[Deal], sets: Sequence[Scenarios], options: SolveOptions) -> Comparison:
    """Return what costs are compared with: the reference in its own best month, the least cost of any month."""
    found = []
    for deal, scenarios in zip(deals, sets, strict=True):
        fitted, _ = fit_risk(deal, scenarios)
        found.append(compared_with(fitted, scenarios, options))
    known = [each.against.best for each in found if each.against.best is not None]
    if known:
        return Comparison(against=Against(best=np.min(known, axis=0)))
    costs = [
        (float(sets[0].weights @ c.against.baseline), n) for n, c in enumerate(found) if c.against.baseline is not None
    ]
    return found[min(costs)[1]] if costs else Comparison()


def _best(found: dict[int, Solution], months: list[SignedMonth], reasons: list[str]) -> Solution:
    """Return the solution of least objective, the earliest month of equal ones, proven over all months.

    Months cost the same where they differ by no more than plans do that are tied, or by half a cent. A month that was
    pruned costs more than an earlier one, so that the answer does not depend on which were.
    """
    if not found:
        if any(month.outcome == "limit" for month in months):
            raise LimitReached("the time limit passed before a plan was found in any month of signing")
        raise Infeasible(reasons[0])
    cheapest = min(each.objective_usd for each in found.values())
    tied = cheapest + max(TIE_TOLERANCE * abs(cheapest), CENT_TOLERANCE_USD)
    best = found[min(month for month, each in found.items() if each.objective_usd <= tied)]
    bound = min(best.objective_usd, *(month.bound_usd for month in months))
    gap = (best.objective_usd - bound) / max(abs(best.objective_usd), 1e-9)
    is_stopped = any(month.outcome == "limit" for month in months)
    return replace(best, bound_usd=bound, gap=gap, status="limit" if is_stopped else best.status, months=tuple(months))
