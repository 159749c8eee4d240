"""What the command line of a command that solves asks about: a deal, its scenarios, and how to solve."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Any

import click

from deal_solve.cli.support.months import in_one_month
from deal_solve.cli.support.options import (
    RISK,
    SOLVER,
    DealFile,
    load_deal,
    progress_to,
    risk_options,
    scenario_options,
    solver_options,
    verbose_option,
)
from deal_solve.cli.support.solving import load_fix, read_fix
from deal_solve.messages import counted
from deal_solve.optimise.options import SolveOptions

if TYPE_CHECKING:
    from deal_solve.deal.deal import Deal
    from deal_solve.uncertainty.scenario_set import Scenarios


@dataclass(frozen=True)
class Question:
    """What the command line asks about; `scenarios_from` makes the scenarios of this or a varied deal, as many
    as a second argument says where it lists none and nothing is asked for. The time limit of the options counts from
    before the deal was read.
    """

    deal: Deal
    scenarios_from: Callable[..., Scenarios]
    options: SolveOptions

    def scenarios(self) -> Scenarios:
        """Return the scenarios of the deal; a sample is drawn when it is read."""
        return self.scenarios_from(self.deal)

    def ready_scenarios(self) -> Scenarios:
        """Return the scenarios of the deal, drawn now if they are few enough to be kept."""
        from deal_solve.uncertainty.scenario_set import ready

        return ready(self.scenarios())


def _report_other_tail(written: Deal, changed: Deal, scenarios_from: Callable[..., Scenarios]) -> None:
    """Say on stderr where what `--set` changes leaves so few or so many scenarios that another tail is weighed."""
    from deal_solve.errors import InputError
    from deal_solve.report.text import percent
    from deal_solve.settlement.objective import fit_risk

    if "confidence" in changed.risk.model_fields_set or not changed.risk.weight:
        return
    with suppress(InputError):  # of the file as written: it is not what is asked about
        sets = [scenarios_from(deal) for deal in (written, changed)]
        found = [fit_risk(deal, own)[0].risk for deal, own in zip((written, changed), sets, strict=True)]
        before, now = (risk.confidence for risk in found)
        if before != now and sets[1].size > 1:
            was, leaves = (
                f"{counted(own.size, 'scenario')}, of which the worst {percent(1 - risk.confidence)}"
                for own, risk in zip(sets, found, strict=True)
            )
            click.echo(
                f"--set leaves {leaves} are weighed, and the file as written {was} are: compare the two with "
                f"--confidence {min(before, now):g}",
                err=True,
            )


def question_options(
    command: Callable[..., Any], *, has_risk: bool = True, any_month: bool = False
) -> Callable[..., Any]:
    """Add the options of scenarios, solver, risk and progress; the command gets them, and its deal, as a `Question`.

    The decorator `deal_argument` goes above. Options of the names in RISK and `fix_file` are taken from the command's
    own ones too. Unless the command takes
    `any_month`, the deal is that of its only month of signing.
    """

    @wraps(command)
    def asked(
        *, deal_file: DealFile, scenarios_from: Any, verbose: bool, fix_file: str | None = None, **given: Any
    ) -> Any:
        began = time.monotonic()
        risk = {name: given.pop(name) for name in RISK if name in given}
        deal = load_deal(deal_file, **risk)
        if deal_file.changes:
            _report_other_tail(load_deal(DealFile(deal_file.path), **risk), deal, scenarios_from)
        settings = {name: given.pop(name) for name in SOLVER}
        fixed = read_fix(fix_file)
        month = fixed.signing_month if fixed else None
        deal = in_one_month(deal, month) if month is not None or not any_month else deal
        options = SolveOptions(**settings, fix=load_fix(deal, fix_file), progress=progress_to(verbose))
        return command(Question(deal, scenarios_from, options.begun(began)), **given)

    made: Any = asked
    for option in (verbose_option, *([risk_options] if has_risk else []), solver_options, scenario_options):
        made = option(made)
    return made  # type: ignore[no-any-return]
