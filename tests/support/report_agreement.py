"""Solve many generated deals and write what was found: mismatches, and what every clause value does.

    python -m tests.support.report_agreement --deals 3000 --seed 1 --jobs 2 --out tests/benchmarks/agreement-report.md

Deal number i of a seed is always the same, whatever the number of processes. With `--seconds` no deal begins later, and
the report says how many there were.
"""

import argparse
import os
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from deal_solve.errors import InputError
from tests.support.agreement import outcome_of, settles_otherwise, solves_otherwise
from tests.support.clauses import CLAUSES, clauses_of
from tests.support.generators import random_deal
from tests.support.oracle import shown

OCCURS, MATTERS = 0.05, 0.02
SEEDS = 20_000_000
EVERY = 20


@dataclass
class Record:
    """What one deal showed. `settles[clause]` and `solves[clause]`: whether it changed the cost, where it was tried."""

    number: int
    kind: str
    mismatch: str = ""
    deal: str = ""
    difference: float = 0.0
    gap: float = 0.0
    seconds: float = 0.0
    clauses: set[str] = field(default_factory=set)
    settles: dict[str, bool] = field(default_factory=dict)
    solves: dict[str, bool] = field(default_factory=dict)


def deal_of(seed: int, number: int) -> dict:
    """Return deal `number` of a seed."""
    return random_deal(np.random.default_rng([seed, number]))


def record_of(job: tuple[int, int, int, int]) -> Record:
    """Solve deal `number` of a seed; try `settles` clauses by settling again and `resolves` of the rest by solving."""
    seed, number, settles, resolves = job
    data = deal_of(seed, number)
    started = time.perf_counter()
    try:
        outcome = outcome_of(data)
    except InputError as error:
        return Record(number, "refused", str(error), shown(data))
    except Exception as error:  # every crash is a finding to report, not the end of the run
        return Record(number, "mismatch", f"{type(error).__name__}: {error}", shown(data))
    record = Record(number, outcome.kind, outcome.mismatch, difference=outcome.difference)
    record.seconds, record.clauses = time.perf_counter() - started, clauses_of(data)
    if outcome.kind == "mismatch":
        record.deal = shown(data)
    solution = outcome.solution
    if outcome.kind != "solved" or solution is None:
        return record
    record.gap = outcome.gap
    silent = []
    rng = np.random.default_rng([seed, number, SEEDS])
    for name in map(str, rng.permutation(sorted(record.clauses))[:settles]):
        changed = settles_otherwise(data, solution, name)
        record.settles[name] = bool(changed)
        if not changed:
            silent.append(name)
    for name in rng.permutation(silent)[:resolves] if silent else ():
        changed = solves_otherwise(data, solution, str(name))
        if changed is not None:
            record.solves[str(name)] = changed
    return record


@dataclass
class Row:
    """A clause value over a run: in how many deals, felt in how many, and as shares of the solved ones."""

    name: str
    deals: int
    felt: int
    occurs: float
    settles: float
    matters: float
    settled: int
    tried: int

    @property
    def flag(self) -> str:
        """What is missing, in words."""
        rare = f"occurs in less than {OCCURS:.0%}" if self.occurs < OCCURS else ""
        mute = f"matters in less than {MATTERS:.0%}" if self.matters < MATTERS else ""
        return "; ".join(filter(None, (rare, mute)))


def rows_of(records: list[Record]) -> Iterator[Row]:
    """Yield one row per clause value, each share estimated from the deals in which it was tried.

    `matters` adds to the deals whose optimal plan settles otherwise those in which it settles alike but another plan
    becomes best, estimated from the deals in which that was tried.
    """
    solved = [record for record in records if record.kind == "solved"]
    known = [record for record in records if record.clauses]
    for name in CLAUSES:
        deals = sum(name in record.clauses for record in known)
        occurs = deals / max(len(known), 1)
        felt = sum(record.settles.get(name, False) or record.solves.get(name, False) for record in solved)
        has = sum(name in record.clauses for record in solved) / max(len(solved), 1)
        settled = [record.settles[name] for record in solved if name in record.settles]
        changes = sum(settled) / len(settled) if settled else 0.0
        tries = [record.solves[name] for record in solved if name in record.solves]
        share = sum(tries) / len(tries) if tries else 0.0
        matters = has * (changes + (1 - changes) * share)
        yield Row(name, deals, felt, occurs, has * changes, matters, len(settled), len(tries))


