"""Update a deal file by what was measured: measured fields are replaced, everything written by hand stays as it is."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from deal_solve.analysis.measure.result import MeasureResult
from deal_solve.deal.deal import Deal
from deal_solve.deal.load import loads
from deal_solve.errors import InputError, Problem
from deal_solve.files import opened
from deal_solve.frames import Table
from deal_solve.messages import shown
from deal_solve.optional import need
from deal_solve.record import Record

MEASURED = (
    "requests_per_month",
    "growth_per_year",
    "season_by_calendar_month",
    "input_tokens",
    "output_tokens",
    "tokens_counted_in",
    "cache",
    "batchable",
    "other_usd_per_request",
    "today",
)
"""Fields of a workload that are measured; all others are the buyer's."""


@dataclass(frozen=True)
class Change(Record):
    """One field of a deal file that is measured now."""

    field: Annotated[str, Field(description="its dotted path")]
    before: Annotated[str, Field(description="as it stood, empty where it is new")]
    after: Annotated[str, Field(description="as it is measured")]


@dataclass(frozen=True)
class Update:
    """A deal file with its measured fields replaced: text and deal, what changed, and workloads not measured."""

    text: str
    deal: Deal
    changes: Table[Change]
    not_measured: tuple[str, ...]


def updated(path: str | Path, found: MeasureResult, *, with_correlations: bool = True) -> Update:
    """Return the deal file `path` with the measured fields of its workloads replaced and new workloads added.

    Measured correlations of growth are replaced too, unless they are to be left.
    Comments, order and everything that is not measured stay. Raises InputError where the result would be no deal.
    """
    need("ruamel.yaml", "updating a deal file with what was measured", file=str(path))
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 120
    with opened(Path(path)) as stream:
        raw = stream.read()
    try:
        deal = yaml.load(raw)
    except (YAMLError, UnicodeDecodeError):
        deal = None
    if not isinstance(deal, dict):
        raise InputError(Problem("", "is no deal file in YAML", str(path)))
    measured = yaml.load(found.deal_text)
    works = _map_in(deal, "workloads", path)
    for name in works:
        _map_in(works, name, path)
    changes = [*_changes(works, measured.get("workloads") or {})]
    if with_correlations:
        changes += _correlated(deal, (measured.get("uncertainty") or {}).get("correlation"), path)
    sources = _map_in(deal, "sources", path)
    for name in measured.get("workloads") or {}:
        sources[f"workloads.{name}"] = measured["sources"][f"workloads.{name}"]
    written = io.StringIO()
    yaml.dump(deal, written)
    text = written.getvalue()
    not_measured = tuple(name for name in works if name not in (measured.get("workloads") or {}))
    return Update(text, loads(text, str(path)), Table(changes), not_measured)


def _map_in(data: dict[str, Any], name: str, path: str | Path) -> dict[str, Any]:
    """Return the map under a name of a file, put there where nothing is; raises InputError for anything else."""
    if data.get(name) is None:
        data[name] = {}
    found = data[name]
    if not isinstance(found, dict):
        raise InputError(Problem(str(name), f"expected a map, found {shown(found)}", str(path)))
    return found


def _changes(works: dict[str, Any], measured: dict[str, Any]) -> Iterator[Change]:
    """Replace the measured fields of workloads, and yield what changes."""
    for name, fields in measured.items():
        if name not in works:
            works[name] = fields
            yield Change(f"workloads.{name}", "", "new")
            continue
        own = works[name]
        if "spend_usd_per_month" in own:
            yield Change(f"workloads.{name}.spend_usd_per_month", _text(own.pop("spend_usd_per_month")), "")
        for field in MEASURED:
            before, after = own.get(field), fields.get(field)
            if after is None or _text(before) == _text(after):
                continue
            own[field] = after
            yield Change(f"workloads.{name}.{field}", _text(before), _text(after))


def _correlated(deal: dict[str, Any], measured: dict[str, Any] | None, path: str | Path) -> Iterator[Change]:
    """Replace the measured correlations of growth, and yield what changes; pairs with other quantities stay.

    Of many workloads the mean of all pairs is measured, of a few every pair: pairs that are stated go with the mean,
    and stand above it.
    """
    if not measured:
        return
    held = _map_in(_map_in(deal, "uncertainty", path), "correlation", path)
    for name, value in [(name, value) for name, value in measured.items() if name != "matrix"]:
        if _text(held.get(name)) != _text(value):
            yield Change(f"uncertainty.correlation.{name}", _text(held.get(name)), _text(value))
            held[name] = value
    pairs = [(one, two, value) for one, row in (measured.get("matrix") or {}).items() for two, value in row.items()]
    matrix = _map_in(held, "matrix", path) if pairs else {}
    for one, two, value in pairs:
        one, two = (two, one) if one in (matrix.get(two) or {}) else (one, two)
        row = _map_in(matrix, one, path)
        if _text(row.get(two)) != _text(value):
            yield Change(f"uncertainty.correlation.matrix.{one}.{two}", _text(row.get(two)), _text(value))
            row[two] = value


def _text(value: Any) -> str:
    """Return a value as the file would write it in one line."""
    if value is None:
        return ""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_text(each)}" for key, each in value.items()) + "}"
    return str(value).lower() if isinstance(value, bool) else str(value)
