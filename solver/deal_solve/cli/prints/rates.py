"""`deal-solve rates`: the rate card."""

from __future__ import annotations

import click


@click.command(epilog="Example:  deal-solve rates --as-of 2026-09-01")
@click.option(
    "--as-of", metavar="DATE", help="The rates in force that day, YYYY-MM-DD.  [default: the card's last date]"
)
@click.option("--card", default="claude", show_default=True, help="Name of a card in the package.")
@click.option("--json", "as_json", is_flag=True, help="Print the card as JSON.")
def command(as_of: str | None, card: str, as_json: bool) -> int:
    """Print the list prices, seats and controls that deals are priced with, and their sources."""
    from datetime import date

    from deal_solve.cli.support.printing import print_json
    from deal_solve.deal.rate_card import load_card
    from deal_solve.errors import InputError, Problem
    from deal_solve.report.rates import rates_report

    try:
        day = date.fromisoformat(as_of) if as_of else None
    except ValueError:
        raise InputError(Problem("--as-of", f"{as_of!r} is not a date; expected one like 2026-11-23")) from None
    found = load_card(card, day)
    if as_json:
        print_json(f"{found.model_dump_json(indent=2)}\n")
    else:
        click.echo(rates_report(found), nl=False)
    return 0
