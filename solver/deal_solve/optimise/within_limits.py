"""A plan within the limits of a deal, where the one that cuts find breaks a limit once it is settled.

Cuts may save balance, which settlement does not (formulation §5, "The exception: rollover"), so that a limit on cost is
broken by a little. Then it is tightened by as much and more, and the search by cuts repeated. What is found so is a
plan of the deal like any other, as it is settled; nothing is proven by it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from deal_solve.deal.deal import Deal
from deal_solve.deal.risk import Limit
from deal_solve.errors import Disagreement, Infeasible, LimitReached
from deal_solve.optimise.search.agreement_search import AgreementSearch
from deal_solve.optimise.search.polish import polish
from deal_solve.optimise.search.settings import Beaten, SearchProblem, SearchSettings
from deal_solve.optimise.solver.solvers import Clock
from deal_solve.plan.plan import Plan
from deal_solve.settlement.limit_checks import limit_checks
from deal_solve.settlement.settle import Settlement, settle
from deal_solve.uncertainty.scenario_set import Scenarios

MAX_ROUNDS = 5
MORE = 1.25
"""A limit is tightened by so many times what is broken of it, then twice as many: the next plan saves more again."""
SHARE = 1 / 3
"""Of the time that is left: the rest is for the proof."""
MIN_GAP = 1e-4
"""The relative gap of these searches, unless the solve itself has a wider one."""


def plan_within_limits(
    problem: SearchProblem, scenarios: Scenarios, settings: SearchSettings, clock: Clock, broken: Plan
) -> Plan | None:
    """Return a plan that keeps all limits once it is settled, from one of cuts that does not; None if none is found."""
    own, tightened, plan = problem.deal, problem.deal, broken
    part = Clock(None if clock.left is None else SHARE * clock.left, clock.watcher)
    searched = replace(settings, asks="cost", gap=max(settings.gap, MIN_GAP), bounds_bands=False)
    for number in range(MAX_ROUNDS):
        settlement = settle(own, plan, scenarios)
        if all(check.is_kept for check in limit_checks(own, settlement, is_exact=True)):
            return plan
        tightened = tightened.model_copy(update={"limits": tuple(_tightened(tightened, settlement, MORE * 2**number))})
        search = AgreementSearch(replace(problem, deal=tightened), searched, part)
        try:
            plan, _ = polish(search.run().formulation, settings.solver, part, is_whole=False)
        except (Infeasible, Beaten, LimitReached, Disagreement):
            return None
        finally:
            search.forget()
    return None


def _tightened(deal: Deal, settlement: Settlement, times: float) -> Iterator[Limit]:
    """Yield the limits of a deal, each tightened by so many times what the settlement of a plan breaks of its own."""
    checks = limit_checks(settlement.deal, settlement, is_exact=True)
    for limit, check in zip(deal.limits, checks, strict=True):
        above = 0.0 if check.is_kept or check.achieved_usd is None else check.achieved_usd - check.at_most_usd
        share = times * above / max(check.at_most_usd, 1e-9)
        yield limit.model_copy(update={"at_most": limit.at_most * (1 - share)}) if 0 < share < 1 else limit
