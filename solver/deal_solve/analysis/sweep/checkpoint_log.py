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
from deal_solve.messages import os_reason
from deal_solve.uncertainty.sampling import SampledSet
from deal_solve.uncertainty.scenario_set import PATHS, Scenarios
from deal_solve.version import VERSION

CHECKPOINT_LOG_SCHEMA = "deal-solve-sweep-journal/1"
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
        """Write a row, so that it is there whatever happens next."""
        self._stream.write(_line(dataclasses.asdict(row)))
        self._stream.flush()
        os.fsync(self._stream.fileno())


@contextmanager
def checkpoint_log(path: Path, header: Mapping[str, str]) -> Iterator[CheckpointLog]:
    """Yield the checkpoint log of a sweep, begun or gone on with.

    A line that was cut off by a crash counts as not there. Raises InputError for a checkpoint log of another sweep, and
    for a file that is none.
    """
    try:
        if not path.exists():
            begun = path.with_name(f".{path.name}-{os.getpid()}")
            begun.write_bytes(_line(header))
            begun.replace(path)
        first, *lines = path.read_bytes().split(b"\n")
        _refuse_other(path, _parsed(first), header)
        rows = tuple(SweepRow(**data) for line in lines if (data := _parsed(line)))
        with path.open("ab") as stream:
            if lines[-1:] != [b""]:
                stream.write(b"\n")
            yield CheckpointLog(path, rows, stream)
    except FileNotFoundError:
        raise InputError(Problem("", f"there is no folder {path.parent} to write it to", str(path))) from None
    except OSError as error:
        raise InputError(Problem("", f"cannot be written: {os_reason(error)}", str(path))) from None


def _line(data: Mapping[str, Any]) -> bytes:
    return json.dumps(data, ensure_ascii=False, default=str).encode() + b"\n"


def _parsed(line: bytes) -> dict[str, Any] | None:
    try:
        data = json.loads(line)
    except ValueError:
        return None
    return data if isinstance(data, dict) else None


def _refuse_other(path: Path, found: Mapping[str, Any] | None, header: Mapping[str, str]) -> None:
    if found is None or found.get("schema") != CHECKPOINT_LOG_SCHEMA:
        raise InputError(
            Problem("", "is no checkpoint log of a sweep; expected another --out, or this file gone", str(path))
        )
    other = [LABELS.get(name, name) for name in {**header, **found} if found.get(name) != header.get(name)]
    if other:
        message = f"has rows of another {', '.join(other)}; expected the same, another --out, or this file gone"
        raise InputError(Problem("", message, str(path)))
