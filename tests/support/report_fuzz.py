"""Run the fuzzer and write what it found.

`python -m tests.support.report_fuzz --seed 1 --check 10000 --solve 1500` writes tests/benchmarks/fuzz-report.md;
`--only check:4711` runs one case again and prints its verdict. Cases run in processes of CHUNK cases each, so that one
that hangs ends with its chunk and is named. With `--keep FOLDER` every chunk is kept there as it is done, and a run
that was stopped goes on after the last one.
"""

import argparse
import faulthandler
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from tests.support.fuzz.judge import Verdict, judged_check, judged_solve
from tests.support.paths import ROOT

CHUNK = {"check": 250, "solve": 25}
JUDGES = {"check": judged_check, "solve": judged_solve}
HUNG_SECONDS = 150
"""After this a process ends and says where it was."""
MAX_MEGABYTES = 2000
REPORT = ROOT / "tests" / "benchmarks" / "fuzz-report.md"


@dataclass(frozen=True)
class Chunk:
    """What the cases of one process came to, and the most memory that it held."""

    verdicts: tuple[Verdict, ...]
    megabytes: float
    lost: str = ""


def run_chunk(kind: str, seed: int, first: int, count: int) -> Chunk:
    """Run cases in a process of their own."""
    command = [sys.executable, "-m", "tests.support.report_fuzz", "--run", kind, str(seed), str(first), str(count)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    verdicts = tuple(Verdict(**line) for line in lines if "kind" in line)
    end = next((line for line in lines if "megabytes" in line), None)
    lost = "" if end else f"case {first + len(verdicts)} ended its process: {done.stderr[-1500:]}"
    return Chunk(verdicts, end["megabytes"] if end else 0.0, lost)


def kept_chunk(folder: Path | None, kind: str, seed: int, first: int, count: int) -> Chunk:
    """Return the chunk that a folder has from an earlier run, or run it and keep it there; None keeps nothing."""
    if folder is None:
        return run_chunk(kind, seed, first, count)
    path = folder / f"{kind}-{seed}-{first}-{count}.json"
    if path.exists():
        found = json.loads(path.read_text(encoding="utf-8"))
        return Chunk(tuple(Verdict(**each) for each in found["verdicts"]), found["megabytes"], found["lost"])
    chunk = run_chunk(kind, seed, first, count)
    folder.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(asdict(chunk)), encoding="utf-8")
    for problem in problems(kind, [chunk]):
        print(problem, file=sys.stderr, flush=True)
    return chunk


def problems(kind: str, chunks: list[Chunk]) -> list[str]:
    """Return what is wrong with any case."""
    found = [f"{kind}:{each.number} ({each.kind}): {each.wrong}" for c in chunks for each in c.verdicts if each.wrong]
    found += [f"{kind}: {chunk.lost}" for chunk in chunks if chunk.lost]
    return [*found, *(f"{kind}: {chunk.megabytes:,.0f} MB" for chunk in chunks if chunk.megabytes > MAX_MEGABYTES)]


def chunks_of(kind: str, seed: int, count: int, jobs: int = 1, folder: Path | None = None) -> list[Chunk]:
    """Run so many cases, and return their chunks in order."""
    size = CHUNK[kind]
    with ThreadPoolExecutor(jobs) as pool:
        firsts = range(0, count, size)
        sizes = [min(size, count - first) for first in firsts]
        return list(pool.map(partial(kept_chunk, folder, kind, seed), firsts, sizes))


def _run(kind: str, seed: int, first: int, count: int) -> None:
    for number in range(first, first + count):
        faulthandler.dump_traceback_later(HUNG_SECONDS, exit=True)
        with tempfile.TemporaryDirectory() as folder:
            print(json.dumps(asdict(JUDGES[kind](seed, number, Path(folder)))), flush=True)
    print(json.dumps({"megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000}))


def _report(seed: int, counts: dict[str, int], jobs: int, folder: Path | None) -> str:
    began, lines, wrong = time.monotonic(), [], []
    for kind, count in counts.items():
        chunks = chunks_of(kind, seed, count, jobs, folder)
        verdicts = [each for chunk in chunks for each in chunk.verdicts]
        wrong += problems(kind, chunks)
        lines.append(f"| **{kind}** | {len(verdicts):,} |")
        lines += [f"| {name} | {number:,} |" for name, number in sorted(Counter(v.kind for v in verdicts).items())]
        lines.append(f"| longest case, s | {max((each.seconds for each in verdicts), default=0):.1f} |")
        lines.append(f"| most memory of a process, MB | {max((each.megabytes for each in chunks), default=0):,.0f} |")
    options = " ".join(f"--{kind} {count}" for kind, count in counts.items())
    head = [
        "# Mutated deals, proposals, scenario sets and options",
        "",
        f"`python -m tests.support.report_fuzz --seed {seed} {options}`",
        "",
        "A kind is a command with its exit code: 0 an answer, 2 refused in words, 3 no plan, 4 and 5 stopped by the",
        "limit of 20 s with and without a plan. A solve with an answer, or without a plan, is solved again with every",
        "scenario written out (*extensive*), and both must come to the same.",
        "",
        "| | |",
        "|---|---:|",
    ]
    found = [f"- {each}" for each in wrong] or ["None."]
    took = f"{(time.monotonic() - began) / 60:.0f} minutes on {jobs} cores."
    return "\n".join([*head, *lines, "", "## What went wrong", "", *found, "", took, ""])


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--check", type=int, default=10_000)
    parser.add_argument("--solve", type=int, default=1_500)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--keep", type=Path, help="folder of the chunks that are done")
    parser.add_argument("--only", metavar="KIND:NUMBER")
    parser.add_argument("--run", nargs=4, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.run:
        _run(given.run[0], *map(int, given.run[1:]))
    elif given.only:
        kind, _, number = given.only.partition(":")
        with tempfile.TemporaryDirectory() as folder:
            print(JUDGES[kind](given.seed, int(number), Path(folder)))
    else:
        counts = {"check": given.check, "solve": given.solve}
        REPORT.write_text(_report(given.seed, counts, given.jobs, given.keep), encoding="utf-8")


if __name__ == "__main__":
    main()
