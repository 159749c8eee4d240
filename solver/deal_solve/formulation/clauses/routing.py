"""Routing shares, disaggregated by price regime, and the usage that follows (model §2, §3; formulation §3).

Σ_o x[u,o,e,j] = act                          act: β_j of a workload, n[c,y,j] of a cohort
Σ_{o in batch} x ≤ b · act
Σ_o Q[o] · x ≥ Q · act
lo · act ≤ Σ_{o counts as m} x ≤ hi · act
v[u,m,e,j] = Σ_o x · cost[o,m] · mean requests
Σ_j Σ_{o needs p} x[w,o,e,j] ≤ most · y[w,p]
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, TypeAlias

import numpy as np

from deal_solve.deal.deal import Deal
from deal_solve.deal.offers.channel import Channel
from deal_solve.deal.requests.request_cost import other_usd
from deal_solve.deal.requests.routing_options import Epoch, Option
from deal_solve.deal.workload import ProjectName, Request, Workload
from deal_solve.formulation.clauses.api.rates import Rates, Regime, channel_of
from deal_solve.formulation.clauses.dominance import Billing, nondominated_options
from deal_solve.formulation.model.expression import Expression, Variable, total
from deal_solve.formulation.model.matrix import Block
from deal_solve.formulation.model.per_scenario import Basis, Who
from deal_solve.formulation.model.program import Program
from deal_solve.formulation.model.rate_groups import Item
from deal_solve.formulation.model.scenario_sums import ScenarioSums
from deal_solve.plan.crowds import Excess
from deal_solve.plan.resolved import User, resolve

Choice: TypeAlias = Literal["all", "not dearer"] | int
"""Which options of a user are kept; a number: those that no other one dominates at rates relative to each other so."""

Share = tuple[str, int, str]
"""(workload or cohort, start of the epoch, option key)."""


OTHER = "other charges"
"""In place of a model and family: what is charged per request beside the model."""


class Usage(NamedTuple):
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

    def intervals(self, sums: ScenarioSums, months: range) -> tuple[tuple[int, int], ...]:
        """Return (first month, row of the sums) of its intervals inside some months."""
        start, end = max(months.start, self.epoch.start), min(months.stop, self.epoch.end)
        return sums.rows_within(self.user, self.basis, start, end)


class Activity(NamedTuple):
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
    def is_split(self) -> bool:
        """Whether some of what is billed is billed under a regime and the rest at list."""
        return not self.is_included and self.regime is not None and self.counted != 1

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

    def choice(self, user: User, activity: Activity) -> Choice:
        """Return which options a best plan may use: all different ones if pinned, or if billed under two regimes.

        Where less usage may cost more (`may_gain_by_use`) no cost decides: all stay but those that are closed where a
        commitment is measured at list, the dearer ones at list. Else it is the number of how rates are relative.
        """
        own = None if activity.regime is None else self.rates.within(activity.regime)
        if user.name in self.pinned:
            return "all"
        if own is not None and own.may_gain_by_use:
            return "not dearer"
        if user.name in self.whole or activity.is_split:
            return "all"
        return self.rates.relative(None) if own is None else own.relative

    def useful(self, user: User, epoch: Epoch, activity: Activity, choice: Choice) -> Sequence[Option]:
        """Return these options, in an epoch."""
        options = epoch.distinct
        if choice == "all":
            return options
        if choice == "not dearer":
            return [o for o in options if (user.name, epoch.start, o.key) not in self.sums.first_users.dearer]
        return nondominated_options(Billing(self.sums, self.rates, user, epoch, activity.regime), options)


class Shares(NamedTuple):
    """The routing of a user in an epoch, to be repeated for each activity: the options with the variables of their
    shares, what they cost beside the model (money units), and the usage that they make.

    Of usage: the variable, model, family and basis; `mean` are the requests a month that are metered.
    """

    block: Block
    options: list[tuple[Option, Variable]]
    others: list[tuple[Variable, float]]
    usage: list[tuple[Variable, str, str, Basis]]
    mean: float


def route(
    program: Program, routing: Routing, user: User, epoch: Epoch, activity: Activity
) -> list[tuple[Option, Variable]]:
    """Add the shares of a user in an epoch under one activity, with all their limits and the usage that follows; return
    the options that are open to it, each with its share.
    """
    who: Who = activity.excess or user.name
    choice = routing.choice(user, activity)
    key = who, epoch.start, choice, activity.metered, program.unit_usd, id(program.sums)
    known = routing.rates.blocks
    if key not in known:
        mean = activity.metered * float(program.sums.mean_requests[who][epoch.start : epoch.end].mean())
        options = routing.useful(user, epoch, activity, choice)
        known[key] = shares_of(program, user, epoch, options, activity.metered, mean)
    shares: Shares = known[key]
    made = program.repeat(shares.block, activity.variable)
    found = [(option, made[share.place - 1]) for option, share in shares.options]
    for option, share in found:
        routing.shares.setdefault((user.name, epoch.start, option.key), []).append((share, activity.variable))
    _use(program, routing, (who, epoch), activity, shares, made)
    return found


def shares_of(
    program: Program, user: User, epoch: Epoch, options: Sequence[Option], metered: float, mean: float
) -> Shares:
    """Return the shares of some options with Σ_o x = act, all limits times the activity, and the usage that follows.

    This is the convex-hull (disjunctive) reformulation: a price regime is a disjunct, x[u,o,e,j] the disaggregated
    variable of a share in it, and as every row of the routing polytope is multiplied by act, it is either the whole
    polytope or zero (formulation §5).
    """
    block = Block()
    found = [(option, block.variable(f"share_{user.name}_{epoch.start}_{option.key}", 0, 1)) for option in options]
    block.add("shares_add_up", total(x for _, x in found) == block.activity)
    _limits(block, user.request, found)
    if mean == 0:
        return Shares(block, found, [], [], mean)
    others = [(x, metered * program.usd(usd)) for o, x in found if (usd := other_usd(user.request, o))]
    return Shares(block, found, others, _usage(block, program, user, epoch, found, mean), mean)


def _limits(block: Block, request: Request, shares: list[tuple[Option, Variable]]) -> None:
    """Add Σ_{o in batch} x ≤ b · act; Σ_o Q[o] · x ≥ Q · act; lo · act ≤ Σ_{o counts as m} x ≤ hi · act."""
    activity = block.activity
    if isinstance(request, Workload) and request.batchable < 1:
        batch = [x for o, x in shares if o.batch]
        if batch:
            block.add("batchable", total(batch) <= request.batchable * activity)
    quality = getattr(request, "quality", None)
    if quality is not None and quality.mean_floor is not None:
        mean = Expression([(x, o.quality or 0.0) for o, x in shares])
        block.add("mean_quality", mean >= quality.mean_floor * activity)
    for name, limit in request.shares.items():
        counted = [x for o, x in shares if name in o.counts_as]
        if limit.minimum > 0:
            block.add("share_minimum", total(counted) >= limit.minimum * activity)
        if limit.maximum < 1 and counted:
            block.add("share_maximum", total(counted) <= limit.maximum * activity)


def _usage(
    block: Block, program: Program, user: User, epoch: Epoch, shares: list[tuple[Option, Variable]], mean: float
) -> list[tuple[Variable, str, str, Basis]]:
    """Add v[m,basis] = Σ_o x · (cost per request) · mean requests: usage per model, apart from the scenario.

    Request cost is affine in the hit rate, so where hit rates differ by scenario there is one variable for the
    constant and one per effective hit rate; where they do not, one in all.
    """
    cells: dict[tuple[str, str, Basis], list[tuple[Variable, float]]] = {}
    for option, share in shares:
        hit = program.sums.hit[user.name, option.batch]
        for part, cost in zip(option.parts, user.costs(option), strict=True):
            constant = cost.fixed if isinstance(hit, np.ndarray) else cost.fixed + cost.per_hit * hit
            key = (part.model_id, part.family)
            cells.setdefault((*key, None), []).append((share, constant))
            if isinstance(hit, np.ndarray) and cost.per_hit:
                cells.setdefault((*key, option.batch), []).append((share, cost.per_hit))
    found = []
    for (model_id, family, basis), terms in cells.items():
        scale = program.usd(mean)
        costs = [0.0, *(c * scale for _, c in terms)]
        variable = block.variable(f"usage_{user.name}_{epoch.start}_{model_id}", min(costs), max(costs))
        block.define("usage_of_model", variable, scale * Expression(terms))
        found.append((variable, model_id, family, basis))
    return found


def _use(
    program: Program,
    routing: Routing,
    when: tuple[Who, Epoch],
    activity: Activity,
    shares: Shares,
    made: Sequence[Variable],
) -> None:
    """Note what usage is billed under, or counts against; charge what is beside the model."""
    who, epoch = when
    others = [(made[share.place - 1], usd) for share, usd in shares.others]
    channel, mean = activity.channel, shares.mean
    if activity.is_included:
        included = routing.included.setdefault(activity.variable, []) if mean else []
        included += [Usage(share, who, epoch, OTHER, OTHER, usd, None) for share, usd in others]
    else:
        _other_charges(program.through(channel), who, epoch, others)
    billed = [(routing.usage.setdefault(regime, []), share) for regime, share in activity.billed.items() if mean]
    for own, model_id, family, basis in shares.usage:
        variable = made[own.place - 1]
        if activity.is_included:
            included.append(Usage(variable, who, epoch, model_id, family, 1 / mean, basis))
        for usages, share in billed:
            usages.append(Usage(variable, who, epoch, model_id, family, share / mean, basis, channel))


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
    activities = [
        (regime.span.years, Activity(beta, regime, channel=channel_of(deal, regime)))
        for regime, beta in regimes.items()
    ]
    for name, work in deal.workloads.items():
        user = resolve(deal).users[name]
        routing.epochs[name] = user.epochs
        for epoch in user.epochs:
            needing: dict[ProjectName, list[Variable]] = {}
            for activity in (activity for years, activity in activities if epoch.year in years):
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
