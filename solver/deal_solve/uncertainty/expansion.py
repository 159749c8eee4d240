"""The two exact scenario sets: an explicit weighted list, and the discrete expansion of the bands (model §1)."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence

import numpy as np

from deal_solve.deal.deal import Deal
from deal_solve.deal.numbers import Band
from deal_solve.deal.risk import NamedScenario
from deal_solve.errors import InputError
from deal_solve.messages import counted
from deal_solve.uncertainty import paths
from deal_solve.uncertainty.scenario_set import PATHS, Array, Kind, ScenarioSet
from deal_solve.uncertainty.signed import from_signing

SWANSON = (0.3, 0.4, 0.3)
QUANTILE_NAMES = ("P10", "P50", "P90")
MAX_SCENARIOS = 100_000
"""More branches than this are refused: a sampled set is the right tool there."""


def scenarios_of(deal: Deal) -> ScenarioSet:
    """Return the scenarios a deal states: its explicit list, or else the discrete expansion of its bands and events."""
    whole = explicit_list(deal.whole) if deal.scenarios else discrete_expansion(deal.whole)
    return from_signing(deal, whole)


def discrete_expansion(deal: Deal) -> ScenarioSet:
    """Return every combination of P10/P50/P90 per group of bands (cache at P50) and of events happening or not."""
    expanded, events = _branching(deal)
    count = _branches(expanded, events)
    if count > MAX_SCENARIOS:
        by = f"{counted(len(expanded), 'group')}, {counted(len(events), 'event')}"
        raise InputError(
            f"the discrete expansion has {_in_words(count)} branches ({by}); "
            f"expected at most {MAX_SCENARIOS:,}: sample scenarios instead (--scenarios N), or state fewer events"
        )
    _refuse_large(deal, expanded, events, count)
    levels = np.array(list(itertools.product(range(3), repeat=len(expanded))), dtype=int)
    flags = np.array(list(itertools.product((0, 1), repeat=len(events))), dtype=int)
    level = np.repeat(levels, len(flags), axis=0)
    flag = np.tile(flags, (len(levels), 1))
    weights = np.prod(np.array(SWANSON)[level], axis=1)
    happens: dict[str, Array] = {}
    for key, event in deal.uncertainty.events.items():
        if key in events:
            happens[key] = flag[:, events.index(key)].astype(float)
            weights = weights * np.where(happens[key] > 0, event.probability, 1 - event.probability)
        else:
            happens[key] = np.full(count, float(event.probability == 1))

    def draw(group: str, _path: str, band: Band) -> Array:
        if group not in expanded or band.is_certain:
            return np.array([band.p50])
        return np.asarray(np.array(band.quantiles)[level[:, expanded.index(group)]], dtype=float)

    names = tuple(
        " ".join(
            [
                *(f"{group} {QUANTILE_NAMES[row[i]]}" for i, group in enumerate(expanded)),
                *(key for i, key in enumerate(events) if happening[i]),
            ]
        )
        or "certain"
        for row, happening in zip(level, flag, strict=True)
    )
    kind: Kind = "discrete" if count > 1 else "certain"
    return ScenarioSet(kind, names, weights, groups=expanded, **paths.paths_of(deal, draw, happens, count))


def expansion_size(deal: Deal) -> int:
    """Return how many branches the discrete expansion has; 1 where nothing is uncertain."""
    return _branches(*_branching(deal))


def _branches(expanded: Sequence[str], events: Sequence[str]) -> int:
    """Return how many combinations so many groups and events have."""
    return int(3 ** len(expanded) * 2 ** len(events))


def _branching(deal: Deal) -> tuple[tuple[str, ...], list[str]]:
    """Return the groups of bands and the events that branch."""
    uncertain = {group for group, _, band in paths.bands_of(deal) if not band.is_certain}
    expanded = tuple(group for group in paths.GROUPS if group != "cache" and group in uncertain)
    return expanded, [key for key, event in deal.uncertainty.events.items() if 0 < event.probability < 1]


def _in_words(count: int) -> str:
    return f"{count:,}" if count < 1e15 else f"more than 1e{int(math.log10(count))}"


def _refuse_large(deal: Deal, expanded: Sequence[str], events: Sequence[str], count: int) -> None:
    """Refuse an expansion that memory does not hold, by what two of its branches take."""

    def two(group: str, _path: str, band: Band) -> Array:
        return np.array(band.quantiles[:2] if group in expanded and not band.is_certain else band.quantiles[:1])

    happens = {key: np.zeros(2 if key in events else 1) for key in deal.uncertainty.events}
    numbers = paths.held(paths.paths_of(deal, two, happens, 2))
    paths.refuse_large(deal, count, numbers, "sample scenarios instead (--scenarios N), or state fewer events")


def central(deal: Deal) -> ScenarioSet:
    """Return the one scenario in which every band is at its P50 and no event happens; a list of scenarios aside."""
    return from_signing(deal, ScenarioSet("certain", ("P50",), np.ones(1), **_middle_paths(deal.whole, 1)))


def explicit_list(deal: Deal) -> ScenarioSet:
    """Return the named scenarios of a deal; what one does not name is at P50, and no event happens."""
    listed = deal.scenarios
    weights = np.array([scenario.weight for scenario in listed.values()])
    base = _middle_paths(deal, len(listed))
    for row, scenario in enumerate(listed.values()):
        _overwrite(deal, base, row, scenario)
    return ScenarioSet("explicit", tuple(listed), weights / weights.sum(), **base)


def one_at_a_time(deal: Deal, changed: Sequence[str]) -> ScenarioSet:
    """Return two scenarios for each path of a band: it at P10 and at P90, all else at P50 and without events."""
    count = 2 * len(changed)

    def draw(_group: str, path: str, band: Band) -> Array:
        values = np.full(count, band.p50)
        if path in changed:
            index = 2 * changed.index(path)
            values[index : index + 2] = band.p10, band.p90
        return values

    names = tuple(f"{path} {quantile}" for path in changed for quantile in ("P10", "P90"))
    happens = {key: np.zeros(1) for key in deal.uncertainty.events}
    found = paths.paths_of(deal.whole, draw, happens, count)
    return from_signing(deal, ScenarioSet("explicit", names, np.full(count, 1 / count), **found))


def _middle_paths(deal: Deal, scenarios: int) -> paths.Paths:
    """Return paths with every band at P50 and no event, which may be written to."""
    happens = {key: np.zeros(1) for key in deal.uncertainty.events}
    found = paths.paths_of(deal, paths.middle, happens, scenarios)
    paths.refuse_large(deal, scenarios, paths.held(found, is_copied=True), "list fewer scenarios")
    for name in PATHS:
        arrays: dict[str, Array] = found[name]  # type: ignore[literal-required]
        arrays.update({key: array.copy() for key, array in arrays.items()})
    return found


def _overwrite(deal: Deal, base: paths.Paths, row: int, scenario: NamedScenario) -> None:
    targets: tuple[tuple[Mapping[str, tuple[float, ...]], dict[str, Array]], ...] = (
        (scenario.requests_per_month, base["requests"]),
        (scenario.active_users, base["users"]),
        (scenario.requests_per_user_month, base["per_user"]),
        (scenario.list_price_index, base["index"]),
    )
    for given, arrays in targets:
        for name, path in given.items():
            arrays[name][:, row] = np.repeat(path, deal.horizon_months // len(path))
    for name, rate in scenario.hit_rate.items():
        base["hit_rate"][name][row] = rate
    for name, path in scenario.other_spend_usd_per_year.items():
        base["other_spend"][name][:, row] = path
