"""Measure how long `deal-solve measure` reads large exports, and how much memory it takes; writes exports.md."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from measuring import COMMAND, limited, table, write  # noqa: E402 - a script of the folder above

PART, DAYS, LIMIT = 500_000, 365, 3_600
MODELS = np.array(["claude-opus-4-5-20251101", "claude-sonnet-4-5-20250929", "claude-haiku-4-5-20251001"])
SHOWN = [f"{date(2025, 10, 1) + timedelta(day)}" for day in range(DAYS)]


def console(path: Path, rows: int, keys: int) -> None:
    """Write a usage table of the Console, a year in order of its days."""
    rng, days = np.random.default_rng(1), np.array(SHOWN)
    with path.open("w", encoding="utf-8") as stream:
        for first in range(0, rows, PART):
            count = min(PART, rows - first)
            key = rng.integers(0, keys, count)
            frame = {
                "usage_date_utc": days[(first + np.arange(count)) * DAYS // rows],
                "model_version": MODELS[rng.integers(0, 3, count)],
                "api_key": np.char.add("key-", key.astype(str)),
                "workspace": np.char.add("ws-", (key % 12).astype(str)),
                "usage_type": np.where(rng.random(count) < 0.2, "batch", "standard"),
                "context_window": np.where(rng.random(count) < 0.1, "> 200k", "≤ 200k"),
                "usage_input_tokens_no_cache": rng.integers(1, 100_000, count),
                "usage_input_tokens_cache_write_5m": rng.integers(0, 10_000, count),
                "usage_input_tokens_cache_write_1h": 0,
                "usage_input_tokens_cache_read": rng.integers(0, 100_000, count),
                "usage_output_tokens": rng.integers(1, 10_000, count),
            }
            pd.DataFrame(frame).to_csv(stream, index=False, header=first == 0)


def logs(path: Path, rows: int, projects: int) -> None:
    """Write session logs of Claude Code, of 4,000 characters a line."""
    rng = np.random.default_rng(2)
    tokens = rng.integers(1, 10_000, rows).tolist()
    with path.open("w", encoding="utf-8") as stream:
        for row in range(rows):
            written = {"ephemeral_5m_input_tokens": 10, "ephemeral_1h_input_tokens": 0}
            used = {"input_tokens": tokens[row], "output_tokens": 100, "cache_read_input_tokens": 5_000}
            message = {"id": f"m{row}", "model": MODELS[1], "content": "x" * 4_000, "usage": used}
            used["cache_creation"] = written  # type: ignore[assignment]
            line = {"sessionId": f"s{row // 100}", "timestamp": f"{SHOWN[row * DAYS // rows]}T10:00:00Z"}
            line |= {"type": "assistant", "requestId": f"r{row}", "cwd": f"/p{row % projects}", "message": message}
            stream.write(json.dumps(line) + "\n")


Make = Callable[[Path, int, int], None]
CASES: tuple[tuple[str, Make, int, int], ...] = (
    ("usage table of the Console, 12 keys", console, 10_000_000, 12),
    ("usage table of the Console, 240 keys", console, 10_000_000, 240),
    ("session logs of Claude Code", logs, 250_000, 40),
)


def main() -> None:
    """Write each export, measure it in a process of its own, and write or print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--share", type=float, default=1.0, help="of the rows; less is printed instead of written")
    share = parser.parse_args().share
    lines = []
    for title, make, rows, parts in CASES:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"export.{'csv' if make is console else 'jsonl'}"
            make(path, round(rows * share), parts)
            run = limited([*COMMAND, "measure", folder], LIMIT)
            if run.code:
                raise SystemExit(f"{title}: {run.said}")
            size = f"{path.stat().st_size / 1e9:.2f}"
        numbers = f"{run.seconds:.0f}", f"{run.processor:.0f}", f"{run.peak_mb:,.0f}"
        lines.append([title, f"{round(rows * share):,}", size, *numbers])
    headings = ["export", "rows", "GB", "seconds", "processor seconds", "peak, MB"]
    text = "\n".join(
        [
            "# Reading large exports",
            "",
            "`deal-solve measure`, the whole process. Written by `python tests/benchmarks/exports/bench_exports.py`",
            f"with Python {platform.python_version()} on {os.cpu_count()} cores, one of which it uses. Where others",
            "share the machine, processor seconds are those that can be compared.",
            "",
            *table(headings, lines),
            "",
        ]
    )
    if share < 1:
        sys.stdout.write(text)
    else:
        write(text, HERE / "exports.md")


if __name__ == "__main__":
    main()
