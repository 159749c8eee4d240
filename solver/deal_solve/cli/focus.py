"""`deal-solve focus`: what a plan commits and its expected invoices, in the exchange format of FinOps."""

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
    """Write the plan of DEAL as rows of FOCUS 1.4, the open format of FinOps.

    ContractCommitment.csv has a row for each contract year of API commitment and of seats: nothing is signed yet, every
    row is Proposed. CostAndUsage.csv has the expected invoices: tokens by workload, model and month, seats, commitments
    and what is left of them unused, at list, contracted and effective prices. Columns x_ hold what FOCUS has no name
    for; dictionary.csv says what they mean.
    """
    from pathlib import Path

    from deal_solve.analysis.focus.commitments import commitment_rows
    from deal_solve.analysis.focus.dictionary import dictionary
    from deal_solve.analysis.focus.invoices import cost_rows
    from deal_solve.cli.support.interrupt import interruptible
    from deal_solve.files import refuse_unwritable, write_text, writing
    from deal_solve.frames import csv_text
    from deal_solve.optimise.signing import solve

    with writing(folder):
        Path(folder).mkdir(parents=True, exist_ok=True)
    files = {name: Path(folder) / f"{name}.csv" for name in ("ContractCommitment", "CostAndUsage", "dictionary")}
    for path in files.values():
        refuse_unwritable(path)
    solution = interruptible(lambda: solve(question.deal, question.ready_scenarios(), options=question.options))
    settlement = solution.settlement
    tables = (commitment_rows(settlement.deal, solution.plan), cost_rows(settlement), dictionary())
    for path, table in zip(files.values(), tables, strict=True):
        write_text(path, csv_text(table.to_frame()))
        click.echo(f"{path} written, rows: {len(table):,}")
    return 0 if solution.status == "optimal" else STOPPED_WITH_A_PLAN
