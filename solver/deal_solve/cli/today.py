"""`deal-solve today`: what the file says is paid today."""

from __future__ import annotations

import click

from deal_solve.cli.support.options import DealFile, deal_argument, json_option, load_deal


@click.command(epilog="Example:  deal-solve today deal.yaml --out today.csv")
@deal_argument
@json_option("it")
@click.option("--out", metavar="FILE", help="Write the table (.csv, .parquet or .json).")
def command(deal_file: DealFile, json_file: str | None, out: str | None) -> int:
    """Show what DEAL implies for its first month as things are today: requests, tokens, seats and dollars at list.

    Hold it against the last invoice before anything else is believed. Every band is at its P50, nothing has grown, and
    models are those of `today`. Prices are those of the rate card; an agreement in force has a line of its own.
    """
    from deal_solve.analysis.today.result import TodayResult
    from deal_solve.analysis.today.text import today_report
    from deal_solve.cli.support.printing import write_json
    from deal_solve.cli.support.table import table_and_picture
    from deal_solve.facts.today import today
    from deal_solve.record import to_text

    with table_and_picture(out, None) as write:
        deal = load_deal(deal_file)
        bill = today(deal)
        result = TodayResult.of_bill(deal, bill)
        write(result)
    if json_file:
        write_json(json_file, to_text(result))
    if json_file != "-":
        click.echo(today_report(deal, bill), nl=False)
    return 0
