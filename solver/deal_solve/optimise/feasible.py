"""Whether any plan meets a deal's limits and rules, and the least a limit could be (model §7)."""

from __future__ import annotations

import math
from collections.abc import Iterator

from deal_solve.deal.deal import Deal
from deal_solve.deal.risk import Limit, Risk
from deal_solve.errors import LimitReached
from deal_solve.formulation.build import Formulation, formulate
from deal_solve.formulation.clauses.api.rates import api_agreements
from deal_solve.formulation.clauses.risk import is_exact_chance, measured
from deal_solve.formulation.fixings import fix_decisions, fixings_of
from deal_solve.formulation.model.expression import Expression
from deal_solve.optimise.search.benders import is_tight
from deal_solve.optimise.search.benders import run_with_cuts as run
from deal_solve.optimise.solver.solvers import Answer, Clock, RunSettings, minimise
from deal_solve.optimise.sums import sums_of
from deal_solve.plan.proposal import Proposal
from deal_solve.uncertainty.scenario_set import Scenarios

SOLVER = "highs"
OPEN_USD = 1e15
"""A limit that no plan reaches: PuLP takes no row without a finite right-hand side."""


def is_feasible(deal: Deal, scenarios: Scenarios, fix: Proposal | None = None, clock: Clock | None = None) -> bool:
    """Whether some plan meets every limit, rule and fixed decision; there is no objective. Raises LimitReached."""
    clock = clock or Clock(None)
    for by_cuts in _forms(deal, scenarios):
        found = False
        for formulation in _programs(deal, scenarios, fix, by_cuts):
            answer = _answer(formulation, Expression(), clock)
            if answer.outcome == "optimal" and is_tight(formulation.program):
                return True
            found |= answer.outcome == "optimal"
        if not found:
            return False  # cuts only ever allow too much
    return True


def minimum(
    deal: Deal, scenarios: Scenarios, limit: Limit, fix: Proposal | None = None, clock: Clock | None = None
) -> float:
    """Return the least that a limit of the deal could be with all else kept, USD; infinite where nothing helps.

    The limit is part of the deal, but open: which rows keep balance from being saved depends on what limits look at.
    """
    clock = clock or Clock(None)
    others = tuple(other for other in deal.limits if other is not limit)
    rest = deal.model_copy(update={"limits": (*others, limit.model_copy(update={"at_most": OPEN_USD}))})
    for by_cuts in _forms(rest, scenarios, limit):
        best, tight = math.inf, True
        for formulation in _programs(rest, scenarios, fix, by_cuts):
            program = formulation.program
            answer = _answer(formulation, measured(program, limit, formulation.certain), clock)
            if answer.outcome == "optimal":
                best = min(best, answer.objective * program.unit_usd)
                tight = tight and is_tight(program)
        if tight:
            break
    return best


def _forms(deal: Deal, scenarios: Scenarios, *more: Limit) -> tuple[bool, ...]:
    """Return whether to use cuts: first with cuts, where they can be exact, then in the extensive form."""
    by_cuts = not any(is_exact_chance(limit, scenarios.size) for limit in (*deal.limits, *more))
    worst = any(limit.measure == "worst" or limit.probability_within == 1 for limit in more)
    return (True, False) if by_cuts and not worst else (False,)


def _programs(deal: Deal, scenarios: Scenarios, fix: Proposal | None, by_cuts: bool) -> Iterator[Formulation]:
    """Yield the program of every API agreement that is open."""
    neutral, fixings, sums = (
        deal.model_copy(update={"risk": Risk()}),
        fixings_of(deal, fix),
        sums_of(deal, scenarios),
    )
    for agreement in fixings.agreements(api_agreements(neutral)):
        formulation = formulate(neutral, sums, [agreement], options=fixings.options(by_cuts=by_cuts))
        fix_decisions(formulation, fixings)
        if formulation.agreements.api:
            yield formulation


def _answer(formulation: Formulation, objective: Expression, clock: Clock) -> Answer:
    minimise(formulation.program, objective)
    answer = run(formulation.program, RunSettings(SOLVER, 1e-9), clock)
    if answer.outcome in ("limit", "nothing"):
        raise LimitReached("the time limit passed before the conflict was found")
    return answer
