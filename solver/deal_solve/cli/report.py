"""`deal-solve report`: the document for those who sign, and for the vendor."""

from __future__ import annotations

from functools import partial

import click

from deal_solve.cli.support.document_files import DocumentFiles, document_files
from deal_solve.cli.support.options import deal_argument, fiscal_option
from deal_solve.cli.support.question import Question, question_options
from deal_solve.cli.support.solving import STOPPED_WITH_A_PLAN


@click.command(epilog="Example:  deal-solve report deal.yaml --out report.html")
@deal_argument
@document_files
@click.option(
    "--plan",
    "fix_file",
    metavar="FILE",
    help="Report on this proposal, what it leaves out at its best.  [default: the best deal]",
)
@click.option(
    "--sections", metavar="NAMES", help="What stands after the first page, such as routing,seats.  [default: all]"
)
@click.option(
    "--quick", is_flag=True, help="Leave out what takes further solves: clauses, curve, frontier, levers, runner-up."
)
@fiscal_option
@partial(question_options, any_month=True)
def command(
    question: Question, files: DocumentFiles, sections: str | None, quick: bool, fiscal_year_start: int | None
) -> int:
    """Write the best deal in DEAL as one page to sign on, with a table and a picture for each question behind it.

    The HTML file needs nothing else: no script, no network. Its first page fits on one printed side: what to sign, what
    it costs, what can go wrong, what to ask the vendor for, and which dates bind. The exit code is 4 if the plan is not
    proven to the gap, or what stands in the file was not all worked out in time.
    """
    from deal_solve.analysis.document.document import chosen_sections, document
    from deal_solve.cli.support.interrupt import interruptible

    files.refuse_unwritable()
    named = chosen_sections([name.strip() for name in sections.split(",")] if sections else None)
    found = interruptible(
        lambda: document(
            question.deal,
            question.scenarios(),
            sections=named if files.has_sections else (),
            is_quick=quick,
            fiscal_year_start=fiscal_year_start,
            options=question.options,
        )
    )
    files.write(found)
    return 0 if found.solution.status == "optimal" and found.is_in_time else STOPPED_WITH_A_PLAN
