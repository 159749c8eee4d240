"""Several criteria side by side: which deal each would sign, and what it costs under the others."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Unpack

from deal_solve.analysis.criteria.result import Criteria, Criterion
from deal_solve.deal.deal import Deal
from deal_solve.deal.risk import RISK_WEIGHTS, Risk
from deal_solve.errors import InputError, LimitReached, Problem
from deal_solve.facts.decisions import decisions
from deal_solve.frames import Table
from deal_solve.optimise.options import SolveKeywords, SolveOptions
from deal_solve.optimise.solution import Solution
from deal_solve.optimise.solve import solve
from deal_solve.settlement.objective import fit_risk, objective_of
from deal_solve.uncertainty.measures import Against
from deal_solve.uncertainty.scenario_set import Scenarios

if TYPE_CHECKING:
    pass

ALONE = ("worst", "regret")
CRITERIA = (*RISK_WEIGHTS, *ALONE)
MAX_SCENARIOS = 300
"""Scenarios of worst case and regret: of more, or of draws, the worst one is chance."""


def criteria(
    deal: Deal,
    scenarios: Scenarios,
    names: Sequence[str],
    known: Solution | None = None,
    **keywords: Unpack[SolveKeywords],
) -> Criteria:
    """Solve a deal once per criterion, and value every plan, settled once over the same scenarios, by each of them.

    `names` are some of CRITERIA; confidence, and loss or cost, are those of the deal. `known` is a solution of the deal
    over the scenarios that serves for its own criterion; the keywords are those of `solve`. Raises InputError for a
    name that is none, and for worst case and regret on sampled scenarios or more than MOST of them.
    """
    refuse_unfit(scenarios, names)
    asked = {
        name: fit_risk(deal.model_copy(update={"risk": _risk(deal, name)}), scenarios)[0]
        for name in dict.fromkeys(names)
    }
    solutions: dict[str, Solution] = {}
    options = SolveOptions.of(keywords).begun().measured_against(known.baseline if known else None)
    for name, requested in asked.items():
        if known and known.settlement.deal.risk.model_dump() == requested.risk.model_dump():
            solutions[name] = known
        elif not options.is_over:
            with suppress(LimitReached):
                solutions[name] = solve(requested, scenarios, options=options).optimised()
        if name in solutions:
            options = options.measured_against(solutions[name].baseline)
    return Criteria(_row(name, requested, solutions) for name, requested in asked.items())


def _row(name: str, deal: Deal, solutions: dict[str, Solution]) -> Criterion:
    """Return a criterion, without a plan where the time limit left none."""
    one = solutions.get(name)
    return Criterion(
        criterion=name,
        plan=one.plan if one else None,
        decisions=decisions(one.settlement) if one else Table(),
        under=_under(one, solutions) if one else {},
        is_proven=one is not None and one.status == "optimal",
        deal=deal,
        solution=one,
    )


def _under(one: Solution, solutions: dict[str, Solution]) -> dict[str, float]:
    """Return what the plan of a solution costs by every criterion."""
    return {
        name: objective_of(
            other.settlement.deal,
            one.settlement.cost,
            one.settlement.weights,
            Against(other.baseline_cost, other.best_cost),
        )
        for name, other in solutions.items()
    }


def _risk(deal: Deal, name: str) -> Risk:
    """Return a criterion with the confidence, and loss or cost, of the deal."""
    change = {"weight": 0.0, "criterion": name} if name in ALONE else {"weight": RISK_WEIGHTS[name]}
    return deal.risk.model_copy(update={"criterion": "expected", **change})


def refuse_unfit(scenarios: Scenarios, names: Sequence[str]) -> None:
    """Raise InputError for criteria that do not exist, or not on such scenarios."""
    where, problems = "criteria", []
    if not names:
        problems.append(Problem(where, f"none is named; expected some of {', '.join(CRITERIA)}"))
    for name in names:
        if name not in CRITERIA:
            problems.append(Problem(where, f"{name!r} is not one; expected some of {', '.join(CRITERIA)}"))
        elif name in ALONE and (scenarios.kind == "sampled" or scenarios.size > MAX_SCENARIOS):
            many = f"{scenarios.size:,} {'sampled ' if scenarios.kind == 'sampled' else ''}scenarios"
            problems.append(
                Problem(
                    where,
                    f"{name} is for lists of at most {MAX_SCENARIOS} scenarios, not for {many}: there it is chance",
                )
            )
    if problems:
        raise InputError(problems)
