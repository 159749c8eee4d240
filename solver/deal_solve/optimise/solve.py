"""Solve a deal: search, finish, settle, and hold the two costs against each other."""

from __future__ import annotations

from dataclasses import replace
from typing import Unpack

import numpy as np
from threadpoolctl import threadpool_limits

from deal_solve.deal.deal import Deal
from deal_solve.deal.risk import Risk
from deal_solve.errors import Infeasible, InternalError
from deal_solve.formulation.clauses.risk import is_exact_chance
from deal_solve.formulation.fixings import Fixings, fixings_of
from deal_solve.formulation.model.scenario_sums import ScenarioSums
from deal_solve.formulation.read import value_of
from deal_solve.optimise.options import SolveKeywords, SolveOptions
from deal_solve.optimise.search.agreement import Candidate
from deal_solve.optimise.search.agreement_search import TIE_TOLERANCE, AgreementSearch
from deal_solve.optimise.search.benders import exact_objective, is_tight
from deal_solve.optimise.search.cache import SolveCache
from deal_solve.optimise.search.polish import polish
from deal_solve.optimise.search.warm_start import warm_started
from deal_solve.optimise.solution import CandidateAgreement, Solution
from deal_solve.optimise.solver.solvers import Clock, solver_named
from deal_solve.plan.plan import Plan
from deal_solve.settlement.objective import constant_of, fit_risk, objective_of
from deal_solve.settlement.settle import Settlement, settle
from deal_solve.uncertainty.expansion import scenarios_of
from deal_solve.uncertainty.measures import Against
from deal_solve.uncertainty.scenario_set import BLOCK, Scenarios

SETTLEMENT_TOLERANCE, SETTLEMENT_TOLERANCE_USD = 1e-6, 0.01
MAX_WRITTEN_OUT = 300
"""Up to this many scenarios binaries close the gap of a rollover in which saving balance would pay (section 8); of more
it is reported, unless a limit on cost has to be held exactly."""

BASELINE_GAP = 1e-8
"""Gap of the baseline over up to a block of scenarios: of two plans nearly tied always the same one, because the tail
of a loss differs by more than their costs do."""


def solve(
    deal: Deal,
    scenarios: Scenarios | None = None,
    *,
    first_band: float | None = None,
    **keywords: Unpack[SolveKeywords],
) -> Solution:
    """Return the plan of least objective over the scenarios (default: those the deal states), with its proof.

    `first_band` (USD a year) fixes the band of the first API term alone; the keywords are the fields of SolveOptions,
    such as `gap`, `time_limit` (seconds) and `fix`. Raises Infeasible if there is no plan, LimitReached if `time_limit`
    passed without one, Cancelled if `progress` stopped it, InputError for a fixed decision or a solver that cannot be,
    and InternalError if the settled cost of the plan is not what the optimiser says.
    """
    scenarios = scenarios_of(deal) if scenarios is None else scenarios
    deal, notes = fit_risk(deal, scenarios)
    options = SolveOptions.of(keywords)
    clock = Clock(options.time_limit, options.progress)
    cache, is_brief = options.cache or SolveCache(), options.cache is not None
    solver = solver_named(options.solver)
    fixings = fixings_of(deal, options.fix)
    by_cuts = options.method == "decomposition" and is_decomposable(deal, scenarios, solver)
    with threadpool_limits(1, "blas"):  # work is cut into pieces of its own; sums are the same bits on any machine
        return _solve(
            deal,
            scenarios,
            notes,
            solver,
            options.gap,
            clock,
            fixings,
            first_band,
            by_cuts,
            options.baseline,
            cache,
            is_brief,
        )


def _solve(
    deal: Deal,
    scenarios: Scenarios,
    notes: tuple[str, ...],
    solver: str,
    gap: float,
    clock: Clock,
    fixings: Fixings,
    first_band: float | None,
    by_cuts: bool,
    known: Plan | Solution | None,
    cache: SolveCache,
    is_brief: bool,
) -> Solution:
    sums = cache.sums(deal, scenarios)
    baseline, against, about = compared_with(deal, scenarios, sums, solver, gap, clock, by_cuts, known, cache)
    constant = constant_of(deal, scenarios.weights, against)
    plain = AgreementSearch(
        deal,
        sums,
        against,
        solver,
        gap,
        clock,
        fixings,
        constant,
        first_band=first_band,
        is_told=True,
        is_brief=is_brief,
    )
    search = replace(plain, by_cuts=by_cuts, bounds={}, candidates=[])  # what it finds is not for the other search
    cache.warm_start(search)
    search = warm_started(search)
    best, agreements, plan = _finished(search, cache)
    is_dearer = by_cuts and not is_tight(best.formulation.program)  # settlement is, than any cut: it saves no balance
    if is_dearer and (scenarios.size <= MAX_WRITTEN_OUT or any(limit.of != "committed" for limit in deal.limits)):
        clock.report("writing the program out: balance would have to be saved")
        search = plain
        best, agreements, plan = _finished(search, SolveCache())
    settlement = settle(deal, plan, scenarios)
    objective = objective_of(deal, settlement.cost, scenarios.weights, against)
    _agree(best, settlement, objective, constant)
    bound = min(search.bound, objective)
    reached = (objective - bound) / max(abs(objective), 1e-9)
    stopped = any(c.outcome == "limit" for c in search.candidates)
    if is_dearer and reached > gap:
        about += (f"a linear program would save balance, which settlement does not: a gap of {reached:.1e} remains",)
        stopped = True
    return Solution(
        status="limit" if stopped else "optimal",
        objective_usd=objective,
        bound_usd=bound,
        gap=reached,
        plan=plan,
        settlement=settlement,
        baseline=baseline,
        baseline_cost=against.baseline,
        best_cost=against.best,
        agreements=agreements,
        solver=solver,
        method="decomposition" if search.by_cuts else "extensive",
        size=search.size,
        build_seconds=clock.building,
        solve_seconds=clock.solving,
        notes=(*notes, *about),
        seed=scenarios.seed,
    )


