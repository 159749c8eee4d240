"""The routing of a proposal, completed: as today where nothing is said (model §3)."""

from __future__ import annotations

from dataclasses import dataclass
from weakref import WeakKeyDictionary

from deal_solve.deal.deal import Deal
from deal_solve.deal.requests.routing_options import Epoch, Option
from deal_solve.deal.workload import ProjectName, Request, Workload
from deal_solve.errors import InputError, Problem
from deal_solve.plan.plan import Route
from deal_solve.plan.proposal import Proposal, ProposedRoute
from deal_solve.plan.resolved import ResolvedDeal, User, resolve
from deal_solve.plan.tracks import is_metered
from deal_solve.plan.validation.routing import route_problems

Routing = dict[str, tuple[Route, ...]]
Projects = dict[str, tuple[ProjectName, ...]]


@dataclass(frozen=True)
class _Routed:
    """The routes of one user, a route for each epoch, the projects that they need, and what was assumed of both."""

    routes: tuple[Route, ...]
    projects: tuple[ProjectName, ...]
    assumed: tuple[str, ...]


_UNSTATED: WeakKeyDictionary[ResolvedDeal, dict[str, _Routed]] = WeakKeyDictionary()
"""The users of a deal of whom nothing was said: each is routed once, for all proposals."""


def complete_routing(
    deal: Deal,
    proposal: Proposal,
    tracks: dict[str, tuple[str, ...]],
    sellers: dict[str, tuple[str, ...]],
    notes: list[str],
) -> tuple[Projects, Routing, Routing]:
    """Return projects, routing and use for every epoch of every workload and of every cohort that is metered."""
    projects: Projects = {}
    routing: Routing = {}
    use: Routing = {}
    for name in deal.workloads:
        chosen = proposal.projects.get(name)
        routed = _routed(deal, name, proposal.routing.get(name, ()), chosen)
        routing[name] = routed.routes
        notes += routed.assumed
        if routed.projects or chosen is not None:
            projects[name] = routed.projects
    for name, cohort in deal.cohorts.items():
        metered = any(
            is_metered(deal, name, track, seller) for track in tracks[name] for seller in sellers.get(track, (None,))
        )
        if cohort.use and (metered or name in proposal.use):
            routed = _routed(deal, name, proposal.use.get(name, ()), None)
            use[name] = routed.routes
            notes += routed.assumed
    return projects, routing, use


def _routed(deal: Deal, name: str, given: tuple[ProposedRoute, ...], chosen: tuple[ProjectName, ...] | None) -> _Routed:
    """Return the routing of a user under the routes and projects that are given; raises InputError for other months."""
    resolved = resolve(deal)
    if given or chosen is not None:
        return _completed(deal, resolved.users[name], given, chosen)
    known = _UNSTATED.setdefault(resolved, {})
    if name not in known:
        known[name] = _completed(deal, resolved.users[name], (), None)
    return known[name]


def _completed(
    deal: Deal, user: User, given: tuple[ProposedRoute, ...], chosen: tuple[ProjectName, ...] | None
) -> _Routed:
    part, may_buy = "routing" if user.is_workload else "use", user.is_workload and chosen is None
    _refuse_other_months(deal, f"{part}.{user.name}", given, user.epochs)
    bought = list(chosen) if chosen is not None else _needed(user.epochs, given)
    routes, assumed = _routes(user, given, bought, may_buy)
    notes = _sentences(deal, user, assumed)
    if may_buy and bought:
        notes.append(f"Workload {user.name} buys {', '.join(bought)}, which its routing needs.")
    return _Routed(routes, tuple(bought), tuple(notes))


def _refuse_other_months(deal: Deal, path: str, given: tuple[ProposedRoute, ...], epochs: tuple[Epoch, ...]) -> None:
    starts = [epoch.start for epoch in epochs]
    problems = []
    for index, route in enumerate(given):
        if route.from_month is None and len(given) > 1:
            problems.append(Problem(f"{path}[{index}]", "from_month is missing; only a single route may leave it out"))
        elif route.from_month is not None and route.from_month not in starts:
            message = f"{deal.dated(route.from_month)} is not the start of an epoch; epochs start in month "
            problems.append(Problem(f"{path}[{index}].from_month", message + ", ".join(map(deal.dated, starts))))
    months = [route.from_month for route in given if route.from_month is not None]
    if sorted(set(months)) != months:
        stated = ", ".join(map(deal.dated, months))
        problems.append(Problem(path, f"from_month {stated}; expected each after the one before"))
    if problems:
        raise InputError(problems)


def _needed(epochs: tuple[Epoch, ...], given: tuple[ProposedRoute, ...]) -> list[ProjectName]:
    """Return the projects that the given routes need in the epochs in which they hold."""
    options = [epoch.option(key) for epoch in epochs for key, share in _given(given, epoch, epochs).items() if share]
    return list(dict.fromkeys(project for option in options if option for project in option.projects))


