"""Solve many generated deals and write what was found: mismatches, and what every clause value does.

    python -m tests.support.report_agreement --deals 3000 --seed 1 --jobs 2 --keep FOLDER

Deal number i of a seed is always the same, whatever the number of processes. Chunks that are done are kept in the
folder, and a run that was stopped goes on after them; with `--seconds` no chunk begins later, and the report says how
many deals there were. `--only 17` prints what one deal came to.
"""

import argparse
import json
import os
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np

from deal_solve.errors import InputError
from deal_solve.optimise.signing import solve
from deal_solve.optimise.solution import Solution
from tests.support.agreement import outcome_of, settles_otherwise, solves_otherwise
from tests.support.agreement.audit import audit_of
from tests.support.clauses import CLAUSES, clauses_of
from tests.support.generators import whole_deal
from tests.support.generators.estimate import read
from tests.support.oracle import shown
from tests.support.paths import ROOT

OCCURS, MATTERS = 0.05, 0.02
SEEDS = 20_000_000
CHUNK, SETTLES, RESOLVES, PLANS, MORE = 25, 2, 0.5, 25, 150
"""Deals of a chunk; in how many of them a clause is tried by settling; how often in one by solving again; stated plans
of every second deal; in how many more deals of the run a clause is tried that seems to matter too rarely."""
REPORT = ROOT / "tests" / "benchmarks" / "agreement-report.md"


@dataclass
class Record:
    """What one deal showed. `settles[clause]` and `solves[clause]`: whether it changed the cost, where it was tried.

    `settles` is None where the plan makes use of the clause, so that it cannot be settled without.
    """

    number: int
    kind: str
    mismatch: str = ""
    deal: str = ""
    difference: float = 0.0
    gap: float = 0.0
    seconds: float = 0.0
    by_rows: bool = False
    by_cbc: bool = False
    plans: int = 0
    clauses: list[str] = field(default_factory=list)
    settles: dict[str, bool | None] = field(default_factory=dict)
    solves: dict[str, bool] = field(default_factory=dict)


def deal_of(seed: int, number: int) -> dict:
    """Return deal `number` of a seed."""
    return whole_deal(np.random.default_rng([seed, number]))


def records_of(seed: int, first: int, count: int) -> list[Record]:
    """Return the records of a chunk."""
    deals = {number: deal_of(seed, number) for number in range(first, first + count)}
    tries = Tries.drawn({number: sorted(clauses_of(data)) for number, data in deals.items()}, (seed, first, SEEDS))
    return [_record(number, data, tries) for number, data in deals.items()]


@dataclass
class Tries:
    """Which clauses are tried in which deals of a chunk: drawn for each apart, so that no kind of deal is preferred.

    `settled[number]` are those tried by settling a deal's plan, `solved[number]` those of them that are tried by
    solving again if neither that nor the deal before it of the same clause showed a difference (`felt`). Where a plan
    cannot be settled without a clause, the deal is always solved again.
    """

    settled: dict[int, list[str]] = field(default_factory=dict)
    solved: dict[int, list[str]] = field(default_factory=dict)
    felt: set[str] = field(default_factory=set)

    @classmethod
    def drawn(cls, clauses: dict[int, list[str]], seed: tuple[int, ...]) -> "Tries":
        """Draw the tries of a chunk from the clauses of its deals."""
        rng, tries = np.random.default_rng(seed), cls()
        for name in CLAUSES:
            holders = [number for number, names in clauses.items() if name in names]
            chosen = sorted(map(int, rng.permutation(holders)[:SETTLES]))
            for number in chosen:
                tries.settled.setdefault(number, []).append(name)
            if chosen and rng.random() < RESOLVES:
                tries.solved.setdefault(chosen[-1], []).append(name)
        return tries


def _record(number: int, data: dict, tries: Tries) -> Record:
    started = time.perf_counter()
    try:
        outcome = outcome_of(data)
        record = Record(number, outcome.kind, outcome.mismatch, difference=outcome.difference, gap=outcome.gap)
        record.seconds, record.clauses = time.perf_counter() - started, sorted(clauses_of(data))
        if outcome.kind != "mismatch":
            audit = audit_of(read(data), outcome, PLANS * (number % 2), with_cbc=number % 4 != 0)
            record.by_rows, record.by_cbc, record.plans = audit.by_rows, audit.by_cbc, audit.plans
            if audit.wrong:
                record.kind, record.mismatch = "mismatch", audit.wrong
    except InputError as error:
        return Record(number, "refused", str(error), shown(data))
    except Exception as error:  # every crash is a finding to report, not the end of the run
        return Record(number, "mismatch", f"{type(error).__name__}: {error}", shown(data))
    if record.kind == "mismatch":
        record.deal = shown(data)
    if record.kind == "solved" and outcome.solution is not None:
        _try_clauses(record, data, outcome.solution, tries)
    return record


