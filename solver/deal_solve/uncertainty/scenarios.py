"""A set of weighted futures: the only thing that settlement and optimiser know of uncertainty."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

BLOCK = 4096
"""Scenarios are made, settled and added up in blocks of this many, whatever asks for them."""
FEW = 100
"""Below this many scenarios of a discrete expansion nothing beyond P10 and P90 is offered."""


class Futures(Protocol):
    """What is read of a set of futures, in memory or made block by block."""

    @property
    def size(self) -> int:
        """S, the number of scenarios."""

    @property
    def months(self) -> int:
        """H, the months of the horizon."""

    @property
    def weights(self) -> Array:
        """The probabilities, (S,)."""

    @property
    def is_coarse(self) -> bool:
        """Whether tails beyond P10 and P90 would be invented."""

    @property
    def block_count(self) -> int:
        """The number of blocks."""

    def block(self, number: int) -> ScenarioSet:
        """Return the scenarios of one block, their weights as they are in the whole."""


@dataclass(frozen=True)
class ScenarioSet:
    """S futures over H months (deal model, section 1).

    `weights` has shape (S,) and sums to 1. `requests[w]` is D, requests a month; `users[c]` is A, users a month;
    `per_user[c]` requests per user and month; `index[f]` is Π, the list-price index of a family or of `seats`;
    all of shape (S, H). `hit_rate[w or c]` has shape (S,).
    """

    kind: Literal["explicit", "discrete", "certain"]
    names: tuple[str, ...]
    weights: Array
    requests: dict[str, Array]
    users: dict[str, Array]
    per_user: dict[str, Array]
    index: dict[str, Array]
    hit_rate: dict[str, Array]
    groups: tuple[str, ...] = field(default=(), metadata={"doc": "groups of bands that were expanded"})

    @property
    def size(self) -> int:
        """S, the number of scenarios."""
        return len(self.weights)

    @property
    def months(self) -> int:
        """H, the months of the horizon."""
        return int(next(iter(self.index.values())).shape[1])

    @property
    def is_coarse(self) -> bool:
        """Whether tails beyond P10 and P90 (and CVaR above 0.9) would be invented."""
        return self.kind == "discrete" and self.size < FEW

    @property
    def block_count(self) -> int:
        """The number of blocks."""
        return -(-self.size // BLOCK)

    def block(self, number: int) -> ScenarioSet:
        """Return the scenarios of one block, their weights as they are in the whole."""
        return self if self.block_count == 1 else self._slice(slice(number * BLOCK, (number + 1) * BLOCK))

    def mean(self, values: Array) -> float:
        """Return the expected value of one number per scenario."""
        return float(self.weights @ values)

    def take(self, index: int) -> ScenarioSet:
        """Return the set that holds scenario `index` alone, with weight 1."""
        return replace(self._slice(slice(index, index + 1)), kind="certain", weights=np.ones(1), groups=())

    def _slice(self, keep: slice) -> ScenarioSet:
        return replace(
            self,
            names=self.names[keep],
            weights=self.weights[keep],
            requests={key: value[keep] for key, value in self.requests.items()},
            users={key: value[keep] for key, value in self.users.items()},
            per_user={key: value[keep] for key, value in self.per_user.items()},
            index={key: value[keep] for key, value in self.index.items()},
            hit_rate={key: value[keep] for key, value in self.hit_rate.items()},
        )
