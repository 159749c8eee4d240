"""Cohorts that are too many for a plan of the vendor together (model §5)."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from deal_solve.uncertainty.first_users import FirstUsers


def crowds(first: FirstUsers, cohorts: tuple[str, ...], year: int, maximum: int) -> Iterator[tuple[str, ...]]:
    """Yield the smallest sets of cohorts with more than `maximum` users in some month and scenario of a year."""
    if not is_crowded(first, cohorts, year, maximum):
        return
    found: list[set[str]] = []
    for size in range(1, len(cohorts) + 1):
        for crowd in combinations(cohorts, size):
            if not any(smaller <= {*crowd} for smaller in found) and is_crowded(first, crowd, year, maximum):
                found.append({*crowd})
                yield crowd


def is_crowded(first: FirstUsers, cohorts: tuple[str, ...], year: int, maximum: int) -> bool:
    """Whether cohorts have more than `maximum` users together in some month and scenario of a contract year."""
    return bool(cohorts) and first.together(cohorts)[year] > maximum * (1 + 1e-9)
