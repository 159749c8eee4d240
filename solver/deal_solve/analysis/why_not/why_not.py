"""Why not otherwise: the best deal in which something is forced, and what it costs more than the best of all."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, Unpack

from deal_solve.errors import Infeasible, LimitReached
from deal_solve.facts.decisions import Change, plan_changes
from deal_solve.facts.difference import Difference, difference
from deal_solve.frames import Table
from deal_solve.optimise.options import SolveKeywords, SolveOptions
from deal_solve.optimise.solution import Solution
from deal_solve.optimise.solve import solve
from deal_solve.plan.choices.choices import forced_by, split_choices
from deal_solve.plan.choices.forced import Forced, beside
from deal_solve.plan.choices.satisfied import keeps
from deal_solve.plan.plan import Plan

Outcome = Literal["solved", "already", "impossible", "stopped"]


@dataclass(frozen=True)
class WhyNot:
    """One question and its answer.

    `outcome` is `solved`: `solution` is the best deal as asked for, `difference` what it costs more than the winner,
    `changes` what else it does otherwise; `already`: the winner is as asked for; `impossible`: no such deal exists, or
    `stopped`: a limit passed before one was found, both with the reason in words. `already` are those of several
    choices that the winner makes anyway.
    """

    asked: str
    outcome: Outcome
    reason: str = ""
    already: tuple[str, ...] = ()
    solution: Solution | None = None
    difference: Difference | None = None
    changes: Table[Change] = field(default_factory=Table)

    @property
    def plan(self) -> Plan | None:
        """The best plan as asked for."""
        return self.solution.plan if self.solution else None

    @property
    def objective_usd(self) -> float | None:
        """Its objective."""
        return self.solution.objective_usd if self.solution else None


def why_not(solution: Solution, *choices: str, **keywords: Unpack[SolveKeywords]) -> WhyNot:
    """Solve the deal of a solution again with some choices forced, all of them together, and explain the difference.

    A choice is written as `plan.choices.choices.FORMS` says. The keywords are those of `solve`: `fix` is what
    the solution was solved with. Raises InputError for a choice that means nothing in this
    deal.
    """
    deal, plan = solution.settlement.deal, solution.plan
    forced = forced_by(deal, choices)
    single = split_choices(choices)
    already = tuple(choice for choice in single if keeps(deal, plan, forced_by(deal, [choice])))
    return explained(solution, ", ".join(single), forced, SolveOptions.of(keywords), already)


def explained(
    solution: Solution,
    asked: str,
    forced: Forced,
    options: SolveOptions,
    already: tuple[str, ...] = (),
) -> WhyNot:
    """Return what a forced part of the plan does to the deal of a solution; arguments as of `why_not`."""
    winner = solution.settlement
    if keeps(winner.deal, solution.plan, forced):
        return WhyNot(asked, "already", already=already)
    try:
        other = solve(winner.deal, winner.scenarios, options=options, fix=beside(forced, options.fix))
    except Infeasible as error:
        return WhyNot(asked, "impossible", str(error), already)
    except LimitReached as error:
        return WhyNot(asked, "stopped", str(error), already)
    apart = difference(winner, other.settlement, other.objective_usd - solution.objective_usd)
    return WhyNot(asked, "solved", "", already, other, apart, plan_changes(winner, other.settlement))
