"""What a cloud commitment lacks in a contract year as recourse, valued in every scenario at once (model §6).

This module holds the decomposed form of the rows of `channel`.

    Σ_i (1 + fee_i) · δ · pay_i + δ_end · max(minimum, maximum - Σ_i counts_i · pay_i - Σ counts · linear payments)

What is short falls as payments rise, so by itself it is not convex. Together with the payments it is: a dollar that is
paid costs at least what it retires, so each pay_i, which is convex, counts (1 + fee_i) · δ where nothing more retires
and (1 + fee_i) · δ - counts_i · δ_end >= 0 elsewhere. So payments that follow from the scenario (overage, what is
unused, true-up, extra usage) are valued here and nowhere else; linear ones are charged where they arise.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from deal_solve.formulation.model.payments import Metered, Payments
from deal_solve.formulation.model.recourse import Indices, Linear, Recourse, When, factors_of, sum_of
from deal_solve.uncertainty.scenario_set import Array


class Channelled(NamedTuple):
    """Recourse that is paid through a channel in one contract year: the share that counts, and the fee on top."""

    part: Recourse
    counts: float
    fee: float


class _State(NamedTuple):
    """A plan settled, (S,): what the `parts` come to as paid, and where more payments would retire more."""

    paid: list[Array]
    short: Array
    retires: NDArray[np.bool_]


@dataclass
class ChannelCost:
    """What is `short` of a cloud commitment in a contract year, and the `parts` that are paid through its channels.

    `linear` are the other payments through them, as far as they count. `maximum` is short if nothing is retired and
    `minimum` if the cap is, (S,), money units; both are per unit of `one`, a variable that is 1. What is
    short is paid at the time `end`, months from signing.
    """

    parts: tuple[Channelled, ...]
    linear: tuple[Payments | Metered, ...]
    one: Linear
    maximum: Array
    minimum: Array
    end: int
    line: str = "cloud_shortfall"
    is_linear: bool = False
    indices: Indices = field(init=False)
    _known: tuple[bytes, _State | None] = field(init=False, default=(b"", None))

    def __post_init__(self) -> None:
        own = (self.one, *(each.part for each in self.parts), *self.linear)
        self.indices = np.unique(np.concatenate([each.indices for each in own]))

    def factors(self, when: When, discount: Callable[[int], float]) -> Array:
        """Return how much the shortfall counts, and after it the factors of each part."""
        own = factors_of([(self.end, self.end - 1)], when, discount)
        return np.concatenate([own, *(each.part.factors(when, discount) for each in self.parts)])

    def _split(self, factors: Array) -> list[Array]:
        """Return the factors of each part."""
        ends = np.cumsum([len(self._plain(each)) for each in self.parts])
        return np.split(factors[1:], ends[:-1]) if self.parts else []

    @staticmethod
    def _plain(each: Channelled) -> Array:
        """Return the factors with which a part is what is paid, not discounted."""
        return each.part.factors(When(discounted=False), lambda _: 1.0)

    def _settle(self, values: Array) -> _State:
        """Settle what is paid and what is short, done once for a plan that is asked for again."""
        key = values[self.indices].tobytes()
        known = self._known[1]
        if known is None or self._known[0] != key:
            known = self._settled(values)
            self._known = key, known
        return known

    def _settled(self, values: Array) -> _State:
        paid = [self._paid(each.part, values, self._plain(each)) for each in self.parts]
        retired = sum(
            (each.counts * usd for each, usd in zip(self.parts, paid, strict=True)), np.zeros(len(self.maximum))
        )
        for part in self.linear:
            retired = retired + part.cost(values, part.factors(When(discounted=False), lambda _: 1.0))
        one = self.one.at(values)
        unretired, minimum = self.maximum * one - retired, self.minimum * one
        return _State(paid, np.maximum(unretired, minimum), unretired > minimum)

    def _paid(self, part: Recourse, values: Array, factors: Array) -> Array:
        return part.cost(values, factors) if values[part.indices].any() else np.zeros(len(self.maximum))

    def cost(self, values: Array, factors: Array) -> Array:
        """Return Σ (1 + fee) · δ · pay + δ_end · short, (S,)."""
        state = self._settle(values)
        total = factors[0] * state.short
        for each, paid, own in zip(self.parts, state.paid, self._split(factors), strict=True):
            as_paid = np.array_equal(own, self._plain(each))
            total = total + (1 + each.fee) * (paid if as_paid else self._paid(each.part, values, own))
        return np.asarray(total)

    def slope(self, values: Array, factors: Array, weights: Array) -> Linear:
        """Return the slope: where more payments retire more, each counts less by what it retires."""
        state = self._settle(values)
        retiring = np.where(state.retires, weights, 0.0)
        rest = weights - retiring
        level = factors[0] * float(retiring @ self.maximum + rest @ self.minimum)
        found = [Linear(self.one.indices, self.one.coefficients * level)]
        for part in self.linear:
            indices, coefficients = part.slope(values, part.factors(When(discounted=False), lambda _: 1.0), retiring)
            found.append(Linear(indices, -factors[0] * coefficients))
        for each, own in zip(self.parts, self._split(factors), strict=True):
            if values[each.part.indices].any():
                full = (1 + each.fee) * own
                less = np.maximum(full - factors[0] * each.counts * self._plain(each), 0.0)
                found += [each.part.slope(values, f, w) for f, w in ((full, rest), (less, retiring)) if w.any()]
        return sum_of(found)

    def forget(self) -> None:
        """Keep nothing of the last plan."""
        self._known = b"", None
        for each in self.parts:
            each.part.forget()
