"""Certificate: what the multipliers of a linear program prove by arithmetic, whatever the solver says (weak duality).

For any multipliers y of the rows (>= 0 where the lower side is held, <= 0 where the upper one is) no x of the program
has a lower objective than

    Σ_i y_i · side_i + Σ_j min { (c_j - y·A_j) · x_j : low_j <= x_j <= high_j }

and where the same without c is above 0 there is no x at all (Farkas). The multipliers are those of the solver, so a
wrong answer of it can only make the bound weak, never false (Neumaier and Shcherbina 2004).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from deal_solve.formulation.model.recourse import Indices
from deal_solve.uncertainty.scenario_set import Array

FARTHEST = 1e9
"""Where a variable has no bound: far above any value of a plan in money units (formulation §7), and a reduced cost that
is a rounding error moves the bound by less than a gap."""
ROUNDING = 1e-13
"""Rounding error of a sum, relative to the sum of its absolute terms: some hundred units in the last place."""


@dataclass
class LinearProgram:
    """A linear program in numbers: columns with bounds and costs, rows with sides, non-zeros and the `largest`."""

    costs: Array = field(default_factory=lambda: np.empty(0))
    low: Array = field(default_factory=lambda: np.empty(0))
    high: Array = field(default_factory=lambda: np.empty(0))
    row_low: Array = field(default_factory=lambda: np.empty(0))
    row_high: Array = field(default_factory=lambda: np.empty(0))
    largest: float = 0.0
    _owners: list[Indices] = field(default_factory=list)
    _columns: list[Indices] = field(default_factory=list)
    _values: list[Array] = field(default_factory=list)

    def add_rows(self, low: Array, high: Array, counts: Indices, columns: Indices, values: Array) -> None:
        """Append rows, given one after the other with so many non-zeros each."""
        numbers = np.arange(len(self.row_low), len(self.row_low) + len(low))
        self.row_low, self.row_high = np.append(self.row_low, low), np.append(self.row_high, high)
        self._owners.append(np.repeat(numbers, counts))
        self._columns.append(np.asarray(columns, dtype=np.int64))
        self._values.append(values)
        self.largest = max(self.largest, float(np.abs(values).max(initial=0.0)))

    def bound(self, multipliers: Array, costs: Array | None = None) -> float:
        """Return a bound that the multipliers (one per row) prove: no x costs less.

        Without `costs` it is that of an objective of zero, so that a bound above 0 proves that there is no x.
        """
        return self.reduced(multipliers, costs)[0]

    def reduced(self, multipliers: Array, costs: Array | None = None) -> tuple[float, Array]:
        """Return that bound and the reduced cost of each column: a column that is moved away from the side that its
        sign holds it at, by one, raises the bound by as much.
        """
        lower, upper = np.isfinite(self.row_low), np.isfinite(self.row_high)
        y = np.where(lower, np.maximum(multipliers, 0.0), 0.0) + np.where(upper, np.minimum(multipliers, 0.0), 0.0)
        sides = np.where(y > 0, self.row_low, np.where(y < 0, self.row_high, 0.0))
        self._merge()
        held = np.bincount(self._columns[0], self._values[0] * y[self._owners[0]], len(self.low)).astype(np.float64)
        reduced = -held if costs is None else costs - held
        low, high = np.maximum(self.low, -FARTHEST), np.minimum(self.high, FARTHEST)
        terms = np.where(reduced > 0, low, high) * reduced
        size = float(np.abs(y * sides).sum() + np.abs(terms).sum())
        return float(y @ sides + terms.sum()) - ROUNDING * size, reduced

    def _merge(self) -> None:
        """Keep the non-zeros of all rows in one piece."""
        for pieces in (self._owners, self._columns, self._values):
            if len(pieces) > 1:
                pieces[:] = [np.concatenate(pieces)]
