"""One solved deal audited: every scenario written out, a second solver, stated plans, who pays."""

from dataclasses import dataclass

import numpy as np

from deal_solve.deal.deal import Deal
from deal_solve.errors import Infeasible, LimitReached
from deal_solve.facts.allocation import allocate
from deal_solve.optimise.signing import solve
from deal_solve.optimise.solution import Solution
from deal_solve.settlement.settle import settle
from deal_solve.uncertainty.expansion import scenarios_of
from tests.support.agreement import Outcome, signed
from tests.support.oracle import CENT, broken_limits, objective
from tests.support.plans import grid

REGRET_SCENARIOS = 12
"""Regret needs the best cost of every scenario, each a solve of its own."""
SECONDS = 6.0
"""A method that takes longer is not compared."""
TOLERANCE = 2e-6


@dataclass(frozen=True)
class Audit:
    """What was tried on a deal, and `wrong`: what does not agree, "" if everything does."""

    wrong: str = ""
    by_rows: bool = False
    by_cbc: bool = False
    plans: int = 0


def audit_of(deal: Deal, outcome: Outcome, plans: int, with_cbc: bool) -> Audit:
    """Audit a deal; `plans` are so many stated ones of which none may be better."""
    solution = outcome.solution
    rows = _compared(deal, solution, "highs")
    second = _compared(deal, solution, "cbc") if with_cbc and rows is not None else None
    wrong = rows or second or ""
    tried = 0
    if solution is not None:
        better, tried = _better(signed(deal, solution), solution, plans) if plans else ("", 0)
        wrong = wrong or better or _misallocated(solution)
    return Audit(wrong, rows is not None, second is not None, tried)


def _compared(deal: Deal, solution: Solution | None, solver: str) -> str | None:
    """Return in what all rows by a solver differ from a solution (None: no plan), "" if in nothing, None: not known."""
    if deal.risk.criterion == "regret" and scenarios_of(deal).size > REGRET_SCENARIOS:
        return None
    name = f"every scenario written out, {solver}"
    baseline = solution if solver == "cbc" else None  # what is compared with is found by HiGHS
    try:
        other = solve(deal, method="extensive", solver=solver, time_limit=SECONDS, baseline=baseline)
    except LimitReached:
        return None
    except Infeasible:
        return "" if solution is None else f"no plan with {name}; {solution.objective_usd:.4f} by cuts"
    if other.status == "limit":
        return None
    if solution is None:
        return f"{other.objective_usd:.4f} with {name}; no plan by cuts"
    one, two = solution.objective_usd, other.objective_usd
    return "" if abs(one - two) <= TOLERANCE * abs(one) + 2 * CENT else f"{two:.4f} with {name}; {one:.4f} by cuts"


def _better(deal: Deal, solution: Solution, most: int) -> tuple[str, int]:
    """Return (how a stated plan beats the bound, or "", how many were tried within the limits)."""
    if deal.risk.criterion == "regret":
        return "", 0
    scenarios, tried = scenarios_of(deal), 0
    for plan in grid(deal, scenarios, solution.plan, most=most, seed=1):
        settled = settle(deal, plan, scenarios)
        if next(broken_limits(deal, settled), None) is not None:
            continue
        tried += 1
        worth = objective(deal, settled.cost, settled.weights, solution.baseline_cost)
        if worth < solution.bound_usd - max(TOLERANCE * abs(worth), 2 * CENT):
            return f"a stated plan is worth {worth:.4f}, less than the bound {solution.bound_usd:.4f}: {plan!r}", tried
    return "", tried


def _misallocated(solution: Solution) -> str:
    """Return by how much what everybody pays differs from the cost."""
    settlement = solution.settlement
    allocated = sum(each.expected_usd for each in allocate(settlement).totals)
    cost = float(settlement.weights @ settlement.cost)
    return "" if np.isclose(allocated, cost, rtol=1e-9, atol=CENT) else f"{allocated:.4f} allocated of {cost:.4f}"
