"""Routing shares, disaggregated by price regime, and the usage that follows (model §2, §3; formulation §3).

Σ_o x[u,o,e,j] = act                          act: β_j of a workload, n[c,y,j] of a cohort
Σ_{o in batch} x ≤ b · act
Σ_o Q[o] · x ≥ Q · act
lo · act ≤ Σ_{o counts as m} x ≤ hi · act
v[u,m,e,j] = Σ_o x · cost[o,m] · mean requests
Σ_j Σ_{o needs p} x[w,o,e,j] ≤ most · y[w,p]
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np

from deal_solve.deal.deal import Deal
from deal_solve.deal.offers.channel import Channel
from deal_solve.deal.requests.request_cost import other_usd, request_cost
from deal_solve.deal.requests.routing_options import Epoch, Option
from deal_solve.deal.workload import ProjectName, Request, Workload
from deal_solve.formulation.clauses.api.rates import Rates, Regime, channel_of
from deal_solve.formulation.clauses.dominance import Billing, nondominated_options
from deal_solve.formulation.model.expression import Expression, Variable, total
from deal_solve.formulation.model.per_scenario import Basis, Who
from deal_solve.formulation.model.program import Program
from deal_solve.formulation.model.rate_groups import Item
from deal_solve.formulation.model.scenario_sums import ScenarioSums
from deal_solve.plan.crowds import Excess
from deal_solve.plan.resolved import User, resolve

Share = tuple[str, int, str]
"""(workload or cohort, start of the epoch, option key)."""


OTHER = "other charges"
"""In place of a model and family: what is charged per request beside the model."""


@dataclass(frozen=True)
class Usage:
    """List value at today's prices of one model in one epoch: per_request · requests · variable, in money units.

    `requests` are those of the user, times the hit rate of the `basis` if there is one. What is billed is paid through
    the `channel`, if there is one.
    """

    variable: Variable
    user: Who
    epoch: Epoch
    model_id: str
    family: str
    per_request: float
    basis: Basis
    channel: Channel | None = None

    def intervals(self, program: Program, months: range) -> Iterator[tuple[int, int]]:
        """Yield (first month, row of the sums) of its intervals inside some months."""
        sums = program.sums
        start, end = max(months.start, self.epoch.start), min(months.stop, self.epoch.end)
        for month, _ in sums.within(self.user, start, end):
            yield month, sums.row_of(self.user, month, self.basis)


@dataclass(frozen=True)
class Activity:
    """What one set of disaggregated shares adds up to: β_j of a workload, n[c,y,j] of a cohort's metered usage.

    `metered` is the share of the user's requests that is billed if `variable` is 1: `counted` of it under the regime
    (None: at list), the rest at list. In an `excess` they are those of the users that are served. What `is_included` is
    not billed: it counts against the allowance of a seat. Usage at list and other charges are paid through the
    `channel` of the agreement that they are billed under, if it has one.
    """

    variable: Variable
    regime: Regime | None
    metered: float = 1.0
    counted: float = 1.0
    excess: Excess | None = None
    is_included: bool = False
    channel: Channel | None = None

    @property
    def billed(self) -> dict[Regime | None, float]:
        """The share of the user's requests that is billed under each regime, and at list."""
        if self.is_included:
            return {}
        if self.regime is None or self.counted == 1:
            return {self.regime: self.metered}
        return {self.regime: self.metered * self.counted, None: self.metered * (1 - self.counted)}


