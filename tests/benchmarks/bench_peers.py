"""Time a solve against other tools on the same program, whole process, side by side; writes peers.md beside this file.

Run it from the root: python tests/benchmarks/bench_peers.py [--deals plain] [--scenarios 100 300] [--tools linopy
pyomo]
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from measuring import HERE, Run, limited, solved, table, write

SAME = 1e-6
TARGET = (1000, 50)
"""From so many scenarios on the best of the others is to take so many times as long."""
ASKED = ("--seed", "1", "--risk", "neutral", "--gap", "1e-6")
DEFAULT, PROGRAM = "deal-solve", "(program for the others)"
OURS = {"pulp": ("--method", "extensive"), "cbc": ("--method", "extensive", "--solver", "cbc")}
PACKAGES = {"linopy": "linopy", "pyomo": "pyomo", "mpisppy": "mpi-sppy"}
"""The module of every other tool, and its package."""
TITLES = {
    "pulp": "PuLP with HiGHS",
    "cbc": "PuLP with CBC",
    "linopy": "linopy with HiGHS",
    "pyomo": "Pyomo with HiGHS",
    "mpisppy": "mpi-sppy with HiGHS",
}
HEADINGS = (
    "Deal",
    "Scenarios",
    "Tool",
    "Seconds",
    "Building s",
    "Peak MB",
    "Gap",
    "Objective",
    "Status",
    "Times the default",
)
ABOUT = (
    "All solve the same scenarios at their expected cost (`risk: neutral`: CVaR would couple the scenarios, so "
    "that mpi-sppy could not split them) to a gap of 1e-6. Seconds are those of the whole process, peak is that of the "
    "largest process of a run. PuLP is `--method extensive`: one program per API agreement, the tie stages and "
    "settlement included. The other tools read, as a matrix in a file, the one program with every agreement in it that "
    "`--export` writes, so the seconds in which it is written (a row of its own) are not theirs. mpi-sppy solves its "
    "extensive form of as many models as there are scenarios; what no row of a scenario has in it stands in the first "
    "model alone. A run that is stopped counts as the limit, here and over more scenarios, where it is not run."
)


@dataclass(frozen=True)
class Measured:
    """What a tool took and what it found, if it ended well; `note` says why it did not. No `run`: it was not run."""

    tool: str
    seconds: float
    run: Run | None
    found: dict[str, Any] | None
    note: str = ""

    @property
    def is_limit(self) -> bool:
        """Whether its seconds are those of the limit."""
        return self.run is None or self.run.stopped

    @property
    def over(self) -> str:
        """The word before a number that the limit cut short."""
        return "over " if self.is_limit else ""


def measured(tool: str, run: Run, found: dict[str, Any] | None) -> Measured:
    """Return what a run took, with a note on how it ended where it has no answer."""
    last = (run.said.splitlines() or [""])[-1]
    note = "stopped" if run.stopped else f"failed, exit code {run.code}: {last}"
    return Measured(tool, run.seconds, run, found, "" if found else note)


def by_deal_solve(tool: str, options: Sequence[str], deal: str, futures: int, limit: float, folder: Path) -> Measured:
    """Solve with this project, by one of its methods."""
    run, result = solved(deal, futures, [*ASKED, *options], limit, folder)
    return measured(tool, run, result and {**result, "build_seconds": result["solver"]["build_seconds"]})


def by_another(tool: str, wanted: Sequence[str], limit: float | None, folder: Path) -> Measured:
    """Run `peers.py`: write the program, or solve it with another tool."""
    result = folder / "found.json"
    run = limited([sys.executable, str(HERE / "peers.py"), *wanted, str(result)], limit)
    return measured(tool, run, json.loads(result.read_text(encoding="utf-8")) if run.code == 0 else None)


def runs_of(
    deal: str, futures: int, tools: Sequence[str], limit: float, folder: Path, gone: set[str]
) -> Iterator[Measured]:
    """Measure the default and every tool, but those that are `gone`: stopped over fewer scenarios."""
    yield by_deal_solve(DEFAULT, (), deal, futures, limit, folder)
    program, written = str(folder / "program.pickle"), None
    for tool in tools:
        if tool in gone:
            yield Measured(tool, limit, None, None, "not run: stopped over fewer scenarios")
        elif tool in OURS:
            yield by_deal_solve(tool, OURS[tool], deal, futures, limit, folder)
        else:
            if written is None:
                written = by_another(PROGRAM, ("program", deal, str(futures), program), None, folder)
                yield written
            if written.found:
                yield by_another(tool, (tool, program), limit, folder)


def check(deal: str, futures: int, base: Measured, peer: Measured) -> None:
    """Stop if a tool found another optimum than the default, beyond the gaps of both."""
    if not base.found:
        raise SystemExit(f"{deal}, {futures} scenarios: nothing to compare with: {base.note}")
    if peer.found and peer.tool != PROGRAM:
        ours, theirs = base.found["objective_usd"], peer.found["objective_usd"]
        apart = abs(theirs - ours) / abs(ours)
        if apart > SAME + base.found["gap"] + peer.found["gap"]:
            raise SystemExit(
                f"{deal}, {futures} scenarios: {peer.tool} differs by {apart:.1e}: {theirs:,.2f}, {ours:,.2f}"
            )


def row(deal: str, futures: int, base: Measured, peer: Measured) -> list[str]:
    """Return one row of the table."""
    found, run = peer.found or {}, peer.run
    cells = [deal, f"{futures:,}", TITLES.get(peer.tool, peer.tool), f"{peer.over}{peer.seconds:.1f}"]
    cells += [f"{found['build_seconds']:.1f}" if found else "-", f"{run.peak_mb:,.0f}" if run else "-"]
    is_answer = "objective_usd" in found
    cells += [f"{found['gap']:.0e}", f"{found['objective_usd']:,.2f}"] if is_answer else ["-", "-"]
    is_measure = is_answer or peer.is_limit
    return [*cells, found.get("status", peer.note), times(base, peer) if is_measure else "-"]


def times(base: Measured, peer: Measured) -> str:
    """Return how many times as long as the default a tool took."""
    return f"{peer.over}{peer.seconds / base.seconds:.1f}"


def best(deal: str, futures: int, base: Measured, peers: Sequence[Measured]) -> list[str]:
    """Return a line on the fastest of the tools that solved it, or on the limit."""
    counted = [peer for peer in peers if peer.tool != PROGRAM and (peer.found or peer.is_limit)]
    if not counted:
        return []
    first = min(counted, key=lambda peer: (peer.seconds, peer.is_limit))
    name = "all were stopped" if all(peer.is_limit for peer in counted) else TITLES[first.tool]
    target = f" (target {TARGET[1]})" if futures >= TARGET[0] else ""
    return [f"- {deal}, {futures:,} scenarios: the best other took {times(base, first)} times as long{target}: {name}"]


def compared(
    deal: str, futures: int, tools: Sequence[str], limit: float, folder: Path, gone: set[str]
) -> list[Measured]:
    """Return all runs over some scenarios, the default first; tools that were stopped are added to `gone`."""
    runs: list[Measured] = []
    for run in runs_of(deal, futures, tools, limit, folder, gone):
        runs.append(run)
        print(" | ".join(row(deal, futures, runs[0], run)), file=sys.stderr, flush=True)
        check(deal, futures, runs[0], run)
        gone |= {run.tool} if run.is_limit else set()
    return runs


def present(tools: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the tools that are installed, and a line on each that is not."""
    there = [tool for tool in tools if tool in OURS or find_spec(tool)]
    absent = [f"- {TITLES[tool]}: skipped, {PACKAGES[tool]} is not installed" for tool in tools if tool not in there]
    return there, absent


