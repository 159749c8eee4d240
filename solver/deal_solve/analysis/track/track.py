"""Track: a signed plan against exports of what was used since, and the best deal from here on."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from pathlib import Path

import numpy as np

from deal_solve.analysis.measure.into import updated
from deal_solve.analysis.measure.measure import measure
from deal_solve.analysis.measure.result import MeasureResult
from deal_solve.analysis.track.held import deal_in_force
from deal_solve.analysis.track.result import Alert, Came, TrackResult
from deal_solve.deal.deal import Deal
from deal_solve.deal.load import load
from deal_solve.deal.numbers import parse_number
from deal_solve.errors import InputError
from deal_solve.frames import Table
from deal_solve.messages import did_you_mean
from deal_solve.optimise.options import SolveOptions
from deal_solve.optimise.signing import solve
from deal_solve.plan.completion.complete import complete
from deal_solve.plan.proposal import Proposal, load_proposal
from deal_solve.settlement.in_force.position import Position, position_of
from deal_solve.uncertainty import measures
from deal_solve.uncertainty.expansion import scenarios_of
from deal_solve.uncertainty.scenario_set import ScenarioSet

ALERTS: dict[str, Callable[[Position], float]] = {
    "forfeiture": lambda found: found.expected_forfeited_usd,
    "exhaustion": lambda found: found.exhausted_probability,
    "behind_pace": lambda found: found.pace_usd - found.drawn_usd,
    "idle_seats": lambda found: sum(max(each.licensed - each.expected_active, 0.0) for each in found.seats),
    "seats_above": lambda found: sum(max(each.expected_active - each.contracted, 0.0) for each in found.seats),
}
"""What a threshold may be about: dollars, a probability, dollars, seats, seats."""
_ALERT = re.compile(r"\s*(\w+)\s*([<>])\s*(.+?)\s*")


def track(
    deal_file: str | Path,
    plan: str | Path | Proposal,
    *exports: str | Path,
    alerts: Iterable[str] = (),
    options: SolveOptions | None = None,
) -> TrackResult:
    """Return how a signed plan stands against exports of usage since it was signed, and the best deal from here on.

    Workloads of the deal are held against measured ones of the same name (`measure --into` writes them so). `alerts`
    are thresholds such as `forfeiture>50k`. Raises InputError where the exports lie outside of the deal, where no
    workload is measured, and where nothing of the plan is in force.
    """
    thresholds = [_threshold(text) for text in alerts]
    deal = load(deal_file)
    found = measure(*exports)
    scenarios = scenarios_of(deal)
    proposal = plan if isinstance(plan, Proposal) else load_proposal(plan)
    if proposal.signing_month is None and 0 in deal.signing_months:  # not stated: signed at the start
        proposal = proposal.model_copy(update={"signing_month": 0})
    signed = complete(deal, proposal, scenarios.block(0))[0]
    known = [name for name in deal.workloads if name in (found.daily or {})]
    if deal.workloads and not known:
        names = ", ".join(found.daily or {})
        raise InputError(f"no workload of the deal is measured; the exports have {names}: give them the same names")
    update = updated(deal_file, found)
    begun = deal.signed_in(signed.signing_month) if deal.is_open else deal
    now = deal_in_force(begun, signed, found, update.text)
    futures = scenarios_of(now)
    position = position_of(now, futures)
    if position is None:
        raise InputError("nothing of the plan is in force any more")
    return TrackResult(
        until=found.last,
        position=position,
        came=Table(row for name in known for row in _came(deal, scenarios.block(0), found, name)),
        alerts=Table(
            Alert(text, value(position), _crosses(value(position), sign, limit))
            for text, value, sign, limit in thresholds
        ),
        not_measured=tuple(name for name in deal.workloads if name not in known),
        notes=found.notes,
        deal=now,
        solution=solve(now, futures, **vars(options) if options else {}),
    )


def _threshold(text: str) -> tuple[str, Callable[[Position], float], str, float]:
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
