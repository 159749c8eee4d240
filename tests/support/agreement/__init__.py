"""One generated deal solved and checked from outside: settled cost, gap, bound, limits, validity of the plan."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from deal_solve.deal.deal import Deal
from deal_solve.errors import Infeasible, InputError, InternalError, LimitReached
from deal_solve.optimise.signing import solve
from deal_solve.optimise.solution import Solution
from deal_solve.plan.dearer import dearer_in, dearer_options
from deal_solve.plan.validation.validity import refuse_impossible
from deal_solve.settlement.settle import settle
from deal_solve.uncertainty.expansion import scenarios_of
from deal_solve.uncertainty.first_users import first_users
from deal_solve.uncertainty.scenario_set import ScenarioSet
from tests.support.clauses import without
from tests.support.generators.estimate import read
from tests.support.oracle import CENT, broken_limits, close, objective
from tests.support.plans import neighbours

Data = dict[str, Any]
NEIGHBOURS = 12
RESOLVE_SECONDS = 5.0


@dataclass
class Outcome:
    """How one deal ended; `mismatch` says in one sentence what does not agree, "" if everything does."""

    kind: Literal["solved", "infeasible", "mismatch"]
    mismatch: str = ""
    solution: Solution | None = None
    difference: float = 0.0

    @property
    def gap(self) -> float:
        """The relative gap, 0 where it is less than two cents."""
        solution = self.solution
        cents = solution is None or solution.objective_usd - solution.bound_usd <= 2 * CENT
        return 0.0 if cents else solution.gap


def outcome_of(data: Data) -> Outcome:
    """Solve a deal and check everything that must hold of its solution."""
    deal = read(data)
    try:
        solution = solve(deal)
    except Infeasible:
        return Outcome("infeasible")
    except InternalError as error:
        return Outcome("mismatch", str(error))
    found = contradiction(signed(deal, solution), solution)
    return Outcome("mismatch" if found else "solved", found, solution, _difference(solution))


def signed(deal: Deal, solution: Solution) -> Deal:
    """Return the deal in the month in which a plan signs it; itself where nothing is to be chosen."""
    return deal.signed_in(solution.plan.signing_month) if deal.is_open else deal


def contradiction(deal: Deal, solution: Solution) -> str:
    """Return what is wrong with a solution, or ""."""
    scenarios = scenarios_of(deal)
    try:
        refuse_impossible(deal, solution.plan, first_users(scenarios), scenarios)
    except InputError as error:
        return f"the plan is impossible: {error}"
    wasted = dearer_in(deal, solution.plan, dearer_options(deal, scenarios), scenarios)
    if wasted:
        return f"the plan uses options that are closed: {wasted}"
    settled = settle(deal, solution.plan, scenarios)
    worth = solution.objective_usd
    if not np.allclose(settled.cost, solution.settlement.cost, rtol=1e-12, atol=1e-6):
        return "the plan settles to another cost than the solution says"
    if deal.risk.criterion != "regret":
        again = objective(deal, settled.cost, settled.weights, solution.baseline_cost)
        if not close(worth, again):
            return f"the objective is {worth:.4f}, its plan is worth {again:.4f}"
    broken = next(broken_limits(deal, settled), None)
    if broken:
        return f"the plan breaks {broken}"
    if solution.bound_usd > worth + CENT:
        return f"the bound {solution.bound_usd:.4f} is above the objective {worth:.4f}"
    if solution.status == "optimal" and worth - solution.bound_usd > max(1e-6 * abs(worth), 2 * CENT):
        return f"the gap is {solution.gap:.2e} ({worth - solution.bound_usd:.4f} USD)"
    return "" if deal.risk.criterion == "regret" else _beaten(deal, solution, scenarios)


def _beaten(deal: Deal, solution: Solution, scenarios: ScenarioSet) -> str:
    """Return how a plan next to the reported one beats the proven bound, or ""."""
    for plan in neighbours(deal, solution.plan, scenarios, most=NEIGHBOURS, seed=1):
        settled = settle(deal, plan, scenarios)
        worth = objective(deal, settled.cost, settled.weights, solution.baseline_cost)
        room = max(1e-6 * abs(worth), CENT)
        if worth < solution.bound_usd - room and next(broken_limits(deal, settled), None) is None:
            return f"a neighbour is worth {worth:.4f}, less than the bound {solution.bound_usd:.4f}: {plan!r}"
    return ""


def _difference(solution: Solution) -> float:
    """Return the settled objective against the best one of the search, relative (or in cents of small deals)."""
    found = [branch.objective_usd for branch in solution.agreements if branch.objective_usd is not None]
    worth = solution.objective_usd
    return min((abs(worth - each) for each in found), default=0.0) / max(abs(worth), CENT / 1e-6)


def settles_otherwise(data: Data, solution: Solution, clause: str) -> bool | None:
    """Whether the plan costs something else where a clause is neutral; None where it cannot be settled there."""
    neutral = without(data, clause)
    if neutral is None:
        return None
    try:
        deal = signed(read(neutral), solution)
        scenarios = scenarios_of(deal)
        cost, before = settle(deal, solution.plan, scenarios).cost, solution.settlement
    except InputError:
        return None
    if cost.shape != before.cost.shape:
        return abs(float(scenarios.weights @ cost - before.weights @ before.cost)) > CENT
    return bool(np.any(np.abs(cost - before.cost)[before.weights > 0] > CENT))


def solves_otherwise(data: Data, solution: Solution, clause: str) -> bool | None:
    """Whether the best plan costs something else (or there is none) where a clause is neutral; None: no such deal."""
    neutral = without(data, clause)
    if neutral is None:
        return None
    try:
        other = solve(read(neutral), time_limit=RESOLVE_SECONDS).settlement
    except Infeasible:
        return True
    except (InputError, InternalError, LimitReached):
        return None
    before = solution.settlement
    if other.cost.shape != before.cost.shape:
        return abs(float(other.weights @ other.cost - before.weights @ before.cost)) > CENT
    room = np.maximum(CENT, 1e-5 * np.abs(before.cost))
    return bool(np.any((np.abs(other.cost - before.cost) > room)[before.weights > 0]))
