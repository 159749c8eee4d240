"""Which reader a file is for: by what its records or columns are, never by its name."""

from __future__ import annotations

from deal_solve.errors import InputError
from deal_solve.exports.fields import FIELDS
from deal_solve.exports.files import ExportFile, Header, Json, first_records, is_json
from deal_solve.exports.parquet import table_header
from deal_solve.exports.reader import JsonReader, TableReader
from deal_solve.exports.readers import clients, clouds, console, gateways, people, vendor
from deal_solve.messages import nearest

JSON_READERS: tuple[JsonReader, ...] = (
    *vendor.READERS,
    *people.JSON_READERS,
    *clients.READERS,
    *gateways.JSON_READERS,
)
TABLE_READERS: tuple[TableReader, ...] = (
    *console.TABLE_READERS,
    *people.TABLE_READERS,
    *gateways.TABLE_READERS,
    *clouds.TABLE_READERS,
)
MAX_LOOKED_AT = 500
"""Records of a file that are looked at before it is given up."""


def reader_of(file: ExportFile) -> JsonReader | tuple[TableReader, Header] | None:
    """Return the reader of a file; None for one that says nothing (empty buckets alone). Raises InputError."""
    head = file.head
    if is_json(head):
        return _reader_of_records(file, first_records(file, MAX_LOOKED_AT))
    header = table_header(file)
    for reader in TABLE_READERS:
        if set(reader.needs) <= set(header.columns):
            return reader, header
    raise file.refused(_unknown_columns(header))


def json_reader(record: Json) -> JsonReader | None:
    """Return the reader that a record is for."""
    return next((reader for reader in JSON_READERS if reader.fits(record)), None)


def is_empty(record: Json) -> bool:
    """Whether a record is a bucket in which nothing happened."""
    return record.get("results") == []


def _reader_of_records(file: ExportFile, records: list[Json]) -> JsonReader | None:
    for record in records:
        reader = json_reader(record)
        if reader is not None:
            return reader
    if all(is_empty(record) for record in records):
        return None
    raise _unknown_records(file, next(record for record in records if not is_empty(record)))


def _unknown_records(file: ExportFile, record: Json) -> InputError:
    best = max(JSON_READERS, key=lambda reader: len(reader.keys & record.keys()) / len(reader.keys))
    seen = ", ".join(list(record)[:8]) or "an empty object"
    lacking = ", ".join(sorted(best.keys - record.keys()))
    near = (
        f"; it is nearest to {best.source.name}, which also has {lacking}"
        if best.keys & record.keys() and lacking
        else ""
    )
    return file.refused(f"is no export that is known: its records have {seen}{near}")


def _unknown_columns(header: Header) -> str:
    best = max(TABLE_READERS, key=lambda reader: len(set(reader.needs) & set(header.columns)) / len(reader.needs))
    found = set(best.needs) & set(header.columns)
    seen = ", ".join(header.columns[:8]) + (", …" if len(header.columns) > 8 else "")
    problem = f"is no export that is known: its columns are {seen or 'none'}"
    if 2 * len(found) < len(best.needs):
        return f"{problem}; a plain table is read with --map, as day=COLUMN; the fields are {', '.join(FIELDS)}"
    lacking = [name for name in best.needs if name not in header.columns]
    others = [name for name in header.columns if name not in best.needs and name not in best.knows]
    named = [f"{name} (is it {near}?)" if (near := nearest(name, others)) else name for name in lacking]
    return f"{problem}; it looks like {best.source.name}, but lacks {', '.join(named)}"