def report(records: list[Record], seed: int, elapsed: float) -> str:
    """Return the report as Markdown."""
    kinds = Counter(record.kind for record in records)
    solved = [record for record in records if record.kind == "solved"]
    seconds = np.array([record.seconds for record in records if record.kind != "refused"])
    rows = list(rows_of(records))
    flagged = [row for row in rows if row.flag]
    head = [
        "# Optimiser and settlement on generated deals",
        "",
        f"`python -m tests.support.report_agreement --deals {len(records)} --seed {seed}`",
        "",
        "| | |",
        "|---|---:|",
        f"| deals | {len(records):,} |",
        f"| solved, optimiser and settlement agree | {kinds['solved']:,} |",
        f"| no plan meets the limits | {kinds['infeasible']:,} ({kinds['infeasible'] / max(len(records), 1):.1%}) |",
        f"| mismatches | {kinds['mismatch']:,} |",
        f"| refused as input | {kinds['refused']:,} |",
        f"| worst relative difference (settled objective to the search's) | {_worst(solved, 'difference'):.1e} |",
        f"| worst gap | {_worst(solved, 'gap'):.1e} |",
        f"| seconds per solve: median, mean, 99 %, most | {_seconds(seconds)} |",
        f"| minutes in all | {elapsed / 60:.0f} |",
        f"| clause values | {len(rows)} |",
        f"| clause values that occur or matter too rarely | {len(flagged)} |",
        "",
        "## Clause values",
        "",
        "*in*: deals that have it. *felt*: of the deals in which it was tried, those in which it changes what the",
        "optimal plan costs, or another plan becomes the best one.",
        "*occurs*: share of the deals that have it. *settles*: share of the solved deals whose optimal plan costs",
        "something else (more than a cent in some scenario) once the clause is replaced by a neutral alternative,",
        "estimated from the deals in which that was tried (*settled*).",
        "*matters*: the same, or another plan becomes the best one and costs something else (or none is left); the",
        "second is estimated from the deals in which the neutral deal was solved again (*tried*).",
        "",
        "| clause value | in | felt | occurs | settles | matters | settled | tried | |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---|",
    ]
    table = [
        f"| {row.name} | {row.deals:,} | {row.felt:,} | {row.occurs:.1%} | {row.settles:.1%} | {row.matters:.1%} "
        f"| {row.settled} | {row.tried} | {row.flag} |"
        for row in rows
    ]
    return "\n".join([*head, *table, *_findings(records)]) + "\n"


def _worst(records: list[Record], what: str) -> float:
    return max((getattr(record, what) for record in records), default=0.0)


def _seconds(seconds: np.ndarray) -> str:
    if not len(seconds):
        return "none"
    return f"{np.median(seconds):.2f}, {seconds.mean():.2f}, {np.quantile(seconds, 0.99):.2f}, {seconds.max():.2f}"


def _findings(records: list[Record]) -> Iterator[str]:
    found = [record for record in records if record.kind in ("mismatch", "refused")]
    if found:
        yield from ("", "## Mismatches", "")
    for record in found:
        yield f"- deal {record.number}: {record.mismatch.replace(chr(10), '; ')}"


def run(deals: int, seed: int, jobs: int, settles: int, resolves: int) -> Iterator[Record]:
    """Yield the records of a run in the order of the deals."""
    work = [(seed, number, settles, resolves * (number % EVERY == 0)) for number in range(deals)]
    if jobs == 1:
        yield from map(record_of, work)
        return
    with ProcessPoolExecutor(jobs) as pool:
        try:
            yield from pool.map(record_of, work, chunksize=8)
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def main() -> None:
    """Run, with progress on stderr, and write the report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--deals", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--settles", type=int, default=8, help="clauses per deal tried by settling its plan again")
    parser.add_argument("--resolves", type=int, default=4, help="clauses per 20th deal tried by solving again")
    parser.add_argument("--seconds", type=float, help="stop after so long, with a report of what there is")
    parser.add_argument("--out", type=Path, default=Path("tests/agreement-report.md"))
    given = parser.parse_args()
    started, records = time.monotonic(), []
    for record in run(given.deals, given.seed, given.jobs, given.settles, given.resolves):
        records.append(record)
        if given.seconds is not None and time.monotonic() - started > given.seconds:
            break
        if record.mismatch:
            print(f"deal {record.number}: {record.mismatch}", file=sys.stderr)
        if len(records) % 500 == 0:
            print(f"{len(records)} deals, {time.monotonic() - started:.0f} s", file=sys.stderr)
            write(given.out, report(records, given.seed, time.monotonic() - started))
    write(given.out, report(records, given.seed, time.monotonic() - started))


def write(path: Path, text: str) -> None:
    """Write a report whole or not at all: a run that is stopped leaves the last one."""
    temporary = path.with_name(path.name + ".tmp")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path)


if __name__ == "__main__":
    main()
