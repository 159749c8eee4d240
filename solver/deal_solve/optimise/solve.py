"""Solve a deal: search its agreements, polish the plan, settle it, and compare the two costs.

Over a sampled scenario set this is sample average approximation: the plan is optimal for the sample, and its objective
an estimate that `analysis/uncertainty` puts an interval around. The plan is settled by arithmetic that shares no code
with the program; a difference between the two objectives is an error (formulation §6, "Agreement").
"""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Unpack

from threadpoolctl import threadpool_limits

from deal_solve.deal.deal import Deal
from deal_solve.errors import Disagreement, Infeasible, InputError, LimitReached
from deal_solve.formulation.fixings import fixings_of
from deal_solve.formulation.read import read_plan
from deal_solve.optimise.comparison import comparison_of
from deal_solve.optimise.confirmation import (
    confirmed,
    refuse_bound_above,
    refuse_broken_limits,
    refuse_changed,
    refuse_cheaper,
    refuse_other_cost,
    satisfies_limits,
    settled_objective,
)
from deal_solve.optimise.decomposable import is_decomposable
from deal_solve.optimise.first_plan import first_plan
from deal_solve.optimise.known import keep_best, known_best
from deal_solve.optimise.options import SolveKeywords, SolveOptions
from deal_solve.optimise.relaxations import bounds_by_baseline, relaxed_bounds
from deal_solve.optimise.search.agreement import Candidate
from deal_solve.optimise.search.agreement_search import AgreementSearch
from deal_solve.optimise.search.benders import TIGHTNESS_TOLERANCE, is_tight, satisfies_measured_limits
from deal_solve.optimise.search.cache import SolveCache
from deal_solve.optimise.search.known_best import KnownBest
from deal_solve.optimise.search.polish import polish
from deal_solve.optimise.search.settings import (
    Asks,
    Beaten,
    Comparison,
    LowerBounds,
    OpenBands,
    SearchProblem,
    SearchSettings,
)
from deal_solve.optimise.search.subsample import warm_started
from deal_solve.optimise.search.workspace import Workspace
from deal_solve.optimise.solution import CandidateAgreement, Solution
from deal_solve.optimise.solver.solvers import Clock, fix_integers, solver_named
from deal_solve.optimise.sums import SIGN_FIRST
from deal_solve.optimise.within_limits import plan_within_limits
from deal_solve.plan.crowds import too_many_combinations
from deal_solve.plan.plan import Plan
from deal_solve.plan.validation.validity import refuse_impossible
from deal_solve.settlement.objective import constant_of, fit_risk
from deal_solve.settlement.settle import Settlement, settle
from deal_solve.uncertainty.expansion import scenarios_of
from deal_solve.uncertainty.months import in_months_of
from deal_solve.uncertainty.scenario_set import BLOCK, Scenarios

LOG = logging.getLogger(__name__)
STOPPED_EARLY = (
    "the time limit passed before a plan was found that costs less than this simple one, the first incumbent"
)
MAX_WRITTEN_OUT = 300
"""Up to this many scenarios binaries close the gap of a rollover in which saving balance would pay (formulation §8); of
more it is reported, unless a limit on cost has to be held exactly."""


def solve(
    deal: Deal,
    scenarios: Scenarios | None = None,
    *,
    bands: OpenBands | None = None,
    better_than: float = math.inf,
    lower_bounds: LowerBounds | None = None,
    relaxations: Sequence[Solution] = (),
    asks: Asks = "plan",
    **keywords: Unpack[SolveKeywords],
) -> Solution:
    """Return the plan of least objective over the scenarios (default: those the deal states), with its proof.

    The deal is signed in its first month (`optimise.signing` chooses one). `bands` are the API agreements and bands
    of the first term that are open; where no plan is as good as `better_than`, an objective, Beaten is raised.
    `lower_bounds` are known to hold for the agreements that they name; `relaxations` are solutions over the same
    scenarios of deals in which no plan costs more. A question that `asks` less of the plan gets any plan that is the
    same in what it asks. The keywords are the fields of SolveOptions, such as `gap`, `time_limit` (seconds) and
    `fix`. Raises Infeasible if there is no plan, LimitReached if `time_limit` passed without one, Cancelled if
    `progress` stopped it, InputError for a fixed decision or a solver that cannot be, and Disagreement if arithmetic
    refutes the answer (what its plan costs, the limits, a simple plan), after a second look without presolve too.
    """
    if deal.is_open:
        raise InputError(SIGN_FIRST)
    scenarios = in_months_of(deal, scenarios_of(deal) if scenarios is None else scenarios)
    deal, notes = fit_risk(deal, scenarios)
    options = SolveOptions.of(keywords)
    clock = Clock(options.time_limit, options.progress, options.until)
    solver = solver_named(options.solver)
    fixings = fixings_of(deal, options.fix)
    by_cuts = options.method == "decomposition" and is_decomposable(deal, scenarios, solver)
    branches = options.method == "decomposition" and solver == "highs"  # the extensive form audits: HiGHS alone
    settings = SearchSettings(solver, options.gap, by_cuts, branches=branches, reports_incumbent=True)
    bounds_bands = asks == "plan" and bands is None and (options.cache is None or options.cache.is_of_sums)
    settings = replace(settings, bounds_bands=bounds_bands)
    settings = replace(settings, asks=asks, tie_tolerance=0.0 if asks == "cost" else settings.tie_tolerance)
    workspace = Workspace(settings, clock, options.cache or SolveCache(is_of_sums=True))
    with threadpool_limits(1, "blas"):  # work is cut into pieces of its own; sums are the same bits on any machine
        sums = workspace.cache.sums(deal, scenarios)
        known = dict(lower_bounds or {})
        problem = SearchProblem(deal, sums, fixings=fixings, bands=bands, better_than=better_than, lower_bounds=known)
        closed = [(plan.id, too_many_combinations(deal, sums.first_users, plan)) for plan in deal.card.plans]
        notes += tuple(f"rates.plans.{name}: {sentence}" for name, sentence in closed if sentence)
        return confirmed(workspace, partial(_optimum, problem, scenarios, options.baseline, relaxations, notes))


