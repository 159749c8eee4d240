"""The skeleton of a command that answers a question by solving: what it is given, and what it hands back.

A command states its own options, calls its analysis and returns an `Answer`. Everything else is the same for all of
them and stands here: deal, risk, scenarios, fixed decisions, options of the solver, progress, Ctrl-C, table, picture
and exit code.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Any

import click

from deal_solve.cli.support.interrupt import interruptible
from deal_solve.cli.support.options import (
    RISK,
    DealFile,
    deal_argument,
    load_deal,
    progress_to,
    risk_options,
    scenario_options,
    solver_options,
    verbose_option,
)
from deal_solve.cli.support.solving import STOPPED_WITH_A_PLAN, load_fix
from deal_solve.optimise.options import SolveOptions

if TYPE_CHECKING:
    from deal_solve.cli.support.table import Framed
    from deal_solve.deal.deal import Deal
    from deal_solve.uncertainty.scenario_set import Scenarios


@dataclass(frozen=True)
class Question:
    """What the command line asks an analysis about; `scenarios_from` makes the scenarios of this or a varied deal."""

    deal: Deal
    scenarios_from: Callable[[Deal], Scenarios]
    options: SolveOptions

    def scenarios(self) -> Scenarios:
        """Return the scenarios of the deal; a sample is drawn when it is read."""
        return self.scenarios_from(self.deal)

    def ready_scenarios(self) -> Scenarios:
        """Return the scenarios of the deal, drawn now if they are few enough to be kept."""
        from deal_solve.uncertainty.scenario_set import ready

        return ready(self.scenarios())


@dataclass(frozen=True)
class Answer:
    """What an analysis found; the exit code is 4 unless everything `is_proven`."""

    found: Framed
    is_proven: bool


def analysis_command(
    *, epilog: str, out: str, picture: str | None = None, has_risk: bool = True
) -> Callable[[Callable[..., Answer]], click.Command]:
    """Make a command of a function from a Question, and the command's own options, to an Answer.

    Own options come first in the help. `out` and `picture` are the help texts of the options of these names; without
    `picture` there is no such option. Options of the names in RISK and `fix_file` are taken from the own ones too.
    """
    shared: list[Callable[..., Any]] = [
        click.option("--out", metavar="FILE", help=out),
        *([click.option("--picture", metavar="FILE", help=picture)] if picture else []),
        scenario_options,
        solver_options,
        *([risk_options] if has_risk else []),
        verbose_option,
    ]

    def decorate(function: Callable[..., Answer]) -> click.Command:
        own_options = function.__dict__.pop("__click_params__", [])  # click keeps them last first

        @wraps(function)
        def command(
            deal_file: DealFile,
            scenarios_from: Callable[[Deal], Scenarios],
            verbose: bool,
            fix_file: str | None = None,
            **own: Any,
        ) -> int:
            from deal_solve.cli.support.table import table_and_picture
            from deal_solve.outputs import text_of

            with table_and_picture(own.pop("out"), own.pop("picture", None)) as write:
                deal = load_deal(deal_file, **{name: own.pop(name) for name in RISK if name in own})
                settings = {name: own.pop(name) for name in ("solver", "method", "gap", "time_limit")}
                fix = load_fix(deal, fix_file)
                options = SolveOptions(**settings, fix=fix, progress=progress_to(verbose))
                question = Question(deal, scenarios_from, options)
                answer = interruptible(lambda: function(question, **own))
                write(answer.found)
            click.echo(text_of(answer.found), nl=False)
            return 0 if answer.is_proven else STOPPED_WITH_A_PLAN

        made: Any = command
        for option in reversed(shared):
            made = option(made)
        made.__click_params__ += own_options
        return click.command(epilog=epilog)(deal_argument(made))

    return decorate
