"""When cohorts first have users, and how many are expected then: what an initial order is placed for (model §5)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np

from deal_solve.uncertainty.scenario_set import Array, Scenarios, ScenarioSet, each_block


@dataclass(frozen=True)
class FirstUsers:
    """The users of each cohort as the initial order and the maximum of a plan count them.

    `expected[c]` is, per contract year, E[A] of the first month of that year in which the cohort has users in some
    scenario, 0 without one; `begins[c]` is the contract year of the first such month of all, None without one.
    `together` returns the largest count of some cohorts together by contract year, over all scenarios.
    """

    expected: Mapping[str, tuple[float, ...]]
    begins: Mapping[str, int | None]
    together: Callable[[tuple[str, ...]], tuple[float, ...]]

    @classmethod
    def of(
        cls,
        largest: Mapping[str, Array],
        expected: Mapping[str, Array],
        together: Callable[[tuple[str, ...]], tuple[float, ...]],
    ) -> FirstUsers:
        """Return them from the largest and the expected count of each cohort by month, (H,) each."""
        counts: dict[str, tuple[float, ...]] = {}
        begins: dict[str, int | None] = {}
        for cohort, highest in largest.items():
            has_users = (highest > 0).reshape(-1, 12)
            first = 12 * np.arange(len(has_users)) + has_users.argmax(axis=1)
            by_year = np.where(has_users.any(axis=1), expected[cohort][first], 0.0)
            counts[cohort] = tuple(by_year.tolist())
            begins[cohort] = int(np.argmax(highest > 0)) // 12 if has_users.any() else None
        return cls(counts, begins, together)


def first_users(scenarios: Scenarios) -> FirstUsers:
    """Return when the cohorts of a scenario set have users, and how many are expected then."""

    def read(_: int, block: ScenarioSet) -> tuple[dict[str, Array], dict[str, Array]]:
        largest = {name: users.max(axis=1) for name, users in block.users.items()}
        return largest, {name: users @ block.weights for name, users in block.users.items()}

    parts = each_block(scenarios, read)
    names = parts[0][0]
    largest = {name: np.max([part[name] for part, _ in parts], axis=0) for name in names}
    expected = {name: np.sum([part[name] for _, part in parts], axis=0) for name in names}
    return FirstUsers.of(largest, expected, partial(_together, scenarios))


def _together(scenarios: Scenarios, cohorts: tuple[str, ...]) -> tuple[float, ...]:
    return largest_by_year(*each_block(scenarios, lambda _, block: joint_users(block.users, cohorts).max(axis=1)))


def joint_users(users: Mapping[str, Array], cohorts: tuple[str, ...]) -> Array:
    """Return the count of some cohorts together, (H, S)."""
    return np.asarray(sum(users[name] for name in cohorts))


def largest_by_year(*months: Array) -> tuple[float, ...]:
    """Return the largest of counts (H,) in each contract year."""
    largest: list[float] = np.max(months, axis=0).reshape(-1, 12).max(axis=1).tolist()
    return tuple(largest)
