"""`deal-solve sweep`: the best deal over many values of any fields."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from deal_solve.cli.support import completion
from deal_solve.cli.support.options import (
    SOLVER,
    deal_argument,
    fix_option,
    workers_options,
)
from deal_solve.cli.support.question import Question, question_options
from deal_solve.messages import counted

if TYPE_CHECKING:
    from deal_solve.analysis.sweep.checkpoint_log import CheckpointLog
    from deal_solve.analysis.sweep.design import Design
    from deal_solve.analysis.sweep.result import Sweep, SweepRow
    from deal_solve.analysis.sweep.sweep import SweepProgress
    from deal_solve.deal.deal import Deal
    from deal_solve.uncertainty.scenario_set import Scenarios


@click.command(
    epilog="Example:  deal-solve sweep deal.yaml --vary 'offers.quote.api.overage=contracted,list' "
    "--vary 'workloads.support-bot.growth_per_year.p50=0:1.5:16' --out sweep.parquet",
)
@deal_argument
@click.option(
    "--vary",
    "vary",
    multiple=True,
    metavar="PATH=VALUES",
    shell_complete=completion.paths,
    help="A field by its dotted path, and its values: a list 'a,b', a range 'from:to:count', or '±20%' around "
    "today's ('±20%:5' for five); * is every name.",
)
@click.option("--zip", "is_zipped", is_flag=True, help="Change the fields together instead of crossing them.")
@click.option("--design", "design_file", metavar="FILE", help="The runs as CSV: a line of paths, then one per run.")
@fix_option
@click.option("--out", metavar="FILE", help="Write the rows (.csv, .parquet or .json); FILE.journal beside it resumes.")
@click.option("--picture", metavar="FILE", help="Draw the decision regions (.svg or .png).")
@click.option("--report", metavar="FILE", help="Write tables and picture as one HTML file.")
@workers_options
@question_options
def command(
    question: Question,
    vary: tuple[str, ...],
    is_zipped: bool,
    design_file: str | None,
    out: str | None,
    picture: str | None,
    report: str | None,
    jobs: int,
    cluster: str | None,
) -> int:
    """Solve DEAL in many runs, each with other values of its fields, over the same scenarios; print what changes
    where.

    Each run is a deal of its own, solved to the gap (--time-limit is that of a run). One without a plan is a row
    with its reason. Finished rows are kept in a checkpoint log beside --out: stopped and run again, none is solved
    twice. The exit code is 4 if a run is not proven to the gap, 1 if one failed.
    """
    from deal_solve.analysis.sweep.design import refuse_wrong_paths
    from deal_solve.analysis.sweep.sweep import sweep, sweep_of
    from deal_solve.cli.support.executor import executor_of
    from deal_solve.cli.support.interrupt import interruptible
    from deal_solve.outputs import text_of
    from deal_solve.report.basics import About

    deal = question.deal
    design = _design(deal, vary, is_zipped, design_file)
    refuse_wrong_paths(deal, design)
    _refuse_unwritable(out, picture, report)
    base = question.scenarios()
    options: dict[str, Any] = {name: getattr(question.options, name) for name in (*SOLVER, "fix")}
    with ExitStack() as stack:
        kept = stack.enter_context(_checkpoint_log(out, deal, base, options))
        executor, workers = stack.enter_context(executor_of(jobs, cluster))
        options |= {"executor": executor, "ahead": 2 * workers}
        options["progress"] = _progress() if question.options.progress else None
        run = partial(sweep, deal, design, question.scenarios_from, **options)
        found = _swept(
            run if executor else lambda **rows: interruptible(partial(run, **rows)),
            partial(sweep_of, About(deal, base), design),
            kept,
            lambda part: _write(part, out, picture, report),
        )
    _write(found, out, picture, report)
    click.echo(text_of(found), nl=False)
    return _exit_code(found)


def _swept(
    run: Callable[..., Sweep],
    made_of: Callable[[list[SweepRow]], Sweep],
    kept: CheckpointLog | None,
    write: Callable[[Sweep], None],
) -> Sweep:
    """Run a sweep that goes on from its checkpoint log; after Ctrl-C, what there is by then is written."""
    rows = [row for row in kept.rows if row.status != "failed"] if kept else []
    known = tuple(rows)

    def finished(row: SweepRow) -> None:
        rows.append(row)
        if kept:
            kept.add(row)

    from deal_solve.cli.support.interrupt import INTERRUPTS

    try:
        return run(known=known, finished=finished)
    except KeyboardInterrupt:
        INTERRUPTS.answered()
        part = made_of(list(rows))
        if kept and part.rows:
            write(part)
            click.echo(
                f"{len(part.rows):,} of {counted(part.cells, 'run')} are done; the same command goes on", err=True
            )
        raise


def _design(deal: Deal, vary: tuple[str, ...], is_zipped: bool, file: str | None) -> Design:
    """Return the runs asked for."""
    from deal_solve.analysis.sweep.design import crossed, parse_vary, read_design, zipped
    from deal_solve.errors import InputError, Problem

    if file and (vary or is_zipped):
        raise InputError(Problem("--design", "holds all runs; expected no --vary and no --zip beside it"))
    if file:
        return read_design(deal, file)
    dimensions = [parse_vary(deal, each) for each in vary]
    return zipped(dimensions) if is_zipped else crossed(dimensions)


def _refuse_unwritable(out: str | None, picture: str | None, report: str | None) -> None:
    """Refuse what cannot be written before the long run: a wrong ending, no such folder, no matplotlib."""
    from deal_solve.cli.support.table import table_and_picture

    class Checked(Exception):
        pass

    with suppress(Checked), table_and_picture(out, picture, report):
        raise Checked


@contextmanager
def _checkpoint_log(
    out: str | None, deal: Deal, scenarios: Scenarios, options: dict[str, Any]
) -> Iterator[CheckpointLog | None]:
    """Yield the checkpoint log beside the output, None without one; say what it knows."""
    from deal_solve.analysis.sweep.checkpoint_log import checkpoint_log, header_of

    if not out or (Path(out).exists() and not Path(out).is_file()):  # nothing stands beside a device or a pipe
        yield None
        return
    with checkpoint_log(Path(f"{out}.journal"), header_of(deal, scenarios, options)) as kept:
        if kept.rows:
            click.echo(f"{kept.path}: {counted(len(kept.rows), 'run')} are done", err=True)
        yield kept


def _write(found: Sweep, out: str | None, picture: str | None, report: str | None) -> None:
    from deal_solve.cli.support.table import table_and_picture

    if not (out or picture or report):
        return
    with table_and_picture(out, picture, report) as write:
        write(found)


def _exit_code(found: Sweep) -> int:
    from deal_solve.cli.support.solving import STOPPED_WITH_A_PLAN

    statuses = {row.status for row in found.rows}
    return 1 if "failed" in statuses else STOPPED_WITH_A_PLAN if statuses & {"limit", "stopped"} else 0


def _progress() -> Callable[[SweepProgress], None]:
    """Return what tells how far a sweep is, once a second: runs done, runs a second, seconds left."""
    reported = time.monotonic()

    def report(at: SweepProgress) -> None:
        nonlocal reported
        if time.monotonic() - reported < 1 and at.done < at.total:
            return
        reported = time.monotonic()
        left = "" if at.seconds_left is None else f", {at.runs_per_second:,.2g} a second, {at.seconds_left:,.0f} s left"
        click.echo(f"{at.seconds:6.1f} s  {at.done:,} of {counted(at.total, 'run')}{left}", err=True)

    return report
