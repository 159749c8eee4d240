"""`deal-solve when`: in which month to sign."""

from __future__ import annotations

from deal_solve.cli.support.analysis import Answer, analysis_command
from deal_solve.cli.support.question import Question


@analysis_command(
    epilog="Example:  deal-solve when deal.yaml --set 'signing.months=[0, 3, 6]' --picture when.svg",
    out="Write the table (.csv, .parquet or .json).",
    picture="Draw the months (.svg or .png).",
    any_month=True,
)
def command(question: Question) -> Answer:
    """Show what each month of signing costs: the best plan of every month of `signing.months` in DEAL.

    All months are compared over the whole horizon: until one is signed, the agreement in force holds, then list. The
    exit code is 4 if a month is not proven to the gap.
    """
    from deal_solve.analysis.when.when import when

    found = when(question.deal, question.ready_scenarios(), options=question.options)
    return Answer(found, found.is_proven)
