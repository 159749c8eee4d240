"""The months of signing side by side: the best plan of each, all over the whole horizon and in the same scenarios."""

from __future__ import annotations

from dataclasses import replace
from typing import Unpack

from deal_solve.analysis.when.result import SigningOption, When
from deal_solve.deal.deal import Deal
from deal_solve.errors import InputError
from deal_solve.facts.decisions import deal_in_a_line
from deal_solve.frames import Table
from deal_solve.optimise.options import SolveKeywords, SolveOptions
from deal_solve.optimise.signing import months_solved
from deal_solve.optimise.solution import SignedMonth, Solution
from deal_solve.report.basics import About
from deal_solve.settlement.in_force.position import position_of
from deal_solve.uncertainty import measures
from deal_solve.uncertainty.scenario_set import Scenarios


def when(deal: Deal, scenarios: Scenarios, **keywords: Unpack[SolveKeywords]) -> When:
    """Return the best plan of every month in which a deal may be signed, and what each costs over the whole horizon.

    The keywords are those of `solve`. Raises InputError for a deal that is signed at the start of its horizon, and what
    `solve` raises.
    """
    if not deal.is_open:
        how = "state the months that are open, as in signing: {months: [0, 3, 6]}"
        message = f"are not stated, so the deal is signed at its start; {how}"
        raise InputError(deal.problem(("signing", "months"), message))
    best, solved = months_solved(deal, scenarios, SolveOptions.of(keywords), prunes=False)
    options = [_option(deal, month, solved.get(month.month), best.objective_usd) for month in best.months]
    return When(
        months=Table(tuple(options)),
        best=best.plan.signing_month,
        position=position_of(deal, scenarios),
        solution=best,
        about=About(deal, scenarios),
        notes=best.notes,
    )


def _option(deal: Deal, month: SignedMonth, found: Solution | None, best_usd: float) -> SigningOption:
    bare = SigningOption(
        month=month.month,
        calendar_month=f"{deal.calendar(month.month):%Y-%m}",
        outcome=month.outcome,
        bound_usd=month.bound_usd,
    )
    if found is None:
        return bare
    settlement = found.settlement
    p10, p90 = measures.quantiles(settlement.cost, settlement.weights, (0.1, 0.9)).tolist()
    return replace(
        bare,
        objective_usd=found.objective_usd,
        more_usd=found.objective_usd - best_usd,
        expected_usd=settlement.mean(settlement.cost),
        p10_usd=p10,
        p90_usd=p90,
        before_usd=settlement.mean(settlement.by_line["before"]),
        signed_usd=settlement.signed_usd,
        is_proven=found.status == "optimal",
        deal=deal_in_a_line(settlement),
        plan=found.plan,
    )
