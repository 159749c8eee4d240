"""`deal-solve clauses`: what every clause of an offer is worth."""

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
    epilog="Example:  deal-solve clauses deal.yaml --offer quote --pair 'unused commitment,ramp' --picture asks.svg",
    short_help="Show what every clause of an offer is worth.",
)
@deal_argument
@click.option("--offer", metavar="NAME", help="The offer whose clauses are valued.  [default: that of the best deal]")
@click.option(
    "--pairs", type=click.IntRange(0), default=3, show_default=True, help="How many of the dearest to take in pairs."
)
@click.option("--pair", "also", metavar="A,B", multiple=True, help="Two clauses to value together as well.")
@click.option("--fix", "fix_file", metavar="FILE", help="A proposal whose parts are pinned; the rest is optimised.")
@click.option("--out", metavar="FILE", help="Write the table (.csv, .parquet or .json).")
@click.option("--picture", metavar="FILE", help="Draw the asking list (.svg or .png).")
@scenario_options
@solver_options
@risk_options
@verbose_option
def command(
    deal_file: str,
    offer: str | None,
    pairs: int,
    also: tuple[str, ...],
    fix_file: str | None,
    out: str | None,
    picture: str | None,
    scenarios_from: Callable[[Deal], Scenarios],
    verbose: bool,
    **options: Any,
) -> int:
    """Value one step towards the buyer for each clause of an offer in DEAL, in dollars and in points of discount.

    Every figure is a solve of its own over the same futures. Over sampled futures (--scenarios) values have intervals.
    The exit code is 4 if a figure is not proven to the gap.
    """
    from deal_solve.analysis.clauses.clauses import clauses
    from deal_solve.analysis.clauses.picture import write_picture
    from deal_solve.analysis.clauses.result import clauses_result_of
    from deal_solve.analysis.clauses.text import clauses_report
    from deal_solve.cli.solve import STOPPED_WITH_A_PLAN, load_fix
    from deal_solve.cli.support.interrupt import interruptible
    from deal_solve.cli.support.table import table_and_picture
    from deal_solve.uncertainty.sampling import SampledSet
    from deal_solve.uncertainty.scenario_set import ready

    with table_and_picture(out, picture) as write:
        deal = load_deal(deal_file, **{name: options.pop(name) for name in RISK})
        drawn = scenarios_from(deal)
        options["sampling"] = drawn.method if isinstance(drawn, SampledSet) else "sobol"
        scenarios = ready(drawn)
        options |= {"fix": load_fix(deal, fix_file), "progress": progress_to(verbose)}
        options |= {"pairs": pairs, "also": tuple(map(_pair, also))}
        found = interruptible(lambda: clauses(deal, scenarios, offer, **options))
        write(found, lambda: clauses_result_of(deal, found), lambda *to: write_picture(deal, found, *to))
    click.echo(clauses_report(deal, found), nl=False)
    return 0 if found.is_proven else STOPPED_WITH_A_PLAN


def _pair(text: str) -> tuple[str, str]:
    """Return the two clauses of `--pair`."""
    from deal_solve.errors import InputError, Problem

    names = tuple(name.strip() for name in text.split(","))
    if len(names) != 2:
        raise InputError(Problem("--pair", f"{text!r} is no pair; expected two clauses with a comma between them"))
    return names[0], names[1]
