"""Arguments and options that several commands share, and what they load. Nothing heavy is imported at the top."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial, wraps
from typing import TYPE_CHECKING, Any, TypeVar

import click

from deal_solve.cli.support import completion
from deal_solve.currency import report_in

if TYPE_CHECKING:
    from deal_solve.deal.deal import Deal
    from deal_solve.deal.yaml_source import Source
    from deal_solve.optimise.solver.progress import Progress, Watcher
    from deal_solve.uncertainty.sampling import SamplingMethod
    from deal_solve.uncertainty.scenario_set import Scenarios

F = TypeVar("F", bound=Callable[..., Any])

RISK = ("risk", "confidence", "risk_on", "criterion")
"""What `risk_options` adds."""
SOLVER = ("solver", "method", "gap", "time_limit")
"""What `solver_options` adds."""

fix_option = click.option(
    "--fix", "fix_file", metavar="FILE", help="A proposal whose parts are pinned; the rest is optimised."
)
verbose_option = click.option("-v", "--verbose", is_flag=True, help="Show progress even if stderr is no terminal.")
order_option = click.option(
    "--order",
    type=click.Choice(["highest-ratio", "chronological"]),
    default="highest-ratio",
    show_default=True,
    help="In which order usage draws down the commitment within a period.",
)
fiscal_option = click.option(
    "--fiscal-year-start",
    type=click.IntRange(1, 12),
    metavar="MONTH",
    help="First month of your fiscal year, 01 to 12: yearly figures are per fiscal year.  [default: contract years]",
)
plan_option = click.option(
    "--plan",
    "plan_file",
    metavar="FILE",
    required=True,
    help="A proposal, such as {api: {offer: quote}, seats: {team-standard: {contracted: 200}}}, a plan, or a result of "
    "solve.",
)
routing_option = click.option(
    "--routing",
    type=click.Choice(["today", "best"]),
    default="today",
    show_default=True,
    help="Routing where the proposal has none: as today, or the cheapest under the proposal.",
)


def json_option(what: str) -> Callable[[F], F]:
    """Return the decorator that adds `--json`, which writes what the command answers or prints it instead."""
    stated = f"Write {what} as JSON; - prints it instead of the text."
    return click.option("--json", "json_file", metavar="FILE|-", help=stated)


@dataclass(frozen=True)
class DealFile:
    """The deal file of a command line, and what `--set` changes in it."""

    path: str
    changes: tuple[str, ...] = ()


def offer_option(what: str) -> Callable[[F], F]:
    """Return the decorator that adds `--offer`, the offer whose bands or clauses the command is about."""
    stated = f"The offer whose {what}.  [default: that of the best deal]"
    return click.option("--offer", metavar="NAME", shell_complete=completion.offers, help=stated)


def deal_argument(command: F) -> F:
    """Add the deal file and `--set`; the command gets both as one `DealFile`."""

    @wraps(command)
    def collected(*args: Any, deal_file: str, changes: tuple[str, ...], **rest: Any) -> Any:
        return command(*args, deal_file=DealFile(deal_file, changes), **rest)

    option = click.option(
        "--set",
        "changes",
        multiple=True,
        metavar="PATH=VALUE",
        shell_complete=completion.paths,
        help="What if: a field by its dotted path and its value, as the file would write it; may be repeated, and * is "
        "every name.",
    )
    argument = click.argument("deal_file", metavar="DEAL", type=click.Path())
    return argument(option(collected))  # type: ignore[return-value]


class _Number(click.FloatRange):
    """A number in a range; nan and infinity, which no range refuses, are none."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the number, or fail as click does."""
        number = super().convert(value, param, ctx)
        return number if math.isfinite(number) else self.fail(f"{value!r} is not a number", param, ctx)


