"""Files of exports: folders, globs, zip and gz are opened, and every file is read as JSON records or as a table."""

from __future__ import annotations

import csv
import gzip
import io
import json
import lzma
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from deal_solve.errors import InputError, Problem
from deal_solve.exports.progress import within_file
from deal_solve.messages import os_reason, shown
from deal_solve.stopping import checkpoint

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer as Buffer

HEAD_BYTES = 65_536
"""Bytes by which a file is recognised."""
ENVELOPES = ("data", "summaries", "results", "daily", "monthly", "sessions", "session", "generations", "observations")
"""Keys of a page that hold its records."""
MANY_BYTES, MANY_TIMES = 500_000_000, 200
"""A member of an archive that is larger than both say is no export."""
LINES_AT_A_TIME = 10_000
"""Lines after which progress is told."""
MAX_COUNT = 10**15
"""Tokens, requests or searches that one record can hold."""
DAMAGED = (gzip.BadGzipFile, zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, NotImplementedError)
Json = dict[str, Any]


@dataclass(frozen=True)
class ExportFile:
    """One file, perhaps inside an archive; `open` reads it anew, decompressed."""

    name: str
    open: Callable[[], IO[bytes]]
    size: int = 0
    """Bytes of a plain file, for progress; 0 for what is inside of an archive."""

    def refused(self, why: str, line: int | None = None) -> InputError:
        """Return the error that names the file."""
        return InputError(Problem("", why, self.name, line))

    @property
    def head(self) -> bytes:
        """The first bytes."""
        with self.open() as stream:
            return stream.read(HEAD_BYTES)


class _Unpacked(io.RawIOBase):
    """What a gz holds, refused while it is read once it is larger than an export can be."""

    def __init__(self, packed: IO[bytes], packed_bytes: int, name: str) -> None:
        self._under, self._packed_bytes, self._name, self._read = packed, packed_bytes, name, 0
        self._packed = gzip.GzipFile(fileobj=packed)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Buffer, /) -> int:
        count = self._packed.readinto(buffer)
        self._read += count
        _refuse_bomb(self._name, self._read, self._packed_bytes)
        return count

    def close(self) -> None:
        self._packed.close()
        self._under.close()
        super().close()


def _unpacked(packed: IO[bytes], packed_bytes: int, name: str) -> IO[bytes]:
    return io.BufferedReader(_Unpacked(packed, packed_bytes, name), HEAD_BYTES)


def _refuse_bomb(name: str, size: int, packed_bytes: int) -> None:
    """Raise InputError for what unpacks to more than an export can."""
    if size > MANY_BYTES and size > MANY_TIMES * packed_bytes:
        why = f"unpacks to {size:,} bytes or more, over {MANY_TIMES} times its size; unpack what is meant"
        raise InputError(Problem("", why, name))


@contextmanager
def readable(file: ExportFile) -> Iterator[None]:
    """Refuse a file whose archive is damaged, locked, or of a kind that cannot be unpacked."""
    try:
        yield
    except DAMAGED as error:
        raise file.refused(f"cannot be unpacked: {error}; write it anew") from None
    except RuntimeError as error:
        if "encrypted" not in str(error):
            raise
        raise file.refused("is encrypted; unpack it first") from None


def export_files(paths: Iterable[str | Path]) -> list[ExportFile]:
    """Return the files of paths, folders (with all that is in them) and globs, archives opened, in order of their name.

    Raises InputError for a path that is not there and for one that cannot be read.
    """
    found: dict[str, ExportFile] = {}
    for given in paths:
        for path in _expanded(str(given)):
            for file in _opened(path):
                found[file.name] = file
    return list(found.values())


def _expanded(given: str) -> list[Path]:
    if not given or "\0" in given:
        raise InputError("an empty path, or one with a null in it, is given; expected a file, a folder or a pattern")
    path = Path(given)
    if path.is_dir():
        inside = [each for each in sorted(path.rglob("*")) if each.is_file() and not each.name.startswith(".")]
        if not inside:
            raise InputError(Problem("", "is an empty folder; expected exports in it", given))
        return inside
    if path.is_file():
        return [path]
    if path.exists():
        raise InputError(Problem("", "is no regular file; expected a file of exports, which is read twice", given))
    root = Path(path.anchor or ".")
    pattern = str(path.relative_to(path.anchor)) if path.anchor else given
    matches = [each for each in sorted(root.glob(pattern)) if each.is_file()] if pattern else []
    if not matches:
        raise InputError(Problem("", "there is no such file or folder, and as a pattern it matches nothing", given))
    return matches


def _opened(path: Path) -> Iterator[ExportFile]:
    try:
        with path.open("rb") as stream:
            magic = stream.read(4)
    except OSError as error:
        raise InputError(Problem("", f"cannot be read: {os_reason(error)}", str(path))) from None
    if magic.startswith(b"PK"):
        yield from _members(path)
    elif magic.startswith(b"\x1f\x8b"):
        yield ExportFile(str(path), lambda: _unpacked(path.open("rb"), path.stat().st_size, str(path)))
    else:
        yield ExportFile(str(path), lambda: path.open("rb"), path.stat().st_size)


