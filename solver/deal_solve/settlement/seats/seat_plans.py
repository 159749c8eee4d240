"""The plans of the vendor: users above a plan's maximum, and what is charged below its minimum (model §5)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from deal_solve.deal.deal import Deal
from deal_solve.deal.offers.running import is_running, seats_run
from deal_solve.deal.rate_card import SeatPlan
from deal_solve.plan.plan import Plan
from deal_solve.settlement.ledger import Ledger, Row
from deal_solve.settlement.seats.seats import SeatContract
from deal_solve.uncertainty.scenario_set import Array, ScenarioSet


def served(deal: Deal, plan: Plan, scenarios: ScenarioSet) -> tuple[ScenarioSet, dict[str, Array]]:
    """Return the scenarios with the users that are served, and those above a plan's maximum per cohort, (H, S).

    Users of a plan above its maximum are unserved, the cohort with the lowest unserved cost first, where every cohort
    on it states that cost. Elsewhere such a plan is closed (`plan.validation`) and nobody is left out here.
    """
    unserved: dict[str, Array] = {}
    for seat_plan, maximum in ((each, each.maximum) for each in deal.card.plans if each.maximum is not None):
        for year in range(deal.years):
            cohorts = [name for name in deal.cohorts if plan.tracks[name][year] in seat_plan.seats]
            costs = {name: deal.cohorts[name].unserved_usd_per_user_month for name in cohorts}
            if any(usd is None for usd in costs.values()):
                continue
            months = slice(12 * year, 12 * year + 12)
            together = sum((scenarios.users[name][months] for name in cohorts), np.zeros(1))
            excess: Array = np.maximum(0.0, together - maximum)
            for name in sorted(cohorts, key=lambda cohort: costs[cohort] or 0.0) if np.any(excess) else ():
                left_out = np.minimum(scenarios.users[name][months], excess)
                excess = excess - left_out
                unserved.setdefault(name, np.zeros((scenarios.months, scenarios.size)))[months] = left_out
    if not unserved:
        return scenarios, unserved
    users = {name: count - unserved.get(name, 0.0) for name, count in scenarios.users.items()}
    return replace(scenarios, users=users), unserved


def post_above_maximum(ledger: Ledger, deal: Deal, unserved: Mapping[str, Array]) -> None:
    """Post the users above a plan's maximum at their unserved cost, at the end of each month."""
    for name, users in unserved.items():
        usd = deal.cohorts[name].unserved_usd_per_user_month or 0.0
        for t in np.flatnonzero(users.any(axis=1)).tolist():
            ledger.post(Row("unserved", name, users[t], users[t] * usd, paid=t + 1, first=t, last=t))


def post_below_minimum(
    ledger: Ledger, deal: Deal, plan: Plan, contracts: Sequence[SeatContract], counts: Mapping[str, Array]
) -> None:
    """Post what contracted seats and users on monthly list lack to the minimum of their plan, month by month.

    It is charged at the monthly price of the cheapest type taken from monthly list; where none is, the minimum binds
    the contracted seats. Seats in force are a plan's own as long as they run.
    """
    for seat_plan in deal.card.plans:
        members = [contract for contract in contracts if contract.seat_type in seat_plan.seats]
        for year in range(deal.years):
            taken = {tracks[year] for tracks in plan.tracks.values()}
            monthly = [c for c in members if c.seat.is_billed_by_users and year in c.years and c.seat_type in taken]
            if monthly:
                contracted = sum(contract.contracted[year] for contract in members)
                begins = seats_run(deal) if any(is_running(deal, name) for name in seat_plan.seats) else 0
                first = max(12 * year, begins)
                users = sum(counts[contract.seat_type][first : 12 * year + 12] for contract in monthly)
                _post_missing(ledger, seat_plan, monthly, first, contracted + np.asarray(users))


def _post_missing(
    ledger: Ledger, seat_plan: SeatPlan, monthly: Sequence[SeatContract], first: int, counted: Array
) -> None:
    """Post max(0, minimum - counted) in each month of a contract year from `first` on; `counted` is (months, S)."""
    cheapest = min(monthly, key=lambda contract: contract.seat.usd)
    missing = np.maximum(0.0, seat_plan.minimum - counted)
    for month in np.flatnonzero(missing.any(axis=1)).tolist():
        t = first + month
        amount = missing[month] * (cheapest.seat.usd * cheapest.month_index[t])
        ledger.post(Row("seats", cheapest.seat_type, missing[month], amount, paid=t, first=t, last=t))
