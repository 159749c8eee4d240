"""`deal-solve frontier`: what caution costs."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from deal_solve.cli.support.options import (
    deal_argument,
    load_deal,
    progress_to,
    scenario_options,
    solver_options,
    verbose_option,
)

if TYPE_CHECKING:
    from deal_solve.deal.deal import Deal
    from deal_solve.uncertainty.scenario_set import Scenarios


@click.command(
    epilog="Example:  deal-solve frontier deal.yaml --risk-on cost --picture frontier.svg",
    short_help="Show what caution costs.",
)
@deal_argument
@click.option("--steps", type=click.IntRange(2), default=11, show_default=True, help="Risk weights from 0 to 1.")
@click.option("--fix", "fix_file", metavar="FILE", help="A proposal whose parts are pinned; the rest is optimised.")
@click.option("--confidence", metavar="SHARE", help="Confidence of CVaR: 0.95 is the worst 5 % of futures.")
@click.option("--risk-on", type=click.Choice(["loss", "cost"]), help="What the risk is measured on.")
@click.option("--out", metavar="FILE", help="Write the table (.csv, .parquet or .json).")
@click.option("--picture", metavar="FILE", help="Draw the frontier (.svg or .png).")
@scenario_options
@solver_options
@verbose_option
def command(
    deal_file: str,
    steps: int,
    fix_file: str | None,
    confidence: str | None,
    risk_on: str | None,
    out: str | None,
    picture: str | None,
    scenarios_from: Callable[[Deal], Scenarios],
    verbose: bool,
    **options: Any,
) -> int:
    """Show expected cost against CVaR of DEAL: the optimum for every risk weight that no other one beats.

    Names the knee, from which on caution costs more, and the deal at each point. The exit code is 4 if a
    point is not proven to the gap.
    """
    from deal_solve.analysis.frontier.frontier import frontier
    from deal_solve.analysis.frontier.picture import write_picture
    from deal_solve.analysis.frontier.result import frontier_result_of
    from deal_solve.analysis.frontier.text import frontier_report
    from deal_solve.cli.solve import STOPPED_WITH_A_PLAN, load_fix
    from deal_solve.cli.support.interrupt import interruptible
    from deal_solve.cli.support.table import table_and_picture
    from deal_solve.uncertainty.scenario_set import ready

    with table_and_picture(out, picture) as write:
        deal = load_deal(deal_file, confidence=confidence, risk_on=risk_on)
        scenarios = scenarios_from(deal)
        scenarios = ready(scenarios)
        options |= {"fix": load_fix(deal, fix_file), "progress": progress_to(verbose)}
        found = interruptible(lambda: frontier(deal, scenarios, steps, **options))
        write(found, lambda: frontier_result_of(deal, found), lambda *to: write_picture(deal, found, *to))
    click.echo(frontier_report(deal, found), nl=False)
    return 0 if all(point.is_proven for point in found.points) else STOPPED_WITH_A_PLAN
