"""`deal-solve frontier`: what caution costs."""

from __future__ import annotations

import click

from deal_solve.cli.support.analysis import Answer, analysis_command
from deal_solve.cli.support.options import fix_option
from deal_solve.cli.support.question import Question


@analysis_command(
    epilog="Example:  deal-solve frontier deal.yaml --risk-on cost --picture frontier.svg",
    out="Write the table (.csv, .parquet or .json).",
    picture="Draw the frontier (.svg or .png).",
    has_risk=False,
)
@click.option("--steps", type=click.IntRange(2, 1000), default=11, show_default=True, help="Risk weights from 0 to 1.")
@fix_option
@click.option("--confidence", metavar="SHARE", help="Confidence of CVaR: 0.95 is the worst 5 % of scenarios.")
@click.option("--risk-on", type=click.Choice(["loss", "cost"]), help="What the risk is measured on.")
def command(question: Question, steps: int) -> Answer:
    """Show expected cost against CVaR of DEAL: the optimum for every risk weight that no other one beats.

    Names the knee, from which on caution costs more, and the deal at each point. The exit code is 4 if a
    point is not proven to the gap.
    """
    from deal_solve.analysis.frontier.frontier import frontier

    deal = question.deal
    found = frontier(deal, question.ready_scenarios(), steps, options=question.options)
    return Answer(found, found.is_proven)
