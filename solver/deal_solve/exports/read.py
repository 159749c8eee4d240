"""Read exports: every file by its reader, then one account of usage in which nothing counts twice.

Overlapping exports of one kind are merged row by row, the later file counts. Where two kinds show the same usage, the
vendor's own finest one is counted and the other named. The last days are held back: they are not complete.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from sys import intern
from typing import TYPE_CHECKING

from deal_solve.deal.model_names import canonical, unknown_model
from deal_solve.deal.rate_card import FAMILIES, Card, load_card
from deal_solve.errors import MAX_PROBLEMS, InputError, Problem
from deal_solve.exports.files import ExportFile, Header, Json, export_files, readable, records_of
from deal_solve.exports.parquet import parquet_frames
from deal_solve.exports.progress import at_file, within_file
from deal_solve.exports.reader import JsonReader, Source, TableReader
from deal_solve.exports.recognise import is_empty, reader_of
from deal_solve.exports.row import Charged, Counted, Place, Quantity, SeatDay, Tally
from deal_solve.messages import counted
from deal_solve.stopping import checkpoint

if TYPE_CHECKING:
    import pandas as pd

    from deal_solve.exports.readers.plain import Mapping

LATE_DAYS = 2
"""Last days of usage that are held back: vendors and gateways deliver late."""
CHUNK_ROWS = 200_000
Use = tuple[Place, Quantity]
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

    used: dict[Use, int]
    charged: dict[Fee, Charged]
    seats: tuple[SeatDay, ...]
    members: int
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
    card = load_card()
    names = _Names(card, keep_names)
    notes: list[str] = []
    used: dict[Source, dict[Use, int]] = {}
    charged: dict[Source, dict[Fee, Charged]] = {}
    for source, part in parts.items():
        merged = _merged(part, notes)
        used[source] = names.of_uses(merged.used)
        charged[source] = names.of_fees(merged.charged)
        for _, tally in part.tallies:  # what is held twice of millions of rows does not fit
            tally.used.clear()
            tally.charged.clear()
    names.refuse()
    all_used, all_charged = _counted(used, notes), _counted(charged, notes, "charges")
    seats = sorted(
        (day for part in parts.values() for _, tally in part.tallies for day in tally.seats), key=lambda d: d.day
    )
    members = {name for part in parts.values() for _, tally in part.tallies for name in tally.members}
    days = {place.day for place, _ in all_used} | {place.day for place, _ in all_charged} | {each.day for each in seats}
    if not days:
        days = {date.today()}
    ranges = [tally.covers for part in parts.values() for _, tally in part.tallies if tally.covers]
    first = min([min(days), *(each[0] for each in ranges)])
    last = max([max(days), *(each[1] for each in ranges)])
    is_ranged = any(each[1] >= last for each in ranges)
    if not is_ranged and (last - first).days > 3 * late_days and late_days:
        last -= timedelta(days=late_days)
        for rows in (all_used, all_charged):
            for key in [key for key in rows if key[0].day > last]:
                del rows[key]
        notes.append(f"what is later than {last} is held back, {counted(late_days, 'day')}: it may not be complete yet")
    notes += names.notes
    return Exports(all_used, all_charged, tuple(seats), len(members), tuple(files), first, last, tuple(notes))


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
    part.tallies.append((file.name, tally))
    days = {place.day for place, _ in (*tally.used, *tally.charged)} | {each.day for each in tally.seats}
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
                dtype=dict.fromkeys(texts, "str"),
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
        merged.used.update({key: value for key, value in tally.used.items() if key[0].day not in coarse})
        merged.charged.update({key: value for key, value in tally.charged.items() if key[0].day not in coarse})
        merged.covers = tally.covers or merged.covers
    return merged


def _summed(tallies: list[Tally]) -> Tally:
    if len(tallies) == 1:
        return tallies[0]
    total = Tally()
    for tally in tallies:
        for key, value in tally.used.items():
            total.used[key] += value
        for (place, kind), charge in tally.charged.items():
            total.charge(place, kind, charge.net, charge.list_price)
    return total


def _days(tally: Tally) -> set[date]:
    return {place.day for place, _ in (*tally.used, *tally.charged)}


def _last_day(tally: Tally) -> date:
    return max(_days(tally), default=date.min)


def _grain(tally: Tally) -> int:
    return len({name for place, _ in (*tally.used, *tally.charged) for name in place.grain})


def _counted(found: dict[Source, dict], notes: list[str], what: str = "usage") -> dict:  # type: ignore[type-arg]
    """Return the rows of all sources of which, day by day, none shows what another one shows."""
    merged: dict = {}  # type: ignore[type-arg]
    days: dict[str, set[date]] = defaultdict(set)
    order = sorted(
        (source for source, rows in found.items() if rows), key=lambda s: (s.channel in ("gateway", "invoice"), s.rank)
    )
    if len(order) == 1:
        return found[order[0]]
    for source in order:
        rows = found[source]
        taken = set().union(*days.values()) if source.channel in ("gateway", "invoice") else days[source.channel]
        own = {place.day for place, _ in rows}
        doubled = own & taken
        if doubled:
            both = f"{counted(len(doubled), 'day')} that another export has too"
            notes.append(f"{source.name}: {what} of {both}, not counted again")
        days[source.channel] |= own
        merged.update({key: value for key, value in rows.items() if key[0].day not in doubled})
    return merged


class _Names:
    """Models by their id on the card, places without what is no place, keys and users by a hash."""

    def __init__(self, card: Card, keep_names: bool) -> None:
        self._ids = {model.id for model in card.models}
        self._card, self._keep = card, keep_names
        self._known: dict[str, str | None] = {}
        self._places: dict[Place, Place | None] = {}
        self.unknown: dict[str, str] = {}
        self.others: set[str] = set()

    @property
    def notes(self) -> list[str]:
        """Say which models of other vendors were left out."""
        return [f"usage of other vendors is left out: {', '.join(sorted(self.others))}"] if self.others else []

    def refuse(self) -> None:
        """Raise InputError for models of the vendor that the card does not have."""
        if self.unknown:
            raise InputError([Problem("", text) for text in list(self.unknown.values())[:MAX_PROBLEMS]])

    def of_uses(self, rows: dict[Use, int]) -> dict[Use, int]:
        """Return quantities by cleaned place; a place without a model cannot be priced."""
        found: dict[Use, int] = defaultdict(int)
        for (place, quantity), value in rows.items():
            if place.model is None:
                self.unknown[""] = "usage is not told by model; export it grouped by model (group_by[]=model)"
            cleaned = self._cleaned(place)
            if cleaned is not None:
                found[cleaned, quantity] += value
        return dict(found)

    def of_fees(self, rows: dict[Fee, Charged]) -> dict[Fee, Charged]:
        """Return charges by cleaned place; one without a model is a credit or a tool."""
        tally = Tally()
        for (place, kind), charge in rows.items():
            cleaned = self._cleaned(place)
            if cleaned is not None:
                tally.charge(cleaned, kind, charge.net, charge.list_price)
        return tally.charged

    def _cleaned(self, place: Place) -> Place | None:
        """Return a place with its names cleaned; None for a model that is not ours."""
        if place not in self._places:
            self._places[place] = self._clean(place)
        return self._places[place]

    def _clean(self, place: Place) -> Place | None:
        model = None if place.model is None else self._model(place.model)
        if place.model is not None and model is None:
            return None
        geo = None if place.geo in ("not_available", "global", "") else place.geo
        tier = {"message": "standard"}.get(place.tier or "", place.tier)
        return place._replace(
            model=model, geo=geo, tier=tier, key=self._hashed("key", place.key), user=self._hashed("user", place.user)
        )

    def _model(self, name: str) -> str | None:
        if name not in self._known:
            meant = canonical(name.strip())
            is_ours = "claude" in name.lower() or any(family in name.lower() for family in FAMILIES)
            self._known[name] = meant if meant in self._ids else None
            if meant not in self._ids and is_ours:
                self.unknown[name] = unknown_model(name, self._card, ())
            elif meant not in self._ids:
                self.others.add(name)
        return self._known[name]

    def _hashed(self, what: str, name: str | None) -> str | None:
        if name is None or self._keep or name == "(org)":
            return name
        return intern(f"{what}-{hashlib.sha256(name.encode()).hexdigest()[:8]}")
