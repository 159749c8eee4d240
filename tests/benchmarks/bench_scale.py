"""Time a solve over many sampled scenarios, whole process, against the extensive form; writes scale.md beside this
file.

Run it from the root: python tests/benchmarks/bench_scale.py [--sizes plain=1024,131072] [--rows 100] [--limit 150]
"""

from __future__ import annotations

import argparse
import os
import platform
import tempfile
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any

from measuring import HERE, Run, solved, table, write

SAME = 1e-6
HEADINGS = ("Deal", "Scenarios", "Method", "Seconds", "Processor s", "Peak MB", "Gap", "Objective", "Times the default")
Solved = tuple[Run, dict[str, Any] | None]


def measured(deal: str, futures: int, options: list[str], limit: float, folder: Path) -> Solved:
    """Return what one process took and found; stops if it failed."""
    run, found = solved(deal, futures, options, limit, folder)
    if found is None and not run.stopped:
        raise SystemExit(f"{deal}, {futures} scenarios: exit code {run.code}\n{run.said}")
    return run, found


def row(deal: str, futures: int, method: str, one: Solved, base: Solved | None) -> list[str]:
    """Return one row of the table; stops if a method found another optimum."""
    (run, found), ours = one, base[1] if base else None
    if found and ours:
        apart = abs(found["objective_usd"] - ours["objective_usd"]) / ours["objective_usd"]
        if found["gap"] <= SAME and apart > 2 * SAME:
            raise SystemExit(f"{deal}, {futures} scenarios: {method} differs by {apart:.1e}")
    known = [f"{found['gap']:.0e}", f"{found['objective_usd']:,.2f}"] if found else ["-", "-"]
    seconds = f"over {run.seconds:.0f} (stopped)" if run.stopped else f"{run.seconds:.1f}"
    times = f"{run.seconds / base[0].seconds:.1f}" if base else ""
    return [deal, f"{futures:,}", method, seconds, f"{run.processor:.1f}", f"{run.peak_mb:,.0f}", *known, times]


def main() -> None:
    """Measure and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", nargs="*", default=["plain=1024,16384,131072,1048576", "full=1024,16384,131072"])
    parser.add_argument("--rows", type=int, default=100, help="scenarios of the comparison with the extensive form")
    parser.add_argument("--limit", type=float, default=150.0, help="seconds after which an extensive form is stopped")
    parser.add_argument("--patience", type=float, default=900.0, help="seconds after which any other run is stopped")
    given = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for sizes in given.sizes:
            deal, _, numbers = sizes.partition("=")
            for futures in map(int, numbers.split(",")):
                run = measured(deal, futures, [], given.patience, Path(folder))
                rows.append(row(deal, futures, "decomposition", run, None))
            base = measured(deal, given.rows, [], given.patience, Path(folder))
            rows.append(row(deal, given.rows, "decomposition", base, None))
            peer = measured(deal, given.rows, ["--method", "extensive"], given.limit, Path(folder))
            rows.append(row(deal, given.rows, "extensive, PuLP with HiGHS", peer, base))
    lines = [
        "# Solving over many scenarios",
        "",
        f"Written by `bench_scale.py` on {date.today()}: one run each, whole process; {os.cpu_count()} cores, Python "
        f"{platform.python_version()}, highspy {version('highspy')}, PuLP {version('pulp')}.",
        "",
        *table(HEADINGS, rows),
    ]
    write("\n".join(lines) + "\n", HERE / "scale.md")


if __name__ == "__main__":
    main()
