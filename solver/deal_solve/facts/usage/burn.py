"""Usage that a plan only has to reach a commitment measured at list: dearer options than it needs (model §4)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from deal_solve.deal.money import CENT_TOLERANCE_USD
from deal_solve.deal.requests.routing_options import Epoch
from deal_solve.facts.once import once
from deal_solve.plan.dearer import counts_toward, list_usd, may_replace, years_measured_at_list
from deal_solve.plan.plan import Plan, Route
from deal_solve.plan.resolved import User, resolve
from deal_solve.plan.validation.routing import route_problems
from deal_solve.settlement.settle import Settlement, settle
from deal_solve.uncertainty.scenario_set import ScenarioSet, first_block

USAGE = ("usage", "uncounted_usage", "other_charges")
"""Lines of what usage costs, month by month."""


@dataclass(frozen=True)
class Burn:
    """What `users` run on dearer options for: expected list dollars that count and expected cost, so and without."""

    users: tuple[str, ...]
    usage_usd: float
    usage_without_usd: float
    cost_usd: float
    cost_without_usd: float


@once
def burn(settlement: Settlement) -> Burn | None:
    """Return what a plan gains by using more list dollars than it needs; None where it does not.

    Without it, every user runs on the cheapest option at list that may replace its own and keeps its limits; nothing
    else in the plan changes. It is burn if that pays less for usage, and more in all. Not looked for under tables.
    """
    deal, plan = settlement.deal, settlement.plan
    years = frozenset() if plan.later else years_measured_at_list(deal, plan)
    if not years:
        return None
    moved = dict(_moved(settlement, first_block(settlement.scenarios), years))
    if not moved:
        return None
    routing = {name: moved.get(name, routes) for name, routes in plan.routing.items()}
    use = {name: moved.get(name, routes) for name, routes in plan.use.items()}
    without = settle(deal, plan.model_copy(update={"routing": routing, "use": use}), settlement.scenarios)
    if _usage(without) > _usage(settlement) - CENT_TOLERANCE_USD or _cost(without) < _cost(settlement):
        return None
    return Burn(tuple(moved), _tested(settlement), _tested(without), _cost(settlement), _cost(without))


def _moved(
    settlement: Settlement, block: ScenarioSet, years: frozenset[int]
) -> Iterator[tuple[str, tuple[Route, ...]]]:
    """Yield the users whose routes can be cheaper at list in some years, with these routes."""
    deal, plan = settlement.deal, settlement.plan
    for name, routes in (*plan.routing.items(), *plan.use.items()):
        user = resolve(deal).users[name]
        epochs = {epoch.start: epoch for epoch in user.epochs}
        found = tuple(
            _cheapest(plan, user, epochs[route.from_month], route, block)
            if route.from_month // 12 in years and counts_toward(deal, plan, name, route.from_month // 12)
            else route
            for route in routes
        )
        if found != routes:
            yield name, found


def _cheapest(plan: Plan, user: User, epoch: Epoch, route: Route, block: ScenarioSet) -> Route:
    """Return a route with each share on the cheapest option at list that may replace the one it is on."""
    bought = frozenset(plan.projects.get(user.name, ()))
    usd = {option.key: float(list_usd(user, epoch, option, block).mean()) for option in epoch.options}
    shares = dict(route.shares)
    for key, share in route.shares.items():
        own = epoch.option(key)
        for other in sorted(epoch.options, key=lambda option: usd[option.key]):
            if own is None or usd[other.key] >= usd[key] * (1 - 1e-9):
                break
            if may_replace(user.request, other, own) or {*other.projects} <= bought:
                changed = {name: amount for name, amount in shares.items() if name != key}
                changed[other.key] = changed.get(other.key, 0.0) + share
                if not list(route_problems(user, epoch, changed, bought, "")):
                    shares = changed
                    break
    return route.model_copy(update={"shares": shares}) if shares != route.shares else route


def _usage(settlement: Settlement) -> float:
    return sum(float(settlement.weights @ usd) for line in USAGE if (usd := settlement.by_line.get(line)) is not None)


def _cost(settlement: Settlement) -> float:
    return float(settlement.weights @ settlement.cost)


def _tested(settlement: Settlement) -> float:
    return sum(float(settlement.weights @ record.usage_usd) for record in settlement.drawdown if record.is_at_list)
