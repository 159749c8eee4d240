"""`deal-solve solve`: the best deal, with proof."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import click

from deal_solve.cli.support.extras import answers, answers_text, check, in_time, more_options
from deal_solve.cli.support.months import in_one_month
from deal_solve.cli.support.options import deal_argument, fiscal_option, fix_option, json_option
from deal_solve.cli.support.question import Question, question_options
from deal_solve.cli.support.solving import STOPPED_WITH_A_PLAN, solved
from deal_solve.currency import coded
from deal_solve.messages import counted

if TYPE_CHECKING:
    from deal_solve.analysis.conflict.result import Conflict
    from deal_solve.cli.support.extras import More
    from deal_solve.deal.deal import Deal
    from deal_solve.optimise.options import SolveOptions
    from deal_solve.plan.proposal import Proposal
    from deal_solve.uncertainty.scenario_set import Scenarios

EXPLAINING_SECONDS = 30.0
"""How long the requirements that conflict are looked for, where no time limit is given."""

MIN_EXPLAINING_SECONDS = 0.1
"""And at least, where the limit has passed."""


@click.command(
    epilog="Example:  deal-solve solve deal.yaml --risk cautious --json result.json",
)
@deal_argument
@json_option("the result")
@fix_option
@more_options
@click.option("--full", is_flag=True, help="Print every table behind the decision page too.")
@click.option("--show", metavar="TABLES", help="Print some of them too, such as routing,seats; divided by commas.")
@fiscal_option
@click.option("--report", metavar="FILE", help="Write page and tables as one HTML file, without further solves.")
@click.option("--export", "export_file", metavar="FILE", help="Write the program (.lp or .mps) instead of solving it.")
@partial(question_options, any_month=True)
def command(
    question: Question,
    json_file: str | None,
    more: More,
    full: bool,
    show: str | None,
    fiscal_year_start: int | None,
    report: str | None,
    export_file: str | None,
) -> int:
    """Find the agreements, term, commitment, seats, tracks, routing and projects to sign in DEAL, with proof.

    Prints a decision page: what to sign, what it costs, what else there is, and what can go wrong. The exit code is 0
    if the plan is proven to the gap, 3 if no plan meets all limits, 4 if a limit stopped the search with a plan, or
    left out something else that was asked for, 5 without one.
    """
    from deal_solve.analysis.solve.comparisons import comparisons
    from deal_solve.analysis.solve.text import solution_report, subject_of
    from deal_solve.cli.support.interrupt import interruptible
    from deal_solve.cli.support.table import ending_of
    from deal_solve.errors import Infeasible
    from deal_solve.files import refuse_unwritable, write_text
    from deal_solve.optimise.search.cache import SolveCache
    from deal_solve.uncertainty.months import in_months_of
    from deal_solve.uncertainty.scenario_set import ready

    tables = _tables(full, show)
    ending_of(report, "--report", "html")
    for path in filter(None, (report, json_file if json_file != "-" else None)):
        refuse_unwritable(path)
    deal, scenario_set = question.deal, question.scenarios()
    check(deal, scenario_set, export_file, more)
    scenarios = ready(scenario_set)
    if export_file:
        deal = in_one_month(deal)
        return _export(deal, in_months_of(deal, scenarios), export_file, question.options.fix)
    options = question.options
    shared = options if deal.is_open else replace(options, cache=SolveCache(is_of_sums=True))
    try:
        solution = solved(deal, scenarios, shared)
    except Infeasible as error:
        deal = deal.signed_in(deal.signing_months[0]) if deal.is_open else deal
        raise Infeasible(_explained(deal, scenarios, error, json_file, options)) from None
    if deal.is_open:
        deal = deal.signed_in(solution.plan.signing_month)
        scenario_set, options = in_months_of(deal, scenario_set), options.measured_against(solution)
        shared = options
    found = answers(deal, scenario_set, solution, more, options)
    found["comparisons"] = interruptible(lambda: comparisons(solution, shared))
    shared = options  # what was summed up over the scenarios is let go of
    if json_file:
        from deal_solve.cli.support.printing import write_json
        from deal_solve.outputs import to_json

        write_json(json_file, to_json(solution, **found))
    if report:
        from deal_solve.analysis.document.document import document_of

        asked = fiscal_year_start, options.fix is not None
        write_text(report, document_of(solution, found["comparisons"], *asked).to_html())
    if json_file != "-":
        subject = subject_of(solution, found["comparisons"], fiscal_year_start, options.fix is not None)
        click.echo(solution_report(subject, tables, answers_text(deal, solution, found)), nl=False)
    return 0 if solution.status == "optimal" and in_time(found) else STOPPED_WITH_A_PLAN


def _explained(deal: Deal, scenarios: Scenarios, error: Exception, json_file: str | None, options: SolveOptions) -> str:
    """Return why there is no plan: one sentence, then the requirements that conflict, if time allows."""
    from deal_solve.analysis.conflict.text import conflict_report

    seconds = options.time_limit or EXPLAINING_SECONDS
    left = seconds if options.left is None else max(options.left, MIN_EXPLAINING_SECONDS)
    conflict = _conflict(deal, scenarios, replace(options, time_limit=left))
    if json_file:
        from deal_solve.analysis.solve.result import infeasible_result_of
        from deal_solve.cli.support.printing import write_json
        from deal_solve.record import to_text

        write_json(json_file, to_text(infeasible_result_of(deal, scenarios, str(error), conflict)))
    cut_short = f"which requirements conflict did not show within {seconds:g} s; --time-limit sets how long to look"
    stated = cut_short if conflict is None else coded(conflict_report(conflict))
    return "\n".join(part for part in (str(error), stated) if part)


def _conflict(deal: Deal, scenarios: Scenarios, options: SolveOptions) -> Conflict | None:
    from deal_solve.analysis.conflict.conflict import explain_infeasible
    from deal_solve.cli.support.interrupt import interruptible
    from deal_solve.errors import LimitReached

    try:
        return interruptible(
            lambda: explain_infeasible(deal, scenarios, options.fix, options.time_limit, options.progress)
        )
    except LimitReached:
        return None


def _export(deal: Deal, scenarios: Scenarios, path: str, fix: Proposal | None) -> int:
    from deal_solve.errors import InputError, Problem
    from deal_solve.optimise.export import export

    if not path.endswith((".lp", ".mps")):
        raise InputError(Problem("--export", f"{path!r} ends neither in .lp nor in .mps"))
    size = export(deal, scenarios, path, fix)
    columns = f"{counted(size.columns, 'column')} ({size.integers:,} integer)"
    click.echo(f"{path}: {counted(size.rows, 'row')}, {columns}, {counted(size.nonzeros, 'non-zero')}")
    return 0


def _tables(full: bool, show: str | None) -> tuple[str, ...]:
    """Return the names of the tables that are printed below the page."""
    from deal_solve.analysis.solve.tables import TABLES, refuse_unknown

    names = tuple(name.strip() for name in show.split(",")) if show else ()
    refuse_unknown(names)
    return tuple(TABLES) if full else names
