"""Time a sweep against solving its cells cold, on one process and on two; writes sweep.md beside this file.

Run it from the root: python tests/benchmarks/bench_sweep.py [--sizes 2,5,10,10] [--scenarios 1024] [--cold 50]
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import sys
import tempfile
import time
from datetime import date
from functools import partial
from importlib.metadata import version
from pathlib import Path

from measuring import HERE, limited, table, write

from deal_solve import Deal, Design, load, sample, sweep
from deal_solve.analysis.sweep.design import design_of
from deal_solve.analysis.sweep.result import Sweep
from deal_solve.cli.support.executor import executor_of

SCENARIO = HERE.parent.parent / "scenarios" / "hybrid.yaml"
SEED = 20270101
SAME = 2e-6
"""What two solves of one cell may differ by, relatively, both within a gap of a millionth."""
HEADINGS = ("Run", "Cells", "Processes", "Seconds", "Cells a second", "Times cold", "Peak MB of the first process")


def design(deal: Deal, sizes: list[int]) -> Design:
    """Return cells over overage, rollover, growth P50 and discount."""
    overage, rollover, growth, discount = sizes
    return design_of(
        deal,
        {
            "offers.one-paper.api.overage": ["contracted", "list"][:overage],
            "offers.one-paper.api.unused.rollover": f"10%:90%:{rollover}",
            "workloads.support-bot.growth_per_year.p50": f"5%:50%:{growth}",
            "offers.product-quote.api.bands[1].discount": f"6%:15%:{discount}",
        },
    )


def swept(deal: Deal, cells: Design, futures: int, jobs: int) -> tuple[Sweep, float]:
    """Return the rows and the seconds they took; stops if one is not proven."""
    before = time.perf_counter()
    with executor_of(jobs, None) as (executor, workers):
        found = sweep(deal, cells, partial(sample, count=futures, seed=SEED), executor=executor, ahead=2 * workers)
    seconds = time.perf_counter() - before
    for row in found.rows:
        if row.status != "optimal":
            raise SystemExit(f"cell {row.cell} {row.inputs}: {row.status}, {row.reason}")
    return found, seconds


def cold(deal: Deal, found: Sweep, count: int, futures: int) -> list[float]:
    """Return the seconds of cells, evenly spread, each by a sweep of its own; stops where one has another optimum."""
    seconds = []
    rows = list(found.rows)
    for row in rows[:: max(len(rows) // count, 1)][:count]:
        (alone,) = swept(deal, Design(found.design.paths, (tuple(row.inputs.values()),)), futures, 1)[0].rows
        apart = abs(alone.objective_usd - row.objective_usd) / abs(alone.objective_usd)
        if apart > SAME:
            raise SystemExit(f"cell {row.cell} {row.inputs}: {apart:.1e} from the cold solve")
        seconds.append(alone.seconds)
    return seconds


def measured(given: argparse.Namespace) -> dict[str, object]:
    """Return what one process measures: a sweep, then some of its cells cold."""
    deal = load(SCENARIO)
    cells = design(deal, given.sizes)
    found, seconds = swept(deal, cells, given.futures, given.jobs)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
    return {
        "cells": len(cells),
        "seconds": seconds,
        "peak": peak,
        "cold": cold(deal, found, given.cold, given.futures) if given.cold else [],
    }


def process(given: argparse.Namespace, sizes: list[int], jobs: int, count: int) -> dict[str, object]:
    """Return what a process of its own measures."""
    with tempfile.TemporaryDirectory() as folder:
        result = Path(folder) / "result.json"
        asked = ["--sizes", ",".join(map(str, sizes)), "--scenarios", str(given.futures), "--cold", str(count)]
        command = [sys.executable, __file__, *asked, "--jobs", str(jobs), "--measure", str(result)]
        run = limited(command, None)
        if run.code:
            raise SystemExit(run.said)
        return json.loads(result.read_text(encoding="utf-8"))


def report(given: argparse.Namespace) -> str:
    """Return the table."""
    few = [*given.sizes[:-1], max(given.sizes[-1] // 5, 2)]
    whole, part, two = (
        process(given, sizes, jobs, count)
        for sizes, jobs, count in ((given.sizes, 1, given.cold), (few, 1, 0), (given.sizes, 2, 0))
    )
    each = sum(whole["cold"]) / len(whole["cold"])
    name = f"cold, extrapolated from {len(whole['cold'])} cells"
    rows = [[name, f"{whole['cells']:,}", "1", f"{each * whole['cells']:.0f}", f"{1 / each:.2f}", "1.0", ""]]
    for name, run, jobs in (("sweep", whole, 1), ("sweep of fewer cells", part, 1), ("sweep", two, 2)):
        times = each * run["cells"] / run["seconds"]
        cells = [name, f"{run['cells']:,}", str(jobs), f"{run['seconds']:.0f}", f"{run['cells'] / run['seconds']:.2f}"]
        rows.append([*cells, f"{times:.1f}", f"{run['peak']:,.0f}"])
    lines = [
        "# A sweep against its cells one by one",
        "",
        f"Written by `bench_sweep.py` on {date.today()}: `hybrid.yaml`, {given.futures:,} scenarios, over overage, "
        f"rollover, growth P50 and discount; one run each, {os.cpu_count()} cores, Python "
        f"{platform.python_version()}, highspy {version('highspy')}.",
        "",
        *table(HEADINGS, rows),
        "",
        f"Two processes are {whole['seconds'] / two['seconds']:.2f} times as fast as one.",
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=lambda text: [int(n) for n in text.split(",")], default=[2, 5, 10, 10])
    parser.add_argument("--scenarios", type=int, default=1024)
    parser.add_argument("--cold", type=int, default=50, help="cells that are solved cold")
    parser.add_argument("--to", type=Path, default=HERE / "sweep.md", help="where the table is written")
    parser.add_argument("--jobs", type=int, default=1, help=argparse.SUPPRESS)
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.measure:
        given.measure.write_text(json.dumps(measured(given)), encoding="utf-8")
    else:
        write(report(given), given.to)


if __name__ == "__main__":
    main()
