"""Read exports: every file by its reader, then one account of usage in which nothing counts twice.

Overlapping exports of one kind are merged row by row, the later file counts. Where two kinds show the same usage, the
vendor's own finest one is counted and the other named. The last days are held back: they are not complete.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from deal_solve.deal.rate_card import load_card
from deal_solve.errors import InputError
from deal_solve.exports.files import ExportFile, Header, Json, export_files, readable, records_of
from deal_solve.exports.lengths import unreported_lengths
from deal_solve.exports.names import Names
from deal_solve.exports.parquet import parquet_frames
from deal_solve.exports.progress import at_file, within_file
from deal_solve.exports.reader import JsonReader, Source, TableReader
from deal_solve.exports.recognise import is_empty, reader_of
from deal_solve.exports.row import Charged, Place, SeatDay
from deal_solve.exports.tally import Counted, Tally
from deal_solve.exports.uses import Uses, days_of
from deal_solve.exports.values import CellError
from deal_solve.messages import counted
from deal_solve.stopping import checkpoint

if TYPE_CHECKING:
    import pandas as pd

    from deal_solve.exports.readers.plain import Mapping

LATE_DAYS = 2
"""Last days of usage that are held back: vendors and gateways deliver late."""
CHUNK_ROWS = 200_000
Fee = tuple[Place, str]


@dataclass(frozen=True)
class FileRead:
    """One file: of which export it is, its days, and how many of its rows were left out for which reason."""

    name: str
    source: Source
    first: date | None
    last: date | None
    left_out: dict[str, int]
    columns_not_read: tuple[str, ...] = ()


@dataclass(frozen=True)
class Exports:
    """What all files say together: quantities and charges by place, models by their id on the card, days of seats."""

    used: Uses
    charged: dict[Fee, Charged]
    seats: tuple[SeatDay, ...]
    members: int
    """People with a seat by a list of them, 0 without one."""
    files: tuple[FileRead, ...]
    first: date
    last: date
    notes: tuple[str, ...]

    @property
    def days(self) -> int:
        """Days from the first to the last, both included."""
        return (self.last - self.first).days + 1


@dataclass
class _Part:
    """All files of one export."""

    source: Source
    tallies: list[tuple[str, Tally]] = field(default_factory=list)
    known: Counted = field(default_factory=Counted)
    spread: list[str] = field(default_factory=list)
    """Files that say no days: what they hold is spread evenly over their range."""


def read_exports(
    paths: Iterable[str | Path], keep_names: bool = False, mapping: Mapping | None = None, late_days: int = LATE_DAYS
) -> Exports:
    """Read files, folders, globs and archives of exports.

    Keys and users are hashed unless `keep_names`. `mapping` reads tables that are of no known export. Raises InputError
    for what is unknown: a file, a model of the vendor, an amount without currency.
    """
    parts: dict[Source, _Part] = {}
    files: list[FileRead] = []
    found_files = export_files(paths)
    whole, before = sum(file.size for file in found_files), 0
    for file in found_files:
        checkpoint()
        at_file(before, whole)
        before += file.size
        with readable(file):
            found = _read_file(file, parts, mapping)
        if found is not None:
            files.append(found)
    if not files:
        raise InputError("nothing is said in these files: every bucket in them is empty")
    names = Names(load_card(), keep_names)
    notes: list[str] = []
    used: dict[Source, Uses] = {}
    charged: dict[Source, dict[Fee, Charged]] = {}
    for source, part in parts.items():
        merged = _merged(part, notes)
        used[source], charged[source] = merged.used, _cleaned(merged.charged, names)
        used[source].rename(names.clean_used)
        for _, tally in part.tallies:  # what is held twice of millions of rows does not fit
            tally.used, tally.charged = Uses(), {}
    names.refuse()
    are_reports = any(not source.is_log and rows.places for source, rows in used.items())
    all_used, all_charged = _all_uses(used, notes), _all_charges(charged, notes)
    seats = sorted(
        (day for part in parts.values() for _, tally in part.tallies for day in tally.seats), key=lambda d: d.day
    )
    listed = ({name for _, tally in part.tallies for name in tally.members} for part in parts.values())
    members = max(map(len, listed))  # one export names people by their address, another by an id
    days = days_of(all_used.places) | {place.day for place, _ in all_charged} | {each.day for each in seats}
    if not days:
        days = {date.today()}
    ranges = [tally.covers for part in parts.values() for _, tally in part.tallies if tally.covers]
    first = min([min(days), *(each[0] for each in ranges)])
    last = max([max(days), *(each[1] for each in ranges)])
    is_ranged = any(each[1] >= last for each in ranges)
    if not is_ranged and (last - first).days > 3 * late_days and late_days:
        last -= timedelta(days=late_days)
        all_used.drop(lambda place: place.day > last)
        all_charged = {key: charge for key, charge in all_charged.items() if key[0].day <= last}
        notes.append(f"what is later than {last} is held back, {counted(late_days, 'day')}: it may not be complete yet")
    notes += [*names.notes, *(unreported_lengths(all_used) if are_reports else ())]
    spread = ", ".join(name for part in parts.values() for name in part.spread)
    if spread:
        notes.append(
            f"{spread}: says no days and is spread evenly over its range, so that no growth shows inside of it"
        )
    return Exports(all_used, all_charged, tuple(seats), members, tuple(files), first, last, tuple(notes))


def _read_file(file: ExportFile, parts: dict[Source, _Part], mapping: Mapping | None) -> FileRead | None:
    found = mapping.reader(file) if mapping is not None else None
    reader = found or reader_of(file)
    if reader is None:
        return None
    source = reader.source if isinstance(reader, JsonReader) else reader[0].source
    part = parts.setdefault(source, _Part(source))
    tally = Tally(known=part.known)
    if isinstance(reader, JsonReader):
        _read_records(file, reader, tally)
        ignored: tuple[str, ...] = ()
    else:
        ignored = _read_table(file, *reader, tally)
    if tally.spread():
        part.spread.append(file.name)
    part.tallies.append((file.name, tally))
    days = _days(tally) | {each.day for each in tally.seats}
    covers = tally.covers or ((min(days), max(days)) if days else (None, None))
    return FileRead(file.name, source, covers[0], covers[1], dict(tally.left_out), ignored)


def _read_records(file: ExportFile, reader: JsonReader, tally: Tally) -> None:
    from deal_solve.exports.recognise import json_reader

    for number, record in enumerate(records_of(file), 1):
        if is_empty(record):
            continue
        own = reader if reader.fits(record) else json_reader(record)
        if own is None or own.source != reader.source:
            if reader.source.is_log:
                continue
            raise file.refused(f"record {number} is not of {reader.source.name}, as those before it are")
        try:
            own.read(record, tally)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise file.refused(f"record {number} of {reader.source.name}: {_why(error, record)}") from None


def _why(error: Exception, record: Json) -> str:
    """Return what is wrong with a record, in words: what a reader says, or that a value has an unexpected form."""
    if isinstance(error, KeyError):
        return f"{error.args[0]} is missing"
    if isinstance(error, ValueError):
        return str(error)
    forms = {dict: "a map", list: "a list", str: "a text", type(None): "nothing"}
    found = ", ".join(f"{name}: {forms.get(type(value), 'a number')}" for name, value in list(record.items())[:8])
    return f"a value has another form than this export writes; found {found}"


def _read_table(file: ExportFile, reader: TableReader, header: Header, tally: Tally) -> tuple[str, ...]:
    known = [name for name in header.columns if name in reader.needs or name in reader.knows]
    texts = [name for name in known if name in reader.texts]
    is_csv = bool(header.separator)
    frames = _csv_frames(file, header, known, texts) if is_csv else parquet_frames(file, known, texts, CHUNK_ROWS)
    first = 1 + is_csv
    for frame in frames:
        checkpoint()
        frame.attrs["file"] = file.name
        try:
            reader.read(frame, tally)
        except CellError as error:
            raise file.refused(f"{reader.source.name}, row {first + error.position:,}: {error}") from None
        except ValueError as error:
            rows = f"rows {first:,} to {first + len(frame) - 1:,}"
            raise file.refused(f"{reader.source.name}, in {rows}: {error}") from None
        first += len(frame)
    return tuple(name for name in header.columns if name not in known and name)


def _csv_frames(file: ExportFile, header: Header, known: list[str], texts: list[str]) -> Iterator[pd.DataFrame]:
    import pandas as pd

    try:
        with (
            file.open() as stream,
            pd.read_csv(
                stream,
                sep=header.separator,
                usecols=lambda name: name.strip() in known,
                dtype=dict.fromkeys(texts, "category"),
                thousands=",",
                keep_default_na=False,
                na_values={name: [""] for name in known if name not in texts},
                encoding="utf-8-sig",
                chunksize=CHUNK_ROWS,
                skipinitialspace=True,
            ) as chunks,
        ):
            for frame in chunks:
                within_file(stream.tell())
                frame.columns = [str(name).strip() for name in frame.columns]
                yield frame
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
        raise file.refused(f"is no table that can be read: {str(error).splitlines()[0]}") from None


def _merged(part: _Part, notes: list[str]) -> Tally:
    """Return one tally of all files of an export: logs add up; else the later file replaces, at the finest grain."""
    if part.source.is_log or len(part.tallies) == 1:
        return _summed([tally for _, tally in part.tallies])
    grain: dict[date, int] = defaultdict(int)
    ordered = sorted(part.tallies, key=lambda each: (_last_day(each[1]), each[0]))
    grains = [(name, tally, _grain(tally)) for name, tally in ordered]
    for _, tally, fields in grains:
        for day in _days(tally):
            grain[day] = max(grain[day], fields)
    merged = Tally()
    for name, tally, fields in grains:
        coarse = {day for day in _days(tally) if grain[day] > fields}
        if coarse:
            days = counted(len(coarse), "day")
            notes.append(f"{name}: {days} that another {part.source.name} has in more detail, not counted")
        merged.used.replace(tally.used, coarse)
        merged.charged.update({key: value for key, value in tally.charged.items() if key[0].day not in coarse})
        merged.covers = tally.covers or merged.covers
        tally.used, tally.charged = Uses(), {}
    return merged


def _summed(tallies: list[Tally]) -> Tally:
    total, *others = tallies
    for tally in others:
        total.used.take(tally.used)
        for (place, kind), charge in tally.charged.items():
            total.charge(place, kind, charge.net, charge.list_price)
        tally.used, tally.charged = Uses(), {}
    return total


def _days(tally: Tally) -> set[date]:
    return days_of(tally.used.places) | {place.day for place, _ in tally.charged}


def _last_day(tally: Tally) -> date:
    return max(_days(tally), default=date.min)


def _grain(tally: Tally) -> int:
    """Return how many fields any of its places states."""
    places = chain(tally.used.places, (place for place, _ in tally.charged))
    return len({name for place in places for name in place.grain})


def _cleaned(charged: dict[Fee, Charged], names: Names) -> dict[Fee, Charged]:
    """Return charges by cleaned place; one without a model is a credit or a tool."""
    tally = Tally()
    for (place, kind), charge in charged.items():
        cleaned = names.clean(place)
        if cleaned is not None:
            tally.charge(cleaned, kind, charge.net, charge.list_price)
    return tally.charged


def _all_uses(found: dict[Source, Uses], notes: list[str]) -> Uses:
    """Return what is used of all sources of which, day by day, none shows what another one shows."""
    whole = Uses()
    own = {source: days_of(rows.places) for source, rows in found.items()}
    for source, doubled in _doubled(own, notes, "usage"):
        whole.take(found[source], doubled)
    return whole


def _all_charges(found: dict[Source, dict[Fee, Charged]], notes: list[str]) -> dict[Fee, Charged]:
    """Return the charges of all sources, in the same way."""
    own = {source: {place.day for place, _ in rows} for source, rows in found.items()}
    whole = Tally()
    for source, doubled in _doubled(own, notes, "charges"):
        if not (whole.charged or doubled):
            whole.charged = found[source]
            continue
        for (place, kind), charge in found[source].items():
            if place.day not in doubled:
                whole.charge(place, kind, charge.net, charge.list_price)
    return whole.charged


def _doubled(own: dict[Source, set[date]], notes: list[str], what: str) -> Iterator[tuple[Source, set[date]]]:
    """Yield the sources that say anything, the one that counts first, each with its days that another one shows."""
    days: dict[str, set[date]] = defaultdict(set)
    late = ("gateway", "invoice")
    for source in sorted((each for each in own if own[each]), key=lambda each: (each.channel in late, each.rank)):
        taken = set().union(*days.values()) if source.channel in late else days[source.channel]
        doubled = own[source] & taken
        if doubled:
            both = f"{counted(len(doubled), 'day')} that another export has too"
            notes.append(f"{source.name}: {what} of {both}, not counted again")
        days[source.channel] |= own[source]
        yield source, doubled
