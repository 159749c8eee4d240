"""`deal-solve curve`: what each commitment costs and risks."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from deal_solve.cli.support.options import (
    RISK,
    deal_argument,
    load_deal,
    progress_to,
    risk_options,
    scenario_options,
    solver_options,
    verbose_option,
)

if TYPE_CHECKING:
    from deal_solve.deal.deal import Deal
    from deal_solve.uncertainty.scenario_set import Scenarios


@click.command(
    epilog="Example:  deal-solve curve deal.yaml --plan proposal.yaml --picture curve.svg",
    short_help="Show what each commitment costs and risks.",
)
@deal_argument
@click.option("--offer", metavar="NAME", help="The offer whose bands are shown.  [default: that of the best deal]")
@click.option("--term", type=int, metavar="MONTHS", help="Its first term.  [default: the best one]")
@click.option("--points", type=click.IntRange(2), default=7, show_default=True, help="Commitments that bands share.")
@click.option("--plan", "plan_file", metavar="FILE", help="A proposal to mark, what it leaves out at its best.")
@click.option("--fix", "fix_file", metavar="FILE", help="A proposal whose parts are pinned; the rest is optimised.")
@click.option("--out", metavar="FILE", help="Write the table (.csv, .parquet or .json).")
@click.option("--picture", metavar="FILE", help="Draw the curves (.svg or .png).")
@scenario_options
@solver_options
@risk_options
@verbose_option
def command(
    deal_file: str,
    offer: str | None,
    term: int | None,
    points: int,
    plan_file: str | None,
    fix_file: str | None,
    out: str | None,
    picture: str | None,
    scenarios_from: Callable[[Deal], Scenarios],
    verbose: bool,
    **options: Any,
) -> int:
    """Show cost, utilisation, overage, shortfall and forfeiture by commitment, for each band of an offer in DEAL.

    Every point is a solve with the commitment pinned and all else free, over the same futures; the best of each band is
    among them. The exit code is 4 if a point is not proven to the gap.
    """
    from deal_solve.analysis.curve.curve import curve
    from deal_solve.analysis.curve.picture import write_picture
    from deal_solve.analysis.curve.result import curve_result_of
    from deal_solve.analysis.curve.text import curve_report
    from deal_solve.cli.solve import STOPPED_WITH_A_PLAN, load_fix
    from deal_solve.cli.support.interrupt import interruptible
    from deal_solve.cli.support.table import table_and_picture
    from deal_solve.uncertainty.scenario_set import ready

    with table_and_picture(out, picture) as write:
        deal = load_deal(deal_file, **{name: options.pop(name) for name in RISK})
        scenarios = scenarios_from(deal)
        scenarios = ready(scenarios)
        options |= {"proposed": load_fix(deal, plan_file), "fix": load_fix(deal, fix_file)}
        options["progress"] = progress_to(verbose)
        found = interruptible(lambda: curve(deal, scenarios, offer, term, points=points, **options))
        write(found, lambda: curve_result_of(deal, found), lambda *to: write_picture(deal, found, *to))
    click.echo(curve_report(deal, found), nl=False)
    return 0 if all(point.is_proven for point in found.points) else STOPPED_WITH_A_PLAN
