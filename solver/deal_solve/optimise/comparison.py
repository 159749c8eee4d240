"""What costs are compared with: the baseline for loss, the least cost of each scenario for regret (model §7).

Loss is measured against the best plan without API commitment, regret against the cost that each scenario would have if
it were known beforehand (the wait-and-see problem, one solve per scenario).
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from deal_solve.deal.deal import Deal
from deal_solve.deal.risk import Risk
from deal_solve.errors import Infeasible, LimitReached
from deal_solve.optimise.confirmation import refuse_cheaper
from deal_solve.optimise.first_plan import first_plan
from deal_solve.optimise.search.agreement_search import AgreementSearch
from deal_solve.optimise.search.cache import SolveCache
from deal_solve.optimise.search.polish import polish
from deal_solve.optimise.search.settings import TIE_TOLERANCE, Comparison, SearchProblem, SearchSettings
from deal_solve.optimise.search.subsample import warm_started
from deal_solve.optimise.search.workspace import Workspace
from deal_solve.optimise.solution import Solution
from deal_solve.optimise.solver.solvers import Clock
from deal_solve.optimise.sums import sums_of
from deal_solve.plan.plan import Plan
from deal_solve.settlement.settle import cost_of
from deal_solve.uncertainty.first_users import FirstUsers
from deal_solve.uncertainty.measures import Against
from deal_solve.uncertainty.scenario_set import BLOCK, Scenarios

BASELINE_GAP = 1e-8
"""Gap of the baseline over up to a block of scenarios: of two plans nearly tied always the same one, because the tail
of a loss differs by more than their costs do."""
FIRST_KNOWN = (
    "the time limit passed before the best plan without API commitment was found; loss is measured against a simple one"
)
LACKS_CONTROLS = (
    "no plan without commitment provides the controls required on the API; loss is measured against the best one that "
    "lacks them"
)
SAME_PINS = (
    "loss is measured against the best plan without API commitment that keeps the same routing, projects and tracks, "
    "as far as they are fixed"
)


def comparison_of(
    problem: SearchProblem,
    scenarios: Scenarios,
    workspace: Workspace,
    known: Plan | Solution | Comparison | None = None,
) -> Comparison:
    """Return what costs of a problem are compared with, as far as its objective needs it; `known` is the baseline, if
    given. Where routing, projects or tracks are fixed, they are in the baseline too.
    """
    deal, sums, fixings = problem.deal, problem.sums, problem.fixings.usage
    free = deal.model_copy(update={"risk": Risk(), "limits": (), "renewal_decisions": None})
    if isinstance(known, Comparison):
        return replace(known, bound_usd=-math.inf)  # it may be that of another month of signing
    if deal.risk.criterion == "regret":
        settings, clock = workspace.settings, workspace.clock
        each = map(scenarios.in_memory().take, range(scenarios.size))
        alike = SearchSettings(settings.solver, settings.gap, asks="cost", presolves=settings.presolves)
        best = [min_cost(free, alone, sums.first_users, alike, clock) for alone in each]
        return Comparison(against=Against(best=np.array(best)))
    if deal.risk.criterion != "expected" or deal.risk.on != "loss" or deal.risk.weight == 0:
        return Comparison()
    if isinstance(known, Solution) and known.baseline_cost is not None:
        return Comparison(known.baseline, Against(baseline=known.baseline_cost))
    if isinstance(known, Plan):
        return Comparison(known, Against(baseline=cost_of(free, known, scenarios)))
    baseline = SearchProblem(free, sums, fixings=fixings, scope="no_commitment")
    cached = workspace.cache.baseline(baseline)
    if cached is not None:
        return cached
    plan, bound_usd, notes = _baseline(baseline, scenarios, workspace)
    if any(part for name, part in fixings.proposal if name != "api"):
        notes += (SAME_PINS,)
    found = Comparison(plan, Against(baseline=cost_of(free, plan, scenarios)), notes, bound_usd)
    if not workspace.clock.is_over:
        workspace.cache.keep_baseline(baseline, found)
    return found


def min_cost(
    deal: Deal, scenarios: Scenarios, expected: FirstUsers, settings: SearchSettings, clock: Clock | None = None
) -> float:
    """Return the objective of a deal without its plan, dollars: its least cost if these scenarios were all known.

    The plans are those of the deal as it is: an initial order is placed for the `expected` users of all scenarios.
    """
    sums = sums_of(deal, scenarios, expected)
    search = AgreementSearch(SearchProblem(deal, sums), settings, clock or Clock(None))
    search.run()
    best_usd = search.best_usd
    search.forget()
    return best_usd


def _baseline(
    problem: SearchProblem, scenarios: Scenarios, workspace: Workspace
) -> tuple[Plan, float, tuple[str, ...]]:
    """Return the plan of least expected cost among those without API commitment, a bound on all, and notes on it."""
    workspace.clock.report("finding the baseline: the best plan without commitment")
    try:
        try:
            return *_min_expected(problem, scenarios, workspace), ()
        except Infeasible:
            free = replace(problem, scope="no_commitment_or_controls")
            return *_min_expected(free, scenarios, workspace), (LACKS_CONTROLS,)
    except LimitReached:
        simple = first_plan(problem, scenarios) or first_plan(replace(problem, scope="all"), scenarios)
        if simple is None:
            raise
        return simple, -math.inf, (FIRST_KNOWN,)


def _min_expected(problem: SearchProblem, scenarios: Scenarios, workspace: Workspace) -> tuple[Plan, float]:
    """Return the plan of least expected cost and a bound, by cuts where the solve may: no limit needs rows.

    A bound of rows is held against the plan that cuts find: presolve has been seen to lose the best one. Raises
    Disagreement where the rows say that no plan costs as little, or that there is none.
    """
    gap = workspace.settings.gap
    exact = BASELINE_GAP if problem.sums.size <= BLOCK else gap
    settings = SearchSettings(
        workspace.settings.solver,
        min(gap, exact),
        workspace.settings.by_cuts or workspace.settings.branches,
        tie_tolerance=min(TIE_TOLERANCE, exact / 10),
        presolves=workspace.settings.presolves,
    )
    if settings.by_cuts or settings.solver != "highs":
        return _found(problem, settings, workspace)
    try:
        alone = replace(workspace, cache=SolveCache())
        by_cuts, _ = _found(problem, replace(settings, by_cuts=True, asks="decisions"), alone)
    except Infeasible:
        by_cuts = None
    try:
        plan, bound = _found(problem, settings, workspace)
    except Infeasible:
        refuse_cheaper(problem, scenarios, by_cuts, math.inf, settings.solver)
        raise
    refuse_cheaper(problem, scenarios, by_cuts, bound, settings.solver)
    return plan, bound


def _found(problem: SearchProblem, settings: SearchSettings, workspace: Workspace) -> tuple[Plan, float]:
    """Return the best plan of a search, polished, and what the search says that no plan costs less than."""
    search = AgreementSearch(problem, settings, workspace.clock, pseudo_costs=workspace.pseudo_costs)
    workspace.cache.prepare(search)
    search = warm_started(search)
    best = search.run()
    workspace.cache.record(search)
    plan, _ = polish(best.formulation, settings.solver, workspace.clock)
    bound = search.bound
    search.forget()
    return plan, bound
