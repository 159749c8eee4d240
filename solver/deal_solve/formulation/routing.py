"""Routing shares with one copy per price regime, and the usage that follows from them (sections 2, 3 and 8)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from deal_solve.deal.deal import Deal
from deal_solve.deal.workload import ProjectName, Request, Workload
from deal_solve.formulation.program import Program, Variable
from deal_solve.formulation.rates import Regime
from deal_solve.plan.options import Epoch, Option, menu
from deal_solve.plan.requests import effective_hit_rate, other_usd, request_cost, usage_multiplier
from deal_solve.uncertainty.scenarios import Array

Share = tuple[str, int, str]
"""(workload or cohort, start of the epoch, option key)."""


@dataclass(frozen=True)
class Usage:
    """List value at today's prices of one model in one epoch: requests[S, months of the epoch] · per_request[S] · var.

    `variable` is in money units when multiplied with `pace` (S, months), the requests over their mean.
    """

    variable: Variable
    epoch: Epoch
    model_id: str
    family: str
    pace: Array


@dataclass
class Routing:
    """x: the copies of every share with the activity they add up to, and the usage they cause per regime.

    Usage under no regime (None) is not counted and billed at list.
    """

    shares: dict[Share, list[tuple[Variable, Variable]]] = field(default_factory=dict)
    usage: dict[Regime | None, list[Usage]] = field(default_factory=dict)
    menus: dict[str, tuple[Epoch, ...]] = field(default_factory=dict)


def distinct_options(epoch: Epoch) -> list[Option]:
    """Return the open options without those that differ in name only."""
    seen: dict[tuple[object, ...], Option] = {}
    for option in epoch.options:
        seen.setdefault((*option.sameness, option.counts_as), option)
    return list(seen.values())


def route(
    program: Program,
    deal: Deal,
    routing: Routing,
    user: str,
    epoch: Epoch,
    activity: Variable,
    regime: Regime | None,
    requests: Array,
    options: Iterable[Option],
) -> dict[str, Variable]:
    """Add one copy of a user's shares in an epoch: Σ_k x = activity, with all its limits times the activity.

    `requests` (S, months of the epoch) are what flows if the activity is 1. Returns the copy, option by option.
    """
    request = deal.workloads.get(user) or deal.cohorts[user].use
    assert request is not None
    copies: dict[str, Variable] = {}
    opened = list(options)
    for option in opened:
        copies[option.key] = program.variable(f"share_{user}_{epoch.start}_{option.key}", 0, 1)
        routing.shares.setdefault((user, epoch.start, option.key), []).append((copies[option.key], activity))
    program.row("shares_add_up", [*((x, 1.0) for x in copies.values()), (activity, -1.0)], "==", 0)
    _limits(program, request, opened, copies, activity)
    _usage(program, deal, routing, user, request, epoch, regime, requests, opened, copies)
    return copies


def _limits(
    program: Program, request: Request, options: list[Option], copies: dict[str, Variable], activity: Variable
) -> None:
    if isinstance(request, Workload) and request.batchable < 1:
        batch = [(copies[o.key], 1.0) for o in options if o.batch]
        if batch:
            program.row("batchable", [*batch, (activity, -request.batchable)], "<=", 0)
    quality = getattr(request, "quality", None)
    if quality is not None and quality.mean_floor is not None:
        terms = [(copies[o.key], o.quality or 0.0) for o in options]
        program.row("mean_quality", [*terms, (activity, -quality.mean_floor)], ">=", 0)
    for name, limit in request.shares.items():
        terms = [(copies[o.key], 1.0) for o in options if name in o.counts_as]
        if limit.minimum > 0:
            program.row("share_minimum", [*terms, (activity, -limit.minimum)], ">=", 0)
        if limit.maximum < 1 and terms:
            program.row("share_maximum", [*terms, (activity, -limit.maximum)], "<=", 0)


def _usage(
    program: Program,
    deal: Deal,
    routing: Routing,
    user: str,
    request: Request,
    epoch: Epoch,
    regime: Regime | None,
    requests: Array,
    options: list[Option],
    copies: dict[str, Variable],
) -> None:
    """Add v[m,basis] = Σ_k x_k · (cost per request) · mean requests: usage per model, apart from the scenario.

    Request cost is affine in the hit rate, so where hit rates differ by scenario there is one variable for the
    constant and one per effective hit rate; where they do not, one in all.
    """
    mean = float(np.mean(requests))
    if mean == 0:
        return
    requires = (deal.workloads.get(user) or deal.cohorts[user]).requires
    multiplier = usage_multiplier(deal, request, requires)
    pace = requests / mean
    hit = program.scenarios.hit_rate[user]
    cells: dict[tuple[str, str, bool | None], list[tuple[Variable, float]]] = {}
    for option in options:
        effective = effective_hit_rate(request.cache, option.batch, hit)
        certain = bool(np.all(effective == effective[0]))
        for part in option.parts:
            cost = request_cost(request, option, part, multiplier)
            constant = cost.fixed + cost.per_hit * float(effective[0]) if certain else cost.fixed
            key = (part.model_id, part.family)
            cells.setdefault((*key, None), []).append((copies[option.key], constant))
            if not certain and cost.per_hit:
                cells.setdefault((*key, option.batch), []).append((copies[option.key], cost.per_hit))
        other = other_usd(request, option)
        if other:
            for place, month in enumerate(range(epoch.start, epoch.end)):
                pay = requests[:, place] * other
                program.pay("other_charges", [(copies[option.key], 1.0)], pay, month + 1, month)
    for (model_id, family, batch), terms in cells.items():
        scale = mean / program.unit_usd
        costs = [0.0, *(c * scale for _, c in terms)]
        variable = program.variable(f"usage_{user}_{epoch.start}_{model_id}", min(costs), max(costs))
        program.row("usage_of_model", [*((x, c * scale) for x, c in terms), (variable, -1.0)], "==", 0)
        basis = 1.0 if batch is None else effective_hit_rate(request.cache, batch, hit)[:, None]
        usage = Usage(variable, epoch, model_id, family, pace * basis)
        routing.usage.setdefault(regime, []).append(usage)


def route_workloads(
    program: Program,
    deal: Deal,
    routing: Routing,
    regimes: dict[Regime, Variable],
    projects: dict[tuple[str, ProjectName], Variable],
) -> None:
    """Add the copies of every workload: Σ_k x[w,k,e,j] = β_j, and options that need a project only if it is bought."""
    for name in deal.workloads:
        routing.menus[name] = menu(deal, name)
        for epoch in routing.menus[name]:
            options = distinct_options(epoch)
            needing: dict[ProjectName, list[Variable]] = {}
            for regime, beta in regimes.items():
                if epoch.year not in regime.span.years:
                    continue
                requests = program.scenarios.requests[name][:, epoch.start : epoch.end]
                copies = route(program, deal, routing, name, epoch, beta, regime, requests, options)
                for option in options:
                    for project in option.projects:
                        needing.setdefault(project, []).append(copies[option.key])
            for project, users in needing.items():
                bought = projects[name, project]
                program.row(f"needs_{project}", [*((x, 1.0) for x in users), (bought, -1.0)], "<=", 0)