def _try_clauses(record: Record, data: dict, solution: Solution, tries: Tries) -> None:
    """Settle the plan, and solve again, where a clause of the deal is neutral."""
    for name in tries.settled.get(record.number, ()):
        record.settles[name] = changed = settles_otherwise(data, solution, name)
        if changed:
            tries.felt.add(name)
    drawn = tries.solved.get(record.number, ())
    for name, settled in record.settles.items():
        if settled is None or (name in drawn and name not in tries.felt):
            changed = solves_otherwise(data, solution, name)
            if changed is not None:
                record.solves[name] = changed


def tried_again(seed: int, number: int, names: list[str]) -> Record:
    """Return a record in which clauses of a deal were tried, by solving again where settling shows nothing."""
    data, record = deal_of(seed, number), Record(number, "solved")
    _try_clauses(record, data, solve(read(data)), Tries(settled={number: names}, solved={number: names}))
    return record


def more_tries(records: list[Record], seed: int) -> dict[int, list[str]]:
    """Return by deal the clauses to try in it that seem to matter too rarely so far."""
    rng, tries = np.random.default_rng((seed, MORE)), dict[int, list[str]]()
    for name in [row.name for row in rows_of(records) if row.matters < MATTERS]:
        holders = [r.number for r in records if r.kind == "solved" and name in r.clauses and name not in r.settles]
        for number in rng.permutation(holders)[:MORE]:
            tries.setdefault(int(number), []).append(name)
    return tries


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

    `matters` adds to the deals whose optimal plan settles otherwise those in which it settles alike, or needs it, and
    the best plan without costs something else, each estimated from the deals in which that was tried.
    """
    solved = [record for record in records if record.kind == "solved"]
    known = [record for record in records if record.clauses]
    for name in CLAUSES:
        deals = sum(name in record.clauses for record in known)
        occurs = deals / max(len(known), 1)
        felt = sum(bool(record.settles.get(name) or record.solves.get(name)) for record in solved)
        has = sum(name in record.clauses for record in solved) / max(len(solved), 1)
        settled = Counter(record.settles[name] for record in solved if _is_tried(record, name))
        share = {seen: _changed_share(solved, name, seen) for seen in (False, None)}
        tries = sum(name in record.solves for record in solved)
        changed = sum(settled[seen] * share[seen] for seen in share)
        per_try = has / max(sum(settled.values()), 1)
        matters = per_try * (settled[True] + changed)
        yield Row(name, deals, felt, occurs, per_try * settled[True], matters, sum(settled.values()), tries)


def _is_tried(record: Record, name: str) -> bool:
    """Whether a clause was tried in a deal: one without which the plan cannot be settled, by solving again."""
    return record.settles.get(name) is not None or name in record.solves


def _changed_share(solved: list[Record], name: str, settled: bool | None) -> float:
    """Return how often solving again made a difference where settling said so."""
    found = [r.solves[name] for r in solved if name in r.solves and r.settles[name] is settled]
    return sum(found) / max(len(found), 1)


def report(records: list[Record], seed: int) -> str:
    """Return the report as Markdown."""
    kinds = Counter(record.kind for record in records)
    solved = [record for record in records if record.kind == "solved"]
    rows = list(rows_of(records))
    flagged = [row for row in rows if row.flag]
    head = [
        "# Optimiser and settlement on generated deals",
        "",
        f"`python -m tests.support.report_agreement --deals {len(records)} --seed {seed}`",
        "",
        "Every deal is solved by cuts, settled apart from the program, and solved again with every scenario written",
        "out, by HiGHS and three of four by CBC, where that takes 6 s at most. Stated plans of every second deal, and",
        "plans next to the optimal one of each, are settled: none may be worth less than the bound. What workloads and",
        "cohorts are allocated adds up to the cost.",
        "",
        "| | |",
        "|---|---:|",
        f"| deals | {len(records):,} |",
        f"| solved, optimiser and settlement agree | {kinds['solved']:,} |",
        f"| no plan meets the limits | {kinds['infeasible']:,} ({kinds['infeasible'] / max(len(records), 1):.1%}) |",
        f"| mismatches | {kinds['mismatch']:,} |",
        f"| the same with every scenario written out, HiGHS | {sum(r.by_rows for r in records):,} |",
        f"| the same with every scenario written out, CBC | {sum(r.by_cbc for r in records):,} |",
        f"| stated plans within the limits, none better | {sum(r.plans for r in records):,} "
        f"of {sum(r.plans > 0 for r in records):,} deals |",
        f"| refused as input | {kinds['refused']:,} |",
        f"| worst relative difference (settled objective to the search's) | {_worst(solved, 'difference'):.1e} |",
        f"| worst gap | {_worst(solved, 'gap'):.1e} |",
        f"| clause values | {len(rows)} |",
        f"| clause values that occur or matter too rarely | {len(flagged)} |",
        "",
        "## Clause values",
        "",
        "*in*: deals that have it; *occurs*: their share. Each clause is replaced by a neutral alternative in some of",
        "them. *settles*: share of the solved deals whose optimal plan then costs something else (more than a cent in",
        "some scenario), estimated from the *settled* ones. *matters*: the same, or another plan becomes the best one",
        "and costs something else (or none is left), estimated from those that were solved again too (*tried*).",
        "*felt*: deals of these in which it matters. A clause that seemed to matter too rarely was tried in up to",
        f"{MORE} more of the deals.",
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


def _seconds(records: list[Record]) -> str:
    seconds = np.array([record.seconds for record in records if record.kind != "refused"])
    if not len(seconds):
        return "no solves"
    shown = ", ".join(f"{value:.2f}" for value in (*np.quantile(seconds, (0.5, 0.99, 1)), seconds.mean()))
    return f"seconds per solve: median, 99 %, most, mean: {shown}"


def _findings(records: list[Record]) -> Iterator[str]:
    found = [record for record in records if record.kind in ("mismatch", "refused")]
    if found:
        yield from ("", "## Mismatches", "")
    for record in found:
        yield f"- deal {record.number}: {record.mismatch.replace(chr(10), '; ')}"


def kept_chunk(folder: Path, seed: int, first: int, count: int) -> tuple[list[Record], float]:
    """Return (the records of a chunk, seconds that it took), which a folder has or keeps from now on."""
    path = folder / f"agreement-{seed}-{first}-{count}.json"
    if path.exists():
        kept = json.loads(path.read_text(encoding="utf-8"))
        return [Record(**each) for each in kept["records"]], kept["seconds"]
    began = time.monotonic()
    records = records_of(seed, first, count)
    seconds = time.monotonic() - began
    write(path, json.dumps({"seconds": seconds, "records": [asdict(record) for record in records]}))
    return records, seconds


def run(folder: Path, seed: int, deals: int, jobs: int, seconds: float | None) -> list[Record]:
    """Return the records of a run in the order of the deals, with progress on stderr."""
    found: dict[int, list[Record]] = {}
    began, total = time.monotonic(), 0.0
    with ProcessPoolExecutor(jobs) as pool:
        waiting = {
            pool.submit(kept_chunk, folder, seed, first, min(CHUNK, deals - first)): first
            for first in range(0, deals, CHUNK)
        }
        for done in as_completed(waiting):
            records, took = done.result()
            found[waiting[done]] = records
            total += took
            for record in records:
                if record.mismatch:
                    print(f"deal {record.number}: {record.mismatch[:1000]}", file=sys.stderr, flush=True)
            print(f"{sum(map(len, found.values()))} deals, {total:.0f} s", file=sys.stderr, flush=True)
            if seconds is not None and time.monotonic() - began > seconds:
                pool.shutdown(wait=False, cancel_futures=True)
                break
    return [record for first in sorted(found) for record in found[first]]


def try_more(folder: Path, seed: int, jobs: int, records: list[Record]) -> None:
    """Add tries of the clauses that seem to matter too rarely to the records of a run; each deal's are kept."""
    by_number = {record.number: record for record in records}
    with ProcessPoolExecutor(jobs) as pool:
        tries = more_tries(records, seed).items()
        for tried in [pool.submit(kept_tries, folder, seed, number, names) for number, names in tries]:
            found = tried.result()
            by_number[found.number].settles |= found.settles
            by_number[found.number].solves |= found.solves


