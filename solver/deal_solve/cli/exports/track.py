"""`deal-solve track`: the signed deal against what happened."""

from __future__ import annotations

import time

import click

from deal_solve.cli.exports.columns import map_option
from deal_solve.cli.exports.progress import reading_bar
from deal_solve.cli.support.options import time_limit_option
from deal_solve.cli.support.solving import STOPPED_WITH_A_PLAN

CROSSED = 6
"""Exit code where a stated threshold is crossed."""


@click.command(epilog="Example:  deal-solve track deal.yaml --plan signed.json exports/ --alert 'forfeiture>50k'")
@click.argument("deal_file", metavar="DEAL", type=click.Path())
@click.argument("paths", nargs=-1, required=True, metavar="PATH...", type=click.Path())
@click.option("--plan", "plan_file", metavar="FILE", required=True, help="The plan that was signed (solve --json).")
@click.option(
    "--alert",
    "alerts",
    multiple=True,
    metavar="NAME>NUMBER",
    help="A threshold, repeatable: forfeiture, exhaustion, overage, behind_pace, idle_seats, seats_above.",
)
@click.option(
    "--map-workload",
    "pairs",
    multiple=True,
    metavar="MEASURED=DEAL",
    help="To which workload of DEAL a measured one belongs, repeatable; several may belong to one.",
)
@map_option
@click.option("--json", "json_file", metavar="FILE|-", help="Write it as JSON; - prints it instead of the text.")
@click.option("--picture", metavar="FILE", help="Draw the commitment burned down (.svg or .png).")
@click.option("--report", metavar="FILE", help="Write tables and picture as one HTML file.")
@time_limit_option
def command(
    deal_file: str,
    paths: tuple[str, ...],
    plan_file: str,
    alerts: tuple[str, ...],
    pairs: tuple[str, ...],
    columns: tuple[str, ...],
    time_limit: float | None,
    **files: str | None,
) -> int:
    """Hold the signed plan of DEAL against exports of usage since, and solve what is left from here on.

    The exit code is 6 where a threshold is crossed, so that a scheduler can run it every month; else 4 if --time-limit
    stopped the solve with a plan.
    """
    began = time.monotonic()
    from deal_solve.analysis.solve.comparisons import comparisons
    from deal_solve.analysis.solve.text import solution_report, subject_of
    from deal_solve.analysis.track.track import track
    from deal_solve.cli.support.interrupt import interruptible
    from deal_solve.cli.support.printing import write_json
    from deal_solve.cli.support.table import table_and_picture
    from deal_solve.files import refuse_unwritable
    from deal_solve.optimise.options import SolveOptions
    from deal_solve.outputs import text_of, to_json

    options = SolveOptions(time_limit=time_limit).begun(began)
    json_file, called = files["json_file"], _called(pairs)
    if json_file and json_file != "-":
        refuse_unwritable(json_file)
    with table_and_picture(None, files["picture"], files["report"]) as write, reading_bar():
        found = interruptible(
            lambda: track(deal_file, plan_file, *paths, alerts=alerts, called=called, columns=columns, options=options)
        )
        write(found)
    if json_file:
        write_json(json_file, to_json(found))
    if json_file != "-":
        solution = found.solution
        click.echo(text_of(found))
        compared = interruptible(lambda: comparisons(solution, options))
        click.echo(solution_report(subject_of(solution, compared)), nl=False)
    if any(each.is_crossed for each in found.alerts):
        return CROSSED
    return 0 if found.solution.status == "optimal" else STOPPED_WITH_A_PLAN


def _called(pairs: tuple[str, ...]) -> dict[str, str]:
    """Return which workload of the deal each measured one belongs to; raises InputError for what is no pair."""
    from deal_solve.errors import InputError

    called: dict[str, str] = {}
    for pair in pairs:
        measured, equals, name = (each.strip() for each in pair.partition("="))
        if not (measured and equals and name):
            raise InputError(f"--map-workload {pair}: expected MEASURED=DEAL, such as support-opus=support")
        if called.setdefault(measured, name) != name:
            raise InputError(f"--map-workload {pair}: {measured} belongs to {called[measured]} already")
    return called
