"""From drawn values to monthly paths: the formulas of section 1, vectorised over scenarios.

Arrays have shape (H, S), a month in one stretch of memory, and are built month by month. What is the same in every
scenario has one column while it is built, and is a view of that column in the set: it may not be written to.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypedDict

import numpy as np

from deal_solve.deal.cohort import Cohort
from deal_solve.deal.cross_checks import MODELS, SEATS
from deal_solve.deal.deal import Deal
from deal_solve.deal.numbers import Band, certain
from deal_solve.deal.offers.cloud_years import cloud_years
from deal_solve.deal.rate_card import FAMILIES
from deal_solve.deal.requests.today import list_usd_today
from deal_solve.deal.workload import Workload
from deal_solve.memory import refuse_larger
from deal_solve.messages import counted
from deal_solve.uncertainty.scenario_set import PATHS, Array

Draw = Callable[[str, str, Band], Array]
"""(group, dotted path, band) -> one value per scenario, shape (S,), or (1,) where it is the same in all."""
Noise = Callable[[str, float], Array]
"""(workload or cohort, coefficient of variation) -> a factor of mean 1 per month and scenario, (H, S)."""

FLOAT_BYTES = 8
WHILE_BUILT = 3
"""Arrays (H, S) that are held beside a set while it is built, or while it is read."""
GROUPS = ("usage", "growth", "adoption", "price", "cache", "cloud")


class Paths(TypedDict):
    """What a scenario set holds besides its weights."""

    requests: dict[str, Array]
    users: dict[str, Array]
    per_user: dict[str, Array]
    index: dict[str, Array]
    hit_rate: dict[str, Array]
    other_spend: dict[str, Array]


def paths_of(deal: Deal, draw: Draw, happens: Mapping[str, Array], scenarios: int, noise: Noise | None = None) -> Paths:
    """Return all paths of these draws; `happens[event]` is 1 where it does, shape (S,) or (1,)."""

    def spread(path: Array) -> Array:
        return np.broadcast_to(path, (deal.horizon_months, scenarios))

    requests = {key: _monthly_requests(deal, key, draw, happens) for key in deal.workloads}
    per_user = {key: _requests_per_user(deal, key, draw) for key in deal.cohorts}
    if noise:
        for key, path in requests.items():
            requests[key] = _noisy(path, noise, key, deal.workloads[key].monthly_noise)
        for key, path in per_user.items():
            use = deal.cohorts[key].use
            per_user[key] = _noisy(path, noise, key, use.monthly_noise if use else 0.0)
    return {
        "requests": {key: spread(path) for key, path in requests.items()},
        "users": {key: spread(active_users(deal, key, draw)) for key in deal.cohorts},
        "per_user": {key: spread(path) for key, path in per_user.items()},
        "index": {key: spread(path) for key, path in _price_indexes(deal, draw).items()},
        "hit_rate": {key: np.broadcast_to(rate, scenarios) for key, rate in _hit_rates(deal, draw).items()},
        "other_spend": {
            key: np.broadcast_to(usd, (cloud_years(deal), scenarios)) for key, usd in _other_spend(deal, draw).items()
        },
    }


def refuse_large(deal: Deal, scenarios: int, numbers: int, remedy: str) -> None:
    """Raise InputError where scenarios take more memory than they may; `remedy` says how there can be fewer.

    `numbers` is how many numbers a scenario takes (`held`); it takes more while they are built.
    """
    what = f"{counted(scenarios, 'scenario')} of {counted(deal.horizon_months, 'month')}"
    refuse_larger(FLOAT_BYTES * scenarios * (numbers + WHILE_BUILT * deal.horizon_months), what, remedy)


def held(paths: Paths, is_copied: bool = False) -> int:
    """Return how many numbers each scenario of these paths takes; those that are the same in all take none uncopied."""
    arrays = [array for name in PATHS for array in paths[name].values()]  # type: ignore[literal-required]
    return sum(array.size // array.shape[-1] for array in arrays if is_copied or array.strides[-1])


def bands_of(deal: Deal) -> tuple[tuple[str, str, Band], ...]:
    """Return (group, dotted path, band) of everything that may be a band, certain ones too, in the order of a deal.

    A deal that is signed later has those of the whole one: what starts before it is signed has a path from there on.
    """
    deal = deal.whole
    found: dict[str, tuple[str, str, Band]] = {}

    def note(group: str, path: str, band: Band) -> Array:
        found[path] = group, path, band
        return middle(group, path, band)

    paths_of(deal, note, {key: np.zeros(1) for key in deal.uncertainty.events}, 1)
    return tuple(found.values())


def middle(_group: str, _path: str, band: Band) -> Array:
    """Draw the P50 of every band in all scenarios."""
    return np.array([band.p50])


def _grown(first: Array, growth_per_year: Array, months: int) -> Array:
    """first·(1+g)^(k/12) for k = 0 … months-1; shape (months, S or 1)."""
    per_month = (1 + growth_per_year) ** (1 / 12)
    path = np.empty((months, max(len(first), len(per_month))))
    path[0] = first
    for month in range(1, months):
        np.multiply(path[month - 1], per_month, out=path[month])
    return path


def _started(path: Array, starts: Array) -> Array:
    """Move a path to the month in which it starts, 0 before; `starts` has shape (S,) or (1,)."""
    if not starts.any():
        return path
    months = len(path)
    moved = np.zeros((months, max(path.shape[1], len(starts))))
    for first in sorted({int(start) for start in starts.tolist() if start < months}):
        moved[first:] = np.where(starts == first, path[: months - first], moved[first:])
    return moved


def _noisy(path: Array, noise: Noise, key: str, variation: float) -> Array:
    return np.multiply(factor := noise(key, variation), path, out=factor) if variation else path


def _monthly_requests(deal: Deal, workload_id: str, draw: Draw, happens: Mapping[str, Array]) -> Array:
    """D[w,t] = base·(1+g)^((t-t_w)/12)·season/mean(season)·event factors, 0 before t_w."""
    work: Workload = deal.workloads[workload_id]
    path = f"workloads.{workload_id}"
    base = _base_requests(deal, workload_id, draw)
    growth = draw("growth", f"{path}.growth_per_year", work.growth_per_year)
    events = [
        (event, happens[name]) for name, event in deal.uncertainty.events.items() if workload_id in event.workloads
    ]
    starts = np.array([float(deal.month(work.starts))])
    for event, happening in events:
        if event.delay_months:
            starts = starts + event.delay_months * happening
    demand = _started(_grown(base, growth, deal.horizon_months), starts)
    season = _season(deal, work)
    if season is not None:
        demand *= season[:, None]
    for event, happening in events:
        if event.factor != 1:
            since = np.arange(deal.horizon_months)[:, None] >= deal.month(event.from_month)
            demand = demand * np.where((happening > 0) & since, event.factor, 1.0)
    return demand


def _base_requests(deal: Deal, workload_id: str, draw: Draw) -> Array:
    """Requests of an average month at the start, (S,) or (1,): as stated, or spend / list cost of one on `today`."""
    field, band = deal.workloads[workload_id].volume
    drawn = draw("usage", f"workloads.{workload_id}.{field}", band)
    return drawn / list_usd_today(deal, workload_id) if field == "spend_usd_per_month" else drawn


def _season(deal: Deal, work: Workload) -> Array | None:
    """Return season/mean(season) of every month, (H,), None where a workload has none."""
    if work.season_by_calendar_month is None:
        return None
    season = np.array(work.season_by_calendar_month, dtype=float)
    months = (deal.start.month - 1 + np.arange(deal.horizon_months)) % 12
    return np.asarray(season[months] / season.mean(), dtype=float)


def active_users(deal: Deal, cohort_id: str, draw: Draw) -> Array:
    """A[c,t] = headcount·(1+hg)^((t-t_c)/12)·share in use·assigned_per_active, 0 before t_c; shape (H, S or 1).

    The share in use is a + (active share - a)·min(1, (t-t_c)/months), a = active_now, else from_share·active share.
    """
    cohort: Cohort = deal.cohorts[cohort_id]
    path = f"cohorts.{cohort_id}"
    growth = draw("growth", f"{path}.headcount_growth_per_year", cohort.headcount_growth_per_year)
    active = draw("adoption", f"{path}.active_share", cohort.active_share)
    starts = deal.month(cohort.starts)
    since = max(-starts, 0)
    months = since + deal.horizon_months
    people = _grown(np.array([cohort.headcount * cohort.assigned_per_active]), growth, months)[since:]
    share = active
    if cohort.ramp:
        first = active * cohort.ramp.from_share if cohort.active_now is None else cohort.active_now
        reached = np.minimum(np.arange(since, months) / cohort.ramp.months, 1)
        share = first + (active - first) * reached[:, None]
    return _started(people * share, np.array([float(max(starts, 0))]))


def _requests_per_user(deal: Deal, cohort_id: str, draw: Draw) -> Array:
    """per_user·(1+ug)^(t/12); 0 for a cohort without metered use."""
    use = deal.cohorts[cohort_id].use
    if use is None:
        return np.zeros((deal.horizon_months, 1))
    path = f"cohorts.{cohort_id}.use"
    base = draw("usage", f"{path}.requests_per_user_month", use.requests_per_user_month)
    return _grown(base, draw("growth", f"{path}.growth_per_year", use.growth_per_year), deal.horizon_months)


def _price_indexes(deal: Deal, draw: Draw) -> dict[str, Array]:
    """Return Π of every family; those that follow `models` share one array."""
    changes = deal.uncertainty.list_price_change_per_year
    names = {family: family if family in changes or family == SEATS else MODELS for family in families(deal)}
    paths = {name: _price_index(deal, name, changes.get(name, (certain(0.0),)), draw) for name in names.values()}
    return {family: paths[name] for family, name in names.items()}


def _price_index(deal: Deal, name: str, bands: tuple[Band, ...], draw: Draw) -> Array:
    """Π[f,t] = product of (1 + yearly change) over the years so far, the step of year y at its month 6."""
    levels = [np.ones(1)]
    for year in range(deal.years):
        position = min(year, len(bands) - 1)
        path = f"uncertainty.list_price_change_per_year.{name}" + f"[{position}]" * (len(bands) > 1)
        levels.append(levels[-1] * (1 + draw("price", path, bands[position])))
    index = np.empty((deal.horizon_months, max(map(len, levels))))
    for month in range(deal.horizon_months):
        index[month] = levels[(month + 6) // 12]
    return index


def _hit_rates(deal: Deal, draw: Draw) -> dict[str, Array]:
    """h of every workload and cohort; 0 where nothing is cached; shape (S,) or (1,)."""
    works = {key: (work, "") for key, work in deal.workloads.items()}
    uses = {key: (cohort.use, ".use") for key, cohort in deal.cohorts.items() if cohort.use}
    rates = {}
    for kind, requests in (("workloads", works), ("cohorts", uses)):
        for key, (request, part) in requests.items():
            path = f"{kind}.{key}{part}.cache.hit_rate"
            rates[key] = draw("cache", path, request.cache.hit_rate) if request.cache else np.zeros(1)
    return rates


def _other_spend(deal: Deal, draw: Draw) -> dict[str, Array]:
    """Return O of every cloud commitment: one number per year of them, (Y, S or 1)."""
    spend, years = {}, cloud_years(deal)
    for key, cloud in deal.cloud_commitments.items():
        bands, path = cloud.other_spend_usd_per_year, f"cloud_commitments.{key}.other_spend_usd_per_year"
        drawn = [
            draw("cloud", path + f"[{index}]" * (len(bands) > 1), band) for index, band in enumerate(bands[:years])
        ]
        spend[key] = np.array(np.broadcast_arrays(*drawn))
    return spend


def families(deal: Deal) -> tuple[str, ...]:
    """Return the price families of the index: those on the card, and seats."""
    return (*(f for f in FAMILIES if any(m.family == f for m in deal.card.models)), SEATS)
