"""Time `deal-solve solve` on every example, whole process, by both methods; writes solve.md beside this file."""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any

from measuring import COMMAND, HERE, table, write

SCENARIOS = HERE.parents[1] / "scenarios"
GAP = 1e-6
SAME = 1e-6
HEADINGS = (
    "Deal",
    "Scenarios",
    "Method",
    "Rows",
    "Integers",
    "Non-zeros",
    "Build s",
    "Solve s",
    "Whole process s",
    "Gap",
    "Times the default",
)
METHODS = ("decomposition", "extensive")


def solved(deal: Path, method: str, solver: str, folder: Path) -> dict[str, Any]:
    """Return the result of one run with the seconds of its whole process; stops if it was not solved to the gap."""
    result = folder / f"{deal.stem}-{method}-{solver}.json"
    command = [*COMMAND, "solve", str(deal), "--method", method, "--solver", solver, "--json", str(result)]
    before = time.perf_counter()
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - before
    if run.returncode != 0:
        raise SystemExit(f"{deal.name}: {solver} ended with exit code {run.returncode}\n{run.stderr}")
    found: dict[str, Any] = json.loads(result.read_text(encoding="utf-8"))
    if found["gap"] > GAP:
        raise SystemExit(f"{deal.name}: {solver} left a gap of {found['gap']:.1e}")
    return {**found, "seconds": seconds}


def measured(deal: Path, method: str, solver: str, repeats: int, folder: Path) -> dict[str, Any]:
    """Return the fastest of some runs."""
    return min((solved(deal, method, solver, folder) for _ in range(repeats)), key=lambda run: run["seconds"])


def rows_of(deal: Path, repeats: int, with_cbc: bool, folder: Path) -> list[list[str]]:
    """Return one row per method (with CBC one more); stops if they do not find the same cost."""
    runs = [(method, "highs", measured(deal, method, "highs", repeats, folder)) for method in METHODS]
    if with_cbc:
        runs.append(("extensive", "cbc", measured(deal, "extensive", "cbc", 1, folder)))
    first = runs[0][2]
    rows = []
    for method, solver, run in runs:
        cost, again = first["objective_usd"], run["objective_usd"]
        if abs(cost - again) > max(SAME * abs(cost), 0.01):
            raise SystemExit(f"{deal.name}: {METHODS[0]} finds {cost:,.2f} USD, {method} by {solver} {again:,.2f} USD")
        facts = run["solver"]
        fell_back = "" if facts["method"] == method else " (written out)"
        cells = [f"`{deal.name}`", f"{run['scenarios']['count']:,}", f"{method}, {solver}{fell_back}"]
        cells += [f"{facts[name]:,}" for name in ("rows", "integers", "nonzeros")]
        cells += [f"{facts['build_seconds']:.2f}", f"{facts['solve_seconds']:.2f}", f"{run['seconds']:.2f}"]
        rows.append([*cells, f"{run['gap']:.0e}", f"{run['seconds'] / first['seconds']:.1f}"])
    return rows


def page(rows: list[list[str]], repeats: int) -> str:
    """Return the table with what it was measured on."""
    how = f"fastest of {repeats} runs" if repeats > 1 else "one run"
    lines = [
        "# `deal-solve solve` on the examples",
        "",
        f"Written by `bench_solve.py` on {date.today():%Y-%m-%d}: {how}; {os.cpu_count()} cores, Python "
        f"{platform.python_version()}, highspy {version('highspy')}, PuLP {version('pulp')}. Rows to non-zeros are "
        "those of the largest program; build and solve seconds are sums over all programs of a run.",
        "",
        *table(HEADINGS, rows),
        "",
    ]
    return "\n".join(lines)


def main() -> None:
    """Measure the examples named, or all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="examples to measure (default: all); with names nothing is written")
    parser.add_argument("--repeats", type=int, default=1, help="runs per example, the fastest counts (default 1)")
    parser.add_argument("--cbc", action="store_true", help="also solve with CBC and show how much longer it takes")
    given = parser.parse_args()
    known = [*sorted(SCENARIOS.glob("*.yaml")), HERE / "northwind.yaml"]
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for deal in known:
            if not given.names or deal.stem in given.names:
                rows += rows_of(deal, given.repeats, given.cbc, Path(folder))
                print("\n".join(" | ".join(row) for row in rows[-2:]), file=sys.stderr, flush=True)
    text = page(rows, given.repeats)
    if given.names:
        print(text, end="")
    else:
        write(text, HERE / "solve.md")


if __name__ == "__main__":
    main()
