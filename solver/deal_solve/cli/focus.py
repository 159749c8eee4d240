"""`deal-solve focus`: what a plan commits, in the exchange format of FinOps."""

from __future__ import annotations

from functools import partial

import click

from deal_solve.cli.support.options import deal_argument
from deal_solve.cli.support.question import Question, question_options
from deal_solve.cli.support.solving import STOPPED_WITH_A_PLAN


@click.command(epilog="Example:  deal-solve focus deal.yaml --plan result.json --out focus")
@deal_argument
@click.option(
    "--plan",
    "fix_file",
    metavar="FILE",
    help="This proposal, plan or result, what it leaves out at its best.  [default: the best deal]",
)
@click.option(
    "--out", "folder", metavar="DIR", required=True, help="Write the files into this folder, made if missing."
)
@partial(question_options, any_month=True)
def command(question: Question, folder: str) -> int:
    """Write what the plan of DEAL commits as rows of FOCUS 1.4, the open format of FinOps.

    ContractCommitment.csv has a row for each contract year of API commitment and of seats, all columns that FOCUS 1.4
    requires, and columns x_ for the clauses that it has no name for; dictionary.csv says what these mean. Nothing is
    signed yet: every row is Proposed.
    """
    from pathlib import Path

    from deal_solve.analysis.focus.commitments import commitment_rows, dictionary
    from deal_solve.cli.support.interrupt import interruptible
    from deal_solve.files import refuse_unwritable, write_text, writing
    from deal_solve.frames import csv_text
    from deal_solve.optimise.signing import solve

    with writing(folder):
        Path(folder).mkdir(parents=True, exist_ok=True)
    files = {name: Path(folder) / f"{name}.csv" for name in ("ContractCommitment", "dictionary")}
    for path in files.values():
        refuse_unwritable(path)
    solution = interruptible(lambda: solve(question.deal, question.ready_scenarios(), options=question.options))
    rows = commitment_rows(solution.settlement.deal, solution.plan)
    write_text(files["ContractCommitment"], csv_text(rows.to_frame()))
    write_text(files["dictionary"], csv_text(dictionary().to_frame()))
    click.echo(f"{files['ContractCommitment']} written, rows: {len(rows):,}; {files['dictionary']} written")
    return 0 if solution.status == "optimal" else STOPPED_WITH_A_PLAN
