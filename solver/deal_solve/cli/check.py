"""`deal-solve check`: whether a deal file is right, and what in it is dead."""

from __future__ import annotations

import click

from deal_solve.cli.options import deal_argument, load_deal


@click.command(
    epilog="Example:  deal-solve check deal.yaml", short_help="Check a deal file and say what in it is dead."
)
@deal_argument
def command(deal_file: str) -> int:
    """Check DEAL: every error with its line, and what can never matter or never binds.

    Errors go to stderr and the exit code is 2; findings are printed and leave it at 0.
    """
    from deal_solve.analysis.findings import findings
    from deal_solve.report.controls import controls_table
    from deal_solve.report.findings import check_report
    from deal_solve.uncertainty.expand import scenarios_of

    deal = load_deal(deal_file)
    scenarios = scenarios_of(deal)
    click.echo(check_report(deal, scenarios, findings(deal, scenarios)), nl=False)
    controls = controls_table(deal)
    if controls:
        click.echo(f"\n{controls}")
    return 0
