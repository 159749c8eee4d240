"""Whether the projects and the routing of a plan are possible (model §3)."""

from __future__ import annotations

from collections.abc import Iterator

from deal_solve.deal.deal import Deal
from deal_solve.deal.requests.routing_options import Epoch, Option
from deal_solve.deal.workload import Quality, Request, Workload
from deal_solve.errors import Problem
from deal_solve.plan.plan import Plan, Route
from deal_solve.plan.resolved import User, resolve
from deal_solve.plan.tracks import is_metered

TOLERANCE = 1e-6


def broken_routing(deal: Deal, plan: Plan) -> Iterator[Problem]:
    """Yield what is wrong with projects and with the routes of workloads and metered cohorts."""
    for name in [name for name in (*plan.projects, *plan.routing) if name not in deal.workloads]:
        yield Problem(f"routing.{name}", f"there is no workload {name!r}")
    for name in [name for name in plan.use if name not in deal.cohorts or deal.cohorts[name].use is None]:
        yield Problem(f"use.{name}", f"there is no cohort {name!r} with a use section")
    for name, projects in plan.projects.items():
        offered = deal.workloads[name].projects if name in deal.workloads else {}
        for project in projects:
            if name in deal.workloads and project not in offered:
                known = ", ".join(offered) or "none"
                yield Problem(f"workloads.{name}.projects", f"{project} is bought; the workload has {known}")
    for name in deal.workloads:
        bought = plan.projects.get(name, ())
        yield from _routes(deal, resolve(deal).users[name], plan.routing.get(name, ()), frozenset(bought))
    for name, cohort in deal.cohorts.items():
        if cohort.use and (name in plan.use or _metered(deal, plan, name)):
            yield from _routes(deal, resolve(deal).users[name], plan.use.get(name, ()), frozenset())


def _metered(deal: Deal, plan: Plan, cohort_id: str) -> bool:
    offers = {seat_type: agreement.offer for seat_type, agreement in plan.seats.items()}
    return any(is_metered(deal, cohort_id, track, offers.get(track)) for track in plan.tracks.get(cohort_id, ()))


def _routes(deal: Deal, user: User, routes: tuple[Route, ...], bought: frozenset[str]) -> Iterator[Problem]:
    here = f"routing.{user.name}" if user.is_workload else f"use.{user.name}"
    starts = [epoch.start for epoch in user.epochs]
    if [route.from_month for route in routes] != starts:
        given = ", ".join(deal.dated(route.from_month) for route in routes) or "none"
        wanted = ", ".join(map(deal.dated, starts))
        yield Problem(here, f"routes from month {given}; expected one per epoch, from month {wanted}")
        return
    for index, (epoch, route) in enumerate(zip(user.epochs, routes, strict=True)):
        yield from route_problems(user, epoch, route.shares, bought, f"{here}[{index}].shares")


def route_problems(
    user: User, epoch: Epoch, shares: dict[str, float], bought: frozenset[str], here: str
) -> Iterator[Problem]:
    """Yield what is wrong with the shares of one epoch: closed options, projects not bought, sums and limits."""
    months = f"in {epoch.months}"
    path = f"workloads.{user.name}" if user.is_workload else f"cohorts.{user.name}.use"
    options: list[tuple[Option, float]] = []
    for key, share in shares.items():
        option = epoch.option(key)
        if option:
            options.append((option, share))
            missing = [project for project in option.projects if project not in bought]
            if share > TOLERANCE and missing:
                needs = f"{key!r} is used {months} and needs {', '.join(missing)}"
                yield Problem(f"{path}.projects", f"{needs}; bought: {', '.join(sorted(bought)) or 'none'}")
        elif share > 0:
            known = ", ".join(option.key for option in epoch.options) or "none"
            yield Problem(f"{here}.{key}", f"{key!r} is not open {months}; open: {known}")
    total = sum(shares.values())
    if abs(total - 1) > TOLERANCE:
        yield Problem(here, f"the shares {months} add up to {total:.8g}; expected 1 (100%)")
    elif len(options) == len(shares):
        yield from _limits(path, user.request, options, months)


def _limits(path: str, request: Request, options: list[tuple[Option, float]], months: str) -> Iterator[Problem]:
    if isinstance(request, Workload):
        batch = sum(share for option, share in options if option.batch)
        if batch > request.batchable + TOLERANCE:
            yield Problem(
                f"{path}.batchable", f"{batch:.2%} in batch {months}, at most {request.batchable:.2%} can wait"
            )
    quality: Quality = getattr(request, "quality", Quality())
    if quality.mean_floor is not None:
        mean = sum(share * (option.quality or 0.0) for option, share in options)
        if mean < quality.mean_floor - TOLERANCE:
            yield Problem(
                f"{path}.quality.mean_floor", f"mean {mean:.4f} {months}, the floor is {quality.mean_floor:g}"
            )
    for name, limit in request.shares.items():
        share = sum(share for option, share in options if name in option.counts_as)
        if share < limit.minimum - TOLERANCE:
            yield Problem(f"{path}.shares.{name}.minimum", f"{share:.2%} {months}, the minimum is {limit.minimum:.2%}")
        if share > limit.maximum + TOLERANCE:
            yield Problem(f"{path}.shares.{name}.maximum", f"{share:.2%} {months}, the maximum is {limit.maximum:.2%}")
