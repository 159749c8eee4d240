"""`deal-solve review`: a proposal against the best deal."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from deal_solve.cli.support.options import (
    RISK,
    deal_argument,
    load_deal,
    placed,
    progress_to,
    risk_options,
    routing_option,
    scenario_options,
    solver_options,
    verbose_option,
)

if TYPE_CHECKING:
    from deal_solve.deal.deal import Deal
    from deal_solve.uncertainty.scenario_set import Scenarios


@click.command(
    epilog="Example:  deal-solve review deal.yaml --plan proposal.yaml --picture review.svg",
    short_help="Hold a proposal against the best deal.",
)
@deal_argument
@click.option("--plan", "plan_file", metavar="FILE", required=True, help="A proposal, a plan, or a result of solve.")
@routing_option
@click.option("--out", metavar="FILE", help="Write the steps (.csv, .parquet or .json).")
@click.option("--picture", metavar="FILE", help="Draw the steps (.svg or .png).")
@scenario_options
@solver_options
@risk_options
@verbose_option
def command(
    deal_file: str,
    plan_file: str,
    routing: str,
    out: str | None,
    picture: str | None,
    scenarios_from: Callable[[Deal], Scenarios],
    verbose: bool,
    **options: Any,
) -> int:
    """Say what a proposal costs more than the best deal, and which of its decisions do it.

    The parts of the proposal are freed one after another: routing and projects, commitment, band, seats, tracks, then
    offer and term. What each saves adds up to the whole loss. The exit code is 4 if a step is not proven to the gap.
    """
    from deal_solve.analysis.review.picture import write_picture
    from deal_solve.analysis.review.result import review_result_of
    from deal_solve.analysis.review.review import review
    from deal_solve.analysis.review.text import review_report
    from deal_solve.cli.settle import completed
    from deal_solve.cli.solve import STOPPED_WITH_A_PLAN
    from deal_solve.cli.support.interrupt import interruptible
    from deal_solve.cli.support.table import table_and_picture
    from deal_solve.plan.proposal import proposal_from, read_proposal

    with table_and_picture(out, picture) as write:
        deal = load_deal(deal_file, **{name: options.pop(name) for name in RISK})
        scenarios = scenarios_from(deal).in_memory()
        source = read_proposal(plan_file)
        options["progress"] = progress_to(verbose)
        with placed(source):
            plan, assumed = completed(deal, proposal_from(source), scenarios, routing, verbose)
            found = interruptible(lambda: review(deal, plan, scenarios, **options))
        write(found, lambda: review_result_of(deal, found, assumed), lambda *to: write_picture(deal, found, *to))
    click.echo(review_report(deal, found, assumed), nl=False)
    return 0 if found.is_proven else STOPPED_WITH_A_PLAN
