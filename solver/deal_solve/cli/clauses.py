"""`deal-solve clauses`: what every clause of an offer is worth."""

from __future__ import annotations

import click

from deal_solve.cli.support.analysis import Answer, analysis_command
from deal_solve.cli.support.options import fix_option, offer_option
from deal_solve.cli.support.question import Question


@analysis_command(
    epilog="Example:  deal-solve clauses deal.yaml --offer quote --pair 'unused commitment,ramp' --picture asks.svg",
    out="Write the table (.csv, .parquet or .json).",
    picture="Draw the concession list (.svg or .png).",
)
@offer_option("clauses are valued")
@click.option(
    "--pairs",
    type=click.IntRange(0),
    default=3,
    show_default=True,
    help="How many of the highest value to take in pairs.",
)
@click.option("--pair", "also", metavar="A,B", multiple=True, help="Two clauses to value together as well.")
@fix_option
def command(question: Question, offer: str | None, pairs: int, also: tuple[str, ...]) -> Answer:
    """Value one step towards the buyer for each clause of an offer in DEAL, in dollars and in points of discount.

    Every figure is a solve of its own over the same scenarios. Over sampled scenarios (--scenarios) values have
    intervals. The exit code is 4 if a figure is not proven to the gap.
    """
    from deal_solve.analysis.clauses.clauses import clauses

    deal, given = question.deal, tuple(map(_pair, also))
    found = clauses(deal, question.scenarios(), offer, pairs=pairs, also=given, options=question.options)
    return Answer(found, found.is_proven)


def _pair(text: str) -> tuple[str, str]:
    """Return the two clauses of `--pair`."""
    from deal_solve.errors import InputError, Problem

    names = tuple(name.strip() for name in text.split(","))
    if len(names) != 2:
        raise InputError(Problem("--pair", f"{text!r} is no pair; expected two clauses with a comma between them"))
    return names[0], names[1]
