"""The table and the picture that an analysis writes: `--out` and `--picture`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Protocol

import pandas as pd

from deal_solve.cli.support.files import ending_of, replacing
from deal_solve.optional import need
from deal_solve.outputs import figure, to_json
from deal_solve.report.picture import need_matplotlib, write_figure


class Framed(Protocol):
    """What has a table."""

    def to_frame(self) -> pd.DataFrame:
        """Return the table."""


Write = Callable[[Framed], None]


@contextmanager
def table_and_picture(out: str | None, picture: str | None) -> Iterator[Write]:
    """Yield what writes a result: as a table, as JSON or as a picture, as asked.

    What cannot be written is refused before the long run inside: a wrong ending, no such folder, no matplotlib.
    """
    out_kind = ending_of(out, "--out", "csv", "parquet", "json")
    picture_kind = ending_of(picture, "--picture", "svg", "png")
    if picture:
        need_matplotlib("--picture")
    if out_kind == "parquet":
        need("pyarrow", "a Parquet file", "--out")
    with ExitStack() as stack:
        written, drawn = (stack.enter_context(replacing(path)) if path else None for path in (out, picture))

        def write(found: Framed) -> None:
            if written and out_kind == "json":
                written.write_text(to_json(found), encoding="utf-8")
            elif written and out_kind == "parquet":
                found.to_frame().to_parquet(written, index=False)
            elif written:
                found.to_frame().to_csv(written, index=False, lineterminator="\n")
            if drawn:
                write_figure(figure(found), drawn, picture_kind)

        yield write
