"""Where cohorts go: seat counts, internal tools built and run, users left unserved (model §5)."""

from __future__ import annotations

import numpy as np

from deal_solve.deal.cohort import NONE
from deal_solve.deal.deal import Deal
from deal_solve.deal.offers.running import first_month
from deal_solve.plan.plan import Plan
from deal_solve.settlement.ledger import Ledger, Row
from deal_solve.settlement.seats.true_up import unserved_usd
from deal_solve.uncertainty.scenario_set import Array, ScenarioSet


def seat_counts(deal: Deal, plan: Plan, scenarios: ScenarioSet) -> dict[str, Array]:
    """Return A_σ[t] of every seat type with an agreement: the users of the cohorts on it, (H, S), not rounded."""
    counts = {name: np.zeros((scenarios.months, scenarios.size)) for name in plan.seats}
    for cohort in deal.cohorts:
        for year, track in enumerate(plan.tracks[cohort]):
            if track in counts:
                months = slice(12 * year, 12 * year + 12)
                counts[track][months] += scenarios.users[cohort][months]
    return counts


def taken(plan: Plan, seat_type: str, years: int) -> tuple[bool, ...]:
    """Return, per contract year, whether some cohort takes a seat type."""
    return tuple(any(tracks[year] == seat_type for tracks in plan.tracks.values()) for year in range(years))


def months_in_use(deal: Deal, plan: Plan, tool: str) -> tuple[int, ...]:
    """Return the months in which some cohort that has started is on an internal tool."""
    starts = {cohort: first_month(deal, cohort) for cohort in deal.cohorts}
    return tuple(
        t
        for t in range(deal.horizon_months)
        if any(plan.tracks[cohort][t // 12] == tool and t >= start for cohort, start in starts.items())
    )


def post_tools(ledger: Ledger, deal: Deal, plan: Plan) -> None:
    """Post each tool in use: build once at the start of its first month, run at the end of every month in use."""
    for name, tool in deal.internal_tools.items():
        months = months_in_use(deal, plan, name)
        if months:
            ledger.post(Row("build", name, 1.0, tool.build_usd, paid=months[0], first=months[0], last=months[0]))
        for t in months:
            ledger.post(Row("run", name, 1.0, tool.run_usd_per_month, paid=t + 1, first=t, last=t))


def post_unserved(ledger: Ledger, deal: Deal, plan: Plan, scenarios: ScenarioSet) -> None:
    """Post users · unserved cost of every cohort on the track none, at the end of each month."""
    for cohort in deal.cohorts:
        usd = unserved_usd(deal, cohort)
        for t in range(scenarios.months):
            if plan.tracks[cohort][t // 12] == NONE:
                users = scenarios.users[cohort][t]
                ledger.post(Row("unserved", cohort, users, users * usd, paid=t + 1, first=t, last=t))
