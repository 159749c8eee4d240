"""What varies by scenario, and whose it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from deal_solve.plan.crowds import Excess
from deal_solve.uncertainty.scenario_set import Array

ScalarOrArray: TypeAlias = float | Array
"""One number, or one per scenario (S,)."""


@dataclass(frozen=True, eq=False)
class OverageRatio:
    """max(dearer · index / (factor · protected), 1) in each scenario: worked out in those that are asked for.

    Every band, tier and term has ratios of its own, and few of them are in a plan that is ever valued. `maximum` is the
    largest of all scenarios.
    """

    index: ScalarOrArray
    protected: ScalarOrArray
    dearer: float
    factor: float
    maximum: float = 1.0

    def __getitem__(self, here: slice | NDArray[np.intp]) -> Array:
        """Return the ratio in some scenarios."""
        index, protected = part(self.index, here), part(self.protected, here)
        return np.asarray(np.maximum(index * self.dearer / (self.factor * protected), 1.0))


Ratio: TypeAlias = "ScalarOrArray | OverageRatio"
"""An overage rate over the contracted rate: one number, one per scenario, or worked out when asked for."""

ScenarioIndices: TypeAlias = np.ndarray[tuple[int], np.dtype[np.int64]]
"""Places of scenarios."""

Who: TypeAlias = str | Excess
"""A workload or cohort, or those of a cohort whom a plan's maximum leaves unserved in one combination of tracks."""

Basis: TypeAlias = bool | None
"""What requests are multiplied with: nothing, or the hit rate online (False) or in batch (True)."""


def cohort_of(who: Who) -> str:
    """Return the cohort of an excess, or the user itself."""
    return who.cohort if isinstance(who, Excess) else who


def part(values: Ratio, here: slice | NDArray[np.intp]) -> ScalarOrArray:
    """Return what may vary by scenario, in some scenarios."""
    return values[here] if isinstance(values, np.ndarray | OverageRatio) else values


def settled(values: Array) -> ScalarOrArray:
    """Return the one number that all values (S,) are, or else the values."""
    return float(values[0]) if np.all(values == values[0]) else values
