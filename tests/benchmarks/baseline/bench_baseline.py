"""Time commands as they are now and at an earlier commit; writes baseline.md beside this.

`solve` of every example, the questions of `hybrid` that solve it many times over, deals over many scenarios and one of
a thousand workloads. Both read the same files. The runs of a command alternate, so that what else the machine does
meets both alike; medians count. A deal that the earlier commit cannot read has no number there.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path
from statistics import median

import yaml

sys.path.insert(0, str(Path(__file__).parents[3]))

from tests.benchmarks.measuring import COMMAND, SOLVED, Run, limited, table, write

ROOT = Path(__file__).parents[3]
SCENARIOS = ROOT / "scenarios"
TITLES = ("Command", "Runs", "Before s", "Now s", "Now / before", "Before MB", "Now MB")
HEADINGS = (*TITLES, "Before elapsed s", "Now elapsed s")
CELLS = ("offers.one-paper.api.overage=contracted,list", "workloads.support-bot.growth_per_year.p50=5%:50%:20")
"""The fields of a sweep of forty cells."""
QUESTIONS = (
    ("clauses",),
    ("frontier",),
    ("curve",),
    ("sensitivity",),
    ("solve", "--levers"),
    ("solve", "--all"),
    ("breakeven", "--vary", "offers.product-quote.api.bands[1].discount=5%:20%"),
    ("review", "--plan"),
    ("sweep", "--vary", CELLS[0], "--vary", CELLS[1]),
)
"""What solves `hybrid` many times over, with its options; `review` reads a quote as it stands."""
LARGE = (("northwind", ()), ("full", ("1024",)), ("plain", ("131072",)), ("full", ("131072",)))
"""Deals beside `bench_scale.py`, and over how many sampled scenarios they are solved (none: over their own)."""
WORKLOADS = 1_000
"""Workloads of the deal that is checked."""
LIMIT = 600.0
"""Seconds after which a run is stopped."""
ROW_SECONDS = 90.0
"""No pair of runs of a command begins later than this, so that long ones are run once or twice."""


def git(*arguments: str) -> str:
    """Return what git prints; stops with its error."""
    done = subprocess.run(["git", "-C", str(ROOT), *arguments], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"git {' '.join(arguments)}: {done.stderr.strip()}")
    return done.stdout.strip()


@contextmanager
def checked_out(commit: str) -> Iterator[Path]:
    """Yield a folder with the files of a commit, which is removed at the end."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "before"
        git("worktree", "add", "--quiet", "--detach", str(path), commit)
        try:
            yield path
        finally:
            git("worktree", "remove", "--force", str(path))


def commands(names: list[str], folder: Path) -> Iterator[list[str]]:
    """Yield the arguments of every command, for the deals named or all; what they read beside deals is in a folder."""
    for deal in sorted(SCENARIOS.glob("*.yaml")):
        if not names or deal.stem in names:
            yield ["solve", str(deal)]
    if not names or "hybrid" in names:
        proposal = folder / "quote.json"
        proposal.write_text(json.dumps({"api": {"offer": "product-quote"}}), encoding="utf-8")
        for question, *options in QUESTIONS:
            found = [*options, str(proposal)] if question == "review" else options
            yield [question, str(SCENARIOS / "hybrid.yaml"), *found]
    if not names or "wide" in names:
        wide = folder / "wide.yaml"
        wide.write_text(many_workloads(WORKLOADS), encoding="utf-8")
        yield ["check", str(wide)]
    for name, futures in LARGE:
        if not names or name in names:
            sampled = ["--scenarios", *futures] if futures else []
            yield ["solve", str(ROOT / "tests" / "benchmarks" / f"{name}.yaml"), *sampled]


