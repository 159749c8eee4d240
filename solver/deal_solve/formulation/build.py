"""The whole program, clause by clause, in the order of the deal model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import floor, log10
from statistics import median

from deal_solve.deal.cohort import NONE
from deal_solve.deal.deal import Deal
from deal_solve.deal.offers.running import seat_months
from deal_solve.deal.requests.routing_options import Option
from deal_solve.deal.workload import ProjectName
from deal_solve.formulation.clauses.api.bounds import max_usage
from deal_solve.formulation.clauses.api.commitment import Commitments, commit, pay_in_advance
from deal_solve.formulation.clauses.api.drawdown import draw_down
from deal_solve.formulation.clauses.api.rates import Agreement, committed_share, rates_of
from deal_solve.formulation.clauses.bundle import bundle
from deal_solve.formulation.clauses.channel import settle_channels
from deal_solve.formulation.clauses.in_force.at_end import pay_if_given_up
from deal_solve.formulation.clauses.in_force.before import pay_before
from deal_solve.formulation.clauses.offers import Agreements, take_agreements
from deal_solve.formulation.clauses.projects import buy_projects
from deal_solve.formulation.clauses.renewal import Decisions, table_months, tie
from deal_solve.formulation.clauses.risk import add_limits, set_objective
from deal_solve.formulation.clauses.routing import Routing, route_workloads
from deal_solve.formulation.clauses.seats.people import route_people
from deal_solve.formulation.clauses.seats.seat_plans import limit_plans, serve
from deal_solve.formulation.clauses.seats.seats import Seats, charge_users, offer_seats
from deal_solve.formulation.clauses.seats.tracks import order_seats, take_tracks
from deal_solve.formulation.clauses.seats.true_up import true_up
from deal_solve.formulation.model.expression import Expression, Variable, total
from deal_solve.formulation.model.program import Program
from deal_solve.formulation.model.scenario_sums import ScenarioSums
from deal_solve.plan.renewal_tables import Path
from deal_solve.plan.resolved import User, resolve
from deal_solve.uncertainty.measures import Against
from deal_solve.uncertainty.scenario_set import Scenarios


@dataclass
class Formulation:
    """The program with the handles that a plan is read through: one copy of them per path of buckets.

    `months` have a table. `committed` is expected over the paths, `certain` what limits on committed and on
    signed dollars bound.
    """

    deal: Deal
    program: Program
    months: tuple[int, ...]
    paths: tuple[Decisions, ...]
    objective: Expression
    committed: Expression
    certain: Mapping[str, Expression]

    @property
    def agreements(self) -> Agreements:
        """The agreements, which are those of signing on every path."""
        return self.paths[0].agreements

    @property
    def projects(self) -> dict[tuple[str, ProjectName], Variable]:
        """The projects, bought at signing on every path."""
        return self.paths[0].projects

    @property
    def contracted(self) -> Expression:
        """Contracted seats, all types, years and paths."""
        return total(decisions.contracted for decisions in self.paths)


@dataclass(frozen=True)
class FormulationOptions:
    """Which form the program has, and what is known of the plan before it is solved.

    `by_cuts` leaves what happens after the future is known to cuts (formulation §8). `min_commitment_usd` and
    `min_seats` widen the bounds on commitment and seats, for plans that are pinned above what an optimal plan would
    take; the routing of the `routed` workloads and cohorts is pinned, and of the `whole` ones no option is left out.
    """

    by_cuts: bool = False
    zero_bands_only: bool = False
    min_commitment_usd: float = 0.0
    min_seats: dict[str, int] = field(default_factory=dict)
    routed: frozenset[str] = frozenset()
    whole: frozenset[str] = frozenset()


def formulate(
    deal: Deal,
    scenarios: Scenarios | ScenarioSums,
    offered: Iterable[Agreement],
    against: Against = Against(),  # noqa: B008 - frozen
    options: FormulationOptions = FormulationOptions(),
) -> Formulation:
    """Return the program that chooses among the `offered` agreements and everything else in the plan."""
    sums = scenarios if isinstance(scenarios, ScenarioSums) else ScenarioSums(deal, scenarios)
    program = Program(sums, money_unit(deal, sums), options.by_cuts)
    offered = tuple(offered)
    months = table_months(deal, offered)
    found = sums.paths(months)
    books = [program] if len(found) == 1 else [program.part(own, indices) for _, indices, own in found]
    if len(found) > 1:
        options = replace(options, whole=_routed_alike(deal))
    paths = tuple(_decide(book, deal, offered, options, path) for book, (path, _, _) in zip(books, found, strict=True))
    if len(paths) > 1:
        tie(program, months, paths)
    objective = set_objective(program, deal, against)
    committed = total(path.probability * path.committed for path in paths)
    certain = {"committed": _max_committed(program, paths), "signed": paths[0].signed}  # first terms: on every path
    add_limits(program, deal, certain)
    return Formulation(deal, program, months, paths, objective, committed, certain)


def _routed_alike(deal: Deal) -> frozenset[str]:
    """Return whose routing is one entry of a table whatever it costs on a path: that of people, whatever it is billed
    under, and where an offer may be taken again that of workloads too, whichever renewal they are in.
    """
    returns = any(offer.renewal.may_return for offer in deal.offers.values())
    return frozenset((*(c for c, cohort in deal.cohorts.items() if cohort.use), *(deal.workloads if returns else ())))


def _decide(
    program: Program, deal: Deal, offered: Iterable[Agreement], options: FormulationOptions, path: Path
) -> Decisions:
    """Add all clauses, in the scenarios of one path."""
    everywhere = program.sums.whole
    agreements = take_agreements(program, deal, offered, options.zero_bands_only)
    projects = buy_projects(program, deal)
    routing = Routing(deal, rates_of(everywhere, deal), everywhere, options.routed, options.whole)
    route_workloads(program, deal, routing, agreements.regimes, projects)
    seats = offer_seats(program, deal, agreements, rates_of(program.sums, deal), options.min_seats)
    tracks = take_tracks(program, deal, agreements, seats)
    serve(program, deal, tracks)
    order_seats(program, deal, agreements, seats, tracks)
    route_people(program, deal, agreements, tracks, routing)
    maximum = max_usage(program, deal, agreements, routing)
    commitments = commit(program, deal, agreements, maximum, program.usd(options.min_commitment_usd))
    pay_in_advance(program, deal, agreements, commitments)
    draw_down(program, deal, agreements, commitments, routing)
    true_up(program, deal, agreements, seats, tracks)
    pay_before(program)
    pay_if_given_up(program, deal, tracks)
    charge_users(program, deal, tracks.user_months(deal))
    limit_plans(program, deal, agreements, seats, tracks)
    bundle(program, deal, agreements, seats, commitments)
    settle_channels(program, deal)
    committed, signed = _committed(program, deal, seats, commitments)
    return Decisions(
        deal=deal,
        program=program,
        path=path,
        probability=program.sums.probability,
        agreements=agreements,
        projects=projects,
        routing=routing,
        seats=seats,
        tracks=tracks,
        commitments=commitments,
        committed=committed,
        signed=signed,
    )


def _committed(program: Program, deal: Deal, seats: Seats, commitments: Commitments) -> tuple[Expression, Expression]:
    """Return Σ over contract years of C + 12·N·seat price at index 1 after all discounts, in money units: over the
    horizon, and over the contract years of first terms.

    Of a year that the horizon cuts its months inside count. What is committed at list counts less the discount; seats
    from the end of those in force on.
    """
    parts = [
        (regime.span.index, committed_share(deal, regime) * commitments.within(regime, deal.months_of(year)))
        for regime, year in commitments.of
    ]
    for (taken, *_), year in seats.years.items():
        months = len(seat_months(deal, taken.seat_type, year.year))
        parts.append((year.span.index, months / program.unit_usd * year.fee))
    return total(part for _, part in parts), total(part for index, part in parts if not index)


def _max_committed(program: Program, paths: Sequence[Decisions]) -> Expression:
    """Return the committed dollars of the only path, or add most >= those of each."""
    if len(paths) == 1:
        return paths[0].committed
    maximum = program.variable("max_committed")
    for decisions in paths:
        program.add("max_committed", maximum >= decisions.committed)
    return 1.0 * maximum


def money_unit(deal: Deal, sums: ScenarioSums) -> float:
    """Return a power of ten of dollars that makes the deal's list cost a number of some thousands.

    Usage costs what the middle option does; a cohort takes its cheapest track, whose seats may cover its usage.
    """
    usage = {
        name: float(sums.mean_requests[name].sum()) * median(costs)
        for name, user in resolve(deal).users.items()
        if (costs := [_list_cost(user, option) for epoch in user.epochs for option in epoch.options])
    }
    guess = sum(usage.get(name, 0.0) for name in deal.workloads)
    for name in deal.cohorts:
        users = float(sums.mean_users[name].sum())
        guess += min(_on_track(deal, name, track, users, usage.get(name, 0.0)) for track in deal.cohorts[name].tracks)
    return float(10.0 ** (floor(log10(guess)) - 3)) if guess > 0 else 1.0


def _list_cost(user: User, option: Option) -> float:
    return sum(cost.fixed for cost in user.costs(option))


def _on_track(deal: Deal, cohort: str, track: str, users: float, usage_usd: float) -> float:
    """Return what a cohort costs on a track, at the best offer before discounts (USD for all its user-months)."""
    if track == NONE:
        return users * (deal.cohorts[cohort].unserved_usd_per_user_month or 0.0)
    resolved = resolve(deal)
    sold = [resolved.offers[seller].seats[track] for seller in resolved.sellers(track)]
    costs = [users * seat.usd + (1 - seat.covered_share[cohort]) * usage_usd for seat in sold]
    return min(costs, default=usage_usd)
