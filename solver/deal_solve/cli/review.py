"""`deal-solve review`: a proposal against the best deal."""

from __future__ import annotations

from dataclasses import replace

import click

from deal_solve.cli.support.analysis import Answer, analysis_command
from deal_solve.cli.support.options import placed, plan_option
from deal_solve.cli.support.question import Question


@analysis_command(
    epilog="Example:  deal-solve review deal.yaml --plan proposal.yaml --picture review.svg",
    out="Write the steps (.csv, .parquet or .json).",
    picture="Draw the steps (.svg or .png).",
)
@plan_option
@click.option(
    "--routing",
    type=click.Choice(["today", "best"]),
    help="Routing where the proposal has none: as today, or the cheapest under the proposal.  [default: best for an "
    "order form, which says nothing of routing and projects; else today]",
)
def command(question: Question, plan_file: str, routing: str | None) -> Answer:
    """Say what a proposal costs more than the best deal, and which of its decisions do it.

    The parts of the proposal are freed one after another: routing and projects, commitment, band, seats, tracks, then
    offer and term. What each saves adds up to the whole loss. The exit code is 4 if a step is not proven to the gap.
    """
    from deal_solve.analysis.review.review import review
    from deal_solve.cli.settle import completed
    from deal_solve.errors import Infeasible
    from deal_solve.plan.proposal import proposal_from, read_proposal

    deal, scenarios, source = question.deal, question.scenarios().in_memory(), read_proposal(plan_file)
    with placed(source):
        proposal = proposal_from(source)
        is_order_form = not (proposal.routing or proposal.use or proposal.projects)
        routed = routing or ("best" if is_order_form else "today")
        try:
            plan, assumed = completed(deal, proposal, scenarios, routed, question.options)
        except Infeasible:  # routed as today the proposal shows which clause or limit it breaks
            if routing is not None:
                raise
            plan, assumed = completed(deal, proposal, scenarios, "today", question.options)
        found = replace(review(deal, plan, scenarios, options=question.options), assumed=assumed)
    return Answer(found, found.is_proven)
