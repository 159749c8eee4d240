"""When cohorts first have users, and how many are expected then: what an initial order is placed for (model §5)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from deal_solve.uncertainty.scenario_set import Array, Scenarios, ScenarioSet, each_block


class JointUsers(Protocol):
    """Counts of several cohorts over a scenario set."""

    def largest(self, cohorts: tuple[str, ...]) -> Array:
        """Return the largest count of some cohorts together, (H,)."""

    def unserved(self, cohort: str, ahead: tuple[str, ...], maximum: int) -> Array:
        """Return the expected users of a cohort above what those ahead of it leave of a maximum, (H,)."""


@dataclass(frozen=True)
class FirstUsers:
    """What follows from all scenarios before any plan: users as the initial order and the maximum of a plan count them.

    `expected[c]` is, per contract year, E[A] of the first month of that year in which the cohort has users in some
    scenario, 0 without one; `begins[c]` is the contract year of the first such month of all, None without one;
    `months[c]` are these months, (Y,). `joint` counts several cohorts; what it was asked for is `known`. `dearer` are
    the options (user, start of its epoch, option key) that cost more at list than another one in every scenario, where
    that closes them.
    """

    expected: Mapping[str, tuple[float, ...]]
    begins: Mapping[str, int | None]
    months: Mapping[str, NDArray[np.intp]]
    joint: JointUsers
    dearer: frozenset[tuple[str, int, str]] = frozenset()
    known: dict[object, tuple[float, ...]] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def of(cls, largest: Mapping[str, Array], expected: Mapping[str, Array], joint: JointUsers) -> FirstUsers:
        """Return them from the largest and the expected count of each cohort by month, (H,) each, and of several."""
        counts: dict[str, tuple[float, ...]] = {}
        begins: dict[str, int | None] = {}
        months: dict[str, NDArray[np.intp]] = {}
        for cohort, highest in largest.items():
            has_users = by_contract_year(highest) > 0
            months[cohort] = 12 * np.arange(len(has_users)) + has_users.argmax(axis=1)
            by_year = np.where(has_users.any(axis=1), expected[cohort][months[cohort]], 0.0)
            counts[cohort] = tuple(by_year.tolist())
            begins[cohort] = int(np.argmax(highest > 0)) // 12 if has_users.any() else None
        return cls(counts, begins, months, joint)

    def together(self, cohorts: tuple[str, ...]) -> tuple[float, ...]:
        """Return the largest count of some cohorts together by contract year, over all scenarios."""
        if cohorts not in self.known:
            self.known[cohorts] = tuple(by_contract_year(self.joint.largest(cohorts)).max(axis=1).tolist())
        return self.known[cohorts]

    def unserved(self, cohort: str, ahead: tuple[str, ...], maximum: int) -> tuple[float, ...]:
        """Return what is expected of a cohort, in its first months, above what those ahead of it leave of a maximum."""
        key = cohort, ahead, maximum
        if key not in self.known:
            self.known[key] = tuple(self.joint.unserved(cohort, ahead, maximum)[self.months[cohort]].tolist())
        return self.known[key]


def first_users(scenarios: Scenarios) -> FirstUsers:
    """Return when the cohorts of a scenario set have users, and how many are expected then."""

    def read(_: int, block: ScenarioSet) -> tuple[dict[str, Array], dict[str, Array]]:
        largest = {name: users.max(axis=1) for name, users in block.users.items()}
        return largest, {name: users @ block.weights for name, users in block.users.items()}

    parts = each_block(scenarios, read)
    names = parts[0][0]
    largest = {name: np.max([part[name] for part, _ in parts], axis=0) for name in names}
    expected = {name: np.sum([part[name] for _, part in parts], axis=0) for name in names}
    return FirstUsers.of(largest, expected, _ByBlock(scenarios))


@dataclass(frozen=True, eq=False)
class _ByBlock:
    """The counts of cohorts together, read block by block."""

    scenarios: Scenarios

    def largest(self, cohorts: tuple[str, ...]) -> Array:
        """Return the largest count of some cohorts together, (H,)."""
        found = each_block(self.scenarios, lambda _, block: joint_users(block.users, cohorts).max(axis=1))
        return np.asarray(np.max(found, axis=0))

    def unserved(self, cohort: str, ahead: tuple[str, ...], maximum: int) -> Array:
        """Return the expected users of a cohort above what those ahead of it leave of a maximum, (H,)."""
        found = each_block(
            self.scenarios, lambda _, block: users_above(block.users, cohort, ahead, maximum) @ block.weights
        )
        return np.asarray(np.sum(found, axis=0))


def by_contract_year(counts: Array) -> Array:
    """Return counts (H,) by contract year, (Y, 12); after the horizon there is nobody."""
    return np.pad(counts, (0, -len(counts) % 12)).reshape(-1, 12)


def joint_users(users: Mapping[str, Array], cohorts: tuple[str, ...]) -> Array:
    """Return the count of some cohorts together, (H, S)."""
    return np.asarray(sum(users[name] for name in cohorts))


def users_above(users: Mapping[str, Array], cohort: str, ahead: tuple[str, ...], maximum: int) -> Array:
    """Return the users of a cohort above what the cohorts ahead of it leave of a maximum, (H, S)."""
    own = users[cohort]
    return np.clip(joint_users(users, (cohort, *ahead)) - maximum, 0.0, own)
