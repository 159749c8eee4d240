"""`deal-solve init`: a commented starter deal, and the schema by which an editor checks and completes it."""

from __future__ import annotations

from pathlib import Path

import click

SCHEMA_FILE = "deal.schema.json"


@click.command(epilog="Example:  deal-solve init deal.yaml")
@click.argument("file", default="deal.yaml", type=click.Path())
@click.option("--force", is_flag=True, help="Overwrite the files if they are there.")
def command(file: str, force: bool) -> int:
    """Write a commented starter deal to FILE (default deal.yaml; - prints it), and deal.schema.json beside it.

    The first line of FILE names the schema to an editor, which then completes keys and marks mistakes.
    """
    from importlib.resources import files

    from deal_solve.cli.prints.schema import schema_text
    from deal_solve.files import write_text

    starter = files("deal_solve.cli").joinpath("starter.yaml").read_text(encoding="utf-8")
    if file == "-":
        click.echo(starter, nl=False)
        return 0
    written = {
        Path(file): f"# yaml-language-server: $schema={SCHEMA_FILE}\n{starter}",
        Path(file).parent / SCHEMA_FILE: schema_text("deal"),
    }
    if not force:
        _refuse_other_files(written)
    for path, text in written.items():
        write_text(path, text)
    click.echo(f"{file} written, with {SCHEMA_FILE} for your editor; next: deal-solve solve {file}")
    return 0


def _refuse_other_files(written: dict[Path, str]) -> None:
    """Refuse to overwrite a file that says something else; a schema that is there already is no obstacle."""
    from deal_solve.errors import InputError, Problem

    there = [path for path, text in written.items() if path.exists() and not _says(path, text)]
    if there:
        raise InputError([Problem("", "is there already; --force overwrites it", str(path)) for path in there])


def _says(path: Path, text: str) -> bool:
    return path.is_file() and path.read_bytes() == text.encode()
