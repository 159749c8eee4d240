"""`deal-solve measure`: from exports of usage to a deal file."""

from __future__ import annotations

from pathlib import Path

import click

from deal_solve.analysis.measure.defaults import MIN_SHARE
from deal_solve.cli.exports.columns import map_option
from deal_solve.cli.exports.progress import reading_bar


def refuse_existing(out: str | None) -> None:
    """Raise InputError where a deal file is there already: offers may have been typed into it."""
    from deal_solve.errors import InputError, Problem

    if out and Path(out).is_file():
        raise InputError(Problem("--out", f"{out} is there; write --into {out} to update it, or give another name"))


@click.command(epilog="Example:  deal-solve measure exports/ --out deal.yaml")
@click.argument("paths", nargs=-1, required=True, metavar="PATH...", type=click.Path())
@click.option("--out", metavar="FILE", help="Write the deal file that follows.")
@click.option("--into", metavar="DEAL", help="Update the measured fields of a deal file; the rest stays as written.")
@click.option("--json", "json_file", metavar="FILE|-", help="Write all of it as JSON; - prints it instead of the text.")
@click.option(
    "--group-by",
    type=click.Choice(["workspace", "key", "tag", "product", "user", "nothing"]),
    help="What is one workload.  [default: what tells usage apart]",
)
@click.option(
    "--min-share",
    type=click.FloatRange(0, 1),
    default=MIN_SHARE,
    show_default=True,
    help="Workloads below this share of the dollars are put into one.",
)
@map_option
@click.option("--keep-names", is_flag=True, help="Show keys and users by name; else they are hashed.")
def command(
    paths: tuple[str, ...],
    out: str | None,
    into: str | None,
    json_file: str | None,
    group_by: str | None,
    min_share: float,
    columns: tuple[str, ...],
    keep_names: bool,
) -> int:
    """Read exports of usage and cost (files, folders, globs, zip, gz), reconcile them, and write a deal file.

    Every export is recognised by its content. Overlapping ones never count twice, the last two days are held back.
    """
    from typing import Any, cast

    from deal_solve.analysis.measure.into import updated
    from deal_solve.analysis.measure.measure import measure
    from deal_solve.analysis.measure.text import measure_report, update_report
    from deal_solve.cli.support.printing import print_json
    from deal_solve.files import write_text

    refuse_existing(out)
    by = cast(Any, group_by)
    with reading_bar():
        found = measure(*paths, group_by=by, min_share=min_share, keep_names=keep_names, columns=columns)
    update = updated(into, found) if into else None
    if out:
        write_text(out, found.deal_text)
    if into and update:
        write_text(into, update.text)
    if json_file == "-":
        print_json(found.to_json())
        return 0
    if json_file:
        write_text(json_file, found.to_json())
    click.echo(measure_report(found), nl=False)
    if into and update:
        click.echo(f"\n{update_report(into, update)}", nl=False)
    if out:
        click.echo(f"\n{out} written; next: deal-solve check {out}")
    return 0