def _optimum(
    problem: SearchProblem,
    scenarios: Scenarios,
    baseline: Plan | Solution | Comparison | None,
    relaxations: Sequence[Solution],
    notes: tuple[str, ...],
    workspace: Workspace,
) -> Solution:
    """Return the plan of least objective, settled; raises Disagreement where arithmetic shows it to be wrong."""
    comparison = comparison_of(problem, scenarios, workspace, baseline)
    comparison = replace(comparison, notes=(*notes, *comparison.notes))
    constant = constant_of(problem.deal, scenarios.weights, comparison.against)
    problem = replace(problem, against=comparison.against, constant_usd=constant)
    problem = problem.with_bounds(relaxed_bounds(relaxations, problem))
    problem = problem.with_bounds(bounds_by_baseline(problem, comparison))
    try:
        found = _search(problem, scenarios, workspace)
    except (Infeasible, Beaten) as error:
        _simple(problem, scenarios, comparison.baseline, _bound_of(error, problem), workspace.settings.solver)
        _audit(problem, scenarios, workspace, _bound_of(error, problem))
        raise
    _audit(problem, scenarios, workspace, found.bound)
    solution = _settled(found, scenarios, comparison)
    if not (found.best is None or found.stage_left or found.is_above_cuts):
        keep_best(found.search, found.best, found.agreements, solution, workspace.cache)
    found.search.forget()
    return solution


def compared_with(deal: Deal, scenarios: Scenarios, options: SolveOptions) -> Comparison:
    """Return what costs of a deal that is signed in its first month are compared with."""
    solver, clock = solver_named(options.solver), Clock(options.time_limit, options.progress, options.until)
    by_cuts = options.method == "decomposition" and is_decomposable(deal, scenarios, solver)
    workspace = Workspace(SearchSettings(solver, options.gap, by_cuts), clock, options.cache or SolveCache())
    with threadpool_limits(1, "blas"):
        problem = SearchProblem(deal, workspace.cache.sums(deal, scenarios), fixings=fixings_of(deal, options.fix))
        return confirmed(workspace, lambda looks: comparison_of(problem, scenarios, looks, options.baseline))


@dataclass(frozen=True)
class _Found:
    """A search that is over, the best of its candidates, all of them by band, and the polished plan, if there is one.

    `stage_left` is the stage at which tie-breaking was left, if it was. `is_above_cuts` says that settlement charges
    more for the plan than any cut can: a linear program saves balance. Where the plan was `known`, the search was over
    all other agreements, and none of them has one as good.
    """

    search: AgreementSearch
    best: Candidate | None
    agreements: tuple[CandidateAgreement, ...]
    plan: Plan | None
    stage_left: str = ""
    is_above_cuts: bool = False
    known: KnownBest | None = None

    @property
    def is_solved(self) -> bool:
        """Whether the plan is the best one, and not just one that a limit left."""
        return self.best is not None or self.known is not None

    @property
    def bound(self) -> float:
        """A valid lower bound on every plan of the deal, dollars."""
        return self.search.bound if self.known is None else min(self.search.bound, self.known.bound_usd)


