"""The files that a document is written to: which are asked for, whether they can be written, and writing them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from deal_solve.analysis.document.result import Document


@dataclass(frozen=True)
class DocumentFiles:
    """What is asked for: the document itself, the workbook and the calendar, each the name of a file or None."""

    out: str | None
    xlsx: str | None
    ics: str | None

    @property
    def paths(self) -> list[str]:
        """Every file that is asked for."""
        return [path for path in (self.out, self.xlsx, self.ics) if path]

    @property
    def has_sections(self) -> bool:
        """Whether more than the first page is written."""
        return bool(self.xlsx or (self.out and self.out.endswith(".html")))

    def refuse_unwritable(self) -> None:
        """Raise InputError where nothing is asked for, or a file cannot be written."""
        from deal_solve.cli.support.table import ending_of
        from deal_solve.errors import InputError, Problem
        from deal_solve.files import refuse_unwritable
        from deal_solve.optional import need

        if not self.paths:
            raise InputError(Problem("--out", "nothing is asked for; expected --out FILE, --xlsx FILE or --ics FILE"))
        for ending in ("xlsx", "ics"):
            if self.out and self.out.endswith(f".{ending}"):
                raise InputError(
                    Problem("--out", f"{self.out!r} is written by --{ending}; write --{ending} {self.out}")
                )
        kind = ending_of(self.out, "--out", "html", "md", "docx")
        ending_of(self.xlsx, "--xlsx", "xlsx")
        ending_of(self.ics, "--ics", "ics")
        if kind == "docx":
            need("docx", "a text document", "--out")
        if self.xlsx:
            need("xlsxwriter", "a workbook", "--xlsx")
        for path in self.paths:
            refuse_unwritable(path)

    def write(self, found: Document) -> None:
        """Write every file, and say so."""
        from deal_solve.files import write_text

        if self.out and self.out.endswith(".docx"):
            found.to_docx(self.out)
        elif self.out:
            write_text(self.out, found.to_html() if self.out.endswith(".html") else found.to_markdown())
        if self.xlsx:
            found.to_xlsx(self.xlsx)
        if self.ics:
            write_text(self.ics, found.to_ics())
        for path in self.paths:
            click.echo(f"{path} written, {Path(path).stat().st_size / 1000:,.0f} kB")


def document_files(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of the files that a document is written to; the command gets them as `files`."""

    @wraps(command)
    def asked(*, out_file: str | None, xlsx_file: str | None, ics_file: str | None, **given: Any) -> Any:
        return command(files=DocumentFiles(out_file, xlsx_file, ics_file), **given)

    made: Any = asked
    for option in (
        click.option("--ics", "ics_file", metavar="FILE", help="Write every date of the plan as a calendar."),
        click.option("--xlsx", "xlsx_file", metavar="FILE", help="Write a workbook whose totals are formulas."),
        click.option(
            "--out",
            "out_file",
            metavar="FILE",
            help="Write the document (.html), or its first page alone (.md, or .docx with the asks).",
        ),
    ):
        made = option(made)
    return made  # type: ignore[no-any-return]
