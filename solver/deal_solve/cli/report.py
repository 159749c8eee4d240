"""`deal-solve report`: the document for those who sign, and for the vendor."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from deal_solve.cli.support.options import (
    DealFile,
    deal_argument,
    fiscal_option,
    load_deal,
    progress_to,
    risk_options,
    scenario_options,
    solver_options,
    verbose_option,
)
from deal_solve.cli.support.solving import STOPPED_WITH_A_PLAN, load_fix
from deal_solve.optimise.options import SolveOptions

if TYPE_CHECKING:
    from deal_solve.deal.deal import Deal
    from deal_solve.optimise.method import Method
    from deal_solve.uncertainty.scenario_set import Scenarios


@click.command(epilog="Example:  deal-solve report deal.yaml --out report.html")
@deal_argument
@click.option(
    "--out",
    "out_file",
    metavar="FILE",
    required=True,
    help="Write the document (.html), or its first page alone (.md).",
)
@click.option(
    "--plan",
    "plan_file",
    metavar="FILE",
    help="Report on this proposal, what it leaves out at its best.  [default: the best deal]",
)
@click.option(
    "--sections", metavar="NAMES", help="What stands after the first page, such as routing,seats.  [default: all]"
)
@click.option("--quick", is_flag=True, help="Leave out what takes further solves: clauses, curve and levers.")
@fiscal_option
@scenario_options
@solver_options
@risk_options
@verbose_option
def command(
    deal_file: DealFile,
    out_file: str,
    plan_file: str | None,
    sections: str | None,
    quick: bool,
    fiscal_year_start: int | None,
    solver: str,
    method: Method,
    gap: float,
    time_limit: float | None,
    verbose: bool,
    scenarios_from: Callable[[Deal], Scenarios],
    **risk: str | None,
) -> int:
    """Write the best deal in DEAL as one page to sign on, with a table and a picture for each question behind it.

    The HTML file needs nothing else: no script, no network. Its first page fits on one printed side: what to sign, what
    it costs, what can go wrong, what to ask the vendor for, and which dates bind. The exit code is 4 if the plan is not
    proven to the gap.
    """
    from deal_solve.analysis.document.document import chosen_sections, document
    from deal_solve.cli.support.interrupt import interruptible
    from deal_solve.cli.support.table import ending_of
    from deal_solve.files import refuse_unwritable, write_text

    ending = ending_of(out_file, "--out", "html", "md")
    named = chosen_sections([name.strip() for name in sections.split(",")] if sections else None)
    refuse_unwritable(out_file)
    deal = load_deal(deal_file, **risk)
    fix = load_fix(deal, plan_file)
    options = SolveOptions(
        solver=solver, method=method, gap=gap, time_limit=time_limit, fix=fix, progress=progress_to(verbose)
    )
    shown = named if ending == "html" else ()
    found = interruptible(
        lambda: document(
            deal,
            scenarios_from(deal),
            sections=shown,
            is_quick=quick,
            fiscal_year_start=fiscal_year_start,
            options=options,
        )
    )
    text = found.to_html() if ending == "html" else found.to_markdown()
    write_text(out_file, text)
    click.echo(f"{out_file} written, {len(text.encode()) / 1000:,.0f} kB")
    return 0 if found.solution.status == "optimal" else STOPPED_WITH_A_PLAN
