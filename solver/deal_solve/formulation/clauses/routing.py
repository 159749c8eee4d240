"""Routing shares with one copy per price regime, and the usage that follows from them (sections 2, 3 and 8)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from deal_solve.deal.deal import Deal
from deal_solve.deal.workload import ProjectName, Request, Workload
from deal_solve.formulation.clauses.dominance import nondominated_options
from deal_solve.formulation.clauses.rates import Rates, Regime
from deal_solve.formulation.model.expression import Expression, Variable, total
from deal_solve.formulation.model.program import Program
from deal_solve.formulation.model.rate_groups import Item
from deal_solve.formulation.model.scenario_sums import Basis
from deal_solve.plan.request_cost import other_usd, request_cost, usage_multiplier
from deal_solve.plan.resolved import resolve
from deal_solve.plan.routing_options import Epoch, Option

Share = tuple[str, int, str]
"""(workload or cohort, start of the epoch, option key)."""


@dataclass(frozen=True)
class Usage:
    """List value at today's prices of one model in one epoch: per_request · requests · variable, in money units.

    `requests` are those of the user, times the hit rate of the `basis` if there is one.
    """

    variable: Variable
    user: str
    epoch: Epoch
    model_id: str
    family: str
    per_request: float
    basis: Basis

    def intervals(self, program: Program, months: range) -> Iterator[tuple[int, int]]:
        """Yield (first month, row of the sums) of its intervals inside some months."""
        sums = program.sums
        start, end = max(months.start, self.epoch.start), min(months.stop, self.epoch.end)
        for month, _ in sums.within(self.user, start, end):
            yield month, sums.row_of(self.user, month, self.basis)


@dataclass
class Routing:
    """x: the copies of every share with the activity they add up to, and the usage they cause per regime.

    Usage under no regime (None) is not counted and billed at list. The options of `fixed` users are all kept; which
    others are useful is told by the `rates` of all scenarios.
    """

    rates: Rates
    fixed: frozenset[str] = frozenset()

    shares: dict[Share, list[tuple[Variable, Variable]]] = field(default_factory=dict)
    usage: dict[Regime | None, list[Usage]] = field(default_factory=dict)
    menus: dict[str, tuple[Epoch, ...]] = field(default_factory=dict)

    def useful(self, deal: Deal, user: str, epoch: Epoch, regime: Regime | None) -> list[Option]:
        """Return the options that a best plan may use under a regime, or all different ones of a pinned user."""
        options = distinct_options(epoch)
        if user in self.fixed:
            return options
        return nondominated_options(self.rates.sums, deal, self.rates, user, epoch, regime, options)


def distinct_options(epoch: Epoch) -> list[Option]:
    """Return the open options without those that differ in name only."""
    seen: dict[tuple[object, ...], Option] = {}
    for option in epoch.options:
        seen.setdefault((*option.equivalence_key, option.counts_as), option)
    return list(seen.values())


def route(
    program: Program,
    deal: Deal,
    routing: Routing,
    user: str,
    epoch: Epoch,
    activity: Variable,
    regime: Regime | None,
    metered: float,
    options: Iterable[Option],
) -> dict[str, Variable]:
    """Add one copy of a user's shares in an epoch: Σ_k x = activity, with all its limits times the activity.

    `metered` is the share of the user's requests that flows if the activity is 1. Returns the copy, option by option.
    """
    request = deal.workloads.get(user) or deal.cohorts[user].use
    assert request is not None
    copies: dict[str, Variable] = {}
    opened = list(options)
    for option in opened:
        copies[option.key] = program.variable(f"share_{user}_{epoch.start}_{option.key}", 0, 1)
        routing.shares.setdefault((user, epoch.start, option.key), []).append((copies[option.key], activity))
    program.add("shares_add_up", total(copies.values()) == activity)
    _limits(program, request, opened, copies, activity)
    _usage(program, deal, routing, user, request, epoch, regime, metered, opened, copies)
    return copies


def _limits(
    program: Program, request: Request, options: list[Option], copies: dict[str, Variable], activity: Variable
) -> None:
    if isinstance(request, Workload) and request.batchable < 1:
        batch = [copies[o.key] for o in options if o.batch]
        if batch:
            program.add("batchable", total(batch) <= request.batchable * activity)
    quality = getattr(request, "quality", None)
    if quality is not None and quality.mean_floor is not None:
        mean = Expression([(copies[o.key], o.quality or 0.0) for o in options])
        program.add("mean_quality", mean >= quality.mean_floor * activity)
    for name, limit in request.shares.items():
        counted = [copies[o.key] for o in options if name in o.counts_as]
        if limit.minimum > 0:
            program.add("share_minimum", total(counted) >= limit.minimum * activity)
        if limit.maximum < 1 and counted:
            program.add("share_maximum", total(counted) <= limit.maximum * activity)


def _usage(
    program: Program,
    deal: Deal,
    routing: Routing,
    user: str,
    request: Request,
    epoch: Epoch,
    regime: Regime | None,
    metered: float,
    options: list[Option],
    copies: dict[str, Variable],
) -> None:
    """Add v[m,basis] = Σ_k x_k · (cost per request) · mean requests: usage per model, apart from the scenario.

    Request cost is affine in the hit rate, so where hit rates differ by scenario there is one variable for the
    constant and one per effective hit rate; where they do not, one in all.
    """
    sums = program.sums
    mean = metered * float(sums.mean_requests[user][epoch.start : epoch.end].mean())
    if mean == 0:
        return
    requires = (deal.workloads.get(user) or deal.cohorts[user]).requires
    multiplier = usage_multiplier(deal, request, requires)
    cells: dict[tuple[str, str, Basis], list[tuple[Variable, float]]] = {}
    others: list[tuple[Variable, float]] = []
    for option in options:
        hit = sums.hit[user, option.batch]
        for part in option.parts:
            cost = request_cost(request, option, part, multiplier)
            constant = cost.fixed if isinstance(hit, np.ndarray) else cost.fixed + cost.per_hit * hit
            key = (part.model_id, part.family)
            cells.setdefault((*key, None), []).append((copies[option.key], constant))
            if isinstance(hit, np.ndarray) and cost.per_hit:
                cells.setdefault((*key, option.batch), []).append((copies[option.key], cost.per_hit))
        other = other_usd(request, option)
        if other:
            others.append((copies[option.key], metered * program.usd(other)))
    _other_charges(program, user, epoch, others)
    for (model_id, family, basis), terms in cells.items():
        scale = program.usd(mean)
        costs = [0.0, *(c * scale for _, c in terms)]
        variable = program.variable(f"usage_{user}_{epoch.start}_{model_id}", min(costs), max(costs))
        program.define("usage_of_model", variable, scale * Expression(terms))
        usage = Usage(variable, user, epoch, model_id, family, metered / mean, basis)
        routing.usage.setdefault(regime, []).append(usage)


def _other_charges(program: Program, user: str, epoch: Epoch, others: list[tuple[Variable, float]]) -> None:
    """Charge what is paid per request beside the model, at the end of each month."""
    sums = program.sums
    intervals = [sums.row_of(user, start) for start, _ in sums.within(user, epoch.start, epoch.end)]
    items = [Item(program.index(share), row, usd) for share, usd in others for row in intervals]
    program.meter("other_charges", epoch.year, items)


def route_workloads(
    program: Program,
    deal: Deal,
    routing: Routing,
    regimes: dict[Regime, Variable],
    projects: dict[tuple[str, ProjectName], Variable],
) -> None:
    """Add the copies of every workload: Σ_k x[w,k,e,j] = β_j, and options that need a project only if it is bought."""
    for name in deal.workloads:
        routing.menus[name] = resolve(deal).epochs(name)
        for epoch in routing.menus[name]:
            needing: dict[ProjectName, list[Variable]] = {}
            for regime, beta in regimes.items():
                if epoch.year not in regime.span.years:
                    continue
                useful = routing.useful(deal, name, epoch, regime)
                copies = route(program, deal, routing, name, epoch, beta, regime, 1.0, useful)
                for option in useful:
                    for project in option.projects:
                        needing.setdefault(project, []).append(copies[option.key])
            for project, users in needing.items():
                bought, most = projects[name, project], most_share(deal.workloads[name], epoch.options, project)
                program.add(f"needs_{project}", total(users) <= most * bought)


def most_share(work: Workload, options: Sequence[Option], project: ProjectName) -> float:
    """Return the most that options which need a project can carry: of what can wait, at the least mean quality."""
    needing = [option for option in options if project in option.projects]
    most = work.batchable if all(option.batch for option in needing) else 1.0
    for name, limit in work.shares.items():
        if all(name in option.counts_as for option in needing):
            most = min(most, limit.maximum)
    floor = work.quality.mean_floor
    if floor is not None:
        best, theirs = (max(option.quality or 0.0 for option in some) for some in (options, needing))
        if theirs < floor <= best:  # where nothing reaches the floor, its own row says that there is no plan
            most = min(most, (best - floor) / (best - theirs))
    return most
