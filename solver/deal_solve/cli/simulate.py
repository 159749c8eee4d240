"""`deal-solve simulate`: what any plan costs over as many scenarios as you like."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from deal_solve.cli.support.months import in_one_month
from deal_solve.cli.support.options import (
    DealFile,
    deal_argument,
    json_option,
    load_deal,
    plan_option,
    scenario_options,
    verbose_option,
    workers_options,
)
from deal_solve.cli.support.solving import read_plan
from deal_solve.messages import counted

if TYPE_CHECKING:
    from deal_solve.analysis.simulate.result import Simulation
    from deal_solve.deal.deal import Deal
    from deal_solve.plan.plan import Plan
    from deal_solve.uncertainty.scenario_set import Scenarios, ScenarioSet


@click.command(
    epilog="Example:  deal-solve simulate deal.yaml --plan result.json --scenarios 1048576 --jobs 4",
)
@deal_argument
@plan_option
@click.option("--versus", "other_file", metavar="FILE", help="Another plan, settled in the same scenarios.")
@scenario_options
@workers_options
@click.option("--out", "outcomes_path", metavar="FILE", help="Write every outcome as Parquet, one row per scenario.")
@json_option("all of it")
@verbose_option
def command(
    deal_file: DealFile,
    plan_file: str,
    other_file: str | None,
    jobs: int,
    cluster: str | None,
    outcomes_path: str | None,
    json_file: str | None,
    scenarios_from: Callable[[Deal], Scenarios],
    verbose: bool,
) -> int:
    """Settle a plan over the scenarios of DEAL, block by block, and print the distribution of its cost.

    Memory does not grow with the number of scenarios but for one number each. The same seed gives the same bits in one
    process, in several, and on a cluster.
    """
    from deal_solve.analysis.simulate.outcomes_file import outcomes_file
    from deal_solve.analysis.simulate.simulate import simulate
    from deal_solve.cli.support.executor import executor_of
    from deal_solve.files import refuse_unwritable, replacing
    from deal_solve.plan.proposal import load_proposal

    if json_file and json_file != "-":
        refuse_unwritable(json_file)
    month = load_proposal(plan_file).signing_month
    deal = in_one_month(load_deal(deal_file), month)
    scenarios = scenarios_from(deal)
    first = _first(scenarios)
    plan, assumed = _plan(deal, first, plan_file)
    baseline = _plan(deal, first, other_file)[0] if other_file else None
    with ExitStack() as stack:
        written = stack.enter_context(replacing(outcomes_path)) if outcomes_path else None
        outcomes = stack.enter_context(outcomes_file(written, outcomes_path)) if written else None
        executor, workers = stack.enter_context(executor_of(jobs, cluster))
        simulation = simulate(
            deal,
            plan,
            scenarios,
            baseline=baseline,
            executor=executor,
            ahead=4 * workers,
            progress=_progress(scenarios.size) if verbose or sys.stderr.isatty() else None,
            outcomes=outcomes,
        )
    _print(replace(simulation, assumed=assumed), json_file)
    return 0


def _first(scenarios: Scenarios) -> ScenarioSet:
    """Return scenarios enough to complete a plan: all that are in memory, or a first block of sampled ones."""
    from deal_solve.uncertainty.sampling import SampledSet
    from deal_solve.uncertainty.scenario_set import BLOCK

    if isinstance(scenarios, SampledSet):
        scenarios = replace(scenarios, size=min(scenarios.size, BLOCK))
    return scenarios.in_memory()


def _plan(deal: Deal, scenarios: ScenarioSet, path: str) -> tuple[Plan, tuple[str, ...]]:
    """Return the complete plan of a file, and what was assumed."""
    from deal_solve.plan.completion.complete import complete

    return read_plan(deal, path, lambda given: complete(deal, given, scenarios))


def _progress(total: int) -> Callable[[int], None]:
    """Return what tells how far a run is, once a second: scenarios done, scenarios a second, seconds left."""
    began = reported = time.monotonic()

    def report(done: int) -> None:
        nonlocal reported
        now = time.monotonic()
        if now - reported < 1 and done < total:
            return
        reported = now
        rate = done / max(now - began, 1e-9)
        left = (total - done) / rate
        text = (
            f"{now - began:6.1f} s  {done:,} of {counted(total, 'scenario')}, {rate:,.0f} a second, {left:,.0f} s left"
        )
        click.echo(text, err=True)

    return report


def _print(simulation: Simulation, json_file: str | None) -> None:
    from deal_solve.cli.support.printing import write_json
    from deal_solve.outputs import text_of, to_json

    if json_file:
        write_json(json_file, to_json(simulation))
    if json_file != "-":
        click.echo(text_of(simulation), nl=False)