def risk_options(command: F) -> F:
    """Add the options that replace the risk of the deal file."""
    options = [
        click.option(
            "--risk",
            metavar="RISK",
            shell_complete=completion.risks,
            help="neutral, balanced, cautious, or a weight from 0 to 1.",
        ),
        click.option("--confidence", metavar="SHARE", help="Confidence of CVaR: 0.95 is the worst 5 % of scenarios."),
        click.option("--risk-on", type=click.Choice(["loss", "cost"]), help="What the risk is measured on."),
        click.option(
            "--criterion", type=click.Choice(["expected", "worst", "regret"]), help="Expected with CVaR, or one other."
        ),
    ]
    for option in reversed(options):
        command = option(command)
    return command


time_limit_option = click.option(
    "--time-limit",
    type=_Number(min=0, min_open=True),
    help="Seconds of the whole question (of a sweep: of each run), then hand over what there is.",
)


def solver_options(command: F) -> F:
    """Add the options of a solve."""
    options = [
        click.option("--solver", default="highs", show_default=True, help="highs, cbc, or a name PuLP knows."),
        click.option(
            "--method",
            type=click.Choice(["decomposition", "extensive"]),
            default="decomposition",
            show_default=True,
            help="By cuts, or with every scenario written out (the audit).",
        ),
        click.option("--gap", type=_Number(min=0), default=1e-6, show_default=True, help="Relative gap to prove."),
        time_limit_option,
    ]
    for option in reversed(options):
        command = option(command)
    return command


def workers_options(command: F) -> F:
    """Add the options that say where the work is done."""
    jobs = click.option(
        "--jobs", metavar="N", type=click.IntRange(1, 1024), default=1, show_default=True, help="Processes."
    )
    cluster = click.option(
        "--cluster", metavar="ADDRESS", help="A Dask scheduler, such as tcp://host:8786, instead of --jobs."
    )
    return jobs(cluster(command))


def scenario_options(command: F) -> F:
    """Add the options that replace the scenarios of the deal file, and the bound on the memory that they may take.

    The command gets a function of the deal.
    """

    @wraps(command)
    def collected(
        *args: Any, scenarios: str | None, seed: int | None, sampling: Any, memory: str | None, **rest: Any
    ) -> Any:
        from deal_solve.memory import bounded_memory

        with bounded_memory(_bytes(memory)):
            return command(*args, scenarios_from=partial(_scenarios, scenarios, seed, sampling), **rest)

    options = [
        click.option(
            "--scenarios",
            metavar="N|FILE",
            help="Sample N scenarios (best a power of two), or read them from a Parquet file.  "
            "[default: the deal's own]",
        ),
        click.option("--seed", type=int, metavar="S", help="Seed of --scenarios N.  [default: 20270101]"),
        click.option(
            "--sampling", type=click.Choice(["sobol", "random"]), help="How --scenarios N draws.  [default: sobol]"
        ),
        click.option(
            "--memory",
            metavar="SIZE",
            help="Refuse what would take more memory than SIZE, such as 8GB.  [default: half of what is free]",
        ),
    ]
    for option in reversed(options):
        collected = option(collected)
    return collected  # type: ignore[return-value]


def _bytes(memory: str | None) -> float | None:
    """Return the bytes of `--memory`, None without it."""
    from deal_solve.errors import InputError, Problem
    from deal_solve.memory import parse_size

    try:
        return None if memory is None else parse_size(memory)
    except ValueError as error:
        raise InputError(Problem("--memory", str(error))) from None


def _scenarios(
    scenarios: str | None, seed: int | None, sampling: SamplingMethod | None, deal: Deal, default: str | None = None
) -> Scenarios:
    """Return the scenarios asked for on the command line, or those the deal lists, `default` many, or its expansion."""
    from deal_solve.deal.numbers import parse_count
    from deal_solve.errors import InputError, Problem
    from deal_solve.uncertainty.expansion import scenarios_of
    from deal_solve.uncertainty.parquet import read_scenarios
    from deal_solve.uncertainty.sampling import SEED, sample

    scenarios = scenarios or (None if deal.scenarios else default)
    if scenarios is None or scenarios.endswith(".parquet"):
        for option, value in (("--seed", seed), ("--sampling", sampling)):
            if value is not None:
                raise InputError(Problem(option, "is for sampled scenarios; expected --scenarios N"))
        return read_scenarios(scenarios, deal) if scenarios else scenarios_of(deal)
    try:
        count = parse_count(scenarios)
    except ValueError as error:
        raise InputError(Problem("--scenarios", f"{error}, or a file that ends in .parquet")) from None
    return sample(deal, count, SEED if seed is None else seed, sampling or "sobol")


