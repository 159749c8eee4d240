"""`deal-solve breakeven`: where the deal flips."""

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
    epilog="Example:  deal-solve breakeven deal.yaml --vary 'offers.quote.api.bands[1].discount=5%:25%' --target "
    "'offers.quote.api.bands[1]'",
    short_help="Show where the best deal flips.",
)
@deal_argument
@click.option("--vary", metavar="PATH=LOW:HIGH", required=True, help="A field by its dotted path, and its range.")
@click.option(
    "--target",
    metavar="TARGET",
    help="What the value has to get to: a choice (offer=counter, band=400k, as --why-not takes it), a place "
    "(offers.quote.api.bands[2]), or an amount (expected<=5.5M, cvar<=, committed<=).  [default: any other deal]",
)
@click.option("--points", type=click.IntRange(2), default=9, show_default=True, help="Values solved at first.")
@click.option(
    "--resolution",
    type=click.FloatRange(0, 1, min_open=True),
    default=0.001,
    show_default=True,
    help="Share of the range to which what is not exact is told apart.",
)
@click.option("--fix", "fix_file", metavar="FILE", help="A proposal whose parts are pinned; the rest is optimised.")
@click.option("--out", metavar="FILE", help="Write the table (.csv, .parquet or .json).")
@click.option("--picture", metavar="FILE", help="Draw the objective along the field (.svg or .png).")
@scenario_options
@solver_options
@risk_options
@verbose_option
def command(
    deal_file: str,
    vary: str,
    target: str | None,
    fix_file: str | None,
    out: str | None,
    picture: str | None,
    scenarios_from: Callable[[Deal], Scenarios],
    verbose: bool,
    **options: Any,
) -> int:
    """Show every value of a field at which the best deal of DEAL becomes another one, or gets to a target.

    A flip is exact where the plans of both sides are proven to cost the same as the best one; between flips it says
    what an extra unit costs, and from where to where. The exit code is 4 if a solve is not proven to the gap.
    """
    from deal_solve.analysis.breakeven.breakeven import breakeven, split_range
    from deal_solve.analysis.breakeven.picture import write_picture
    from deal_solve.analysis.breakeven.result import breakeven_result_of
    from deal_solve.analysis.breakeven.text import breakeven_report
    from deal_solve.cli.solve import STOPPED_WITH_A_PLAN, load_fix
    from deal_solve.cli.support.interrupt import interruptible
    from deal_solve.cli.support.table import table_and_picture
    from deal_solve.deal.edit import split_change

    with table_and_picture(out, picture) as write:
        deal = load_deal(deal_file, **{name: options.pop(name) for name in RISK})
        path, ends = split_change(vary)
        low, high = split_range(path, ends)
        options |= {"fix": load_fix(deal, fix_file), "progress": progress_to(verbose)}
        found = interruptible(
            lambda: breakeven(deal, path, low, high, target, scenarios_from=scenarios_from, **options)
        )
        write(found, lambda: breakeven_result_of(deal, found), lambda *to: write_picture(deal, found, *to))
    click.echo(breakeven_report(deal, found), nl=False)
    return 0 if found.is_proven else STOPPED_WITH_A_PLAN
