"""The outcomes of a simulation as a Parquet file: one row per scenario, one row group per block."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from deal_solve.analysis.simulate.outcomes import Outcomes
from deal_solve.files import writing
from deal_solve.optional import need


@contextmanager
def outcomes_file(path: Path, name: str | None = None) -> Iterator[Callable[[Outcomes], None]]:
    """Yield what writes blocks of outcomes to a Parquet file, in order; raises InputError without pyarrow.

    The file is called `name` where it cannot be written, as on a full disk.
    """
    need("pyarrow", "a Parquet file", "--out")
    import pyarrow
    from pyarrow import parquet

    writers: list[parquet.ParquetWriter] = []
    done = 0

    def write(block: Outcomes) -> None:
        nonlocal done
        rows = pyarrow.table(columns_of(block, done + 1))
        with writing(name or path):
            if not writers:
                writers.append(parquet.ParquetWriter(path, rows.schema))
            writers[0].write_table(rows)
        done += len(block.cost)

    try:
        yield write
    finally:
        for writer in writers:
            with writing(name or path):
                writer.close()


def columns_of(block: Outcomes, first: int = 1) -> dict[str, Any]:
    """Return the columns of a block, one value per scenario; scenarios are numbered from `first`, contract years from
    1.
    """
    columns: dict[str, Any] = {
        "scenario": np.arange(first, first + len(block.cost)),
        "weight": block.weights,
        "cost_usd": block.cost,
        "undiscounted_usd": block.undiscounted,
    }
    if block.baseline is not None:
        columns["loss_usd"] = block.cost - block.baseline
    columns |= {f"{line}_usd": values for line, values in block.by_line.items()}
    for name in ("paid", "uncovered", "overage", "shortfall", "forfeited"):
        columns |= {f"{name}_year_{year + 1}_usd": values for year, values in enumerate(getattr(block, name))}
    return columns
