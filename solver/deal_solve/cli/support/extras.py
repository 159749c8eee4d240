"""What `solve` explains beyond the answer when asked: other agreements, why-nots, levers, criteria, uncertainty."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial, wraps
from typing import TYPE_CHECKING, Any

import click

from deal_solve.cli.support import completion

if TYPE_CHECKING:
    from deal_solve.analysis.solve.result import Answers
    from deal_solve.deal.deal import Deal
    from deal_solve.optimise.options import SolveOptions
    from deal_solve.optimise.solution import Solution
    from deal_solve.uncertainty.scenario_set import Scenarios

Command = Callable[..., Any]


@dataclass(frozen=True)
class More:
    """What was asked for on the command line."""

    choices: tuple[str, ...]
    every: bool
    levers: bool
    criteria: str | None
    uncertainty: bool

    @property
    def names(self) -> tuple[str, ...]:
        """The criteria, one by one."""
        return tuple(name.strip() for name in (self.criteria or "").split(","))


def more_options(command: Command) -> Command:
    """Add the options that ask for more; the command gets them as one."""

    @wraps(command)
    def collected(*args: Any, **rest: Any) -> Any:
        requested = {name: rest.pop(name) for name in More.__dataclass_fields__}
        return command(*args, more=More(**requested), **rest)

    options = [
        click.option(
            "--why-not",
            "choices",
            metavar="CHOICE",
            multiple=True,
            help="What otherwise costs: offer=counter, band=1M, seats.enterprise=300, …; several mean all together.",
        ),
        click.option(
            "--all",
            "every",
            is_flag=True,
            help="Solve every other agreement and both single-track alternatives too, and say why each costs more.",
        ),
        click.option(
            "--levers",
            is_flag=True,
            help="What routing, caching, batch, seat sizing, commitment, bundle and clauses save, step by step.",
        ),
        click.option(
            "--criteria",
            metavar="NAMES",
            shell_complete=completion.criteria,
            help="Which deal each would sign: some of neutral,balanced,cautious,worst,regret, divided by commas.",
        ),
        click.option(
            "--uncertainty",
            is_flag=True,
            help="What planning with averages, not knowing, and a longer term cost, and how certain the answer is.",
        ),
    ]
    wrapped: Command = collected
    for option in reversed(options):
        wrapped = option(wrapped)
    return wrapped


def check(deal: Deal, scenarios: Scenarios, export_file: str | None, more: More) -> None:
    """Refuse what cannot be asked before anything is solved."""
    from deal_solve.errors import InputError, Problem

    requested = {
        "--why-not": bool(more.choices),
        "--all": more.every,
        "--levers": more.levers,
        "--criteria": more.criteria is not None,
        "--uncertainty": more.uncertainty,
    }
    for option, is_requested in requested.items():
        if is_requested and export_file:
            raise InputError(Problem(option, "needs a solve; --export only writes the program"))
    if more.choices:
        from deal_solve.plan.choices.choices import restriction_from

        restriction_from(deal, more.choices)
    if more.criteria is not None:
        from deal_solve.analysis.criteria.criteria import refuse_unfit

        refuse_unfit(scenarios, more.names)
    if more.uncertainty:
        from deal_solve.analysis.uncertainty.replicates import refuse_alone

        refuse_alone(deal)


def answers(deal: Deal, scenarios: Scenarios, solution: Solution, more: More, options: SolveOptions) -> Answers:
    """Return everything asked for, by its name in the result; {} if nothing was."""
    from deal_solve.cli.support.interrupt import interruptible

    requested = [
        (_why_not, bool(more.choices)),
        (_all, more.every),
        (_levers, more.levers),
        (_criteria, more.criteria is not None),
        (_uncertainty, more.uncertainty),
    ]
    found: Answers = {}
    for ask, is_requested in requested:
        if is_requested:
            found |= interruptible(partial(ask, deal, scenarios, solution, more, options))
    return found


def in_time(found: Answers) -> bool:
    """Return whether everything asked for was worked out, and proven to the gap, before a limit stopped it."""
    asked = (*found.get("why_not", ()), *found.get("wrong_tracks", ()))
    whole = [each.outcome != "stopped" and (each.solution is None or each.solution.status != "limit") for each in asked]
    whole += [row.is_in_time and row.is_proven for row in found.get("alternatives", ())]
    whole += [row.is_proven for row in found.get("criteria", ())]
    whole += [found["levers"].is_in_time] if "levers" in found else []
    whole += [not found["uncertainty"].not_in_time] if "uncertainty" in found else []
    return all(whole)


def answers_text(deal: Deal, solution: Solution, found: Answers) -> str:
    """Return the text of everything asked for; '' if nothing was."""
    parts = []
    if "why_not" in found:
        from deal_solve.analysis.why_not.text import why_not_report

        parts += [why_not_report(deal, answer) for answer in found["why_not"]]
    if "alternatives" in found:
        from deal_solve.analysis.why_not.alternatives_text import alternatives_report

        parts.append(alternatives_report(deal, found["alternatives"], solution.objective_usd))
    if "wrong_tracks" in found:
        from deal_solve.analysis.why_not.single_track_text import single_track_report

        parts.append(single_track_report(deal, found["wrong_tracks"]))
    if "levers" in found:
        from deal_solve.analysis.levers.text import waterfall_report

        parts.append(waterfall_report(deal, found["levers"]))
    if "criteria" in found:
        from deal_solve.analysis.criteria.text import criteria_report

        parts.append(criteria_report(deal, found["criteria"]))
    if "uncertainty" in found:
        from deal_solve.analysis.uncertainty.text import uncertainty_report

        parts.append(uncertainty_report(deal, solution, found["uncertainty"]))
    parts = [part for part in parts if part]
    if parts and len(solution.months) > 1:
        parts.insert(0, f"What follows is about plans of {deal.start:%Y-%m}; deal-solve when compares the months.")
    return "\n\n".join(parts)


def _why_not(_: Deal, __: Scenarios, solution: Solution, more: More, options: SolveOptions) -> Answers:
    from deal_solve.analysis.why_not.why_not import why_not

    return {"why_not": (why_not(solution, *more.choices, options=options),)}


def _all(deal: Deal, _: Scenarios, solution: Solution, __: More, options: SolveOptions) -> Answers:
    from deal_solve.analysis.why_not.alternatives import alternatives
    from deal_solve.analysis.why_not.single_track import wrong_tracks

    found: Answers = {"alternatives": alternatives(solution, every=True, options=options)}
    return {**found, "wrong_tracks": wrong_tracks(solution, options=options)} if deal.cohorts else found


def _levers(deal: Deal, _: Scenarios, solution: Solution, __: More, options: SolveOptions) -> Answers:
    from deal_solve.analysis.levers.waterfall import waterfall

    return {"levers": waterfall(deal, solution.settlement.scenarios, solution, options=options)}


def _criteria(deal: Deal, _: Scenarios, solution: Solution, more: More, options: SolveOptions) -> Answers:
    from deal_solve.analysis.criteria.criteria import criteria

    return {"criteria": criteria(deal, solution.settlement.scenarios, more.names, solution, options=options)}


def _uncertainty(_: Deal, scenarios: Scenarios, solution: Solution, __: More, options: SolveOptions) -> Answers:
    from deal_solve.analysis.uncertainty.uncertainty import uncertainty_cost
    from deal_solve.uncertainty.sampling import method_of

    sampling = method_of(scenarios)
    return {"uncertainty": uncertainty_cost(solution, sampling=sampling, options=options)}
