"""`deal-solve scenarios`: the scenarios of a deal, as a fan."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from deal_solve.cli.support.options import DealFile, deal_argument, load_deal, scenario_options

if TYPE_CHECKING:
    from deal_solve.uncertainty.scenario_set import Scenarios

DEFAULT = "4096"


@click.command(
    epilog="Example:  deal-solve scenarios deal.yaml --picture fan.svg",
)
@deal_argument
@scenario_options
@click.option(
    "--every", type=click.IntRange(1), default=3, show_default=True, metavar="MONTHS", help="Months from row to row."
)
@click.option("--picture", metavar="FILE", help="Draw the fan (.svg or .png).")
@click.option("--csv", "csv_file", metavar="FILE", help="Write every month of the fan as CSV.")
@click.option("--out", metavar="FILE", help="Write the scenarios themselves (.parquet); --scenarios reads them back.")
def command(
    deal_file: DealFile,
    scenarios_from: Callable[..., Scenarios],
    every: int,
    picture: str | None,
    csv_file: str | None,
    out: str | None,
) -> int:
    """Show how far list value, requests and active users of DEAL spread: P5 to P95 in each month.

    Samples 4,096 scenarios where neither the file nor --scenarios says otherwise. List value is API usage at the list
    prices of the month, routed as today.
    """
    from deal_solve.analysis.fan.fan import fans
    from deal_solve.analysis.fan.picture import figure_of
    from deal_solve.analysis.fan.text import fan_csv, fan_report
    from deal_solve.cli.support.table import ending_of
    from deal_solve.files import write_text, written
    from deal_solve.optional import need
    from deal_solve.report.picture import need_matplotlib, write_figure
    from deal_solve.uncertainty.parquet import write_scenarios

    picture_kind = ending_of(picture, "--picture", "svg", "png")
    if picture:
        need_matplotlib("--picture")
    ending_of(out, "--out", "parquet")
    if out:
        need("pyarrow", "a Parquet file", "--out")
    deal = load_deal(deal_file)
    scenarios = scenarios_from(deal, DEFAULT)
    found = fans(deal, scenarios)
    if picture:
        written(picture, lambda path: write_figure(figure_of(deal, scenarios, found), path, picture_kind))
    if csv_file:
        write_text(csv_file, fan_csv(deal, found))
    if out:
        written(out, lambda path: write_scenarios(scenarios, path))
    click.echo(fan_report(deal, scenarios, found, every), nl=False)
    return 0
