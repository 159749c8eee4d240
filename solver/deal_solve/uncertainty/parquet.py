"""Scenario sets as Parquet files: written block by block, and read back or brought by a planning tool."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, get_args

import numpy as np

from deal_solve.deal.deal import Deal
from deal_solve.deal.offers.cloud_years import cloud_years
from deal_solve.errors import InputError, Problem
from deal_solve.files import opened
from deal_solve.messages import counted, did_you_mean
from deal_solve.optional import need
from deal_solve.uncertainty.paths import middle, paths_of, refuse_large
from deal_solve.uncertainty.scenario_set import BLOCK, PATHS, Array, Kind, Scenarios, ScenarioSet
from deal_solve.uncertainty.signed import from_signing

SCHEMA = "deal-solve-scenarios/1"
KEY = b"deal-solve"
"""Metadata of the file, as JSON; a file without it is read as an explicit list."""
FIELDS = dict(
    zip(
        PATHS,
        (
            "requests_per_month",
            "active_users",
            "requests_per_user_month",
            "list_price_index",
            "hit_rate",
            "other_spend_usd_per_year",
        ),
        strict=True,
    )
)
"""First part of a column's name; the second is the workload, cohort or price family: requests_per_month.support-bot."""


def write_scenarios(scenarios: Scenarios, path: str | Path) -> None:
    """Write a set, one row per scenario and one row group per block.

    Columns: `weight`, `name` (not of sampled scenarios), and per path a list of one number per month. Raises InputError
    where pyarrow is not installed.
    """
    need("pyarrow", "a Parquet file", file=str(path))
    import pyarrow as pa
    import pyarrow.parquet as pq

    writer = None
    for index in range(scenarios.block_count):
        block = scenarios.block(index)
        columns = {"weight": pa.array(block.weights)}
        if block.kind != "sampled":
            columns["name"] = pa.array(list(block.names))
        for part, field in FIELDS.items():
            for key, array in getattr(block, part).items():
                columns[f"{field}.{key}"] = _column(pa, array)
        table = pa.table(columns).replace_schema_metadata({KEY: _metadata(scenarios)})
        writer = writer or pq.ParquetWriter(path, table.schema, write_page_checksum=True)
        writer.write_table(table, row_group_size=BLOCK)
    if writer:
        writer.close()


def _column(pa: Any, array: Array) -> Any:
    if array.ndim == 1:
        return pa.array(array)
    return pa.FixedSizeListArray.from_arrays(pa.array(array.ravel(order="F")), len(array))


def _metadata(scenarios: Scenarios) -> bytes:
    facts = {"kind": scenarios.kind, "seed": scenarios.seed, "groups": scenarios.groups, "notes": scenarios.notes}
    return json.dumps({"schema": SCHEMA, "months": scenarios.months, "block": BLOCK, **facts}).encode()