def _search(problem: SearchProblem, scenarios: Scenarios, workspace: Workspace) -> _Found:
    """Search by cuts where the settings say so, and with all rows where cuts alone are not enough."""
    alone = partial(AgreementSearch, problem, workspace.settings, workspace.clock, pseudo_costs=workspace.pseudo_costs)
    search = alone(bounds=problem.known_bounds())
    workspace.cache.prepare(search)
    known = known_best(search, workspace.cache)
    if known is not None:
        return _Found(known.others, None, known.agreements, known.best.plan, known=known.best)
    is_alone = not search.warm_starts and search.bounds == problem.known_bounds()
    try:
        found = _run(warm_started(search), workspace.cache)
    except Disagreement:  # cuts leave nothing of the plan that was found with them: the rows say whether there is one
        if not workspace.settings.by_cuts or scenarios.size > MAX_WRITTEN_OUT:
            raise
        return replace(_written_out(problem, workspace), is_above_cuts=True)
    workspace.cache.note_tie(bool(found.stage_left))
    if (
        found.stage_left and not is_alone and not workspace.clock.is_over
    ):  # where a tie is left depends on the way there: it is that of a solve alone
        found = _run(warm_started(alone(bounds=problem.known_bounds())), workspace.cache)
    if found.best is None or not workspace.settings.by_cuts or _is_exact(found.best, workspace.settings.gap):
        return found
    is_large = scenarios.size > MAX_WRITTEN_OUT and all(limit.is_certain for limit in problem.deal.limits)
    by_cuts = replace(found, is_above_cuts=True)
    if not satisfies_measured_limits(found.best.formulation.program):
        by_cuts = replace(by_cuts, best=None, plan=_within_limits(problem, scenarios, workspace, found.plan))
    if is_large or workspace.clock.is_over:
        return by_cuts
    try:
        again = _written_out(problem, workspace)
    except (Infeasible, Beaten) as error:
        refuse_cheaper(problem, scenarios, by_cuts.plan, _bound_of(error, problem), workspace.settings.solver)
        raise
    refuse_cheaper(problem, scenarios, by_cuts.plan, again.search.bound, workspace.settings.solver)
    return by_cuts if again.best is None else replace(again, is_above_cuts=True)


def _audit(problem: SearchProblem, scenarios: Scenarios, workspace: Workspace, bound: float) -> None:
    """Hold the bound of the extensive form against the plan that cuts find; raises Disagreement where it is refuted."""
    settings = workspace.settings
    is_extensive = not settings.by_cuts and not settings.branches
    if not is_extensive or workspace.clock.is_over or not is_decomposable(problem.deal, scenarios, settings.solver):
        return
    looks = replace(settings, by_cuts=True, asks="decisions", bounds_bands=False, reports_incumbent=False)
    try:
        plan = _run(AgreementSearch(problem, looks, workspace.clock), SolveCache()).plan
    except (Infeasible, Beaten, Disagreement):
        return
    refuse_cheaper(problem, scenarios, plan, bound, settings.solver)


def _within_limits(
    problem: SearchProblem, scenarios: Scenarios, workspace: Workspace, plan: Plan | None
) -> Plan | None:
    """Return a plan that keeps the limits, for the case that the rows find none in time; None without a limit of it."""
    if plan is None or workspace.clock.left is None:
        return None
    return plan_within_limits(problem, scenarios, workspace.settings, workspace.clock, plan)


def _bound_of(error: Infeasible | Beaten, problem: SearchProblem) -> float:
    """Return what no plan costs less than, as a search says that found none (dollars)."""
    return min(error.bound_usd if isinstance(error, Beaten) else math.inf, problem.better_than)


def _written_out(problem: SearchProblem, workspace: Workspace) -> _Found:
    """Search with all rows what cuts alone do not settle."""
    workspace.clock.report("writing the program out: cuts are not enough")
    settings = replace(workspace.settings, by_cuts=False)
    return _run(AgreementSearch(problem, settings, workspace.clock), SolveCache())


def _is_exact(best: Candidate, gap: float) -> bool:
    """Whether cuts say what the plan in hand costs, and the one that was found before it was polished."""
    found = best.in_usd(
        sum(coefficient * (variable.varValue or 0.0) for variable, coefficient in best.formulation.objective)
    )
    searched = found if best.objective is None else best.objective
    room = max(gap, TIGHTNESS_TOLERANCE) * max(abs(found), 1.0)
    return found - searched <= room and is_tight(best.formulation.program)


def _run(search: AgreementSearch, cache: SolveCache) -> _Found:
    """Run a search; one that a limit stops before it has a plan hands over none."""
    try:
        try:
            best = search.run()
        except LimitReached:
            return _Found(search, None, search.agreements(), None)
        cache.record(search)
        search.bound_bands()
        is_whole = search.settings.asks in ("plan", "plan_alone", "plan_with_costs")
        try:
            plan, stage_left = polish(best.formulation, search.settings.solver, search.clock, is_whole=is_whole)
        except LimitReached:
            return _Found(search, None, search.agreements(), _as_found(search, best))
        return _Found(search, best, search.agreements(), plan, search.stage_left or stage_left)
    except BaseException:
        search.forget()
        raise