def _given(given: tuple[ProposedRoute, ...], epoch: Epoch, epochs: tuple[Epoch, ...]) -> dict[str, float]:
    """Return the shares that hold in an epoch, or {} where nothing is said.

    A route without a month holds wherever all its options are open (and everywhere, to be refused, if nowhere).
    """
    if len(given) == 1 and given[0].from_month is None:
        shares = given[0].shares
        open_in = [e for e in epochs if all(e.option(key) for key in shares)]
        return shares if epoch in open_in or not open_in else {}
    held = [route.shares for route in given if route.from_month is not None and route.from_month <= epoch.start]
    return held[-1] if held else {}


def _routes(
    user: User, given: tuple[ProposedRoute, ...], bought: list[ProjectName], may_buy: bool
) -> tuple[tuple[Route, ...], list[tuple[Epoch, dict[str, float]]]]:
    """Return a route for each epoch, and the epochs of which nothing is said, with the shares that are assumed."""
    routes: list[Route] = []
    assumed: list[tuple[Epoch, dict[str, float]]] = []
    for epoch in user.epochs:
        shares = _given(given, epoch, user.epochs)
        if not shares:
            shares = default_shares(user, epoch, bought, may_buy)
            assumed.append((epoch, shares))
        routes.append(Route(from_month=epoch.start, shares=shares))
    return tuple(routes), assumed


def default_shares(user: User, epoch: Epoch, bought: list[ProjectName], may_buy: bool) -> dict[str, float]:
    """Return today's option if it is open and within the limits, else the best quality that is: uncached and not in
    batch if that can be, then cached, then in batch, then (if it `may_buy`) with projects, which are added to `bought`.
    """
    request, today = user.request, _today_key(user.request)
    if epoch.option(today) and not list(route_problems(user, epoch, {today: 1.0}, frozenset(bought), "")):
        return {today: 1.0}
    free = [option for option in epoch.options if set(option.projects) <= set(bought)]
    alone = [option for option in free if not option.batch]
    sets = [[option for option in alone if not option.cached], alone, free, *([list(epoch.options)] if may_buy else [])]
    tries = [_best(request, options) for options in sets if options]
    everything = frozenset(project for option in epoch.options for project in option.projects)
    fits = (shares for shares in tries if not list(route_problems(user, epoch, shares, everything, "")))
    shares = next(fits, tries[0] if tries else {})
    for key in shares:
        option = epoch.option(key)
        bought.extend(project for project in (option.projects if option else ()) if may_buy and project not in bought)
    return shares


def _today_key(request: Request) -> str:
    today = request.today if isinstance(request, Workload) else None
    return today.key if today else ""


def _best(request: Request, options: list[Option]) -> dict[str, float]:
    """Fill the least shares first, then the options of best quality up to their largest shares."""
    ranked = sorted(options, key=lambda option: -(option.quality or 0.0))
    used = dict.fromkeys((option.key for option in ranked), 0.0)

    def counted(name: str) -> float:
        return sum(used[option.key] for option in ranked if name in option.counts_as)

    def room(option: Option) -> float:
        limits = [limit.maximum - counted(name) for name, limit in request.shares.items() if name in option.counts_as]
        return max(0.0, min([1.0 - sum(used.values()), *limits]))

    for name, limit in request.shares.items():
        best = next((option for option in ranked if name in option.counts_as), None)
        if best:
            used[best.key] += max(0.0, min(limit.minimum - counted(name), room(best)))
    for option in ranked:
        used[option.key] += room(option)
    return {key: share for key, share in used.items() if share > 0}


def _why(deal: Deal, request: Request, epoch: Epoch, shares: dict[str, float]) -> str:
    """Return why an epoch is routed so: as today, or as it must be where today's model is gone, or by quality."""
    if not isinstance(request, Workload) or request.today is None or list(shares) != [_today_key(request)]:
        return "best quality open, not in batch"
    option, model = epoch.option(request.today.key), request.today.model
    answers = option.parts[0].model_id if option else model
    is_gone = answers != model and any(each.id == model for each in deal.card.models)
    return f"{answers} in place of {model}, which is gone" if is_gone else "as today"


def _sentences(deal: Deal, user: User, assumed: list[tuple[Epoch, dict[str, float]]]) -> list[str]:
    """Return one sentence per run of epochs that are routed alike."""
    runs: list[tuple[int, int, dict[str, float], str]] = []
    for epoch, shares in assumed:
        why = _why(deal, user.request, epoch, shares)
        if runs and runs[-1][1:] == (epoch.start, shares, why):
            runs[-1] = (runs[-1][0], epoch.end, shares, why)
        else:
            runs.append((epoch.start, epoch.end, shares, why))
    sentences = []
    for start, end, shares, why in runs:
        if not shares:
            sentences.append(f"{user.name} has no open option in {deal.span(start, end)}.")
            continue
        mix = " and ".join(f"{share:.0%} {key}" if share < 1 else key for key, share in shares.items())
        sentences.append(f"{user.name} runs on {mix} in {deal.span(start, end)} ({why}).")
    return sentences
