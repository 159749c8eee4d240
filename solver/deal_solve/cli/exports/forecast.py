"""`deal-solve forecast`: what usage may come to, tested on its own history."""

from __future__ import annotations

import click

from deal_solve.analysis.measure.defaults import MONTHS
from deal_solve.cli.exports.columns import map_option
from deal_solve.cli.exports.progress import reading_bar


@click.command(epilog="Example:  deal-solve forecast exports/ --picture fan.svg")
@click.argument("paths", nargs=-1, required=True, metavar="PATH...", type=click.Path())
@click.option("--months", type=click.IntRange(1, 60), default=MONTHS, show_default=True, help="Months to come.")
@map_option
@click.option("--json", "json_file", metavar="FILE|-", help="Write it as JSON; - prints it instead of the text.")
@click.option("--picture", metavar="FILE", help="Draw the fan against history (.svg or .png).")
def command(
    paths: tuple[str, ...], columns: tuple[str, ...], months: int, json_file: str | None, picture: str | None
) -> int:
    """Show what the usage in exports may come to: P10, P50 and P90 of each month and workload.

    The same method forecasts from every month of history; the share of what came that lay in the 80 % band stands
    below, beside two plain methods.
    """
    from deal_solve.analysis.forecast.forecast import forecast
    from deal_solve.analysis.forecast.picture import figure_of
    from deal_solve.analysis.forecast.text import forecast_report
    from deal_solve.analysis.measure.measure import measure
    from deal_solve.cli.support.printing import print_json
    from deal_solve.cli.support.table import ending_of
    from deal_solve.files import refuse_unwritable, write_text, written
    from deal_solve.report.picture import need_matplotlib, write_figure

    kind = ending_of(picture, "--picture", "svg", "png")
    if picture:
        need_matplotlib("--picture")
        refuse_unwritable(picture)
    with reading_bar():
        measured = measure(*paths, columns=columns)
    found = forecast(measured, months)
    if picture and kind:
        written(picture, lambda path: write_figure(figure_of(found), path, kind))
    if json_file == "-":
        print_json(found.to_json())
        return 0
    if json_file:
        write_text(json_file, found.to_json())
    click.echo(forecast_report(found), nl=False)
    return 0
