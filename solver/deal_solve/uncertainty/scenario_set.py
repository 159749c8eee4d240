"""A set of weighted scenarios: the only thing that settlement and optimiser know of uncertainty."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any, Literal, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from deal_solve.memory import reuse_freed
from deal_solve.stopping import carried, checkpoint

Array = NDArray[np.float64]
Result = TypeVar("Result")
Kind = Literal["explicit", "discrete", "certain", "sampled"]

COARSE_SIZE = 100
"""Below this many scenarios, unless listed one by one, nothing beyond P10 and P90 is offered."""
BLOCK = 4096
"""Scenarios of one block: work is cut here whatever the size of a chunk, so that sums are the same bits."""
PATHS = ("requests", "users", "per_user", "index", "hit_rate", "other_spend")
"""What a set holds per scenario besides its weight."""
PATHS_BY_MONTH = ("requests", "users", "per_user", "index")
"""And what of it by month."""


class Scenarios(Protocol):
    """S scenarios over H months, in blocks of BLOCK: held in memory (`ScenarioSet`) or made when asked for."""

    @property
    def kind(self) -> Kind:
        """Where the scenarios come from."""

    @property
    def seed(self) -> int | None:
        """Of sampled scenarios; None where nothing was drawn."""

    @property
    def groups(self) -> tuple[str, ...]:
        """Groups of bands that differ between the scenarios."""

    @property
    def notes(self) -> tuple[str, ...]:
        """Remarks on how the set was made, in plain words."""

    @property
    def size(self) -> int:
        """S, the number of scenarios."""

    @property
    def months(self) -> int:
        """H, the months of the horizon."""

    @property
    def weights(self) -> Array:
        """Probabilities, shape (S,); their sum is 1."""

    @property
    def names(self) -> Sequence[str]:
        """One name per scenario."""

    @property
    def is_coarse(self) -> bool:
        """Whether tails beyond P10 and P90 (and CVaR above 0.9) would be invented."""

    @property
    def block_count(self) -> int:
        """Number of blocks; all but the last hold BLOCK scenarios."""

    def block(self, index: int) -> ScenarioSet:
        """Return scenarios [place · BLOCK, (place+1) · BLOCK), with their weights in the whole set."""

    def in_memory(self) -> ScenarioSet:
        """Return the whole set."""


@dataclass(frozen=True)
class ScenarioSet:
    """S scenarios over H months (model §1), all in memory.

    `weights` has shape (S,) and sums to 1 (in a block of a larger set, to its share). `requests[w]` is D, requests a
    month; `users[c]` is A, users a month; `per_user[c]` requests per user and month; `index[f]` is Π, the list-price
    index of a family or of `seats`; all of shape (H, S). `hit_rate[w or c]` has shape (S,), `other_spend[cloud]` is
    O, USD a year of it, (Y, S). Arrays may be views that cannot be written to. `before` has the months before a
    month of signing, where the set begins with it; `running` all paths of the months from it on in which seats in force
    still run: in `users` those who are on them come after that.
    """

    kind: Kind
    names: Sequence[str]
    weights: Array
    requests: Mapping[str, Array]
    users: Mapping[str, Array]
    per_user: Mapping[str, Array]
    index: Mapping[str, Array]
    hit_rate: Mapping[str, Array]
    other_spend: Mapping[str, Array] = field(default_factory=dict)
    groups: tuple[str, ...] = field(default=(), metadata={"doc": "groups of bands that were expanded or sampled"})
    seed: int | None = None
    notes: tuple[str, ...] = ()
    before: ScenarioSet | None = None
    running: ScenarioSet | None = None

    @property
    def size(self) -> int:
        """S, the number of scenarios."""
        return len(self.weights)

    @property
    def months(self) -> int:
        """H, the months of the horizon."""
        return int(next(iter(self.index.values())).shape[0])

    @property
    def is_coarse(self) -> bool:
        """Whether tails beyond P10 and P90 (and CVaR above 0.9) would be invented."""
        return is_coarse(self)

    @property
    def block_count(self) -> int:
        """Number of blocks; all but the last hold BLOCK scenarios."""
        return block_count(self)

    def mean(self, values: Array) -> float:
        """Return the expected value of one number per scenario."""
        return float(self.weights @ values)

    def take(self, index: int) -> ScenarioSet:
        """Return the set that holds scenario `index` alone, with weight 1."""
        return replace(self.rows(slice(index, index + 1)), kind="certain", weights=np.ones(1), groups=(), notes=())

    def block(self, index: int) -> ScenarioSet:
        """Return scenarios [place · BLOCK, (place+1) · BLOCK), with their weights in the whole set."""
        return self.rows(slice(index * BLOCK, (index + 1) * BLOCK))

    def in_memory(self) -> ScenarioSet:
        """Return the set itself."""
        return self

    def rows(self, rows: slice | NDArray[np.int64]) -> ScenarioSet:
        """Return some scenarios, with their weights in the whole set."""
        cut: dict[str, Any] = {
            name: {key: _columns(array, rows) for key, array in getattr(self, name).items()} for name in PATHS
        }
        names = self.names[rows] if isinstance(rows, slice) else tuple(self.names[index] for index in rows)
        before = None if self.before is None else self.before.rows(rows)
        running = None if self.running is None else self.running.rows(rows)
        return replace(self, names=names, weights=self.weights[rows], before=before, running=running, **cut)

    def from_month(self, month: int, running: int = 0, held: Collection[str] = ()) -> ScenarioSet:
        """Return the months from one on, with those before it as `before`; list prices stay relative to today's.

        The cohorts that are `held` on seats in force for so many months more have no users before that.
        """
        found = self
        if month:
            found = replace(self.some_months(slice(month, None)), before=self.some_months(slice(month)))
        if not running:
            return found
        own = replace(found, before=None).some_months(slice(running))
        users = dict(found.users)
        for name in held:
            users[name] = np.concatenate([np.zeros_like(own.users[name]), users[name][running:]])
        return replace(found, users=users, running=own)

    def all_months(self) -> ScenarioSet:
        """Return the set with the months before the month of signing in front."""
        if self.running is not None:
            own = self.running.users
            users = {name: np.concatenate([own[name], path[len(own[name]) :]]) for name, path in self.users.items()}
            return replace(self, users=users, running=None).all_months()
        if self.before is None:
            return self
        paths: dict[str, Any] = {
            name: {
                key: np.concatenate([self.before_path(name, key), path]) for key, path in getattr(self, name).items()
            }
            for name in PATHS_BY_MONTH
        }
        return replace(self, before=None, **paths)

    def before_path(self, name: str, key: str) -> Array:
        """Return one path of the months before the month of signing, (months, S)."""
        return np.zeros((0, self.size)) if self.before is None else np.asarray(getattr(self.before, name)[key])

    def some_months(self, months: slice) -> ScenarioSet:
        """Return the paths of some months."""
        paths: dict[str, Any] = {
            name: {key: path[months] for key, path in getattr(self, name).items()} for name in PATHS_BY_MONTH
        }
        return replace(self, **paths)


def _columns(array: Array, rows: slice | NDArray[np.int64]) -> Array:
    """Return some scenarios of an array (…, S); a slice is a view."""
    return array[..., rows] if isinstance(rows, slice) else np.take(array, rows, axis=-1)


def is_coarse(scenarios: Scenarios) -> bool:
    """Whether tails beyond P10 and P90 (and CVaR above 0.9) would be invented."""
    return scenarios.kind in ("discrete", "sampled") and scenarios.size < COARSE_SIZE


def block_count(scenarios: Scenarios) -> int:
    """Return the number of blocks."""
    return -(-scenarios.size // BLOCK)


def blocks(scenarios: Scenarios) -> Iterator[ScenarioSet]:
    """Yield the blocks of a set in order."""
    return map(scenarios.block, range(scenarios.block_count))


def each_block(scenarios: Scenarios, work: Callable[[int, ScenarioSet], Result]) -> list[Result]:
    """Return what `work` makes of every block, given with its place, on every core and in order."""
    if scenarios.block_count == 1:
        checkpoint()
        return [work(0, scenarios.block(0))]
    reuse_freed()
    each = carried(lambda index: work(index, scenarios.block(index)))
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(each, range(scenarios.block_count)))


def first_block(scenarios: Scenarios) -> ScenarioSet:
    """Return the first block of scenarios as a set of its own, whose weights sum to one."""
    block = scenarios.block(0)
    return replace(block, weights=block.weights / block.weights.sum()) if scenarios.block_count > 1 else block


def ready(scenarios: Scenarios) -> Scenarios:
    """Return scenarios in memory if they are few, else as they are."""
    return scenarios.in_memory() if scenarios.block_count == 1 else scenarios
