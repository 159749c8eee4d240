"""`deal-solve track`: the signed deal against what happened."""

from __future__ import annotations

import click

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
    help="A threshold, repeatable: forfeiture, exhaustion, behind_pace, idle_seats, seats_above.",
)
@click.option("--json", "json_file", metavar="FILE|-", help="Write it as JSON; - prints it instead of the text.")
def command(
    deal_file: str, paths: tuple[str, ...], plan_file: str, alerts: tuple[str, ...], json_file: str | None
) -> int:
    """Hold the signed plan of DEAL against exports of usage since, and solve what is left from here on.

    The exit code is 6 where a threshold is crossed, so that a scheduler can run it every month.
    """
    from deal_solve.analysis.solve.comparisons import comparisons
    from deal_solve.analysis.solve.text import solution_report, subject_of
    from deal_solve.analysis.track.text import track_report
    from deal_solve.analysis.track.track import track
    from deal_solve.cli.support.interrupt import interruptible
    from deal_solve.cli.support.printing import print_json
    from deal_solve.files import write_text
    from deal_solve.optimise.options import SolveOptions

    found = interruptible(lambda: track(deal_file, plan_file, *paths, alerts=alerts))
    if json_file and json_file != "-":
        write_text(json_file, found.to_json())
    if json_file == "-":
        print_json(found.to_json())
    else:
        click.echo(track_report(found))
        if found.solution is not None:
            solution = found.solution
            compared = interruptible(lambda: comparisons(solution, SolveOptions()))
            click.echo(solution_report(subject_of(solution, compared)), nl=False)
    return CROSSED if any(each.is_crossed for each in found.alerts) else 0
