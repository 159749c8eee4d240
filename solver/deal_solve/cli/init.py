"""`deal-solve init`: a commented starter deal."""

from __future__ import annotations

import click


@click.command(epilog="Example:  deal-solve init deal.yaml")
@click.argument("file", default="deal.yaml", type=click.Path())
@click.option("--force", is_flag=True, help="Overwrite the file if it is there.")
def command(file: str, force: bool) -> int:
    """Write a commented starter deal to FILE (default deal.yaml; - prints it)."""
    from importlib.resources import files
    from pathlib import Path

    from deal_solve.cli.support.files import write_text
    from deal_solve.errors import InputError, Problem

    text = files("deal_solve.cli").joinpath("starter.yaml").read_text(encoding="utf-8")
    if file == "-":
        click.echo(text, nl=False)
        return 0
    if Path(file).exists() and not force:
        raise InputError(Problem("", "is there already; --force overwrites it", file))
    write_text(file, text)
    click.echo(f"{file} written; next: deal-solve solve {file}")
    return 0
