"""What varies by scenario, added up over months once for all programs of a deal (model §1; formulation §8).

The months of the horizon fall into intervals in which no price index moves and no epoch or commitment period ends. Of
the requests of a user only their sum over each interval matters, once plain, once discounted month by month, and the
same times the hit rate where that is not certain: a column (S,) each. Memory grows neither with months nor options.
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from functools import partial
from itertools import pairwise
from typing import TypeAlias

import numpy as np

from deal_solve.deal.deal import Deal
from deal_solve.deal.money import discount_factor
from deal_solve.deal.offer import Capped
from deal_solve.deal.requests.request_cost import effective_hit_rate
from deal_solve.errors import InputError
from deal_solve.plan.renewal_buckets import buckets_of
from deal_solve.plan.renewal_tables import MAX_PATHS, Path, groups_of
from deal_solve.plan.resolved import resolve
from deal_solve.uncertainty.first_users import FirstUsers, joint_users, largest_by_year
from deal_solve.uncertainty.scenario_set import BLOCK, Array, Scenarios, ScenarioSet, each_block

ScalarOrArray: TypeAlias = float | Array
"""One number, or one per scenario (S,)."""

ScenarioIndices: TypeAlias = np.ndarray[tuple[int], np.dtype[np.int64]]
"""Places of scenarios."""

Basis: TypeAlias = bool | None
"""What requests are multiplied with: nothing, or the hit rate online (False) or in batch (True)."""


def settled(values: Array) -> ScalarOrArray:
    """Return the one number that all values (S,) are, or else the values."""
    return float(values[0]) if np.all(values == values[0]) else values


class ScenarioSums:
    """Sums of requests per user and interval, users per month, hit rates and price indexes of a scenario set.

    `requests` and `discounted_requests` have a row (S,) per (user, first month of an interval, basis), in order of
    time, found by `row_of`; `active` is (C, H, S), `users[c]` its part (H, S); `hit` is per user and batch,
    `index[family]` has one entry per month. `buckets` are those of each contract-year start, where later terms are
    decided by table; on a path of them `whole` is the set they are part of and `probability` the sum of the weights.
    `first_users` are those that an initial order is placed for: of the whole set, on every path of it too.
    """

    def __init__(self, deal: Deal, scenarios: Scenarios) -> None:
        self.weights, self.size, self.months = scenarios.weights, scenarios.size, scenarios.months
        self._cost_of_capital_per_year = deal.cost_of_capital_per_year
        self._means: dict[int, tuple[ScalarOrArray, float]] = {}
        self._largest: dict[int, tuple[ScalarOrArray, float]] = {}
        self._paths: dict[tuple[int, ...], tuple[tuple[Path, ScenarioIndices, ScenarioSums], ...]] = {}
        self._max_users: dict[tuple[str, ...], float] = {}
        self._users_in: dict[tuple[str, int], ScalarOrArray] = {}
        self.whole, self.probability = self, 1.0
        self.buckets = buckets_of(deal, scenarios)
        metered = (*deal.workloads, *(name for name, cohort in deal.cohorts.items() if cohort.use))
        moves = _moves(deal, scenarios)
        self.intervals = {user: tuple(pairwise(_cuts(deal, user, moves))) for user in metered}
        varied = _varied(deal, scenarios, metered)
        self.hit: dict[tuple[str, bool], ScalarOrArray] = {}
        self.active = np.empty((len(deal.cohorts), self.months, self.size))
        self.users = dict(zip(deal.cohorts, self.active, strict=True))
        self.mean_requests = {user: np.zeros(self.months) for user in metered}
        self.mean_users = {name: np.zeros(self.months) for name in deal.cohorts}
        self.index: dict[str, list[ScalarOrArray]] = {}
        keys = [
            (start, index, basis)
            for index, user in enumerate(metered)
            for start, _ in self.intervals[user]
            for basis in (None, *varied[user])
        ]
        keys.sort(key=lambda key: (key[0], key[1], key[2] is not None, bool(key[2])))
        self._rows: dict[tuple[str, int, Basis], int] = {
            (metered[index], start, basis): row for row, (start, index, basis) in enumerate(keys)
        }
        self._starts = np.array([start for start, _, _ in keys], dtype=np.int64)
        self.requests = np.empty((len(keys), self.size))
        self.discounted_requests = (
            self.requests if self._cost_of_capital_per_year == 0 else np.empty_like(self.requests)
        )
        self._read(deal, scenarios, moves, varied)
        largest = {name: users.max(axis=1) for name, users in self.users.items()}
        expected = {name: users @ self.weights for name, users in self.users.items()}
        self.first_users = FirstUsers.of(largest, expected, partial(_together, self.users))

    def _read(self, deal: Deal, scenarios: Scenarios, moves: list[int], varied: dict[str, list[bool]]) -> None:
        """Go once through all scenarios."""
        index = {family: np.empty((len(moves), self.size)) for family in scenarios.block(0).index}
        hits = {user: np.empty(self.size) for user in varied}
        discounts = np.array([[self.discount(month + 1)] for month in range(self.months)])

        def read(number: int, block: ScenarioSet) -> tuple[dict[str, Array], dict[str, Array]]:
            here = slice(number * BLOCK, number * BLOCK + block.size)
            for family, levels in index.items():
                levels[:, here] = block.index[family][moves]
            for cohort, counts in self.users.items():
                counts[:, here] = block.users[cohort]
            for user in varied:
                hits[user][here] = block.hit_rate[user]
            counted = {cohort: users.sum(axis=1) for cohort, users in block.users.items()}
            return counted, {user: self._add_up(deal, block, here, user, varied[user], discounts) for user in varied}

        for counted, requested in each_block(scenarios, read):
            for cohort, users in counted.items():
                self.mean_users[cohort] += users / self.size
            for user, requests in requested.items():
                self.mean_requests[user] += requests / self.size
        ends = [*moves[1:], self.months]
        same: dict[bytes, ScalarOrArray] = {}
        for family, levels in index.items():
            steps = [same.setdefault(level.tobytes(), settled(level)) for level in levels]
            self.index[family] = [
                step for step, start, end in zip(steps, moves, ends, strict=True) for _ in range(start, end)
            ]
        for user, rates in hits.items():
            for batch in (False, True):
                self.hit[user, batch] = settled(_effective(deal, user, batch, rates))

    def _add_up(
        self, deal: Deal, block: ScenarioSet, here: slice, user: str, bases: list[bool], discounts: Array
    ) -> Array:
        """Add the requests of one user in one block up over its intervals; return their sum per month."""
        requests = _requests(block, user)
        starts = [start for start, _ in self.intervals[user]]
        sums = np.add.reduceat(requests, starts, axis=0)
        discounted_requests = (
            sums if self._cost_of_capital_per_year == 0 else np.add.reduceat(requests * discounts, starts, axis=0)
        )
        for basis in (None, *bases):
            rate = 1.0 if basis is None else _effective(deal, user, basis, block.hit_rate[user])
            for index, start in enumerate(starts):
                row = self._rows[user, start, basis]
                np.multiply(sums[index], rate, out=self.requests[row, here])
                if self.discounted_requests is not self.requests:
                    np.multiply(discounted_requests[index], rate, out=self.discounted_requests[row, here])
        return np.asarray(requests.sum(axis=1))

    def expecting(self, first_users: FirstUsers) -> ScenarioSums:
        """Return the same for a buyer whose initial order is placed for what another scenario set expects."""
        other = self.afresh()
        other.first_users = first_users
        return other

    def afresh(self) -> ScenarioSums:
        """Return the same for another deal that reads them alike: nothing that was derived for this one is kept."""
        other = copy(self)
        other._paths = {}
        if self.whole is self:
            other.whole = other
        return other

    def head(self, count: int) -> ScenarioSums:
        """Return the first scenarios alone, equally scaled; what is one object here is one object there."""
        if count >= self.size:
            return self
        part = self._selected(slice(count))
        part.weights = part.weights / part.weights.sum()
        part.whole, part.probability = part, 1.0
        part.buckets = {month: (edges, buckets[:count]) for month, (edges, buckets) in self.buckets.items()}
        return part

    def paths(self, months: tuple[int, ...]) -> tuple[tuple[Path, ScenarioIndices, ScenarioSums], ...]:
        """Return every path of buckets at some months that occurs, the scenarios on it, and what is theirs.

        Raises InputError for more than MOST_PATHS.
        """
        if not months:
            return (((), np.arange(self.size), self),)
        if months not in self._paths:
            groups = list(groups_of([self.buckets[month][1] for month in months]))
            if len(groups) > MAX_PATHS:
                raise InputError(
                    f"renewal_decisions: {len(groups)} combinations of buckets at {len(months)} renewals; expected at "
                    f"most {MAX_PATHS}: observe fewer buckets"
                )
            self._paths[months] = tuple((path, indices, self._on_path(indices)) for path, indices in groups)
        return self._paths[months]

    def _on_path(self, indices: ScenarioIndices) -> ScenarioSums:
        part = self._selected(indices)
        part.probability = float(part.weights.sum())
        return part

    def _selected(self, indices: slice | ScenarioIndices) -> ScenarioSums:
        """Return some scenarios; what is one object here is one object there."""
        part = copy(self)
        part.weights = self.weights[indices]
        part.size = len(part.weights)
        part.requests = part.discounted_requests = self.requests[:, indices]
        if self.discounted_requests is not self.requests:
            part.discounted_requests = self.discounted_requests[:, indices]
        cut: dict[int, ScalarOrArray] = {}

        def selected(values: ScalarOrArray) -> ScalarOrArray:
            return cut.setdefault(id(values), values[indices]) if isinstance(values, np.ndarray) else values

        part.active = self.active[:, :, indices]
        part.users = dict(zip(self.users, part.active, strict=True))
        part.hit = {key: selected(rates) for key, rates in self.hit.items()}
        part.index = {family: [selected(level) for level in levels] for family, levels in self.index.items()}
        part._paths, part._max_users, part._users_in, part._means, part._largest = {}, {}, {}, {}, {}
        return part

    def discount(self, time: int) -> float:
        """Return (1+r)^(-t/12)."""
        return discount_factor(self._cost_of_capital_per_year, time)

    def within(self, user: str, start: int, end: int) -> Iterator[tuple[int, int]]:
        """Yield the intervals of a user that lie in months [start, end)."""
        yield from ((low, high) for low, high in self.intervals[user] if start <= low and high <= end)

    def row_of(self, user: str, start: int, basis: Basis = None) -> int:
        """Return the row of an interval in `requests` and `discounted_requests`."""
        return self._rows[user, start, basis]

    def rows_of(self, months: range) -> slice:
        """Return the rows of all intervals that begin in these months."""
        low, high = np.searchsorted(self._starts, (months.start, months.stop))
        return slice(int(low), int(high))

    def users_in(self, cohort: str, month: int) -> ScalarOrArray:
        """Return the users of a cohort in a month, one object whenever it is asked for."""
        key = cohort, month
        if key not in self._users_in:
            self._users_in[key] = settled(self.users[cohort][month])
        return self._users_in[key]

    def max_users(self, cohorts: tuple[str, ...]) -> float:
        """Return the largest count of some cohorts together, over all months and scenarios of the whole set."""
        if self.whole is not self:
            return self.whole.max_users(cohorts)
        if cohorts not in self._max_users:
            months = (sum(self.users[name][month] for name in cohorts) for month in range(self.months))
            self._max_users[cohorts] = max(float(np.max(count)) for count in months) if cohorts else 0.0
        return self._max_users[cohorts]

    def largest(self, values: ScalarOrArray) -> float:
        """Return the largest of what may vary."""
        if not isinstance(values, np.ndarray):
            return float(values)
        if id(values) not in self._largest:
            self._largest[id(values)] = values, float(values.max())
        return self._largest[id(values)][1]

    def mean(self, values: ScalarOrArray) -> float:
        """Return the sum of probability times what may vary."""
        if not isinstance(values, np.ndarray):
            return self.probability * values
        if id(values) not in self._means:
            self._means[id(values)] = values, float(self.weights @ values)
        return self._means[id(values)][1]


def _together(users: dict[str, Array], cohorts: tuple[str, ...]) -> tuple[float, ...]:
    return largest_by_year(joint_users(users, cohorts).max(axis=1))


def _requests(block: ScenarioSet, user: str) -> Array:
    """Return the requests a month of a workload, or of all users of a cohort, metered or not; shape (H, S)."""
    if user in block.requests:
        return block.requests[user]
    return np.asarray(block.users[user] * block.per_user[user])


def _effective(deal: Deal, user: str, batch: bool, rates: Array) -> Array:
    return effective_hit_rate(resolve(deal).users[user].request.cache, batch, rates)


def _varied(deal: Deal, scenarios: Scenarios, metered: tuple[str, ...]) -> dict[str, list[bool]]:
    """Return, per user, in which modes (False online, True batch) the hit rate differs between scenarios."""
    rates = (scenarios if isinstance(scenarios, ScenarioSet) else scenarios.block(0)).hit_rate
    return {
        user: [batch for batch in (False, True) if np.ptp(_effective(deal, user, batch, rates[user])) > 0]
        for user in metered
    }


def _moves(deal: Deal, scenarios: Scenarios) -> list[int]:
    """Return the months in which an index or a protected price may move; month 0 first.

    A sampled index moves in month 6 of a contract year (model §1); in a set that was stated it may move in any month.
    """
    months = range(scenarios.months)
    if any(isinstance(offer.price_protection, Capped) for offer in deal.offers.values()):
        return list(months)
    if not isinstance(scenarios, ScenarioSet):
        return sorted({0, *months[6::12]})
    index = scenarios.index.values()
    return [t for t in months if t == 0 or any(np.any(level[t] != level[t - 1]) for level in index)]


def _cuts(deal: Deal, user: str, moves: list[int]) -> list[int]:
    """Return where the intervals of a user begin, and the horizon."""
    steps = {offer.api.period_months for offer in deal.offers.values() if offer.api} | {12}
    periods = {month for step in steps for month in range(0, deal.horizon_months, step)}
    return sorted({*moves, *periods, *(epoch.start for epoch in resolve(deal).epochs(user)), deal.horizon_months})
