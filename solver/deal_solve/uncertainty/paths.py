"""From drawn values to monthly paths: the formulas of section 1, vectorised over scenarios."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from deal_solve.deal.card import FAMILIES
from deal_solve.deal.cohort import Cohort
from deal_solve.deal.deal import Deal
from deal_solve.deal.numbers import Band, certain
from deal_solve.deal.references import MODELS, SEATS
from deal_solve.deal.workload import Workload
from deal_solve.uncertainty.scenarios import Array

Draw = Callable[[str, str, Band], Array]
"""(group, dotted path, band) -> one value per scenario, shape (S,)."""

GROUPS = ("usage", "growth", "adoption", "price", "cache")


def monthly_requests(deal: Deal, workload_id: str, draw: Draw, happens: Mapping[str, Array], scenarios: int) -> Array:
    """D[w,t] = base·(1+g)^((t-t_w)/12)·season/mean(season)·event factors, 0 before t_w; shape (S, H)."""
    work: Workload = deal.workloads[workload_id]
    path = f"workloads.{workload_id}"
    months = np.arange(deal.horizon_months)
    start = np.full(scenarios, float(deal.month(work.starts)))
    factor = np.ones((scenarios, deal.horizon_months))
    for event_id, event in deal.uncertainty.events.items():
        if workload_id in event.workloads:
            start += event.delay_months * happens[event_id]
            since = months >= deal.month(event.from_month)
            factor *= np.where(happens[event_id][:, None] * since[None, :] > 0, event.factor, 1.0)
    age = months[None, :] - start[:, None]
    base = draw("usage", f"{path}.requests_per_month", work.requests_per_month)[:, None]
    growth = draw("growth", f"{path}.growth_per_year", work.growth_per_year)[:, None]
    demand = base * (1 + growth) ** (age / 12) * _season(deal, work)[None, :] * factor
    return np.where(age >= 0, demand, 0.0)


def _season(deal: Deal, work: Workload) -> Array:
    if work.season_by_calendar_month is None:
        return np.ones(deal.horizon_months)
    season = np.array(work.season_by_calendar_month, dtype=float)
    months = np.array([deal.calendar(t).month - 1 for t in range(deal.horizon_months)])
    return np.asarray(season[months] / season.mean(), dtype=float)


def active_users(deal: Deal, cohort_id: str, draw: Draw) -> Array:
    """A[c,t] = headcount·(1+hg)^((t-t_c)/12)·active share·ramp(t)·assigned_per_active; shape (S, H)."""
    cohort: Cohort = deal.cohorts[cohort_id]
    path = f"cohorts.{cohort_id}"
    age = np.arange(deal.horizon_months) - deal.month(cohort.starts)
    ramp = np.ones(deal.horizon_months)
    if cohort.ramp:
        first = cohort.ramp.from_share
        ramp = first + (1 - first) * np.clip(age / cohort.ramp.months, 0, 1)
    growth = draw("growth", f"{path}.headcount_growth_per_year", cohort.headcount_growth_per_year)[:, None]
    active = draw("adoption", f"{path}.active_share", cohort.active_share)[:, None]
    users = cohort.headcount * (1 + growth) ** (age[None, :] / 12) * active * ramp * cohort.assigned_per_active
    return np.where(age >= 0, users, 0.0)


def requests_per_user(deal: Deal, cohort_id: str, draw: Draw, scenarios: int) -> Array:
    """per_user·(1+ug)^(t/12); shape (S, H); 0 for a cohort without metered use."""
    use = deal.cohorts[cohort_id].use
    if use is None:
        return np.zeros((scenarios, deal.horizon_months))
    path = f"cohorts.{cohort_id}.use"
    base = draw("usage", f"{path}.requests_per_user_month", use.requests_per_user_month)[:, None]
    growth = draw("growth", f"{path}.growth_per_year", use.growth_per_year)[:, None]
    return base * (1 + growth) ** (np.arange(deal.horizon_months)[None, :] / 12)


def price_index(deal: Deal, family: str, draw: Draw, scenarios: int) -> Array:
    """Π[f,t] = product of (1 + yearly change) over the years so far, the step of year y at its month 6; (S, H)."""
    changes = deal.uncertainty.list_price_change_per_year
    name = family if family in changes or family == SEATS else MODELS
    bands = changes.get(name, (certain(0.0),))
    index = np.ones((scenarios, deal.horizon_months))
    for year in range(deal.years):
        place = min(year, len(bands) - 1)
        path = f"uncertainty.list_price_change_per_year.{name}" + f"[{place}]" * (len(bands) > 1)
        index[:, 12 * year + 6 :] *= 1 + draw("price", path, bands[place])[:, None]
    return index


def hit_rates(deal: Deal, draw: Draw, scenarios: int) -> dict[str, Array]:
    """h of every workload and cohort; 0 where nothing is cached; shape (S,)."""
    works = {key: (work, "") for key, work in deal.workloads.items()}
    uses = {key: (cohort.use, ".use") for key, cohort in deal.cohorts.items() if cohort.use}
    rates = {}
    for kind, requests in (("workloads", works), ("cohorts", uses)):
        for key, (request, part) in requests.items():
            path = f"{kind}.{key}{part}.cache.hit_rate"
            rates[key] = draw("cache", path, request.cache.hit_rate) if request.cache else np.zeros(scenarios)
    return rates


def families(deal: Deal) -> tuple[str, ...]:
    """Return the price families of the index: those on the card, and seats."""
    return (*(f for f in FAMILIES if any(m.family == f for m in deal.card.models)), SEATS)