def _finished(search: AgreementSearch, cache: SolveCache) -> tuple[Candidate, tuple[CandidateAgreement, ...], Plan]:
    best = search.run()
    cache.record(search)
    agreements = search.agreements()
    return best, agreements, polish(best.formulation, search.solver, search.clock)


def is_decomposable(deal: Deal, scenarios: Scenarios, solver: str = "highs") -> bool:
    """Whether cuts can carry the whole deal: a probability held scenario by scenario needs a binary for each.

    Cuts close to a billionth of the cost; a solver that hands its answer over as rounded text would never get there.
    """
    return solver == "highs" and not any(is_exact_chance(limit, scenarios.size) for limit in deal.limits)


def compared_with(
    deal: Deal,
    scenarios: Scenarios,
    sums: ScenarioSums,
    solver: str,
    gap: float,
    clock: Clock,
    by_cuts: bool = False,
    baseline: Plan | Solution | None = None,
    cache: SolveCache | None = None,
) -> tuple[Plan | None, Against, tuple[str, ...]]:
    """Return the baseline plan, what costs are compared with, and notes, as far as the objective needs them."""
    free = deal.model_copy(update={"risk": Risk(), "limits": (), "renewal_decisions": None})
    if deal.risk.criterion == "regret":
        each = map(scenarios.in_memory().take, range(scenarios.size))
        return None, Against(best=np.array([least_cost(free, alone, solver, gap, clock) for alone in each])), ()
    if deal.risk.criterion != "expected" or deal.risk.on != "loss" or deal.risk.weight == 0:
        return None, Against(), ()
    if isinstance(baseline, Solution):
        return baseline.baseline, Against(baseline=baseline.baseline_cost), ()
    if baseline is not None:
        return baseline, Against(baseline=settle(free, baseline, scenarios).cost), ()
    cache = cache or SolveCache()
    if known := cache.baseline(free, sums):
        return known
    clock.report("finding the baseline: the best plan without commitment")
    notes: tuple[str, ...] = ()
    try:
        plan = _baseline(free, sums, solver, gap, clock, True, by_cuts, cache)
    except Infeasible:
        plan = _baseline(free, sums, solver, gap, clock, False, by_cuts, cache)
        notes = (
            "no plan without commitment provides the controls required on the API; loss is measured against the best "
            "one that lacks them",
        )
    found = plan, Against(baseline=settle(free, plan, scenarios).cost), notes
    cache.keep_baseline(free, sums, found)
    return found


def least_cost(
    deal: Deal, scenarios: Scenarios, solver: str = "highs", gap: float = 1e-6, clock: Clock | None = None
) -> float:
    """Return the objective of a deal without its plan, dollars: what it could cost if these futures were all known."""
    search = AgreementSearch(
        deal, ScenarioSums(deal, scenarios), Against(), solver, gap, clock or Clock(None), Fixings(), is_pilot=True
    )
    search.run()
    return search.incumbent


def _baseline(
    deal: Deal,
    sums: ScenarioSums,
    solver: str,
    gap: float,
    clock: Clock,
    check_controls: bool,
    by_cuts: bool,
    cache: SolveCache,
) -> Plan:
    """Return the plan of least expected cost among those without API commitment (section 7)."""
    exact = BASELINE_GAP if sums.size <= BLOCK else gap
    search = AgreementSearch(
        deal,
        sums,
        Against(),
        solver,
        min(gap, exact),
        clock,
        Fixings(),
        tie_tolerance=min(TIE_TOLERANCE, exact / 10),
        zero_bands_only=True,
        check_controls=check_controls,
        by_cuts=by_cuts,
    )
    cache.warm_start(search)
    search = warm_started(search)
    best = search.run()
    cache.record(search)
    return polish(best.formulation, solver, clock)


def _agree(best: Candidate, settlement: Settlement, objective: float, constant: float) -> None:
    """Raise InternalError, naming the clause, if the settled objective is not the program's."""
    program = best.formulation.program
    optimised = exact_objective(program, best.formulation.objective) * program.unit_usd + constant
    if abs(optimised - objective) <= max(SETTLEMENT_TOLERANCE * abs(objective), SETTLEMENT_TOLERANCE_USD):
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
    raise InternalError(
        f"optimiser and settlement disagree: {optimised:,.4f} against {objective:,.4f} USD; most in {line}: "
        f"{ours:,.4f} against {theirs:,.4f}"
    )
