"""`deal-solve sensitivity`: what the deal hangs on."""

from __future__ import annotations

import click

from deal_solve.cli.support.analysis import Answer, analysis_command
from deal_solve.cli.support.options import fix_option
from deal_solve.cli.support.question import Question


@analysis_command(
    epilog="Example:  deal-solve sensitivity deal.yaml --picture tornado.svg",
    out="Write the tornado (.csv, .parquet), or all of it (.json).",
    picture="Draw tornado and indices (.svg or .png).",
)
@click.option(
    "--samples",
    type=click.IntRange(1),
    default=4096,
    show_default=True,
    help="Scenarios of each matrix of the Sobol indices, in steps of 4096.",
)
@fix_option
def command(question: Question, samples: int) -> Answer:
    """Show how the best deal of DEAL moves with every uncertain input (P10, P90) and negotiable number (one step).

    Each bar is the deal re-optimised, beside it today's plan held fixed: the difference is the value of flexibility.
    Sobol indices say which inputs spread the plan's cost and loss. The exit code is 4 if a solve is not proven.
    """
    from deal_solve.analysis.sensitivity.sensitivity import sensitivity

    deal = question.deal
    found = sensitivity(deal, question.scenarios(), samples=samples, options=question.options)
    return Answer(found, found.is_proven)