def kept_tries(folder: Path, seed: int, number: int, names: list[str]) -> Record:
    """Return the record of more tries in a deal, which a folder has or keeps from now on."""
    path = folder / f"tries-{seed}-{number}.json"
    if not path.exists():
        write(path, json.dumps(asdict(tried_again(seed, number, names))))
    return Record(**json.loads(path.read_text(encoding="utf-8")))


def main() -> None:
    """Run, with progress on stderr, and write the report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--deals", type=int, default=3_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--seconds", type=float, help="begin no chunk later, and report what there is")
    parser.add_argument("--keep", type=Path, required=True, help="folder of the chunks that are done")
    parser.add_argument("--only", type=int, metavar="NUMBER")
    parser.add_argument("--out", type=Path, default=REPORT)
    given = parser.parse_args()
    if given.only is not None:
        print(_record(given.only, deal_of(given.seed, given.only), Tries()))
        return
    given.keep.mkdir(parents=True, exist_ok=True)
    records = run(given.keep, given.seed, given.deals, given.jobs, given.seconds)
    try_more(given.keep, given.seed, given.jobs, records)
    print(_seconds(records), file=sys.stderr)
    write(given.out, report(records, given.seed))


def write(path: Path, text: str) -> None:
    """Write a file whole or not at all: a run that is stopped leaves the last one."""
    temporary = path.with_name(path.name + ".tmp")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path)


if __name__ == "__main__":
    main()
