"""What varies by scenario, and whose it is."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np

from deal_solve.plan.crowds import Excess
from deal_solve.uncertainty.scenario_set import Array

ScalarOrArray: TypeAlias = float | Array
"""One number, or one per scenario (S,)."""

ScenarioIndices: TypeAlias = np.ndarray[tuple[int], np.dtype[np.int64]]
"""Places of scenarios."""

Who: TypeAlias = str | Excess
"""A workload or cohort, or those of a cohort whom a plan's maximum leaves unserved in one combination of tracks."""

Basis: TypeAlias = bool | None
"""What requests are multiplied with: nothing, or the hit rate online (False) or in batch (True)."""


def cohort_of(who: Who) -> str:
    """Return the cohort of an excess, or the user itself."""
    return who.cohort if isinstance(who, Excess) else who


def settled(values: Array) -> ScalarOrArray:
    """Return the one number that all values (S,) are, or else the values."""
    return float(values[0]) if np.all(values == values[0]) else values
