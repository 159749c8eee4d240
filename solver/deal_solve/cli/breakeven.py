"""`deal-solve breakeven`: where the deal flips."""

from __future__ import annotations

import click

from deal_solve.cli.support import completion
from deal_solve.cli.support.analysis import Answer, analysis_command
from deal_solve.cli.support.options import fix_option
from deal_solve.cli.support.question import Question


@analysis_command(
    epilog="Example:  deal-solve breakeven deal.yaml --vary 'offers.quote.api.bands[1].discount=5%:25%' --target "
    "'offers.quote.api.bands[1]'",
    out="Write the table (.csv, .parquet or .json).",
    picture="Draw the objective along the field (.svg or .png).",
)
@click.option(
    "--vary",
    metavar="PATH=LOW:HIGH",
    required=True,
    shell_complete=completion.paths,
    help="A field by its dotted path, and its range; * is every name.",
)
@click.option(
    "--target",
    metavar="TARGET",
    help="What the value has to get to: a choice (offer=counter, band=400k, as --why-not takes it), a place "
    "(offers.quote.api.bands[2]), or an amount (expected<=5.5M, cvar<=, committed<=).  [default: any other deal]",
)
@click.option("--points", type=click.IntRange(2, 1000), default=9, show_default=True, help="Values solved at first.")
@click.option(
    "--resolution",
    type=click.FloatRange(0, 1, min_open=True),
    default=0.001,
    show_default=True,
    help="Share of the range within which an inexact breakpoint lies.",
)
@fix_option
def command(question: Question, vary: str, target: str | None, points: int, resolution: float) -> Answer:
    """Show every value of a field at which the best deal of DEAL becomes another one, or gets to a target.

    A flip is exact where the plans of both sides are proven to cost the same as the best one; between flips it says
    what an extra unit costs, and from where to where. The exit code is 4 if a solve is not proven to the gap.
    """
    from deal_solve.analysis.breakeven.breakeven import breakeven, split_range
    from deal_solve.deal.edit import split_change

    deal = question.deal
    path, ends = split_change(vary)
    found = breakeven(
        deal,
        path,
        *split_range(path, ends),
        target,
        scenarios_from=question.scenarios_from,
        points=points,
        resolution=resolution,
        options=question.options,
    )
    return Answer(found, found.is_proven)
