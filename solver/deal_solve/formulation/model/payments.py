"""What the plan alone decides to pay: linear in it, with amounts that may vary by scenario (formulation §8)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np

from deal_solve.deal.offers.channel import Channel
from deal_solve.formulation.model.chunks import FEW, each, weighted
from deal_solve.formulation.model.per_scenario import ScalarOrArray
from deal_solve.formulation.model.rate_groups import RateGroups
from deal_solve.formulation.model.recourse import Indices, Linear, When, places_in, sum_of
from deal_solve.uncertainty.scenario_set import Array


@dataclass(frozen=True)
class Metered:
    """Requests that are billed by the month in one contract year: `plain` sums, and `present` ones (discounted)."""

    line: str
    year: int
    plain: RateGroups
    present: RateGroups
    channel: Channel | None = None
    cloud_year: int = 0
    is_linear: bool = True

    @property
    def indices(self) -> Indices:
        """The variables that it depends on."""
        return self.plain.indices

    def times(self, share: float) -> Metered:
        """Return a share of what is billed."""
        return replace(self, plain=self.plain.times(share), present=self.present.times(share))

    def factors(self, when: When, discount: Callable[[int], float]) -> Array:
        """Return how much of the plain and of the present sums counts: one of them, in its year."""
        counts = when.year in (None, self.year)
        return np.array([float(counts and not when.discounted), float(counts and when.discounted)])

    def cost(self, values: Array, factors: Array) -> Array:
        """Return what is billed (S,), money units."""
        sums = self.present if factors[1] else self.plain
        return np.concatenate(each(sums.size, lambda here: sums.amounts(values, here)[0]))

    def slope(self, values: Array, factors: Array, weights: Array) -> Linear:
        """Return Σ weights · cost as an expression."""
        sums = self.present if factors[1] else self.plain

        def piece(here: slice) -> Array:
            some = weighted(here, weights)
            return sums.slope(weights[None, some], some)

        parts = each(sums.size, piece)
        return Linear(self.indices, np.sum(parts, axis=0))

    def forget(self) -> None:
        """Nothing is kept."""


class Share(NamedTuple):
    """coefficient · column · the variable at `place`: money units, as paid and present, charged for a contract year."""

    place: int
    column: ScalarOrArray
    value: float
    present: float
    year: int


@dataclass(frozen=True)
class Payments:
    """Payments of a date and an amount: fees, commitments, projects; those of one column are added up first.

    `indices` are the variables that they depend on, column by column.
    """

    shares: tuple[Share, ...]
    size: int
    line: str = "payments"
    is_linear: bool = True
    indices: Indices = field(init=False)
    _columns: tuple[tuple[ScalarOrArray, tuple[Share, ...], Indices], ...] = field(init=False)
    _tables: dict[bytes, tuple[Indices, Array]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        groups: dict[int, tuple[ScalarOrArray, list[Share]]] = {}
        for share in self.shares:
            key = id(share.column) if isinstance(share.column, np.ndarray) else 0
            groups.setdefault(key, (share.column if key else 1.0, []))[1].append(share)
        columns = tuple((column, tuple(shares), _indices(shares)) for column, shares in groups.values())
        object.__setattr__(self, "_columns", columns)
        object.__setattr__(self, "indices", _indices([share for _, shares, _ in columns for share in shares]))

    def factors(self, when: When, discount: Callable[[int], float]) -> Array:
        """Return, group by group, how much each payment counts."""
        counted = [share for _, shares, _ in self._columns for share in shares]
        return np.array(
            [
                (share.present if when.discounted else share.value)
                * (share.column if isinstance(share.column, float) else 1.0)
                * (when.year in (None, share.year))
                for share in counted
            ]
        )

    def forget(self) -> None:
        """Nothing is kept."""

    def _terms(self, factors: Array) -> Iterable[tuple[ScalarOrArray, Linear]]:
        start = 0
        for column, shares, indices in self._columns:
            yield column, Linear(indices, factors[start : start + len(shares)])
            start += len(shares)

    def _table(self, factors: Array) -> tuple[Indices, Array]:
        """Return the variables, and what is paid per unit of each in each scenario (S, variables), if these are few."""
        key = factors.tobytes()
        if key not in self._tables:
            indices = places_in([self.indices])
            places = np.searchsorted(indices, self.indices)
            table, start = np.zeros((self.size, len(indices))), 0
            for column, linear in self._terms(factors):
                own = places[start : start + len(linear.indices)]
                start += len(own)
                table += np.outer(
                    np.broadcast_to(column, self.size), np.bincount(own, linear.coefficients, len(indices))
                )
            self._tables[key] = indices, table
        return self._tables[key]

    def cost(self, values: Array, factors: Array) -> Array:
        """Return what is paid (S,), money units."""
        if self.size <= FEW:
            indices, table = self._table(factors)
            return np.asarray(table @ values[indices])
        total = np.zeros(self.size)
        for column, linear in self._terms(factors):
            total += column * linear.at(values)
        return total

    def slope(self, values: Array, factors: Array, weights: Array) -> Linear:
        """Return Σ weights · cost as an expression."""
        if self.size <= FEW:
            indices, table = self._table(factors)
            return Linear(indices, weights @ table)
        parts = []
        for column, linear in self._terms(factors):
            weight = float(weights @ column) if isinstance(column, np.ndarray) else float(weights.sum())
            parts.append(Linear(linear.indices, linear.coefficients * weight))
        return sum_of(parts)


def _indices(shares: Sequence[Share]) -> Indices:
    return np.array([share.place for share in shares], dtype=np.int64)