@dataclass
class Routing:
    """x: the disaggregated variables of every share, each with its activity, and the usage they cause per regime.

    Usage under no regime (None) is not counted and billed at list; `included` is, by activity, what counts against the
    allowance of a seat, charges beside the model among it. The options of `pinned` users are all kept, and all that are
    not closed of `whole` users; which others are useful follows from the `rates` and `sums` of all scenarios.
    """

    deal: Deal
    rates: Rates
    sums: ScenarioSums
    pinned: frozenset[str] = frozenset()
    whole: frozenset[str] = frozenset()

    shares: dict[Share, list[tuple[Variable, Variable]]] = field(default_factory=dict)
    usage: dict[Regime | None, list[Usage]] = field(default_factory=dict)
    included: dict[Variable, list[Usage]] = field(default_factory=dict)
    epochs: dict[str, tuple[Epoch, ...]] = field(default_factory=dict)

    def useful(self, user: User, epoch: Epoch, activity: Activity) -> list[Option]:
        """Return the options that a best plan may use: all different ones if pinned, or if billed under two regimes.

        Where less usage may cost more (`may_gain_by_use`) no cost decides: all stay but those that are closed where a
        commitment is measured at list, the dearer ones at list.
        """
        options = distinct_options(epoch)
        if user.name in self.pinned:
            return options
        if activity.regime is not None and self.rates.may_gain_by_use(activity.regime):
            return [o for o in options if (user.name, epoch.start, o.key) not in self.sums.first_users.dearer]
        if user.name in self.whole or len(activity.billed) > 1:
            return options
        return nondominated_options(Billing(self.sums, self.rates, user, epoch, activity.regime), options)


def distinct_options(epoch: Epoch) -> list[Option]:
    """Return the open options without those that differ in name only."""
    seen: dict[tuple[object, ...], Option] = {}
    for option in epoch.options:
        seen.setdefault((*option.equivalence_key, option.counts_as), option)
    return list(seen.values())


Shares: TypeAlias = list[tuple[Option, Variable]]
"""The options that are open to one activity in an epoch, each with its share."""


def route(program: Program, routing: Routing, user: User, epoch: Epoch, activity: Activity) -> Shares:
    """Add the shares of a user in an epoch under one activity: Σ_o x = act, with all its limits times the activity.

    This is the convex-hull (disjunctive) reformulation: a price regime is a disjunct, x[u,o,e,j] the disaggregated
    variable of a share in it, and as every row of the routing polytope is multiplied by act, it is either the whole
    polytope or zero (formulation §5).
    """
    shares: Shares = []
    for option in routing.useful(user, epoch, activity):
        share = program.variable(f"share_{user.name}_{epoch.start}_{option.key}", 0, 1)
        shares.append((option, share))
        routing.shares.setdefault((user.name, epoch.start, option.key), []).append((share, activity.variable))
    program.add("shares_add_up", total(x for _, x in shares) == activity.variable)
    _limits(program, user.request, shares, activity.variable)
    _usage(program, routing, (user, epoch), activity, shares)
    return shares


def _limits(program: Program, request: Request, shares: Shares, activity: Variable) -> None:
    """Add Σ_{o in batch} x ≤ b · act; Σ_o Q[o] · x ≥ Q · act; lo · act ≤ Σ_{o counts as m} x ≤ hi · act."""
    if isinstance(request, Workload) and request.batchable < 1:
        batch = [x for o, x in shares if o.batch]
        if batch:
            program.add("batchable", total(batch) <= request.batchable * activity)
    quality = getattr(request, "quality", None)
    if quality is not None and quality.mean_floor is not None:
        mean = Expression([(x, o.quality or 0.0) for o, x in shares])
        program.add("mean_quality", mean >= quality.mean_floor * activity)
    for name, limit in request.shares.items():
        counted = [x for o, x in shares if name in o.counts_as]
        if limit.minimum > 0:
            program.add("share_minimum", total(counted) >= limit.minimum * activity)
        if limit.maximum < 1 and counted:
            program.add("share_maximum", total(counted) <= limit.maximum * activity)