def _members(path: Path) -> Iterator[ExportFile]:
    try:
        with zipfile.ZipFile(path) as archive:
            members = [each for each in archive.infolist() if not each.is_dir()]
    except zipfile.BadZipFile:
        raise InputError(Problem("", "is a damaged zip archive", str(path))) from None
    for each in members:
        _refuse_bomb(f"{path}:{each.filename}", each.file_size, each.compress_size)

    def opener(name: str, size: int) -> Callable[[], IO[bytes]]:
        def opened() -> IO[bytes]:
            with zipfile.ZipFile(path) as archive:  # its file is closed with the member
                raw = archive.open(name)
            is_packed = name.endswith(".gz")
            return _unpacked(raw, size, f"{path}:{name}") if is_packed else raw

        return opened

    for each in members:
        name = each.filename
        if not Path(name).name.startswith(".") and "__MACOSX" not in name:
            yield ExportFile(f"{path}:{name}", opener(name, each.file_size))


def is_json(head: bytes) -> bool:
    """Whether a file begins as JSON does."""
    return head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"[")


def records_of(file: ExportFile) -> Iterator[Json]:
    """Yield the records of a JSON file: of pages with an envelope, of a bare list, or of one object a line.

    A page that holds its records under a key is opened; what stands around them is dropped. Raises InputError.
    """
    with file.open() as stream, io.TextIOWrapper(stream, encoding="utf-8-sig", errors="strict") as text:
        try:
            yield from _records(file, text, stream.tell)
        except UnicodeDecodeError:
            raise file.refused("is not UTF-8 text") from None
        except ValueError:  # what json says of a number that is longer than Python reads
            raise file.refused("has a number of thousands of digits") from None
        except RecursionError:
            raise file.refused("is nested too deeply") from None


def _records(file: ExportFile, text: io.TextIOWrapper, place: Callable[[], int]) -> Iterator[Json]:
    lines = ((number, line) for number, line in enumerate(text, 1) if not line.isspace())
    first = next(lines, None)
    if first is None:
        return
    second = next(lines, None)
    is_whole = True
    with suppress(json.JSONDecodeError):
        json.loads(first[1])
        is_whole = second is None
    if is_whole:
        rest = chain([first], [second] if second else [], lines)
        try:
            whole = json.loads("".join(line for _, line in rest))
        except json.JSONDecodeError as error:
            raise file.refused(f"is no JSON: {error.msg.lower()}", error.lineno) from None
        yield from _unfolded(whole)
        return
    for number, line in chain([first], [second] if second else [], lines):
        if number % LINES_AT_A_TIME == 0:
            checkpoint()
            within_file(place())
        try:
            yield from _unfolded(json.loads(line))
        except json.JSONDecodeError as error:
            raise file.refused(f"is no JSON: {error.msg.lower()}", number) from None


def _unfolded(value: Any) -> Iterator[Json]:
    """Yield the records of a page: of each list under a key of an envelope, and of lists of pages."""
    if isinstance(value, list):
        for each in value:
            yield from _unfolded(each)
    elif isinstance(value, dict):
        inside = [value[name] for name in ENVELOPES if isinstance(value.get(name), list) and "starting_at" not in value]
        if not inside:
            yield value
        for each in inside:
            yield from _unfolded(each)


@dataclass(frozen=True)
class Header:
    """The first line of a table: its columns, trimmed, and what separates them."""

    columns: tuple[str, ...]
    separator: str


def header_of(file: ExportFile) -> Header:
    """Return the header of a table; raises InputError where the file is no text."""
    try:
        text = file.head.decode("utf-8-sig", errors="strict" if len(file.head) < HEAD_BYTES else "ignore")
    except UnicodeDecodeError:
        raise file.refused("is neither JSON nor a table of text") from None
    line = next((each for each in text.splitlines() if each.strip()), "")
    if "\0" in line:
        raise file.refused("is neither JSON nor a table of text")
    separator = max(",;\t", key=line.count)
    columns = next(csv.reader([line], delimiter=separator), [])
    return Header(tuple(each.strip() for each in columns), separator)


def first_records(file: ExportFile, count: int) -> list[Json]:
    """Return the first records of a JSON file."""
    return list(islice(records_of(file), count))


def text_of(record: Json, name: str) -> str | None:
    """Return a text of a record, None where it is left out, null or empty."""
    value = record.get(name)
    return None if value is None or value == "" else str(value)


def whole(record: Json, name: str, maximum: int = MAX_COUNT) -> int:
    """Return a count of a record, 0 where it is left out or null; ValueError for what is none up to `maximum`."""
    value = record.get(name)
    if value is None or value == "":
        return 0
    if isinstance(value, bool):
        raise ValueError(f"{name}: expected a whole number, found {shown(value)}")
    try:
        number = int(value) if not isinstance(value, str) else int(value.replace(",", ""))
        if isinstance(value, float) and number != value:
            raise ValueError
    except (TypeError, ValueError, OverflowError):
        raise ValueError(f"{name}: expected a whole number, found {shown(value)}") from None
    if not 0 <= number <= maximum:
        raise ValueError(f"{name}: expected a number from 0 to {maximum:.0e}, found {shown(value)}")
    return number
