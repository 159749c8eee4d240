"""`deal-solve check`: whether a deal file is right, and what in it is dead."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from deal_solve.cli.support.options import DealFile, deal_argument, load_deal, scenario_options

if TYPE_CHECKING:
    from deal_solve.deal.deal import Deal
    from deal_solve.uncertainty.scenario_set import Scenarios


@click.command(epilog="Example:  deal-solve check deal.yaml")
@deal_argument
@scenario_options
def command(deal_file: DealFile, scenarios_from: Callable[[Deal], Scenarios]) -> int:
    """Check DEAL: every error with its line, and what can never matter or never binds.

    Errors go to stderr and the exit code is 2; findings are printed and leave it at 0.
    """
    from deal_solve.analysis.check.findings import findings, implausible_findings
    from deal_solve.analysis.check.text import check_report
    from deal_solve.report.controls import controls_table
    from deal_solve.uncertainty.months import in_months_of

    deal = load_deal(deal_file)
    scenarios, signed = scenarios_from(deal).in_memory(), deal.signed_first
    own = in_months_of(signed, scenarios).in_memory()
    dead, doubtful = findings(signed, own), implausible_findings(signed, own)
    click.echo(check_report(deal, scenarios, dead, doubtful), nl=False)
    controls = controls_table(signed)
    if controls:
        click.echo(f"\n{controls}")
    return 0
