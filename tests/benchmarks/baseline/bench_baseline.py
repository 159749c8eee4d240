"""Time `solve` of every example and what solves many deals against an earlier commit; writes baseline.md beside this.

Both read the same deal file. The runs of a command alternate, so that what else the machine does meets both alike; the
least processor seconds count. A deal that the earlier commit cannot read has no number there.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[3]))

from tests.benchmarks.measuring import COMMAND, SOLVED, Run, limited, table, write

ROOT = Path(__file__).parents[3]
SCENARIOS = ROOT / "scenarios"
HEADINGS = ("Command", "Before s", "Now s", "Now / before", "Before MB", "Now MB", "Before elapsed s", "Now elapsed s")
QUESTIONS = (("clauses",), ("frontier",), ("curve",), ("sensitivity",), ("solve", "--levers"))
"""What solves `hybrid` many times over, with its options."""
LIMIT = 300.0
"""Seconds after which a run is stopped."""


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


def commands(names: list[str]) -> Iterator[list[str]]:
    """Yield the arguments of every command, for the examples named or all."""
    for deal in sorted(SCENARIOS.glob("*.yaml")):
        if not names or deal.stem in names:
            yield ["solve", str(deal)]
    if not names or "hybrid" in names:
        yield from ([question, str(SCENARIOS / "hybrid.yaml"), *options] for question, *options in QUESTIONS)


def measured(source: Path, arguments: list[str]) -> Run:
    """Return one run of the program in a folder; one that has no plan or is stopped counts for nothing."""
    begin = ["env", "-u", "PYTHONDONTWRITEBYTECODE", f"PYTHONPATH={source / 'solver'}"]
    run = limited([*begin, *COMMAND, *arguments], LIMIT)
    return run if run.code in SOLVED else replace(run, processor=float("inf"))


def row_of(arguments: list[str], before: Path, repeats: int) -> list[str]:
    """Return the row of a command: the least processor seconds of each side, their ratio and peaks."""
    pairs = [(measured(before, arguments), measured(ROOT, arguments)) for _ in range(repeats)]
    if pairs[0][1].code not in SOLVED:
        raise SystemExit(f"{' '.join(arguments)}: exit code {pairs[0][1].code}\n{pairs[0][1].said}")
    old, new = (min(run.processor for run in side) for side in zip(*pairs, strict=True))
    sides = list(zip(*pairs, strict=True))
    peaks = [f"{min(run.peak_mb for run in side):.0f}" for side in sides]
    elapsed = [f"{min(run.seconds for run in side):.2f}" for side in sides]
    title = f"`{' '.join([arguments[0], Path(arguments[1]).name, *arguments[2:]])}`"
    found = [f"{old:.2f}", f"{new:.2f}", f"{new / old:.2f}", *peaks, *elapsed]
    return [title, *(found if old < float("inf") else ["–", f"{new:.2f}", "–", "–", peaks[1], "–", elapsed[1]])]


def page(rows: list[list[str]], baseline: str, repeats: int) -> str:
    """Return the table with what it was measured on."""
    lines = [
        "# `deal-solve` against an earlier commit",
        "",
        f"Written by `bench_baseline.py` on {date.today():%Y-%m-%d}: processor seconds, the peak of memory and the "
        f"seconds elapsed of the whole process, the least of {repeats} runs. Before is {baseline}, now "
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
    parser.add_argument("names", nargs="*", help="examples to measure (default: all); with names nothing is written")
    parser.add_argument("--baseline", help="commit to compare with (default: the last tag)")
    parser.add_argument("--repeats", type=int, default=3, help="runs of each side, the least counts (default 3)")
    given = parser.parse_args()
    commit = given.baseline or git("describe", "--tags", "--abbrev=0")
    rows = []
    with checked_out(commit) as before:
        for arguments in commands(given.names):
            rows.append(row_of(arguments, before, given.repeats))
            print(" | ".join(rows[-1]), file=sys.stderr, flush=True)
    text = page(rows, described(commit), given.repeats)
    if given.names:
        print(text, end="")
    else:
        write(text, Path(__file__).parent / "baseline.md")


if __name__ == "__main__":
    main()
