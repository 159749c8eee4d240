"""Time a solve over many sampled futures, whole process, against the extensive form; writes scale.md beside this file.

Run it from the root: python tests/benchmarks/bench_scale.py [--sizes plain=1024,131072] [--rows 100] [--limit 300]
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from datetime import date
from importlib.metadata import version
from pathlib import Path

HERE = Path(__file__).parent
COMMAND = (sys.executable, "-c", "from deal_solve.cli.main import main; main()")
SAME = 1e-6
HEADINGS = ("Deal", "Futures", "Method", "Seconds", "Processor s", "Peak MB", "Gap", "Objective", "Times the default")


def solved(deal: str, futures: int, options: list[str], limit: float, folder: Path) -> dict[str, object]:
    """Return what one process found and took; one that is stopped by the limit is marked."""
    result = folder / "result.json"
    command = [
        *COMMAND,
        "solve",
        str(HERE / f"{deal}.yaml"),
        "--scenarios",
        str(futures),
        "--json",
        str(result),
        *options,
    ]
    before, used = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    peak, stopped = 0.0, False
    while process.poll() is None:
        peak = max(peak, resident_mb(process.pid))
        if time.perf_counter() - before > limit:
            process.kill()
            stopped = True
        time.sleep(0.1)
    seconds, after = time.perf_counter() - before, resource.getrusage(resource.RUSAGE_CHILDREN)
    if not stopped and process.returncode not in (0, 4):
        raise SystemExit(f"{deal}, {futures} futures: exit code {process.returncode}\n{process.stderr.read()}")
    found = {} if stopped else json.loads(result.read_text(encoding="utf-8"))
    processor = after.ru_utime + after.ru_stime - used.ru_utime - used.ru_stime
    return {**found, "seconds": seconds, "processor": processor, "peak": peak, "stopped": stopped}


def resident_mb(pid: int) -> float:
    """Return the resident memory of a process, 0 once it has ended."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    except OSError:
        return 0.0
    line = next((line for line in status.splitlines() if line.startswith("VmRSS")), "VmRSS: 0 kB")
    return int(line.split()[1]) / 1000


def row(deal: str, futures: int, method: str, run: dict, base: dict | None) -> list[str]:
    """Return one row of the table; stops if a method found another optimum."""
    if base is not None and not run["stopped"]:
        apart = abs(run["objective_usd"] - base["objective_usd"]) / base["objective_usd"]
        if run["gap"] <= SAME and apart > 2 * SAME:
            raise SystemExit(f"{deal}, {futures} futures: {method} differs by {apart:.1e}")
    known = ["-", "-"] if run["stopped"] else [f"{run['gap']:.0e}", f"{run['objective_usd']:,.2f}"]
    seconds = f"over {run['seconds']:.0f} (stopped)" if run["stopped"] else f"{run['seconds']:.1f}"
    times = "" if base is None else f"{run['seconds'] / base['seconds']:.1f}"
    return [deal, f"{futures:,}", method, seconds, f"{run['processor']:.1f}", f"{run['peak']:,.0f}", *known, times]


def main() -> None:
    """Measure and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", nargs="*", default=["plain=1024,16384,131072", "full=1024,16384"])
    parser.add_argument("--rows", type=int, default=100, help="futures of the comparison with the extensive form")
    parser.add_argument("--limit", type=float, default=300.0, help="seconds after which a run is stopped")
    given = parser.parse_args()
    table = []
    with tempfile.TemporaryDirectory() as folder:
        for sizes in given.sizes:
            deal, _, numbers = sizes.partition("=")
            for futures in map(int, numbers.split(",")):
                run = solved(deal, futures, [], given.limit, Path(folder))
                table.append(row(deal, futures, "decomposition", run, None))
            base = solved(deal, given.rows, [], given.limit, Path(folder))
            table.append(row(deal, given.rows, "decomposition", base, None))
            peer = solved(deal, given.rows, ["--method", "extensive"], given.limit, Path(folder))
            table.append(row(deal, given.rows, "extensive, PuLP with HiGHS", peer, base))
    lines = [
        "# Solving over many futures",
        "",
        f"Written by `bench_scale.py` on {date.today()}: one run each, whole process; {os.cpu_count()} cores, Python "
        f"{platform.python_version()}, highspy {version('highspy')}, PuLP {version('pulp')}.",
        "",
        "| " + " | ".join(HEADINGS) + " |",
        "|---|" + "---:|" * (len(HEADINGS) - 1),
        *("| " + " | ".join(cells) + " |" for cells in table),
    ]
    (HERE / "scale.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
