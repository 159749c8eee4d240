"""What an answer of the search has to stand up to before it is believed (formulation §7, "Second look").

A search says two things: what its plan costs, and that no plan costs less than its bound. The first is held against the
settlement of the plan, with the limits of the deal; the second against a simple plan that is made and settled by
arithmetic alone, and where rows had to decide against the plan that cuts found. An answer that does not stand up to
this raises Disagreement, and the whole solve is done once more without presolve and without what was known beforehand;
one that still does not is an error, never "optimal".
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from deal_solve.errors import Disagreement
from deal_solve.formulation.read import value_of
from deal_solve.optimise.search.agreement import Candidate
from deal_solve.optimise.search.benders import exact_objective
from deal_solve.optimise.search.cache import SolveCache
from deal_solve.optimise.search.known_best import KnownBest
from deal_solve.optimise.search.settings import SearchProblem
from deal_solve.optimise.search.workspace import Workspace
from deal_solve.optimise.solver.certificate import ROUNDING
from deal_solve.plan.plan import Plan
from deal_solve.settlement.limit_checks import limit_checks
from deal_solve.settlement.objective import objective_of
from deal_solve.settlement.settle import Settlement, settle
from deal_solve.uncertainty.scenario_set import Scenarios

LOG = logging.getLogger(__name__)
SETTLEMENT_TOLERANCE, SETTLEMENT_TOLERANCE_USD = 1e-6, 0.01
Result = TypeVar("Result")


def confirmed(workspace: Workspace, work: Callable[[Workspace], Result]) -> Result:
    """Return the result of `work`; where its answer does not stand up, of work done again without presolve.

    The second time all programs without cuts are the solver's alone. What was kept for other solves is forgotten: it
    may rest on the same wrong answer. Raises Disagreement if the second answer does not stand up either.
    """
    try:
        return work(workspace)
    except Disagreement as error:
        LOG.info("%s; the solver looks once more, without presolve", error)
    workspace.cache.forget()
    settings = replace(workspace.settings, presolves=False, branches=False)
    return work(replace(workspace, settings=settings, cache=SolveCache()))


def refuse_other_cost(best: Candidate, settlement: Settlement, objective: float) -> None:
    """Raise Disagreement, naming the line, if the settled objective (dollars) is not the program's.

    A regret near zero is a difference of costs, known to the rounding of these.
    """
    program = best.formulation.program
    optimised = best.in_usd(exact_objective(program, best.formulation.objective))
    if abs(optimised - objective) <= max(_room(objective), ROUNDING * float(settlement.cost.max(initial=0.0))):
        return
    settled: dict[str, float] = {}
    for line, costs in settlement.by_line.items():
        index = "overage" if line == "shortfall" else line
        settled[index] = settled.get(index, 0.0) + float(settlement.weights @ costs)
    found = []
    for line, theirs in settled.items():
        lines = ["overage", "shortfall"] if line == "overage" else [line]
        ours = value_of(program.expected(lines)) * program.unit_usd
        found.append((abs(ours - theirs), line, ours, theirs))
    _, line, ours, theirs = max(found)
    raise Disagreement(
        f"optimiser and settlement disagree: {optimised:,.4f} against {objective:,.4f} USD; most in {line}: "
        f"{ours:,.4f} against {theirs:,.4f}"
    )


def refuse_changed(known: KnownBest, objective: float) -> None:
    """Raise Disagreement if a plan that is known from another deal costs another objective (dollars) in this one."""
    if abs(known.settled_usd - objective) > _room(objective):
        raise Disagreement(
            f"optimiser and settlement disagree: a plan costs {objective:,.4f} USD, and {known.settled_usd:,.4f} where "
            "its program is the same"
        )


def satisfies_limits(settlement: Settlement) -> bool:
    """Whether a settled plan keeps every limit of its deal."""
    return all(check.is_kept for check in limit_checks(settlement.deal, settlement))


def refuse_broken_limits(settlement: Settlement) -> None:
    """Raise Disagreement, naming the limit, if the settled plan breaks one."""
    broken = [check for check in limit_checks(settlement.deal, settlement) if not check.is_kept]
    if broken:
        first = broken[0]
        achieved = "another probability" if first.achieved_usd is None else f"{first.achieved_usd:,.4f} USD"
        raise Disagreement(
            f"optimiser and settlement disagree: the plan of the optimiser breaks the limit {first.limit}: {achieved} "
            f"against at most {first.at_most_usd:,.4f}"
        )


def refuse_bound_above(plan: Settlement, known: float, bound: float, solver: str) -> None:
    """Raise Disagreement if a plan within the limits, known to cost so much, costs less than a solver's `bound`.

    Amounts are objectives in dollars. A program allows less above a limit than settlement does, and holds a probability
    over many scenarios by its tail: a plan that keeps a limit to the cent, or meets the probability alone, may be none
    of it.
    """
    for check in limit_checks(plan.deal, plan, is_exact=True):
        if not check.is_kept or (check.probability is not None and (check.achieved_usd or 0.0) > check.at_most_usd):
            return
    if bound > known + _room(known):
        stated = f"no plan costs less than {bound:,.2f} USD" if bound < float("inf") else "there is no plan"
        raise Disagreement(
            f"the answers of the solver {solver} differ from what a plan costs: {stated}, it says, and one that is "
            f"known costs {known:,.2f} USD"
        )


def refuse_cheaper(problem: SearchProblem, scenarios: Scenarios, plan: Plan | None, bound: float, solver: str) -> None:
    """Raise Disagreement if a plan that cuts found, settled, keeps the limits and costs less than the rows' bound."""
    if plan is not None:
        settlement = settle(problem.deal, plan, scenarios)
        if satisfies_limits(settlement):
            refuse_bound_above(settlement, settled_objective(problem, settlement), bound, solver)


def settled_objective(problem: SearchProblem, settlement: Settlement) -> float:
    """Return the objective of a problem at a settled plan (dollars)."""
    return objective_of(problem.deal, settlement.cost, settlement.weights, problem.against)


def _room(usd: float) -> float:
    return max(SETTLEMENT_TOLERANCE * abs(usd), SETTLEMENT_TOLERANCE_USD)
