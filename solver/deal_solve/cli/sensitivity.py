"""`deal-solve sensitivity`: what the deal hangs on."""

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
    epilog="Example:  deal-solve sensitivity deal.yaml --picture tornado.svg",
    short_help="Show what the deal hangs on.",
)
@deal_argument
@click.option(
    "--samples",
    type=click.IntRange(1),
    default=4096,
    show_default=True,
    help="Futures of each matrix of the Sobol indices, in steps of 4096.",
)
@click.option("--fix", "fix_file", metavar="FILE", help="A proposal whose parts are pinned; the rest is optimised.")
@click.option("--out", metavar="FILE", help="Write the tornado (.csv, .parquet), or all of it (.json).")
@click.option("--picture", metavar="FILE", help="Draw tornado and indices (.svg or .png).")
@scenario_options
@solver_options
@risk_options
@verbose_option
def command(
    deal_file: str,
    samples: int,
    fix_file: str | None,
    out: str | None,
    picture: str | None,
    scenarios_from: Callable[[Deal], Scenarios],
    verbose: bool,
    **options: Any,
) -> int:
    """Show how the best deal of DEAL moves with every uncertain input (P10, P90) and negotiable number (one step).

    Each bar is the deal re-optimised, beside it today's plan held fixed: the difference is what flexibility is worth.
    Sobol indices say which inputs spread the plan's cost and loss. The exit code is 4 if a solve is not proven.
    """
    from deal_solve.analysis.sensitivity.picture import write_picture
    from deal_solve.analysis.sensitivity.result import sensitivity_result_of
    from deal_solve.analysis.sensitivity.sensitivity import sensitivity
    from deal_solve.analysis.sensitivity.text import sensitivity_report
    from deal_solve.cli.solve import STOPPED_WITH_A_PLAN, load_fix
    from deal_solve.cli.support.interrupt import interruptible
    from deal_solve.cli.support.table import table_and_picture

    with table_and_picture(out, picture) as write:
        deal = load_deal(deal_file, **{name: options.pop(name) for name in RISK})
        scenarios = scenarios_from(deal)
        options |= {"fix": load_fix(deal, fix_file), "progress": progress_to(verbose)}
        found = interruptible(lambda: sensitivity(deal, scenarios, samples=samples, **options))
        write(found, lambda: sensitivity_result_of(deal, found), lambda *to: write_picture(deal, found, *to))
    click.echo(sensitivity_report(deal, found), nl=False)
    return 0 if found.is_proven else STOPPED_WITH_A_PLAN