def _usage(program: Program, routing: Routing, whose: tuple[User, Epoch], activity: Activity, shares: Shares) -> None:
    """Add v[m,basis] = Σ_o x · (cost per request) · mean requests: usage per model, apart from the scenario.

    Request cost is affine in the hit rate, so where hit rates differ by scenario there is one variable for the
    constant and one per effective hit rate; where they do not, one in all.
    """
    (user, epoch), sums, metered = whose, program.sums, activity.metered
    who: Who = activity.excess or user.name
    mean = metered * float(sums.mean_requests[who][epoch.start : epoch.end].mean())
    if mean == 0:
        return
    cells: dict[tuple[str, str, Basis], list[tuple[Variable, float]]] = {}
    others: list[tuple[Variable, float]] = []
    for option, share in shares:
        hit = sums.hit[user.name, option.batch]
        for part in option.parts:
            cost = request_cost(user.request, option, part, user.usage_multiplier)
            constant = cost.fixed if isinstance(hit, np.ndarray) else cost.fixed + cost.per_hit * hit
            key = (part.model_id, part.family)
            cells.setdefault((*key, None), []).append((share, constant))
            if isinstance(hit, np.ndarray) and cost.per_hit:
                cells.setdefault((*key, option.batch), []).append((share, cost.per_hit))
        other = other_usd(user.request, option)
        if other:
            others.append((share, metered * program.usd(other)))
    included: list[Usage] = []
    if activity.is_included:
        included = routing.included.setdefault(activity.variable, [])
        included += [Usage(share, who, epoch, OTHER, OTHER, usd, None) for share, usd in others]
    else:
        _other_charges(program.through(activity.channel), who, epoch, others)
    for (model_id, family, basis), terms in cells.items():
        scale = program.usd(mean)
        costs = [0.0, *(c * scale for _, c in terms)]
        variable = program.variable(f"usage_{user.name}_{epoch.start}_{model_id}", min(costs), max(costs))
        program.define("usage_of_model", variable, scale * Expression(terms))
        if activity.is_included:
            included.append(Usage(variable, who, epoch, model_id, family, 1 / mean, basis))
        for regime, billed in activity.billed.items():
            usage = Usage(variable, who, epoch, model_id, family, billed / mean, basis, activity.channel)
            routing.usage.setdefault(regime, []).append(usage)


def _other_charges(program: Program, user: Who, epoch: Epoch, others: list[tuple[Variable, float]]) -> None:
    """Charge what is paid per request beside the model, at the end of each month."""
    sums, by_year = program.sums, dict[int, list[Item]]()
    for share, usd in others:
        for start, _ in sums.within(user, epoch.start, epoch.end):
            item = Item(share.place, sums.row_of(user, start), usd)
            by_year.setdefault(sums.cloud_year(start), []).append(item)
    for cloud_year, items in by_year.items():
        program.meter("other_charges", epoch.year, items, cloud_year)


def route_workloads(
    program: Program,
    deal: Deal,
    routing: Routing,
    regimes: dict[Regime, Variable],
    projects: dict[tuple[str, ProjectName], Variable],
) -> None:
    """Add the shares of every workload, Σ_o x[w,o,e,j] = β_j, and Σ x ≤ most · y[w,p] over what needs a project."""
    for name, work in deal.workloads.items():
        user = resolve(deal).users[name]
        routing.epochs[name] = user.epochs
        for epoch in user.epochs:
            needing: dict[ProjectName, list[Variable]] = {}
            for regime, beta in regimes.items():
                if epoch.year not in regime.span.years:
                    continue
                activity = Activity(beta, regime, channel=channel_of(deal, regime))
                for option, share in route(program, routing, user, epoch, activity):
                    for project in option.projects:
                        needing.setdefault(project, []).append(share)
            for project, shares in needing.items():
                bought, maximum = projects[name, project], max_share(work, epoch.options, project)
                program.add(f"needs_{project}", total(shares) <= maximum * bought)


def max_share(work: Workload, options: Sequence[Option], project: ProjectName) -> float:
    """Return the most that options which need a project can carry: of what can wait, at the least mean quality."""
    needing = [option for option in options if project in option.projects]
    maximum = work.batchable if all(option.batch for option in needing) else 1.0
    for name, limit in work.shares.items():
        if all(name in option.counts_as for option in needing):
            maximum = min(maximum, limit.maximum)
    floor = work.quality.mean_floor
    if floor is not None:
        best, theirs = (max(option.quality or 0.0 for option in some) for some in (options, needing))
        if theirs < floor <= best:  # where nothing reaches the floor, its own row says that there is no plan
            maximum = min(maximum, (best - floor) / (best - theirs))
    return maximum