def load_deal(given: DealFile, **risk: str | None) -> Deal:
    """Return the deal in a file, with what `--set` and the risk on the command line put in place of its own."""
    from deal_solve.deal.edit import with_changes
    from deal_solve.deal.load import load

    deal = load(given.path)
    if given.changes:
        deal = with_changes(deal, given.changes)
    report_in(deal.currency.code, deal.currency.usd)
    return with_risk(deal, **risk) if any(value is not None for value in risk.values()) else deal


def with_risk(
    deal: Deal,
    risk: str | None = None,
    confidence: str | None = None,
    risk_on: str | None = None,
    criterion: str | None = None,
) -> Deal:
    """Return the deal with another risk; raises InputError for one that cannot be."""
    from pydantic import ValidationError

    from deal_solve.deal.cross_checks import broken_references
    from deal_solve.deal.risk import RISK_WEIGHTS, Risk
    from deal_solve.deal.yaml_source import dotted
    from deal_solve.errors import InputError, Problem

    given: dict[str, Any] = {"weight": RISK_WEIGHTS.get(risk, risk) if risk else None, "on": risk_on}
    given |= {"confidence": confidence, "criterion": criterion}
    given = {key: value for key, value in given.items() if value is not None}
    base = deal.risk.model_dump(exclude_unset=True)  # a confidence that nobody stated stays one
    if given.get("criterion", "expected") != "expected":
        base["weight"] = 0.0
    try:
        deal = deal.model_copy(update={"risk": Risk.part_of_file({**base, **given})})
    except ValidationError as error:
        options = {"weight": "--risk", "confidence": "--confidence"}
        problems = []
        for item in error.errors():
            option = options.get(str(item["loc"][0]), "--criterion") if item["loc"] else "--criterion"
            message = str(item.get("ctx", {}).get("error", item["msg"]))
            if option == "--confidence":
                message = f"{confidence!r} is not a confidence; expected a share from 0 to below 1, such as 0.95"
            if option == "--risk":
                message = f"{risk!r} is not a risk; expected {', '.join(RISK_WEIGHTS)}, or a weight from 0 to 1"
            problems.append(Problem(option, message))
        raise InputError(problems) from None
    problems = [Problem(dotted(loc), text) for loc, text in broken_references(deal) if loc[0] == "risk"]
    if problems:
        raise InputError(problems)
    return deal


@contextmanager
def placed(source: Source) -> Iterator[None]:
    """Give the problems found inside the file and line of the proposal they stand in, where they stand there."""
    from deal_solve.errors import InputError

    try:
        yield
    except InputError as error:
        found = [problem if problem.file else source.placed(problem) for problem in error.problems]
        raise InputError(sorted(found, key=lambda problem: problem.line or 0)) from None


def progress_to(verbose: bool) -> Watcher | None:
    """Return where progress goes: stderr if it is a terminal or if asked, else nowhere."""
    if not verbose and not sys.stderr.isatty():
        return None
    return _report


def _report(progress: Progress) -> None:
    known = [
        f"{word} {usd:,.2f} USD"
        for word, usd in (("best so far", progress.best_usd), ("bound", progress.bound_usd))
        if usd is not None
    ]
    so_far = f" ({', '.join(known)})" if known else ""
    click.echo(f"{progress.seconds:6.1f} s  {progress.phase}{so_far}", err=True)