def page(rows: Sequence[Sequence[str]], notes: Sequence[str], limit: float) -> str:
    """Return the table with what it was measured on and what it comes to."""
    packages = ("pulp", "highspy", *(PACKAGES[tool] for tool in PACKAGES if find_spec(tool)))
    versions = ", ".join(f"{package} {version(package)}" for package in packages)
    how = (
        f"Written by `bench_peers.py` on {date.today()}: one run each, stopped after {limit:.0f} s; {os.cpu_count()} "
        f"cores, Python {platform.python_version()}, {versions}."
    )
    lines = ["# Solving beside other tools", "", how, "", ABOUT, "", *table(HEADINGS, rows), "", *notes]
    return "\n".join(lines).rstrip() + "\n"


def main() -> None:
    """Measure, and write the table after every size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--deals", nargs="+", default=["plain", "full"])
    parser.add_argument("--scenarios", nargs="+", type=int, default=[100, 300, 1000])
    parser.add_argument("--tools", nargs="+", choices=TITLES, default=list(TITLES))
    parser.add_argument("--limit", type=float, default=1800.0, help="seconds after which a run is stopped")
    parser.add_argument("--to", type=Path, default=HERE / "peers.md", help="where to write the table")
    given = parser.parse_args()
    tools, notes = present(given.tools)
    rows: list[list[str]] = []
    with tempfile.TemporaryDirectory() as folder:
        for deal in given.deals:
            gone: set[str] = set()
            for futures in sorted(given.futures):
                runs = compared(deal, futures, tools, given.limit, Path(folder), gone)
                rows += [row(deal, futures, runs[0], run) for run in runs]
                notes += best(deal, futures, runs[0], runs[1:])
                write(page(rows, notes, given.limit), given.to)


if __name__ == "__main__":
    main()
