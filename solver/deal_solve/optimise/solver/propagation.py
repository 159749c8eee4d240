"""Bound propagation: what the rows of a linear program leave of its columns (feasibility-based bound tightening).

In a row Σ a_k · x_k <= b no column can lie further out than where the others, each at the end of its bounds that leaves
the most room, let it:

    a_j · x_j <= b - Σ_{k≠j} min { a_k · x_k : low_k <= x_k <= high_k }

A copy of a price regime that is not taken is so closed by the row that bounds its sum by 0. Bounds are tightened by all
rows at once, round after round.
"""

from __future__ import annotations

import numpy as np

from deal_solve.formulation.model.recourse import Indices
from deal_solve.optimise.solver.certificate import LinearProgram, Ranges
from deal_solve.uncertainty.scenario_set import Array

ROUNDS = 8
"""Rounds after which bounds are left as they are: copies are nested in three or four rows."""
CLOSED = 1e-12
"""Bounds this near to each other, absolutely and relatively, leave one value."""


def propagated(program: LinearProgram, bounds: Ranges) -> Ranges:
    """Return bounds of columns and rows, tightened: every x within the rows that keeps the given ones keeps them."""
    low, high = bounds.low.copy(), bounds.high.copy()
    row_low, row_high = bounds.row_low.copy(), bounds.row_high.copy()
    owners, columns, values = program.entries()
    for _ in range(ROUNDS):
        is_closed = high - low <= CLOSED * np.maximum(1.0, np.abs(np.where(np.isfinite(low), low, 0.0)))
        high[is_closed] = low[is_closed]
        gone = is_closed[columns]
        held = np.bincount(owners[gone], values[gone] * low[columns[gone]], len(row_low))
        row_low, row_high = row_low - held, row_high - held
        owners, columns, values = owners[~gone], columns[~gone], values[~gone]
        found = _one_round(low, high, row_low, row_high, owners, columns, values)
        if not found:
            break
    return Ranges(low, high, bounds.row_low, bounds.row_high)


def _one_round(
    low: Array, high: Array, row_low: Array, row_high: Array, owners: Indices, columns: Indices, values: Array
) -> bool:
    """Tighten the bounds of columns by every row; return whether any is tighter."""
    rises = values > 0
    ends = low[columns] * values, high[columns] * values
    smallest = _others(owners, np.where(rises, *ends), len(row_low))
    largest = _others(owners, np.where(rises, *ends[::-1]), len(row_low))
    sides = (row_low[owners] - largest) / values, (row_high[owners] - smallest) / values
    before = low[columns], high[columns]
    np.maximum.at(low, columns, np.where(rises, *sides))
    np.minimum.at(high, columns, np.where(rises, *sides[::-1]))
    tighter = (low[columns] > before[0] + CLOSED) | (high[columns] < before[1] - CLOSED)
    return bool(tighter.any())


def _others(owners: Indices, parts: Array, rows: int) -> Array:
    """Return for each part of a row the sum of the others."""
    is_endless = np.isinf(parts)
    finite = np.where(is_endless, 0.0, parts)
    sums = (np.bincount(owners, finite, rows)[owners] - finite).astype(np.float64)
    if is_endless.any():
        others = np.bincount(owners, is_endless, rows)[owners] - is_endless
        sums[others > 0] = parts[is_endless][0]  # all ends of one kind are endless in one direction
    return sums
