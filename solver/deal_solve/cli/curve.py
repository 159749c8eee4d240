"""`deal-solve curve`: what each commitment costs and risks."""

from __future__ import annotations

import click

from deal_solve.cli.support.analysis import Answer, analysis_command
from deal_solve.cli.support.options import fix_option, offer_option
from deal_solve.cli.support.question import Question


@analysis_command(
    epilog="Example:  deal-solve curve deal.yaml --plan proposal.yaml --picture curve.svg",
    out="Write the table (.csv, .parquet or .json).",
    picture="Draw the curves (.svg or .png).",
)
@offer_option("bands are shown")
@click.option("--term", type=int, metavar="MONTHS", help="Its first term.  [default: the best one]")
@click.option(
    "--points", type=click.IntRange(2, 1000), default=7, show_default=True, help="Commitments that bands share."
)
@click.option("--plan", "plan_file", metavar="FILE", help="A proposal to mark, what it leaves out at its best.")
@fix_option
def command(question: Question, offer: str | None, term: int | None, points: int, plan_file: str | None) -> Answer:
    """Show cost, utilisation, overage, shortfall and forfeiture by commitment, for each band of an offer in DEAL.

    Every point is a solve with the commitment pinned and all else free, over the same scenarios; the best of each band
    is among them. The exit code is 4 if a point is not proven to the gap.
    """
    from deal_solve.analysis.curve.curve import curve
    from deal_solve.cli.support.solving import load_fix

    deal, scenarios, proposed = question.deal, question.ready_scenarios(), load_fix(question.deal, plan_file)
    found = curve(deal, scenarios, offer, term, points=points, proposed=proposed, options=question.options)
    return Answer(found, found.is_proven)
