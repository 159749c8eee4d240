"""What the solution of a relaxation bounds: a deal in which every plan can be signed that can be here, and none costs
more in any scenario.

Measured against the same baseline, no plan has a lower objective here than there. Where loss is measured against
another one, which costs D more than that of the relaxation in each scenario, CVaR(cost - baseline - D) is at least
CVaR(cost - baseline) - CVaR(D), as CVaR is subadditive; the objective adds E[D] back.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from deal_solve.formulation.clauses.api.rates import api_agreements, every_regime
from deal_solve.optimise.search.settings import Comparison, LowerBounds, SearchProblem
from deal_solve.optimise.solution import Solution
from deal_solve.settlement.objective import constant_of
from deal_solve.uncertainty import measures
from deal_solve.uncertainty.measures import Against
from deal_solve.uncertainty.scenario_set import Array

ROOM = 1e-9
"""What sums of dollars may differ by, relatively, from one deal to the next."""


def relaxed_bounds(relaxations: Sequence[Solution], problem: SearchProblem) -> LowerBounds:
    """Return what no plan of an agreement has a lower objective than (USD), by what relaxations of a deal prove.

    They are solved over the same scenarios, by the same criterion; not for regret.
    """
    found: dict[tuple[str, int], float] = {}
    for each in relaxations:
        lost = lost_usd(problem, each.baseline_cost)
        for agreement, bound in each.lower_bounds.items():
            here = bound if math.isinf(bound) else bound - lost - ROOM * abs(bound)
            found[agreement] = max(found.get(agreement, here), here)
    return found


def bounds_by_baseline(problem: SearchProblem, comparison: Comparison) -> LowerBounds:
    """Return what the search for the baseline proves of agreements without any commitment, USD.

    It went over their plans, whatever limits a problem has, and the tail of a loss is no less than its mean:
    λ·CVaR(cost - baseline) + λ·E[baseline] >= λ·E[cost]. Nothing is proven of a deal whose renewals are decided when
    they are due.
    """
    deal, bound = problem.deal, comparison.bound_usd
    if math.isinf(bound) or deal.renewal_decisions is not None:
        return {}
    offered = api_agreements(deal, problem.checks_controls)
    free = [each for each in offered if len(every_regime(deal, each)) == len(every_regime(deal, each, True))]
    return dict.fromkeys(free, bound - ROOM * abs(bound))


def lost_usd(problem: SearchProblem, there: Array | None) -> float:
    """Return by how much bounds are lower for a problem than where loss is measured against another baseline, USD.

    `there` is what that baseline costs, (S,) USD; nothing is lost where it is the same, or there is none.
    """
    here = problem.against.baseline
    if here is None or there is None or here is there:
        return 0.0
    risk, weights, more = problem.deal.risk, problem.sums.weights, here - there
    expected = constant_of(problem.deal, weights, Against(baseline=more))
    return risk.weight * measures.cvar(more, weights, risk.confidence) - expected
