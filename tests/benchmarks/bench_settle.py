"""Measure how many scenario-years a second are settled on the two pinned deals; writes settle.md beside this file."""

from __future__ import annotations

import argparse
import multiprocessing
import os
import platform
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from datetime import date
from multiprocessing.synchronize import Barrier

import numpy as np
from measuring import HERE, table, write
from threadpoolctl import threadpool_limits

from deal_solve import load, load_proposal
from deal_solve.deal.deal import Deal
from deal_solve.plan.completion.complete import complete
from deal_solve.plan.plan import Plan
from deal_solve.settlement.settle import settle
from deal_solve.uncertainty.sampling import sample
from deal_solve.uncertainty.scenario_set import BLOCK, ScenarioSet

TARGETS = {"plain": 2_000_000, "full": 800_000}
"""Scenario-years a second on two cores, from memory."""
BLOCKS = 8
ONE_BY_ONE = 128
SAME = 1e-9
HEADINGS = ("Deal", "One by one", "One core", "Two cores", "Times one by one", "Target, two cores", "Reached")

_barrier: Barrier | None = None


def prepared(name: str) -> tuple[Deal, Plan, list[ScenarioSet]]:
    """Return a deal, its plan, and blocks of sampled scenarios in memory."""
    deal = load(HERE / f"{name}.yaml")
    futures = sample(deal, BLOCKS * BLOCK, seed=1)
    plan, _ = complete(deal, load_proposal(HERE / "plans" / f"{name}.yaml"), futures.block(0))
    return deal, plan, [futures.block(index) for index in range(BLOCKS)]


def rate(work: Callable[[], int], years: int, repeats: int) -> float:
    """Return scenario-years a processor second of the fastest run of `work`, which returns the scenarios it settled.

    Processor time leaves out what other programs take from a shared machine; on an idle one it is the time that passes.
    """
    fastest = 0.0
    for _ in range(repeats):
        before = time.process_time()
        scenarios = work()
        fastest = max(fastest, scenarios * years / (time.process_time() - before))
    return fastest


def in_blocks(name: str, repeats: int) -> float:
    """Return the rate block by block with one BLAS thread; with a barrier every process starts at once."""
    deal, plan, blocks = prepared(name)

    def work() -> int:
        return sum(len(settle(deal, plan, block).cost) for block in blocks)

    with threadpool_limits(1, "blas"):
        work()
        if _barrier:
            _barrier.wait()
        return rate(work, deal.years, repeats)


def one_by_one(name: str, repeats: int) -> float:
    """Return the rate of a plain loop over scenarios; stops if a block finds other costs."""
    deal, plan, blocks = prepared(name)
    alone = [blocks[0].take(index) for index in range(ONE_BY_ONE)]
    found = np.array([settle(deal, plan, each).cost[0] for each in alone])
    if not np.allclose(found, settle(deal, plan, blocks[0]).cost[:ONE_BY_ONE], rtol=SAME, atol=0):
        raise SystemExit(f"{name}: a block and its scenarios one by one differ")
    return rate(lambda: sum(len(settle(deal, plan, each).cost) for each in alone), deal.years, repeats)


def _meet(barrier: Barrier) -> None:
    global _barrier
    _barrier = barrier


def on_two_cores(name: str, repeats: int) -> float:
    """Return the sum of the rates of two processes that run at the same time."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(2, context, initializer=_meet, initargs=(context.Barrier(2),)) as pool:
        return sum(pool.map(in_blocks, [name] * 2, [repeats] * 2))


def row(name: str, repeats: int) -> list[str]:
    """Return the row of one deal."""
    slow, one, two = one_by_one(name, repeats), in_blocks(name, repeats), on_two_cores(name, repeats)
    target = TARGETS[name]
    reached = f"{two / target:.0%}" if two >= target else f"{two / target:.0%}, missed by {1 - two / target:.0%}"
    return [
        f"`{name}.yaml`",
        *(f"{each:,.0f}" for each in (slow, one, two)),
        f"{two / slow:.0f}",
        f"{target:,}",
        reached,
    ]


def page(rows: list[list[str]], repeats: int) -> str:
    """Return the table with what it was measured on."""
    lines = [
        "# Settlement from memory",
        "",
        f"Written by `bench_settle.py` on {date.today():%Y-%m-%d}: scenario-years a second of processor time, which "
        f"on an idle machine is the time that passes; {BLOCKS} blocks of {BLOCK:,} sampled scenarios, the fastest of "
        f"{repeats} runs; {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the end, Python "
        f"{platform.python_version()}, numpy {np.__version__}. One by one is a loop that settles "
        f"{ONE_BY_ONE} scenarios "
        "each on its own, to the same costs; two cores are two processes at the same time.",
        "",
        *table(HEADINGS, rows),
        "",
    ]
    return "\n".join(lines)


def main() -> None:
    """Measure both deals, or one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "names", nargs="*", choices=[*TARGETS, []], help="deals (default: both, and the table is written)"
    )
    parser.add_argument("--repeats", type=int, default=20, help="runs of each kind, the fastest counts (default 20)")
    given = parser.parse_args()
    rows = []
    for name in given.names or TARGETS:
        rows.append(row(name, given.repeats))
        print(" | ".join(rows[-1]), file=sys.stderr, flush=True)
    if not given.names:
        write(page(rows, given.repeats), HERE / "settle.md")


if __name__ == "__main__":
    main()
