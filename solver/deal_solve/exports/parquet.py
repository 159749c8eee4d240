"""Tables in Parquet, read batch by batch as the same table would be read as CSV."""

from __future__ import annotations

import io
import json
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from deal_solve.exports.files import ExportFile, Header, header_of
from deal_solve.optional import need

if TYPE_CHECKING:
    import pandas as pd

MAGIC = b"PAR1"


def is_parquet(head: bytes) -> bool:
    """Whether a file begins as Parquet does."""
    return head.startswith(MAGIC)


def table_header(file: ExportFile) -> Header:
    """Return the columns of a table; raises InputError for what is none, and for Parquet without pyarrow."""
    if not is_parquet(file.head):
        return header_of(file)
    with _opened(file) as table:
        return Header(tuple(table.schema_arrow.names), "")


def parquet_frames(
    file: ExportFile, columns: list[str], texts: Collection[str], batch_rows: int
) -> Iterator[pd.DataFrame]:
    """Yield some columns in batches, `texts` as text with nothing for null, all others as numbers with nan for null."""
    import pandas as pd

    with _opened(file) as table:
        for batch in table.iter_batches(batch_size=batch_rows, columns=columns, use_threads=False):
            held = dict(zip(batch.schema.names, batch.columns, strict=True))
            try:
                frame = {name: _texts(each) if name in texts else _numbers(each) for name, each in held.items()}
            except OverflowError as error:  # a day that no calendar has
                raise file.refused(f"has a date or a time that cannot be: {error}") from None
            yield pd.DataFrame(frame)


@contextmanager
def _opened(file: ExportFile) -> Iterator[Any]:
    need("pyarrow", "a Parquet file", file=file.name)
    import pyarrow as pa
    from pyarrow.parquet import ParquetFile

    try:
        with file.open() as stream, ParquetFile(stream if stream.seekable() else io.BytesIO(stream.read())) as table:
            yield table
    except (pa.ArrowException, OSError) as error:
        raise file.refused(f"is no Parquet file that can be read: {str(error).splitlines()[0]}") from None


def _texts(column: Any) -> list[str]:
    """Return values as text; a map or a structure as JSON, as exports in CSV hold it."""
    return ["" if value is None else _text(value) for value in column.to_pylist()]


def _text(value: Any) -> str:
    if isinstance(value, list) and all(isinstance(each, tuple) for each in value):
        value = dict(value)
    return json.dumps(value, default=str) if isinstance(value, dict | list) else str(value)


def _numbers(column: Any) -> Any:
    import pyarrow as pa

    is_number = pa.types.is_integer(column.type) or pa.types.is_floating(column.type)
    if pa.types.is_decimal(column.type):
        return column.cast(pa.float64()).to_pandas()
    return column.to_pandas() if is_number else _texts(column)
