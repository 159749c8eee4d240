"""What `solve` explains beyond the answer when asked: other agreements, wrong tracks, levers, why-nots."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from deal_solve.deal.deal import Deal
    from deal_solve.optimise.solution import Solution
    from deal_solve.report.json import Asked

Command = Callable[..., Any]


def more_options(command: Command) -> Command:
    """Add the options that ask for more."""
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
            help="Solve every other agreement and both wrong tracks too, and say why each is dearer.",
        ),
        click.option(
            "--levers",
            is_flag=True,
            help="What routing, caching, batch, seat sizing, commitment, bundle and clauses are worth, step by step.",
        ),
    ]
    for option in reversed(options):
        command = option(command)
    return command


def check(deal: Deal, export_file: str | None, choices: tuple[str, ...], every: bool, levers: bool) -> None:
    """Refuse what cannot be asked before anything is solved."""
    from deal_solve.errors import InputError, Problem
    from deal_solve.plan.choices import forced_by

    for option, is_asked in (("--why-not", bool(choices)), ("--all", every), ("--levers", levers)):
        if is_asked and export_file:
            raise InputError(Problem(option, "needs a solve; --export only writes the program"))
    if choices:
        forced_by(deal, choices)


def answers(
    deal: Deal, solution: Solution, choices: tuple[str, ...], every: bool, levers: bool, options: dict[str, Any]
) -> Asked:
    """Return everything asked for, by its name in the result; {} if nothing was."""
    from deal_solve.cli.interrupt import interruptible

    asked = [(_why_not, bool(choices)), (_all, every), (_levers, levers)]
    found: Asked = {}
    for ask, is_asked in asked:
        if is_asked:
            found |= interruptible(partial(ask, deal, solution, choices, options))
    return found


def answers_text(deal: Deal, solution: Solution, found: Asked) -> str:
    """Return the text of everything asked for; '' if nothing was."""
    from deal_solve.report.alternatives import alternatives_report
    from deal_solve.report.waterfall import waterfall_report
    from deal_solve.report.why_not import why_not_report
    from deal_solve.report.wrong_track import wrong_track_report

    parts = [why_not_report(deal, answer) for answer in found.get("why_not", ())]
    if "alternatives" in found:
        parts.append(alternatives_report(deal, found["alternatives"], solution.objective_usd))
    if "wrong_tracks" in found:
        parts.append(wrong_track_report(deal, found["wrong_tracks"]))
    if "levers" in found:
        parts.append(waterfall_report(deal, found["levers"]))
    return "\n\n".join(part for part in parts if part)


def _why_not(_: Deal, solution: Solution, choices: tuple[str, ...], options: dict[str, Any]) -> Asked:
    from deal_solve.analysis.why_not import why_not

    return {"why_not": (why_not(solution, *choices, **options),)}


def _all(deal: Deal, solution: Solution, _: tuple[str, ...], options: dict[str, Any]) -> Asked:
    from deal_solve.analysis.alternatives import alternatives
    from deal_solve.analysis.wrong_track import wrong_tracks

    found: Asked = {"alternatives": alternatives(solution, every=True, **options)}
    return {**found, "wrong_tracks": wrong_tracks(solution, **options)} if deal.cohorts else found


def _levers(deal: Deal, solution: Solution, _: tuple[str, ...], options: dict[str, Any]) -> Asked:
    from deal_solve.analysis.waterfall import waterfall

    plain = {name: value for name, value in options.items() if name != "fix"}
    return {"levers": waterfall(deal, solution.settlement.scenarios, solution, **plain)}
