"""`deal-solve wait`: whether it is worth waiting to measure."""

from __future__ import annotations

import click

from deal_solve.cli.support.analysis import Answer, analysis_command
from deal_solve.cli.support.question import Question

SCENARIOS = "4096"


@analysis_command(
    epilog="Example:  deal-solve wait deal.yaml --months 2",
    out="Write the table (.csv, .parquet or .json).",
    picture="Draw costs beside what is learnt (.svg or .png).",
    any_month=True,
)
@click.option("--months", type=int, default=3, show_default=True, help="The longest wait; every month up to it.")
@click.option("--observations", type=int, default=16, show_default=True, help="Simulated observations of each month.")
@click.option(
    "--shock", type=float, help="Deviation of the logarithm of usage in a month.  [default: 0.145, as in forecast]"
)
def command(question: Question, months: int, observations: int, shock: float | None) -> Answer:
    """Show what it is worth to wait, measure and only then sign DEAL, against signing now.

    Until it is signed, an agreement in force holds, then list. What is measured is simulated, and the deal solved again
    after every observation. Unless DEAL lists its scenarios, 4,096 are sampled. The exit code is 4 if a deal is not
    proven to the gap.
    """
    from deal_solve.analysis.measure.growth import MONTHLY_SHOCK
    from deal_solve.analysis.wait.wait import wait

    shock = MONTHLY_SHOCK if shock is None else shock
    scenarios = question.scenarios_from(question.deal, SCENARIOS)
    found = wait(question.deal, scenarios, months, observations, shock, options=question.options)
    return Answer(found, found.is_proven)
