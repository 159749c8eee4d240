"""Track: a signed plan against exports of what was used since, and the best deal from here on."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from types import MappingProxyType

import numpy as np

from deal_solve.analysis.measure.into import updated
from deal_solve.analysis.measure.measure import measure
from deal_solve.analysis.measure.result import MeasureResult
from deal_solve.analysis.measure.workloads import UNIT_TOKENS
from deal_solve.analysis.track.assumed import no_longer_so
from deal_solve.analysis.track.clouds import cloud_positions
from deal_solve.analysis.track.held import SUFFIX, InForce, in_force, part_measured
from deal_solve.analysis.track.outlook import Outlook, outlook_of
from deal_solve.analysis.track.result import Alert, Came, Track
from deal_solve.analysis.track.spent import spent
from deal_solve.analysis.track.steps import steps
from deal_solve.analysis.track.used import used
from deal_solve.deal.deal import Deal
from deal_solve.deal.load import load
from deal_solve.deal.numbers import parse_number
from deal_solve.errors import Infeasible, InputError
from deal_solve.exports.read import Exports
from deal_solve.frames import Table
from deal_solve.messages import did_you_mean
from deal_solve.optimise.options import SolveOptions
from deal_solve.optimise.signing import solve
from deal_solve.optimise.solution import Solution
from deal_solve.plan.completion.complete import complete
from deal_solve.plan.proposal import Proposal, load_proposal
from deal_solve.report.basics import About
from deal_solve.settlement.in_force.position import Position, position_of
from deal_solve.settlement.settle import Settlement, settle
from deal_solve.uncertainty import measures
from deal_solve.uncertainty.expansion import scenarios_of
from deal_solve.uncertainty.scenario_set import Scenarios, ScenarioSet

ALERTS: dict[str, Callable[[Position, Outlook], float]] = {
    "forfeiture": lambda found, _: found.expected_forfeited_usd,
    "exhaustion": lambda found, _: found.exhausted_probability,
    "overage": lambda _, ahead: ahead.expected_overage_usd,
    "behind_pace": lambda found, _: found.pace_usd - found.drawn_usd,
    "idle_seats": lambda found, _: sum(max(each.licensed - each.expected_active, 0.0) for each in found.seats),
    "seats_above": lambda found, _: sum(max(each.expected_active - each.contracted, 0.0) for each in found.seats),
}
"""What a threshold may be about: dollars, a probability, dollars, dollars, seats, seats."""
_ALERT = re.compile(r"\s*(\w+)\s*([<>])\s*(.+?)\s*")


def track(
    deal_file: str | Path,
    plan: str | Path | Proposal,
    *exports: str | Path,
    alerts: Iterable[str] = (),
    called: Mapping[str, str] = MappingProxyType({}),
    columns: Iterable[str] = (),
    options: SolveOptions | None = None,
) -> Track:
    """Return how a signed plan stands against exports of usage since it was signed, and the best deal from here on.

    Workloads of the deal are held against what was measured under their name, all models of a group together; `called`
    says of a measured one which workload it belongs to, and `columns` are as of `measure`. `alerts` are thresholds such
    as `forfeiture>50k`. Raises InputError where the exports lie outside of the deal, where no workload is measured, and
    where nothing of the plan is in force.
    """
    thresholds = [_threshold(text) for text in alerts]
    deal = load(deal_file)
    unknown = [f"{label}={name}" for label, name in called.items() if name not in deal.workloads]
    if unknown:
        near = did_you_mean(unknown[0].partition("=")[2], deal.workloads)
        raise InputError(f"--map-workload {unknown[0]}: the deal has no such workload{near}")
    own_names = {name: name for name in deal.workloads}
    found = measure(*exports, columns=columns, called={**own_names, **called})
    known = [name for name in deal.workloads if name in (found.daily or {})]
    if deal.workloads and not known:
        names, own = ", ".join(found.daily or {}), ", ".join(deal.workloads)
        example = f"--map-workload {next(iter(found.daily or {}), 'NAME')}={next(iter(deal.workloads))}"
        raise InputError(f"no workload of the deal ({own}) is measured; the exports have {names}: write {example}")
    scenarios = scenarios_of(deal)
    signed = _signed(deal, plan, scenarios)
    update = updated(deal_file, found, with_correlations=False)
    was_used = used(signed, exports_of(found))
    held = in_force(signed, found, was_used, update.deal)
    futures = scenarios_of(held.deal)
    position = position_of(held.deal, futures)
    if position is None:
        raise InputError("nothing of the plan is in force any more")
    outlook = outlook_of(held.deal, futures, signed, (held.balance, was_used))
    lines = tuple(spent(signed, found, was_used))
    best, unkept = _from_here_on(held.deal, futures, (options or SolveOptions()).begun())
    return Track(
        until=found.last,
        position=replace(position, offer=position.offer.removesuffix(SUFFIX)),
        seats_assigned=found.seats_assigned if position.seats else None,
        seats_active=found.people.active_now if found.people and position.seats else None,
        outlook=outlook,
        clouds=Table(cloud_positions(best)),
        spent=Table(lines),
        came=Table(row for name in known for row in _came(deal, scenarios.in_memory(), found, name)),
        assumptions=Table(no_longer_so(signed, found)),
        steps=Table(steps(signed, position, outlook, lines[-1], best)),
        alerts=Table(
            Alert(text, value(position, outlook), _crosses(value(position, outlook), sign, limit))
            for text, value, sign, limit in thresholds
        ),
        not_measured=tuple(name for name in deal.workloads if name not in known),
        notes=(*unkept, *held.notes, *_gaps(signed, found, held), *found.notes),
        solution=best,
        about=About(held.deal, futures),
    )


def _from_here_on(deal: Deal, futures: Scenarios, options: SolveOptions) -> tuple[Solution, tuple[str, ...]]:
    """Return the best deal from here on: where usage has left no plan within the limits, the best without them."""
    try:
        return solve(deal, futures, options=options), ()
    except Infeasible:
        if not deal.limits:
            raise
        found = solve(deal.model_copy(update={"limits": ()}), futures, options=options)
        return found, ("no plan from here on keeps the limits of the file; the deal below is the best without them",)


def _signed(deal: Deal, plan: str | Path | Proposal, scenarios: Scenarios) -> Settlement:
    """Return the signed plan, settled over what was forecast at signing."""
    proposal = plan if isinstance(plan, Proposal) else load_proposal(plan)
    if proposal.signing_month is None and 0 in deal.signing_months:  # not stated: signed at the start
        proposal = proposal.model_copy(update={"signing_month": 0})
    return settle(deal, complete(deal, proposal, scenarios.block(0))[0], scenarios)


def exports_of(found: MeasureResult) -> Exports:
    """Return the rows behind what was measured; raises InputError for a result that was read from a file."""
    if found.exports is None:
        raise InputError("what was measured is read from a file, without the rows behind it; measure the exports anew")
    return found.exports


def _gaps(signed: Settlement, found: MeasureResult, held: InForce) -> Iterator[str]:
    """Yield what the days measured leave open of the commitment period that runs."""
    first, last = date.fromisoformat(found.first), date.fromisoformat(found.last)
    began = signed.deal.calendar(held.balance.months.start if held.balance else 0)
    if first > began:
        yield f"the exports begin on {first}, the period on {began}: what was used before that is not drawn here"
    if part_measured(last) < 1:
        yield f"{last:%Y-%m} is measured to the {last.day}th and counts as if it had gone on like that"


def _threshold(text: str) -> tuple[str, Callable[[Position, Outlook], float], str, float]:
    """Return a threshold: its text, what it is about, < or >, and the limit."""
    match = _ALERT.fullmatch(text)
    if match is None:
        raise InputError(f"--alert {text}: expected NAME>NUMBER or NAME<NUMBER, such as forfeiture>50k")
    name, sign, limit = match.groups()
    if name not in ALERTS:
        raise InputError(f"--alert {text}: there is no threshold {name!r}{did_you_mean(name, ALERTS)}")
    try:
        return text, ALERTS[name], sign, parse_number(limit)
    except ValueError as error:
        raise InputError(f"--alert {text}: {error}") from None


def _crosses(value: float, sign: str, limit: float) -> bool:
    return value > limit if sign == ">" else value < limit


def _came(deal: Deal, scenarios: ScenarioSet, found: MeasureResult, name: str) -> Iterator[Came]:
    """Yield the whole months of a workload that were measured, against its scenarios."""
    daily = (found.daily or {})[name]
    if not next(work for work in found.workloads if work.name == name).requests_are_known:
        length = sum(bucket.share * bucket.tokens for bucket in deal.workloads[name].input_tokens)
        daily = daily * UNIT_TOKENS / length if length else daily
    first, last = date.fromisoformat(found.first), date.fromisoformat(found.last)
    requests, weights = scenarios.all_months().requests[name], scenarios.weights
    for month in range(deal.horizon_months):
        start, end = deal.calendar(month), deal.calendar(month + 1)
        if start < first or (end - last).days > 1:
            continue
        came = float(daily[(start - first).days : (end - first).days].sum())
        path = np.broadcast_to(requests[month], weights.shape)
        p10, p50, p90 = (measures.quantile(path, weights, share) for share in (0.1, 0.5, 0.9))
        below = measures.probability(path < came, weights)
        yield Came(name, f"{start:%Y-%m}", came, p10, p50, p90, below)
