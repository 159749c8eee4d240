"""The table and the picture that an analysis writes: `--out` and `--picture`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from deal_solve.errors import InputError, Problem
from deal_solve.files import refuse_unwritable, write_text, written
from deal_solve.frames import csv_text
from deal_solve.optional import need
from deal_solve.report.basics import Answered
from deal_solve.report.picture import need_matplotlib, write_figure

if TYPE_CHECKING:
    import pandas as pd


class Framed(Protocol):
    """What has a table."""

    def to_frame(self) -> pd.DataFrame:
        """Return the table."""


Write = Callable[[Framed], None]


@contextmanager
def table_and_picture(out: str | None, picture: str | None, report: str | None = None) -> Iterator[Write]:
    """Yield what writes a result: as a table, as JSON, as a picture or as a page, as asked.

    What cannot be written is refused before the long run inside: a wrong ending, no such folder, no matplotlib.
    """
    out_kind = ending_of(out, "--out", "csv", "parquet", "json")
    picture_kind = ending_of(picture, "--picture", "svg", "png")
    ending_of(report, "--report", "html")
    if picture:
        need_matplotlib("--picture")
    if out_kind == "parquet":
        need("pyarrow", "a Parquet file", "--out")
    for path in filter(None, (out, picture, report)):
        refuse_unwritable(path)

    def write(found: Framed) -> None:
        if out:
            written(out, partial(_write_table, found, out_kind))
        if picture:
            from deal_solve.outputs import figure

            written(picture, lambda path: write_figure(figure(found), path, picture_kind))
        if report and isinstance(found, Answered):
            from deal_solve.analysis.document.markup import answer_of

            write_text(report, answer_of(found))

    yield write


def _write_table(found: Framed, kind: str, path: Path) -> None:
    if kind == "json":
        from deal_solve.outputs import to_json

        path.write_text(to_json(found), encoding="utf-8")
    elif kind == "parquet":
        found.to_frame().to_parquet(path, index=False)
    else:
        path.write_text(csv_text(found.to_frame()), encoding="utf-8", newline="")


def ending_of(path: str | None, option: str, *allowed: str) -> str:
    """Return the ending of a file's name; refuse one that cannot be written."""
    ending = path.rpartition(".")[2] if path else allowed[0]
    if ending not in allowed:
        raise InputError(Problem(option, f"{path!r} does not end in {' or '.join(f'.{each}' for each in allowed)}"))
    return ending
