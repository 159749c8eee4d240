"""Why not otherwise: the best deal in which something is forced, and what it costs more than the best of all."""

from __future__ import annotations

from typing import Unpack

from deal_solve.analysis.why_not.result import WhyNot
from deal_solve.errors import Infeasible, LimitReached
from deal_solve.facts.decisions import plan_changes
from deal_solve.facts.difference import difference
from deal_solve.optimise.options import SolveKeywords, SolveOptions
from deal_solve.optimise.solution import Solution
from deal_solve.optimise.solve import solve
from deal_solve.plan.choices.choices import restriction_from, split_choices
from deal_solve.plan.choices.restriction import Restriction, overlay
from deal_solve.plan.choices.satisfied import satisfies
from deal_solve.report.basics import About


def why_not(solution: Solution, *choices: str, **keywords: Unpack[SolveKeywords]) -> WhyNot:
    """Solve the deal of a solution again with some choices forced, all of them together, and explain the difference.

    A choice is written as `plan.choices.choices.FORMS` says. The keywords are those of `solve`: `fix` is what
    the solution was solved with. Raises InputError for a choice that means nothing in this
    deal.
    """
    deal, plan = solution.settlement.deal, solution.plan
    restriction = restriction_from(deal, choices)
    single = split_choices(choices)
    already = tuple(choice for choice in single if satisfies(deal, plan, restriction_from(deal, [choice])))
    return explained(solution, ", ".join(single), restriction, SolveOptions.of(keywords).begun(), already)


def explained(
    solution: Solution,
    requested: str,
    restriction: Restriction,
    options: SolveOptions,
    already: tuple[str, ...] = (),
) -> WhyNot:
    """Return what a forced part of the plan does to the deal of a solution; arguments as of `why_not`."""
    winner = solution.settlement
    about = About(winner.deal, winner.scenarios)
    if satisfies(winner.deal, solution.plan, restriction):
        return WhyNot(about=about, asked=requested, outcome="already", already=already)
    try:
        options.refuse_late()
        other = solve(winner.deal, winner.scenarios, options=options, fix=overlay(restriction, options.fix)).optimised()
    except Infeasible as error:
        return WhyNot(about=about, asked=requested, outcome="impossible", reason=str(error), already=already)
    except LimitReached as error:
        return WhyNot(about=about, asked=requested, outcome="stopped", reason=str(error), already=already)
    apart = difference(winner, other.settlement, other.objective_usd - solution.objective_usd)
    return WhyNot(
        about=about,
        asked=requested,
        outcome="solved",
        already=already,
        objective_usd=other.objective_usd,
        plan=other.plan,
        difference=apart,
        changes=plan_changes(winner, other.settlement),
        solution=other,
    )
