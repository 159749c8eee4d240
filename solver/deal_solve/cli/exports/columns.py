"""The option that names the columns of a plain table of usage, for every command that reads exports."""

from __future__ import annotations

import click

from deal_solve.exports.fields import FIELDS

map_option = click.option(
    "--map",
    "columns",
    multiple=True,
    metavar="FIELD=COLUMN",
    help=f"A column of a plain table, repeatable; day and model are needed. Fields: {', '.join(FIELDS)}.",
)
