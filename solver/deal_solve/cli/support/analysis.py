"""The skeleton of a command that answers a question by solving: what it is given, and what it hands back.

A command states its own options, calls its analysis and returns an `Answer`. Everything else is the same for all of
them and stands here: deal, risk, scenarios, fixed decisions, options of the solver, progress, Ctrl-C, table, picture
and exit code.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial, wraps
from typing import TYPE_CHECKING, Any

import click

from deal_solve.cli.support.interrupt import interruptible
from deal_solve.cli.support.options import deal_argument
from deal_solve.cli.support.question import Question, question_options
from deal_solve.cli.support.solving import STOPPED_WITH_A_PLAN

if TYPE_CHECKING:
    from deal_solve.cli.support.table import Framed


@dataclass(frozen=True)
class Answer:
    """What an analysis found; the exit code is 4 unless everything `is_proven`."""

    found: Framed
    is_proven: bool


def analysis_command(
    *, epilog: str, out: str, picture: str | None = None, has_risk: bool = True, any_month: bool = False
) -> Callable[[Callable[..., Answer]], click.Command]:
    """Make a command of a function from a Question, and the command's own options, to an Answer.

    Own options come first in the help. `out` and `picture` are the help texts of the options of these names; without
    `picture` there is no such option. Options of the names in RISK and `fix_file` are taken from the own ones too.
    A command that takes `any_month` is given a deal that may be signed in several.
    """
    shared: list[Callable[..., Any]] = [
        click.option("--out", metavar="FILE", help=out),
        *([click.option("--picture", metavar="FILE", help=picture)] if picture else []),
        click.option("--report", metavar="FILE", help="Write tables and picture as one HTML file."),
        partial(question_options, has_risk=has_risk, any_month=any_month),
    ]

    def decorate(function: Callable[..., Answer]) -> click.Command:
        own_options = function.__dict__.pop("__click_params__", [])  # click keeps them last first

        @wraps(function)
        def command(
            question: Question, out: str | None, report: str | None, picture: str | None = None, **own: Any
        ) -> int:
            from deal_solve.cli.support.table import table_and_picture
            from deal_solve.outputs import text_of

            with table_and_picture(out, picture, report) as write:
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
