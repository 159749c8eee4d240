"""What varies by scenario, added up over months once for all programs of a deal (model §1; formulation §8).

The months of the horizon fall into intervals in which no price index moves and no epoch or commitment period ends. Of
the requests of a user only their sum over each interval matters, once plain, once discounted month by month, and the
same times the hit rate where that is not certain: a column (S,) each. Memory grows neither with months nor options.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from dataclasses import replace
from itertools import pairwise

import numpy as np

from deal_solve.deal.deal import Deal
from deal_solve.deal.offers.cloud_years import cloud_year, cloud_years
from deal_solve.errors import InputError
from deal_solve.formulation.model.first_users import first_users_of
from deal_solve.formulation.model.intervals import cuts_of, moves_of
from deal_solve.formulation.model.known_before import KnownBefore
from deal_solve.formulation.model.per_scenario import Basis, ScalarOrArray, ScenarioIndices, Who, cohort_of, settled
from deal_solve.formulation.model.requests import hit_rate_of, rates_of, requests_of, varied_modes
from deal_solve.plan.crowds import Excess, excesses_of
from deal_solve.plan.dearer import dearer_options
from deal_solve.plan.renewal_buckets import buckets_of
from deal_solve.plan.renewal_tables import MAX_PATHS, Path, groups_of
from deal_solve.uncertainty.first_users import FirstUsers, users_above
from deal_solve.uncertainty.scenario_set import BLOCK, Array, Scenarios, ScenarioSet, each_block


class ScenarioSums:
    """Sums of requests per user and interval, users per month, hit rates and price indexes of a scenario set.

    `requests` and `discounted_requests` have a row (S,) per (user, first month of an interval, basis), in order of
    time, found by `row_of`; `active` is (C, H, S), `users[c]` its part (H, S); `hit` is per user and batch,
    `index[family]` has one entry per month, `other_spend[cloud]` one per year of it (Y, S), USD. `buckets` are those
    of each contract-year start, where later terms are decided by table; on a path of them `whole` is the set they are
    part of and `probability` the sum of the weights. `first_users` are those that an initial order is placed for: of
    the whole set, on every path of it too; handed over where they are those of another scenario set. The rows of an
    excess are the requests of a cohort's *served* users.
    """

    def __init__(
        self,
        deal: Deal,
        scenarios: Scenarios,
        expected: FirstUsers | None = None,
        known: KnownBefore | None = None,
    ) -> None:
        self.weights, self.size, self.months = scenarios.weights, scenarios.size, scenarios.months
        self._deal = deal
        self._discounts: dict[int, float] = {}
        self._within: dict[tuple[Who, int, int], tuple[tuple[int, int], ...]] = {}
        self._rows_within: dict[tuple[Who, Basis, int, int], tuple[tuple[int, int], ...]] = {}
        self._cloud_years: dict[int, int] = {}
        self.paid_before = dict(known.paid) if known else {}
        self.undrawn = known.undrawn if known else None
        self.retired_before = dict(known.retired) if known else {}
        self.licensed_before = dict(known.licensed) if known else {}
        self.due_if_given_up = dict(known.given_up) if known else {}
        self._means: dict[int, tuple[ScalarOrArray, float]] = {}
        self._largest: dict[int, tuple[ScalarOrArray, float]] = {}
        self._paths: dict[tuple[int, ...], tuple[tuple[Path, ScenarioIndices, ScenarioSums], ...]] = {}
        self._max_users: dict[tuple[str, ...], float] = {}
        self._users_in: dict[tuple[Who, int], ScalarOrArray] = {}
        self._above: dict[Excess, Array] = {}
        self._counted: dict[tuple[object, ...], Array] = {}
        self._used: dict[tuple[tuple[Who, ...], int], tuple[Array, dict[tuple[Who, Basis], int], dict[Who, int]]] = {}
        self._whole: ScenarioSums | None = None
        self.probability = 1.0
        self.buckets = buckets_of(deal, scenarios)
        metered = (*deal.workloads, *(name for name, cohort in deal.cohorts.items() if cohort.use))
        moves = moves_of(deal, scenarios)
        self.intervals = {user: tuple(pairwise(cuts_of(deal, user, moves))) for user in metered}
        varied = varied_modes(deal, scenarios, metered)
        self.hit: dict[tuple[str, bool], ScalarOrArray] = {}
        self.active = np.empty((len(deal.cohorts), self.months, self.size))
        self.users = dict(zip(deal.cohorts, self.active, strict=True))
        self.mean_requests: dict[Who, Array] = {user: np.zeros(self.months) for user in metered}
        self.mean_users = {name: np.zeros(self.months) for name in deal.cohorts}
        self.index: dict[str, list[ScalarOrArray]] = {}
        self.other_spend = {name: np.empty((cloud_years(deal), self.size)) for name in deal.cloud_commitments}
        keys = [
            (start, index, basis)
            for index, user in enumerate(metered)
            for start, _ in self.intervals[user]
            for basis in (None, *varied[user])
        ]
        keys.sort(key=lambda key: (key[0], key[1], key[2] is not None, bool(key[2])))
        self._rows: dict[tuple[Who, int, Basis], int] = {
            (metered[index], start, basis): row for row, (start, index, basis) in enumerate(keys)
        }
        self._starts = np.array([start for start, _, _ in keys], dtype=np.int64)
        self.requests = np.empty((len(keys), self.size))
        self.discounted_requests = self.requests if deal.cost_of_capital_per_year == 0 else np.empty_like(self.requests)
        self._read(deal, scenarios, moves, varied)
        self.first_users = expected or replace(
            first_users_of(self.users, self.weights), dearer=dearer_options(deal, scenarios)
        )
        crowded = [excess for excess in excesses_of(deal, self.first_users) if excess.cohort in self.intervals]
        if crowded:
            self._read_served(deal, scenarios, crowded, varied)

    def _read(self, deal: Deal, scenarios: Scenarios, moves: list[int], varied: dict[str, list[bool]]) -> None:
        """Go once through all scenarios."""
        index = {family: np.empty((len(moves), self.size)) for family in scenarios.block(0).index}
        hits = {user: np.empty(self.size) for user in varied}

        def read(number: int, block: ScenarioSet) -> tuple[dict[str, Array], dict[str, Array]]:
            here = slice(number * BLOCK, number * BLOCK + block.size)
            for family, levels in index.items():
                levels[:, here] = block.index[family][moves]
            for cohort, counts in self.users.items():
                counts[:, here] = block.users[cohort]
            for cloud, spend in self.other_spend.items():
                spend[:, here] = block.other_spend[cloud]
            for user in varied:
                hits[user][here] = block.hit_rate[user]
            counted = {cohort: users.sum(axis=1) for cohort, users in block.users.items()}
            requested = {
                user: self._add_up(user, requests_of(block, user), here, rates_of(deal, block, user, varied[user]))
                for user in varied
            }
            return counted, requested

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
                self.hit[user, batch] = settled(hit_rate_of(deal, user, batch, rates))

    def _read_served(
        self, deal: Deal, scenarios: Scenarios, crowded: list[Excess], varied: dict[str, list[bool]]
    ) -> None:
        """Go through all scenarios again, for the requests of cohorts of which a plan's maximum leaves some out."""
        old = list(self._rows)
        new = [
            (excess, start, basis)
            for excess in crowded
            for start, _ in self.within(excess, 0, self.months)
            for basis in (None, *varied[excess.cohort])
        ]
        keys = sorted([*old, *new], key=lambda key: key[1])
        self._rows = {key: row for row, key in enumerate(keys)}
        self._starts = np.array([start for _, start, _ in keys], dtype=np.int64)
        places = [self._rows[key] for key in old]
        is_discounted = self.discounted_requests is not self.requests
        self.requests = _spread(self.requests, places, len(keys))
        self.discounted_requests = (
            _spread(self.discounted_requests, places, len(keys)) if is_discounted else self.requests
        )

        def read(number: int, block: ScenarioSet) -> dict[Excess, Array]:
            here = slice(number * BLOCK, number * BLOCK + block.size)
            found = {}
            for excess in crowded:
                rates = rates_of(deal, block, excess.cohort, varied[excess.cohort])
                year = slice(12 * excess.year, 12 * excess.year + 12)
                served = block.users[excess.cohort][year] - _above(block.users, excess)
                found[excess] = self._add_up(excess, served * block.per_user[excess.cohort][year], here, rates)
            return found

        self.mean_requests |= {excess: np.zeros(self.months) for excess in crowded}
        for requested in each_block(scenarios, read):
            for excess, requests in requested.items():
                self.mean_requests[excess][12 * excess.year : 12 * excess.year + 12] += requests / self.size

    def _add_up(self, who: Who, requests: Array, here: slice, rates: dict[Basis, ScalarOrArray]) -> Array:
        """Add requests (months, S) in one block up over intervals, times each rate; return their sum per month."""
        intervals = list(self.within(who, 0, self.months))
        first = intervals[0][0] if intervals else 0
        tables = [(self.requests, requests)]
        if self.discounted_requests is not self.requests:
            discounts = np.array([[self.discount(first + month + 1)] for month in range(len(requests))])
            tables.append((self.discounted_requests, requests * discounts))
        for table, monthly in tables:
            for start, end in intervals:
                total = np.add.reduce(monthly[start - first : end - first])  # month by month: faster than `reduceat`
                for basis, rate in rates.items():
                    np.multiply(total, rate, out=table[self._rows[who, start, basis], here])
        return np.asarray(requests.sum(axis=1))

    def afresh(self) -> ScenarioSums:
        """Return the same for another deal that reads them alike: nothing that was derived for this one is kept."""
        other = copy(self)
        other._paths = {}
        return other

    @property
    def whole(self) -> ScenarioSums:
        """The whole set: itself, but for scenarios on one path of buckets."""
        return self if self._whole is None else self._whole

    def head(self, count: int) -> ScenarioSums:
        """Return the first scenarios alone, equally scaled; what is one object here is one object there."""
        if count >= self.size:
            return self
        part = self._selected(slice(count))
        part.weights = part.weights / part.weights.sum()
        part._whole, part.probability = None, 1.0
        part.buckets = {month: (edges, buckets[:count]) for month, (edges, buckets) in self.buckets.items()}
        return part

    def paths(self, months: tuple[int, ...]) -> tuple[tuple[Path, ScenarioIndices, ScenarioSums], ...]:
        """Return every path of buckets at some months that occurs, the scenarios on it, and what is theirs.

        Raises InputError for more than MAX_PATHS.
        """
        if not months:
            return (((), np.arange(self.size), self),)
        if months not in self._paths:
            groups = list(groups_of([self.buckets[month][1] for month in months]))
            if len(groups) > MAX_PATHS:
                raise InputError(
                    f"renewal_decisions: {len(groups)} combinations of the buckets of all renewals; "
                    f"expected at most {MAX_PATHS}: observe fewer buckets"
                )
            self._paths[months] = tuple((path, indices, self._on_path(indices)) for path, indices in groups)
        return self._paths[months]

    def _on_path(self, indices: ScenarioIndices) -> ScenarioSums:
        part = self._selected(indices)
        part._whole, part.probability = self.whole, float(part.weights.sum())
        return part

    def _selected(self, indices: slice | ScenarioIndices) -> ScenarioSums:
        """Return some scenarios; what is one object here is one object there."""
        part = copy(self)
        part.weights = self.weights[indices]
        part.size = len(part.weights)
        part.paid_before = {time: usd[indices] for time, usd in self.paid_before.items()}
        part.undrawn = None if self.undrawn is None else self.undrawn[indices]
        part.retired_before = {cloud: usd[:, indices] for cloud, usd in self.retired_before.items()}
        part.licensed_before = {name: seats[indices] for name, seats in self.licensed_before.items()}
        part.due_if_given_up = {name: usd[indices] for name, usd in self.due_if_given_up.items()}
        part.requests = part.discounted_requests = self.requests[:, indices]
        if self.discounted_requests is not self.requests:
            part.discounted_requests = self.discounted_requests[:, indices]
        cut: dict[int, ScalarOrArray] = {}

        def selected(values: ScalarOrArray) -> ScalarOrArray:
            return cut.setdefault(id(values), values[indices]) if isinstance(values, np.ndarray) else values

        part.active = self.active[:, :, indices]
        part.users = dict(zip(self.users, part.active, strict=True))
        part.other_spend = {cloud: spend[:, indices] for cloud, spend in self.other_spend.items()}
        part.hit = {key: selected(rates) for key, rates in self.hit.items()}
        part.index = {family: [selected(level) for level in levels] for family, levels in self.index.items()}
        part._paths, part._max_users, part._users_in, part._means, part._largest = {}, {}, {}, {}, {}
        part._above, part._counted, part._used = {}, {}, {}
        return part

    def cloud_year(self, month: int) -> int:
        """Return the year of cloud commitments in which a month lies."""
        if month not in self._cloud_years:
            self._cloud_years[month] = cloud_year(self._deal, month)
        return self._cloud_years[month]

    def discount(self, time: int) -> float:
        """Return (1+r)^(-t/12)."""
        if time not in self._discounts:
            self._discounts[time] = self._deal.discount(time)
        return self._discounts[time]

    def within(self, who: Who, start: int, end: int) -> tuple[tuple[int, int], ...]:
        """Return the intervals of a user that lie in months [start, end); of an excess those of its contract year."""
        key = who, start, end
        if key not in self._within:
            if isinstance(who, Excess):
                start, end = max(start, 12 * who.year), min(end, 12 * who.year + 12)
            intervals = self.intervals[cohort_of(who)]
            self._within[key] = tuple((low, high) for low, high in intervals if start <= low and high <= end)
        return self._within[key]

    def rows_within(self, who: Who, basis: Basis, start: int, end: int) -> tuple[tuple[int, int], ...]:
        """Return (first month, row) of the intervals of a user that lie in months [start, end)."""
        key = who, basis, start, end
        if key not in self._rows_within:
            self._rows_within[key] = tuple(
                (low, self.row_of(who, low, basis)) for low, _ in self.within(who, start, end)
            )
        return self._rows_within[key]

    def row_of(self, who: Who, start: int, basis: Basis = None) -> int:
        """Return the row of an interval in `requests` and `discounted_requests`: where batch has none, that online."""
        row = self._rows.get((who, start, basis))
        return self._rows[who, start, False] if row is None and basis else self._rows[who, start, basis]

    def rows_of(self, months: range) -> slice:
        """Return the rows of all intervals that begin in these months."""
        low, high = np.searchsorted(self._starts, (months.start, months.stop))
        return slice(int(low), int(high))

    def users_in(self, who: Who, month: int) -> ScalarOrArray:
        """Return the users of a cohort, or those of it that are unserved, in a month: always the same object."""
        key = who, month
        if key not in self._users_in:
            users = self.above(who)[month % 12] if isinstance(who, Excess) else self.users[who][month]
            self._users_in[key] = settled(users)
        return self._users_in[key]

    def above(self, excess: Excess) -> Array:
        """Return the users that a plan's maximum leaves unserved in the months of the contract year, (months, S)."""
        if excess not in self._above:
            self._above[excess] = _above(self.users, excess)
        return self._above[excess]

    def counted(self, whose: tuple[Who, ...], months: range) -> Array:
        """Return the users of cohorts, and minus those of an excess, in some months, (N, months, S)."""
        places = [place for place, name in enumerate(self.users) if name in whose]
        run = range(places[0], places[-1] + 1) if places else range(0)
        if whose == tuple(self.users)[run.start : run.stop]:  # a view: a copy of what is large takes memory
            return self.active[run.start : run.stop, months.start : months.stop : months.step]
        key = whose, months
        if key not in self._counted:
            self._counted[key] = np.array([self._counts(who, months) for who in whose])
        return self._counted[key]

    def _counts(self, who: Who, months: range) -> Array:
        """Return users (months, S); minus those that are unserved in an excess, 0 outside its contract year."""
        if not isinstance(who, Excess):
            return self.users[who][months.start : months.stop : months.step]
        counts = np.zeros((len(months), self.size))
        inside = [place for place, month in enumerate(months) if month // 12 == who.year]
        counts[inside] -= self.above(who)[[months[place] % 12 for place in inside]]
        return counts

    def used(self, whose: tuple[Who, ...], month: int) -> tuple[Array, dict[tuple[Who, Basis], int], dict[Who, int]]:
        """Return requests and served users in a month, (N, S), with the rows of both; of users read month by month."""
        key = whose, month
        if key not in self._used:
            found: list[Array] = []
            requests: dict[tuple[Who, Basis], int] = {}
            users: dict[Who, int] = {}
            for who in whose:
                for basis in (None, False, True):
                    if (who, month, basis) in self._rows:
                        requests[who, basis] = len(found)
                        found.append(self.requests[self._rows[who, month, basis]])
                    elif basis and (who, False) in requests:
                        requests[who, True] = requests[who, False]
                users[who] = len(found)
                served = self.users[cohort_of(who)][month]
                found.append(served - self.above(who)[month % 12] if isinstance(who, Excess) else served)
            self._used[key] = np.array(found), requests, users
        return self._used[key]

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


def _above(users: Mapping[str, Array], excess: Excess) -> Array:
    """Return the users of a cohort that are unserved in the months of a contract year, (months, S)."""
    months = slice(12 * excess.year, 12 * excess.year + 12)
    own = {name: users[name][months] for name in (excess.cohort, *excess.ahead)}
    return users_above(own, excess.cohort, excess.ahead, excess.maximum)


def _spread(table: Array, places: list[int], size: int) -> Array:
    """Return a larger table with the rows of this one at some places."""
    larger = np.zeros((size, table.shape[1]))
    larger[places] = table
    return larger