def many_workloads(count: int) -> str:
    """Return a deal file of so many workloads: those of an example again and again under other names."""
    data = yaml.safe_load((SCENARIOS / "api-heavy.yaml").read_text(encoding="utf-8"))
    works = list(data["workloads"].values())
    data["workloads"] = {f"work-{index}": works[index % len(works)] for index in range(count)}
    for part in ("limits", "uncertainty"):  # they name workloads
        data.pop(part, None)
    return yaml.dump(data, Dumper=Plain, sort_keys=False)


class Plain(yaml.SafeDumper):
    """Writes what stands in several places in each of them."""

    def ignore_aliases(self, data: object) -> bool:
        """Return that nothing is an alias."""
        return True


def measured(source: Path, arguments: list[str]) -> Run:
    """Return one run of the program in a folder; one that has no plan or is stopped counts for nothing."""
    begin = ["env", "-u", "PYTHONDONTWRITEBYTECODE", f"PYTHONPATH={source / 'solver'}"]
    run = limited([*begin, *COMMAND, *arguments], LIMIT)
    return run if run.code in SOLVED else replace(run, processor=float("inf"))


def row_of(arguments: list[str], before: Path, repeats: int) -> list[str]:
    """Return the row of a command: the median of processor seconds of each side, their ratio, peaks and seconds."""
    pairs: list[tuple[Run, Run]] = []
    began = time.monotonic()
    while not pairs or (len(pairs) < repeats and time.monotonic() - began < ROW_SECONDS):
        pairs.append((measured(before, arguments), measured(ROOT, arguments)))
    if pairs[0][1].code not in SOLVED:
        raise SystemExit(f"{' '.join(arguments)}: exit code {pairs[0][1].code}\n{pairs[0][1].said}")
    sides = list(zip(*pairs, strict=True))
    old, new = (median(run.processor for run in side) for side in sides)
    peaks = [f"{median(run.peak_mb for run in side):.0f}" for side in sides]
    elapsed = [f"{median(run.seconds for run in side):.2f}" for side in sides]
    title = f"`{' '.join(Path(each).name if Path(each).is_absolute() else each for each in arguments)}`"
    found = [f"{old:.2f}", f"{new:.2f}", f"{new / old:.2f}", *peaks, *elapsed]
    found = found if old < float("inf") else ["–", f"{new:.2f}", "–", "–", peaks[1], "–", elapsed[1]]
    return [title, str(len(pairs)), *found]


def page(rows: list[list[str]], baseline: str, repeats: int) -> str:
    """Return the table with what it was measured on."""
    lines = [
        "# `deal-solve` against an earlier commit",
        "",
        f"Written by `bench_baseline.py` on {date.today():%Y-%m-%d}: processor seconds, the peak of memory and the "
        f"seconds elapsed of the whole process, medians of {repeats} runs, of fewer where a run takes long. "
        f"Before is {baseline}, now "
        f"{described('HEAD')}. {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the end, Python "
        f"{platform.python_version()}.",
        "",
        *table(HEADINGS, rows),
        "",
    ]
    return "\n".join(lines)


def described(commit: str) -> str:
    """Return a commit as its short hash and day."""
    return git("show", "--no-patch", "--format=%h of %cs", f"{commit}^{{commit}}")


def main() -> None:
    """Measure the examples named, or all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="deals to measure (default: all); with names nothing is written")
    parser.add_argument("--baseline", help="commit to compare with (default: the last tag)")
    parser.add_argument("--repeats", type=int, default=3, help="runs of each side (default 3)")
    given = parser.parse_args()
    commit = given.baseline or git("describe", "--tags", "--abbrev=0")
    rows = []
    with checked_out(commit) as before, tempfile.TemporaryDirectory() as folder:
        for arguments in commands(given.names, Path(folder)):
            rows.append(row_of(arguments, before, given.repeats))
            print(" | ".join(rows[-1]), file=sys.stderr, flush=True)
            if not given.names:
                write(page(rows, described(commit), given.repeats), Path(__file__).parent / "baseline.md")
    if given.names:
        print(page(rows, described(commit), given.repeats), end="")


if __name__ == "__main__":
    main()
