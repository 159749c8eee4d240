"""What would have to be true: how far one driver of cost must move until one plan costs as much as another.

Both plans stay as they are, so a break-even is found by settling them alone. It says where the first plan overtakes the
second, not where it would be the best of all: for that, vary the deal and solve it again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from deal_solve.analysis.review.result import DriverBreakeven
from deal_solve.deal.deal import Deal
from deal_solve.deal.money import CENT_TOLERANCE_USD
from deal_solve.frames import Table
from deal_solve.plan.plan import Plan
from deal_solve.settlement.objective import objective_of
from deal_solve.settlement.settle import settle
from deal_solve.uncertainty.measures import Against
from deal_solve.uncertainty.scenario_set import Array, ScenarioSet

LOOKED_AT = 8
"""Values on either side of today between which a break-even is looked for."""
ROOT_TOLERANCE = 1e-4
TIMES, A_YEAR = (0.25, 4.0), (-0.5, 0.5)
"""The ends of what is looked at: times as much as in the scenarios, or more growth a year."""


Changed = Callable[[ScenarioSet, float], ScenarioSet]


def driver_breakevens(
    deal: Deal, one: Plan, other: Plan, scenarios: ScenarioSet, baseline: Plan | None
) -> Table[DriverBreakeven]:
    """Return the break-evens of two plans on the main drivers, each moved alone.

    `baseline` is what loss is measured against, where the objective needs it. Nothing breaks even where the plans
    cost the same already.
    """

    def apart(moved: ScenarioSet) -> float:
        known = None if baseline is None else settle(deal, baseline, moved).cost
        worths = [
            objective_of(deal, settle(deal, plan, moved).cost, moved.weights, Against(baseline=known))
            for plan in (one, other)
        ]
        return worths[0] - worths[1]

    def differing(changed: Changed, value: float) -> float:
        return apart(changed(scenarios, value))

    rows, now = [], apart(scenarios)
    if abs(now) <= CENT_TOLERANCE_USD:
        return Table()
    for driver, unit, changed in _drivers(deal):
        low, high = TIMES if unit == "times" else A_YEAR
        today = 1.0 if unit == "times" else 0.0
        below, above = (_nearest(partial(differing, changed), (today, now), end) for end in (low, high))
        rows.append(DriverBreakeven(driver, unit, today, below, above, low, high))
    return Table(tuple(rows))


def _nearest(difference: Callable[[float], float], begin: tuple[float, float], end: float) -> float | None:
    """Return the root nearest to today on the way to an end, as far as the values looked at tell; `begin` are today's
    value and the difference there.
    """
    from scipy.optimize import brentq

    last, was = begin
    spread = np.geomspace(last, end, LOOKED_AT + 1) if last else np.linspace(last, end, LOOKED_AT + 1)
    for value in spread[1:].tolist():
        now = difference(value)
        if np.sign(now) != np.sign(was):
            return float(brentq(difference, *sorted((last, value)), xtol=ROOT_TOLERANCE))
        last, was = value, now
    return None


def _drivers(deal: Deal) -> Iterator[tuple[str, str, Changed]]:
    """Yield what moves costs in a deal: name, unit, and the scenarios with it moved."""
    if deal.workloads:
        yield "requests of all workloads", "times", partial(_times, "requests", None)
        yield "growth of their requests", "a year", partial(_grown, "requests", None)
    for name in deal.workloads if len(deal.workloads) > 1 else ():
        yield f"requests of {name}", "times", partial(_times, "requests", name)
    if deal.cohorts:
        yield "active users of all cohorts", "times", partial(_times, "users", None)
    if any(cohort.use for cohort in deal.cohorts.values()):
        yield "usage of each user", "times", partial(_times, "per_user", None)
    yield "list prices of models", "a year", partial(_grown, "index", "seats")


def _times(part: str, name: str | None, scenarios: ScenarioSet, value: float) -> ScenarioSet:
    """Return the scenarios with some paths, of one name or of all, times a value."""
    return _moved(scenarios, part, lambda key, path: path * value if name in (None, key) else path)


def _grown(part: str, but: str | None, scenarios: ScenarioSet, value: float) -> ScenarioSet:
    """Return the scenarios with some paths, but those of one name, growing by so much more a year."""
    growth = (1 + value) ** (np.arange(scenarios.months)[:, None] / 12)
    return _moved(scenarios, part, lambda key, path: path if key == but else path * growth)


def _moved(scenarios: ScenarioSet, part: str, move: Callable[[str, Array], Array]) -> ScenarioSet:
    paths: Mapping[str, Array] = getattr(scenarios, part)
    changed: dict[str, Any] = {part: {key: move(key, path) for key, path in paths.items()}}
    return replace(scenarios, **changed)