def _as_found(search: AgreementSearch, best: Candidate) -> Plan | None:
    """Return the plan of a search as the solver found it, where time is too short to solve it with its integers fixed.

    It is settled like any other, and no proof is claimed of it. None where rounding left no plan that can be signed.
    """
    best.recall()
    fix_integers(best.formulation.program)
    plan = read_plan(best.formulation)
    try:
        refuse_impossible(search.problem.deal, plan, search.problem.sums.first_users)
    except InputError:
        return None
    return plan


def _settled(found: _Found, scenarios: Scenarios, comparison: Comparison) -> Solution:
    """Settle the plan, compare the two objectives, and return it with its proof."""
    search, problem, settings = found.search, found.search.problem, found.search.settings
    notes = comparison.notes
    is_stopped = not found.is_solved or any(c.outcome == "limit" for c in search.candidates)
    settlement = _cheapest(found, scenarios, comparison.baseline, is_stopped or found.is_above_cuts)
    objective = settled_objective(problem, settlement)
    is_simple = settlement.plan is not found.plan
    if is_simple:
        notes += (STOPPED_EARLY,)
    bound = min(found.bound, objective)
    gap = (objective - bound) / max(abs(objective), 1e-9)
    if found.stage_left and not is_simple:
        notes += (
            f"plans that cost as little were not all compared by {found.stage_left}: one with less of that may exist",
        )
    if found.is_above_cuts and gap > settings.gap:
        notes += (f"a linear program would save balance, which settlement does not: a gap of {gap:.1e} remains",)
        is_stopped = True
    LOG.info("settled: objective %.2f USD, bound %.2f USD, gap %.2g", objective, bound, gap)
    return Solution(
        status="limit" if is_stopped else "optimal",
        objective_usd=objective,
        bound_usd=bound,
        gap=gap,
        plan=settlement.plan,
        settlement=settlement,
        baseline=comparison.baseline,
        baseline_cost=problem.against.baseline,
        best_cost=problem.against.best,
        agreements=found.agreements,
        solver=settings.solver,
        method="decomposition" if settings.by_cuts else "extensive",
        size=search.size if found.known is None else found.known.size,
        build_seconds=search.clock.building,
        solve_seconds=search.clock.solving,
        notes=notes,
        seed=scenarios.seed,
        is_simple=is_simple,
    )


def _cheapest(found: _Found, scenarios: Scenarios, baseline: Plan | None, is_stopped: bool) -> Settlement:
    """Return the plan of a search, settled; the first incumbent where a limit left none, or none as cheap.

    Raises LimitReached where there is no simple plan either, and Disagreement if the two objectives of a plan differ,
    if the plan breaks a limit, or if the simple plan costs less than the bound.
    """
    search, problem, settings = found.search, found.search.problem, found.search.settings
    is_proven = settings.by_cuts and scenarios.size > BLOCK  # by multipliers, and settling takes a while
    simple = None
    if is_stopped or found.plan is None or not is_proven:
        simple = _simple(problem, scenarios, baseline, found.bound, settings.solver)
    settlement = None
    if found.plan is not None:
        waits = settings.asks == "plan_with_costs" or scenarios.block_count > 1
        settlement = settle(problem.deal, found.plan, scenarios, costs_alone=waits)
    if settlement is None or not (found.is_solved or satisfies_limits(settlement)):
        if simple is None:
            raise LimitReached(search.clock.passed)
        return simple
    objective = settled_objective(problem, settlement)
    if found.best is not None:
        refuse_other_cost(found.best, settlement, objective)
    if found.known is not None:
        refuse_changed(found.known, objective)
    if is_stopped and simple is not None and _is_better(simple, settlement, problem):
        return simple
    refuse_broken_limits(settlement)
    return settlement


def _simple(
    problem: SearchProblem, scenarios: Scenarios, baseline: Plan | None, bound: float, solver: str
) -> Settlement | None:
    """Return the first incumbent, settled, if there is one; raises Disagreement if it costs less than the bound."""
    plan = first_plan(problem, scenarios, baseline)
    if plan is None:
        return None
    settlement = settle(problem.deal, plan, scenarios)
    refuse_bound_above(settlement, settled_objective(problem, settlement), bound, solver)
    return settlement


def _is_better(simple: Settlement, other: Settlement, problem: SearchProblem) -> bool:
    """Whether a simple plan, which is within the limits, is better than another one."""
    return settled_objective(problem, simple) < settled_objective(problem, other) or not satisfies_limits(other)
