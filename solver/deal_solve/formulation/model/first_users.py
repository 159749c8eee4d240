"""The users that an initial order is placed for, of counts that are at hand (model §5)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from deal_solve.uncertainty.first_users import FirstUsers, joint_users, users_above
from deal_solve.uncertainty.scenario_set import Array


@dataclass(frozen=True, eq=False)
class _AtHand:
    """The counts of cohorts together, of users (H, S) that are at hand."""

    users: dict[str, Array]
    weights: Array

    def largest(self, cohorts: tuple[str, ...]) -> Array:
        """Return the largest count of some cohorts together, (H,)."""
        return np.asarray(joint_users(self.users, cohorts).max(axis=1))

    def unserved(self, cohort: str, ahead: tuple[str, ...], maximum: int) -> Array:
        """Return the expected users of a cohort above what those ahead of it leave of a maximum, (H,)."""
        return np.asarray(users_above(self.users, cohort, ahead, maximum) @ self.weights)


def first_users_of(users: dict[str, Array], weights: Array) -> FirstUsers:
    """Return the expected and largest users of each cohort, (H,), of users (H, S) that have these weights (S,)."""
    largest = {name: counts.max(axis=1) for name, counts in users.items()}
    return FirstUsers.of(largest, {name: counts @ weights for name, counts in users.items()}, _AtHand(users, weights))