def read_scenarios(path: str | Path, deal: Deal) -> ScenarioSet:
    """Return the set in a file, for this deal.

    A path is one number, a list of one per contract year, or a list of one per month, as in a list of scenarios in the
    deal file; what the file does not name is at P50. Without `weight` all scenarios are equally likely. Raises
    InputError with every problem found, and where pyarrow is not installed.
    """
    need("pyarrow", "a Parquet file", file=str(path))
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with opened(Path(path)) as stream:
            whole = _Reader(pq.ParquetFile(stream, page_checksum_verification=True), str(path), deal.whole).read()
            return from_signing(deal, whole)
    except (OSError, pa.ArrowException, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or next(iter(str(error).splitlines()), "damaged")
        raise InputError(Problem("", f"cannot be read as Parquet: {reason}", str(path))) from None


def _facts_in(raw: bytes) -> dict[str, Any] | None:
    """Return what the metadata of a file say, {} if nothing; None if they are damaged."""
    try:
        facts = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    if not isinstance(facts, dict):
        return None
    texts = [facts.get(name, []) for name in ("groups", "notes")]
    are_texts = all(isinstance(each, list) and all(isinstance(item, str) for item in each) for each in texts)
    is_seed = facts.get("seed") is None or isinstance(facts["seed"], int)
    return facts if are_texts and is_seed and facts.get("kind", "explicit") in get_args(Kind) else None


def _lengths(part: str, years: int, months: int) -> tuple[int, ...]:
    """Return how many numbers a row of a column may have, in rising order."""
    return {"hit_rate": (1,), "other_spend": tuple(sorted({1, years}))}.get(part, tuple(sorted({1, years, months})))


class _Reader:
    """One pass over the columns of a file; problems are collected."""

    def __init__(self, file: Any, path: str, deal: Deal) -> None:
        self.file, self.path, self.deal = file, path, deal
        self.size: int = file.metadata.num_rows
        self.problems: list[Problem] = []

    def read(self) -> ScenarioSet:
        facts = self._facts()
        names = self.file.schema_arrow.names
        for name in {name for name in names if names.count(name) > 1}:
            raise InputError(Problem(name, "stands twice", self.path))
        nothing = {key: np.zeros(1) for key in self.deal.uncertainty.events}
        found: Any = paths_of(self.deal, middle, nothing, self.size)
        known = {f"{field}.{key}": (part, key) for part, field in FIELDS.items() for key in found[part]}
        numbers = self.deal.horizon_months * sum(name in known for name in names)
        refuse_large(self.deal, self.size, numbers, f"write fewer scenarios to {self.path}")
        for name in names:
            if name in known:
                part, key = known[name]
                found[part][key] = self._path(name, part)
            elif name not in ("weight", "name"):
                self.problem(name, f"is not a column of this deal{did_you_mean(name, known)}")
        missing = [name for name in known if name not in names]
        weights = self._weights("weight" in names)
        if self.problems:
            raise InputError(self.problems)
        notes = (f"{self.path} does not name {', '.join(missing)}: at P50, without events",) if missing else ()
        return ScenarioSet(
            kind=facts.get("kind", "explicit"),
            names=self._names("name" in names),
            weights=weights,
            **found,
            groups=tuple(facts.get("groups", ())),
            seed=facts.get("seed"),
            notes=(*facts.get("notes", ()), *notes),
        )

    def problem(self, column: str, message: str) -> None:
        self.problems.append(Problem(column, message, self.path))

    def _facts(self) -> dict[str, Any]:
        """Return the metadata that `write_scenarios` left; {} in a file from elsewhere."""
        facts = _facts_in((self.file.schema_arrow.metadata or {}).get(KEY, b"{}"))
        if facts is None:
            raise InputError(Problem("", f"has damaged metadata under the key {KEY.decode()!r}", self.path))
        if not self.size:
            raise InputError(Problem("", "holds no scenario", self.path))
        if facts and facts.get("schema") != SCHEMA:
            raise InputError(
                Problem("schema", f"{facts.get('schema')!r} is not known here; expected {SCHEMA}", self.path)
            )
        if facts and facts.get("months") != self.deal.horizon_months:
            message = f"are {facts.get('months')} in the set; expected the {self.deal.horizon_months} of the deal"
            raise InputError(Problem("months", message, self.path))
        return facts

    def _values(self, column: str) -> Array:
        """Return a column as (S,) or (S, length) floats; NaN where it has none, or lists of different lengths."""
        import pyarrow as pa

        array = self.file.read(columns=[column])[column].combine_chunks()
        width = 0
        if (
            pa.types.is_list(array.type)
            or pa.types.is_large_list(array.type)
            or pa.types.is_fixed_size_list(array.type)
        ):
            flat = array.flatten()
            width, rest = divmod(len(flat), self.size)
            lengths = np.asarray(array.value_lengths().fill_null(-1)) if not rest and width else np.array([-1])
            if np.any(lengths != width):
                return np.full(self.size, np.nan)
            array = flat
        try:
            values = array.cast(pa.float64()).to_numpy(zero_copy_only=False)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            return np.full(self.size, np.nan)
        return np.asarray(values.reshape(self.size, width) if width else values, dtype=float)

    def _path(self, column: str, part: str) -> Array:
        values = self._values(column)
        months, bound = self.deal.horizon_months, "above 0" if part == "index" else "0 or more"
        highest = 1.0 if part == "hit_rate" else np.inf
        allowed = _lengths(part, cloud_years(self.deal) if part == "other_spend" else self.deal.years, months)
        length = 1 if values.ndim == 1 else values.shape[1]
        if not np.all(np.isfinite(values)):
            self.problem(
                column, f"expected a number, or a list of {' or '.join(map(str, allowed))} numbers, in every row"
            )
        elif length not in allowed:
            self.problem(column, f"has {counted(length, 'value')} a row; expected {' or '.join(map(str, allowed))}")
        elif values.min() < 0 or values.max() > highest or (part == "index" and values.min() == 0):
            top = f", at most {highest:g}" if np.isfinite(highest) else ""
            self.problem(column, f"expected {bound}{top}; found {values.min():g} to {values.max():g}")
        elif part != "hit_rate":
            return np.repeat(values.reshape(self.size, length).T, allowed[-1] // length, axis=0)
        return values.reshape(self.size, -1)[:, 0]

    def _weights(self, given: bool) -> Array:
        if not given:
            return np.full(self.size, 1 / self.size)
        weights = self._values("weight")
        total = float(weights.sum())
        if weights.ndim > 1 or not np.isfinite(total) or weights.min() < 0 or total <= 0:
            self.problem("weight", "expected one number, 0 or more, in every row, and not all of them 0")
            return np.ones(self.size)
        return weights if abs(total - 1) < 1e-9 else weights / total

    def _names(self, given: bool) -> Any:
        from deal_solve.uncertainty.sampling import Numbered

        if given:
            return tuple(map(str, self.file.read(columns=["name"])["name"].to_pylist()))
        return Numbered(range(1, self.size + 1))
