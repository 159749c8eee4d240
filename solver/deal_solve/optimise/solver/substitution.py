"""Substitution: a program as the solver sees it, sums in the place of the variables that they define.

A defined variable (x = Σ factor · other) and its row are left out, and the sum is substituted in every other row and in
the objective, as a presolve would do it. A linear program that is re-solved from its last basis has no presolve
(formulation §8).
"""

from __future__ import annotations

import numpy as np

from deal_solve.formulation.model.program import Program
from deal_solve.formulation.model.recourse import Indices
from deal_solve.uncertainty.scenario_set import Array


class Reduced:
    """The columns left of a program's variables: each variable is a sum of columns, most are a single one.

    `column` (V,) is the column of each variable, -1 if it is defined by others; `size` is the number of columns.
    """

    def __init__(self, program: Program) -> None:
        defined = program.defined if program.by_cuts else {}
        self.has_all = not defined
        self.count = len(program.variables)
        left = np.array([index not in defined for index in range(self.count)], dtype=bool)
        self.size = int(left.sum())
        self.column = np.where(left, np.cumsum(left) - 1, -1)
        entries = [(index, index, 1.0) for index in np.flatnonzero(left).tolist()]
        for index, terms in defined.items():
            entries += [(index, place, factor) for place, factor in terms]
        entries.sort()
        owners, indices, factors = zip(*entries, strict=True)
        self._owners: Indices = np.array(owners, dtype=np.int64)
        self._columns: Indices = self.column[np.array(indices, dtype=np.int64)]
        self._factors = np.array(factors, dtype=float)
        self._starts = np.searchsorted(self._owners, np.arange(self.count + 1))

    def values(self, columns: Array) -> Array:
        """Return the values of all variables at those of the columns."""
        if self.has_all:
            return columns
        return np.bincount(self._owners, self._factors * columns[self._columns], self.count).astype(np.float64)

    def costs(self, costs: Array) -> Array:
        """Return the cost of a unit of each column, given the cost of each variable."""
        if self.has_all:
            return costs
        return np.bincount(self._columns, self._factors * costs[self._owners], self.size).astype(np.float64)

    def rows(self, counts: list[int], indices: Indices, factors: Array) -> tuple[Indices, Indices, Array]:
        """Return rows, given one after the other with so many variables each, by columns: counts, columns, factors."""
        if self.has_all:
            return np.array(counts, dtype=np.int64), indices, factors
        lengths = self._starts[indices + 1] - self._starts[indices]
        ends = np.cumsum(lengths)
        entries = np.arange(lengths.sum()) + np.repeat(self._starts[indices] - (ends - lengths), lengths)
        row = np.repeat(np.repeat(np.arange(len(counts)), counts), lengths)
        cells, inverse = np.unique(row * self.size + self._columns[entries], return_inverse=True)
        sums = np.bincount(inverse, np.repeat(factors, lengths) * self._factors[entries], len(cells))
        per_row = np.bincount(cells // self.size, minlength=len(counts)).astype(np.int64)
        return per_row, (cells % self.size).astype(np.int64), sums.astype(np.float64)
