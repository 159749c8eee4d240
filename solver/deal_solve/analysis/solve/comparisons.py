"""What a recommended plan is compared with: nothing committed, going on as today, and the runner-up."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Annotated

from pydantic import Field

from deal_solve.analysis.why_not.alternatives import nearest
from deal_solve.deal.deal import Deal
from deal_solve.deal.risk import Risk
from deal_solve.errors import Infeasible, InputError, LimitReached
from deal_solve.facts.today import as_today, end_in_force
from deal_solve.optimise.comparison import FIRST_KNOWN, SAME_PINS
from deal_solve.optimise.neighbours import answers
from deal_solve.optimise.options import SolveOptions
from deal_solve.optimise.search.settings import Beaten
from deal_solve.optimise.solution import CandidateAgreement, Solution
from deal_solve.optimise.solve import compared_with, solve
from deal_solve.plan.plan import Plan
from deal_solve.record import Record
from deal_solve.uncertainty.measures import cvar
from deal_solve.uncertainty.months import in_months_of
from deal_solve.uncertainty.scenario_set import Array

WORST_TENTH = 0.9
"""Confidence of the tail on the decision page, whatever confidence the objective has."""
MAX_SECONDS = 30.0
"""How long each other plan is looked for, where no time limit is given."""


@dataclass(frozen=True)
class ComparedPlan(Record):
    """Another plan beside the recommended one; USD over the horizon, discounted."""

    plan: Annotated[Plan, Field(description="the other plan")]
    expected_usd: Annotated[float, Field(description="its expected cost")]
    worst_tenth_usd: Annotated[float, Field(description="mean of its cost in the worst tenth of the probability")]
    worst_tenth_above_usd: Annotated[
        float | None,
        Field(description="mean of what it costs above the baseline, in the worst tenth of that; null without one"),
    ]
    objective_usd: Annotated[float | None, Field(description="its objective; null where it was not optimised")]
    signed_usd: Annotated[
        float | None,
        Field(description="what it commits by being signed: the years of its first terms; null for a baseline"),
    ] = None


@dataclass(frozen=True)
class Comparisons(Record):
    """What the recommended plan is compared with.

    None where the plan commits nothing itself (`no_commitment`), where nobody sells at list what people use
    (`as_today`), where no other agreement was solved (`runner_up`), and where none is cheaper (`cheapest`).
    """

    worst_tenth_usd: Annotated[
        float, Field(description="mean of the cost of the recommended plan in the worst tenth of the probability")
    ]
    worst_tenth_above_usd: Annotated[
        float | None,
        Field(description="mean of what it costs above the baseline, in the worst tenth of that; null without one"),
    ]
    no_commitment: Annotated[
        ComparedPlan | None,
        Field(
            description="the best plan without API commitment, whatever is pinned, in its own best month of signing or "
            "with nothing signed at any time; null if this is it"
        ),
    ]
    as_today: Annotated[
        ComparedPlan | None,
        Field(
            description="nothing signed at any time: what is in force to its end, then list prices; routing as today, "
            "no project, people on the tracks of the recommended plan"
        ),
    ]
    runner_up: Annotated[ComparedPlan | None, Field(description="the best plan under another API agreement or band")]
    cheapest: Annotated[
        ComparedPlan | None,
        Field(
            description="the plan of least expected cost, where the risk measure passes over it for one without "
            "commitment, or over a cheaper runner-up that is not it; null elsewhere"
        ),
    ] = None


def comparisons(solution: Solution, options: SolveOptions | None, *, has_runner_up: bool = True) -> Comparisons:
    """Return what a solution is compared with; without options nothing is solved for it."""
    if options is not None and options.time_limit is None:
        options = replace(options, time_limit=MAX_SECONDS)
    settlement, commits = solution.settlement, _commits(solution)
    is_plain = solution.baseline is None and settlement.deal.whole is settlement.deal
    no_commitment = runner_up = None
    if commits and is_plain and options is not None and has_runner_up:
        no_commitment, runner_up = _nearest_of_both(solution, options)
    if commits and no_commitment is None:
        may_solve = has_runner_up or solution.baseline is not None
        no_commitment = _without_commitment(solution, options if may_solve else None)
    if not (commits and is_plain) and options is not None and has_runner_up:
        runner_up = _nearest(_is_any, solution, options)
    cheapest = _solved(solution, None if options is None else _cheapest(solution, runner_up, options))
    if options is not None and options.cache is not None and options.cache.is_of_sums:
        options.cache.let_go()  # of the sums, which are large: nothing more is solved with them
    return Comparisons(
        worst_tenth_usd=cvar(settlement.cost, settlement.weights, WORST_TENTH),
        worst_tenth_above_usd=_worst_above(solution, settlement.cost),
        no_commitment=no_commitment,
        as_today=_as_today(solution),
        runner_up=runner_up,
        cheapest=cheapest,
    )


def _nearest_of_both(solution: Solution, options: SolveOptions) -> list[ComparedPlan | None]:
    """Return the nearest plan without a commitment, and the nearest of all: the two searches go on side by side."""
    asked = [partial(_nearest, among, solution) for among in (_is_free, _has_commitment)]
    free, other = answers(asked, options, solution)
    found = [plan for plan in (free, other) if plan is not None]
    return [free, min(found, key=lambda plan: plan.objective_usd or 0.0, default=None)]


def _nearest(
    among: Callable[[CandidateAgreement], bool], solution: Solution, options: SolveOptions
) -> ComparedPlan | None:
    """Return the nearest plan of some agreements as it is compared: its settlement is large, and is kept no longer."""
    return _solved(solution, nearest(solution, among, options))


def _cheapest(solution: Solution, runner_up: ComparedPlan | None, options: SolveOptions) -> Solution | None:
    """Return the plan of least expected cost where risk passes over it, and neither of the two plans known is it.

    It is looked for where nothing is committed or the runner-up is cheaper; what costs a dollar less is the same.
    """
    settlement = solution.settlement
    deal, usd = settlement.deal, settlement.mean(settlement.cost)
    if (not deal.risk.weight and deal.risk.criterion == "expected") or options.left == 0.0:
        return None
    other = usd if runner_up is None else runner_up.expected_usd
    if _commits(solution) and other >= usd - 1.0:
        return None
    neutral = deal.model_copy(update={"risk": Risk()})
    limit_usd = min(usd, other) - 1.0
    with suppress(Infeasible, LimitReached, Beaten):
        own = replace(options, baseline=None)
        found = solve(neutral, settlement.scenarios, better_than=limit_usd, asks="plan_with_costs", options=own)
        return found.optimised() if settlement.mean(found.settlement.cost) <= limit_usd else None
    return None


def _without_commitment(solution: Solution, options: SolveOptions | None) -> ComparedPlan | None:
    """Return the best plan in expected cost without API commitment, in any month of signing or with nothing signed.

    Whatever is pinned, it is the same: the reference of the solve where nothing is, else found anew.
    """
    plan, cost, weights = solution.baseline, solution.baseline_cost, solution.settlement.weights
    found = [] if plan is None or cost is None else [(plan, cost)]
    whole = solution.settlement.deal.whole
    is_pinned = SAME_PINS in solution.notes or (whole.is_open and len(solution.months) < len(whole.signing_months))
    asked: list[Deal] = []
    if is_pinned or not found:
        asked += [whole.signed_in(month) for month in whole.signing_months] if whole.is_open else [whole]
    if end_in_force(whole) > min(whole.signing_months) and end_in_force(whole) not in whole.signing_months:
        asked.append(whole.signed_in(end_in_force(whole)).model_copy(update={"offers": {}}))
    if asked and options is not None:
        found = [*found * (not is_pinned), *_references(solution, asked, options)] or found
    best = min(found, key=lambda each: float(weights @ each[1]), default=None)
    return None if best is None else _compared(solution, *best, None)


def _references(solution: Solution, deals: list[Deal], options: SolveOptions) -> Iterator[tuple[Plan, Array]]:
    """Yield the reference of each deal with its cost, as far as it is found within the time limit."""
    on_loss = {"risk": Risk(weight=1.0, confidence=0.5), "limits": (), "renewal_decisions": None}
    for deal in deals:
        own = deal.model_copy(update=on_loss)
        scenarios = in_months_of(own, solution.settlement.scenarios)
        with suppress(Infeasible, InputError, LimitReached):
            found = compared_with(own, scenarios, replace(options, fix=None, baseline=None))
            if found.baseline is not None and found.against.baseline is not None and FIRST_KNOWN not in found.notes:
                yield found.baseline, found.against.baseline


def _commits(solution: Solution) -> bool:
    return any(usd for term in solution.plan.api.terms for usd in term.commitment_usd) or bool(solution.plan.later)


def _is_any(candidate: CandidateAgreement) -> bool:
    return True


def _is_free(candidate: CandidateAgreement) -> bool:
    return candidate.band_usd_per_year == 0


def _has_commitment(candidate: CandidateAgreement) -> bool:
    return candidate.band_usd_per_year > 0


def _as_today(solution: Solution) -> ComparedPlan | None:
    settled = as_today(solution.settlement)
    if settled is None:
        return None
    return replace(_compared(solution, settled.plan, settled.cost, None), signed_usd=settled.signed_usd)


def _solved(solution: Solution, found: Solution | None) -> ComparedPlan | None:
    if found is None:
        return None
    compared = _compared(solution, found.plan, found.settlement.cost, found.objective_usd)
    return replace(compared, signed_usd=found.settlement.signed_usd)


def _compared(solution: Solution, plan: Plan, cost: Array, objective_usd: float | None) -> ComparedPlan:
    weights = solution.settlement.weights
    return ComparedPlan(
        plan=plan,
        expected_usd=float(weights @ cost),
        worst_tenth_usd=cvar(cost, weights, WORST_TENTH),
        worst_tenth_above_usd=_worst_above(solution, cost),
        objective_usd=objective_usd,
    )


def _worst_above(solution: Solution, cost: Array) -> float | None:
    if solution.baseline_cost is None:
        return None
    return cvar(cost - solution.baseline_cost, solution.settlement.weights, WORST_TENTH)
