"""The checkpoint log of a sweep: a line that says which one, then a line per finished row, each on disk before the
next.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from deal_solve.analysis.sweep.result import SweepRow
from deal_solve.deal.deal import Deal
from deal_solve.errors import InputError, Problem
from deal_solve.files import locked, writing
from deal_solve.uncertainty.sampling import SampledSet
from deal_solve.uncertainty.scenario_set import PATHS, Scenarios
from deal_solve.version import VERSION

CHECKPOINT_LOG_SCHEMA = "deal-solve-sweep-journal/2"
CHECKSUM = "checksum"
"""Key of a line that holds the checksum of the others."""
EXPECTED = "expected the checkpoint log of this sweep, another --out, or this file gone"
LABELS = {"version": "version of deal-solve", "deal": "deal", "futures": "seed or scenarios"}
"""What has to be the same; everything else that may differ is an option of the solve."""


def header_of(deal: Deal, scenarios: Scenarios, options: Mapping[str, Any]) -> dict[str, str]:
    """Return what tells sweeps apart: version, deal, scenarios and options of the solve, each in short."""
    made = hashlib.sha256(f"{scenarios.kind} {scenarios.size} {scenarios.seed}".encode())
    for index in range(1 if isinstance(scenarios, SampledSet) else scenarios.block_count):  # a seed tells the others
        block = scenarios.block(index)
        for values in (block.weights, *(array for name in PATHS for array in getattr(block, name).values())):
            made.update(values.tobytes())
    own = {f"--{name.replace('_', '-')}": _hash(value) for name, value in options.items()}
    deal_text = deal.model_dump_json(exclude_unset=False) + deal.card.model_dump_json()
    stated = {"version": VERSION, "deal": _hash(deal_text), "futures": made.hexdigest()[:16]}
    return {"schema": CHECKPOINT_LOG_SCHEMA, **stated, **own}


def _hash(value: Any) -> str:
    text = value.model_dump_json() if hasattr(value, "model_dump_json") else str(value)
    return text if len(text) <= 16 else hashlib.sha256(text.encode()).hexdigest()[:16]


class CheckpointLog:
    """Finished rows in a file: those found there, and those added."""

    def __init__(self, path: Path, rows: tuple[SweepRow, ...], stream: BinaryIO) -> None:
        self.path, self.rows, self._stream = path, rows, stream

    def add(self, row: SweepRow) -> None:
        """Write a row, so that it is there whatever happens next; raises InputError on a full disk."""
        with writing(self.path):
            self._stream.write(_row_line(dataclasses.asdict(row)))
            self._stream.flush()
            os.fsync(self._stream.fileno())


@contextmanager
def checkpoint_log(path: Path, header: Mapping[str, str]) -> Iterator[CheckpointLog]:
    """Yield the checkpoint log of a sweep, begun or gone on with.

    A line that was cut off by a crash counts as not there. Raises InputError for a checkpoint log of another sweep, for
    one that another process writes, for one with a row that is not as it was written, and for a file that is none.
    """
    if path.exists() and not path.is_file():
        raise InputError(Problem("", f"is no file; {EXPECTED}", str(path)))
    with writing(path):
        stream = path.open("a+b")
    try:
        if not locked(stream):
            raise InputError(Problem("", "is being written by another sweep; expected another --out", str(path)))
        with writing(path):
            rows = _rows(path, stream, header)
        yield CheckpointLog(path, rows, stream)
    finally:
        with writing(path):  # what a full disk did not take is tried once more
            stream.close()


def _rows(path: Path, stream: BinaryIO, header: Mapping[str, str]) -> tuple[SweepRow, ...]:
    """Return the rows that were finished, and leave the stream where the next one goes; a new file gets its header."""
    stream.seek(0)
    first, *lines = stream.read().split(b"\n")
    if not lines and _parsed(first) is None and _line(header).startswith(first):  # begun, or cut off as it was
        stream.truncate(0)
        stream.write(_line(header))
        return ()
    _refuse_other(path, _parsed(first), header)
    rows = tuple(
        _row(path, number, data) for number, line in enumerate(lines, 2) if (data := _parsed(line)) is not None
    )
    if lines[-1:] != [b""]:
        stream.write(b"\n")
    return rows


def _row(path: Path, number: int, data: dict[str, Any]) -> SweepRow:
    """Return the row of a line; raises InputError for one that is not as it was written."""
    if data.pop(CHECKSUM, None) != _checksum(data):
        raise InputError(Problem("", f"the row is not as it was written; {EXPECTED}", str(path), number))
    return SweepRow(**data)


def _line(data: Mapping[str, Any]) -> bytes:
    return json.dumps(data, ensure_ascii=False, default=str).encode("utf-8", "surrogatepass") + b"\n"


def _row_line(data: Mapping[str, Any]) -> bytes:
    """Return the line of a row, with a checksum of what is read back."""
    return _line({**data, CHECKSUM: _checksum(json.loads(_line(data)))})


def _checksum(data: Mapping[str, Any]) -> str:
    return hashlib.sha256(_line(data)).hexdigest()[:16]


def _parsed(line: bytes) -> dict[str, Any] | None:
    """Return the data of a line, {} where they are of another kind; None for a line that was cut off."""
    try:
        data = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return data if isinstance(data, dict) else {}


def _refuse_other(path: Path, found: Mapping[str, Any] | None, header: Mapping[str, str]) -> None:
    if found is None or found.get("schema") != CHECKPOINT_LOG_SCHEMA:
        raise InputError(Problem("", f"is no checkpoint log of a sweep; {EXPECTED}", str(path)))
    other = [LABELS.get(name, name) for name in {**header, **found} if found.get(name) != header.get(name)]
    if other:
        message = f"has rows of another {', '.join(other)}; expected the same, another --out, or this file gone"
        raise InputError(Problem("", message, str(path)))
