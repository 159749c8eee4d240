"""What a cloud commitment lacks in a contract year as recourse, valued in every scenario at once (model §6).

This module holds the decomposed form of the rows of `channel`.

    Σ_i (1 + fee_i) · δ · pay_i + δ_end · max(minimum, maximum - Σ_i counts_i · pay_i - Σ counts · linear payments)

What is short falls as payments rise, so by itself it is not convex. Together with the payments it is: a dollar that is
paid costs at least what it retires, so each pay_i, which is convex, counts (1 + fee_i) · δ where nothing more retires
and (1 + fee_i) · δ - counts_i · δ_end >= 0 elsewhere. So payments that follow from the scenario (overage, what is
unused, true-up, extra usage) are valued here and nowhere else; linear ones are charged where they arise.

The cost of one contract year is not convex where it holds the shortfall and not the payment, which belongs to the
contract year before (signed inside of a year, model §6). Cuts then lie below it (formulation §5).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from deal_solve.errors import InternalError
from deal_solve.formulation.clauses.api.drawdown_cost import DrawdownCost
from deal_solve.formulation.model.payments import Metered, Payments
from deal_solve.formulation.model.recourse import Indices, Linear, Recourse, When, factors_of, places_in, sum_of
from deal_solve.uncertainty.scenario_set import Array

ROOM = 1e-12
"""A factor this little below zero is a rounding error."""


class Channelled(NamedTuple):
    """Recourse that is paid through a channel in one contract year: the share that counts, and the fee on top."""

    part: Recourse
    counts: float
    fee: float


def _bounded(each: Channelled) -> DrawdownCost:
    """Return a part that has a ceiling: beside a signing inside of a year nothing else may be paid by channel."""
    if not isinstance(each.part, DrawdownCost):
        raise InternalError(f"{each.part.line} is paid through a channel in a month that belongs to two years")
    return each.part


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
        self.indices = places_in([each.indices for each in own])

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
        unretired, minimum = self._unretired(values, paid), self.minimum * self.one.at(values)
        return _State(paid, np.maximum(unretired, minimum), unretired > minimum)

    def _unretired(self, values: Array, paid: Sequence[Array]) -> Array:
        """Return what is short where nothing caps what is retired, (S,)."""
        retired = sum(
            (each.counts * usd for each, usd in zip(self.parts, paid, strict=True)), np.zeros(len(self.maximum))
        )
        for part in self.linear:
            retired = retired + part.cost(values, part.factors(When(discounted=False), lambda _: 1.0))
        return np.asarray(self.maximum * self.one.at(values) - retired)

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
        """Return the slope: where more payments retire more, each counts less by what it retires.

        A part that counts less than what it retires (the shortfall falls due in a contract year that the part does not)
        retires its linear ceiling here: the slope is then that of a convex function below the cost.
        """
        plain = [self._plain(each) for each in self.parts]
        full = [(1 + each.fee) * own for each, own in zip(self.parts, self._split(factors), strict=True)]
        less = [f - factors[0] * each.counts * p for each, f, p in zip(self.parts, full, plain, strict=True)]
        concave = [bool((own < -ROOM).any()) for own in less]
        retiring = np.where(self._retires(values, concave), weights, 0.0)
        rest = weights - retiring
        level = factors[0] * float(retiring @ self.maximum + rest @ self.minimum)
        found = [Linear(self.one.indices, self.one.coefficients * level)]
        for part in self.linear:
            indices, coefficients = part.slope(values, part.factors(When(discounted=False), lambda _: 1.0), retiring)
            found.append(Linear(indices, -factors[0] * coefficients))
        for number, each in enumerate(self.parts):
            retired = full[number] if concave[number] else np.maximum(less[number], 0.0)
            if concave[number]:
                indices, coefficients = _bounded(each).ceiling_slope(plain[number], retiring)
                found.append(Linear(indices, -factors[0] * each.counts * coefficients))
            if values[each.part.indices].any():
                both = (full[number], rest), (retired, retiring)
                found += [each.part.slope(values, own, some) for own, some in both if some.any()]
        return sum_of(found)

    def _retires(self, values: Array, concave: Sequence[bool]) -> NDArray[np.bool_]:
        """Return where more payments retire more, (S,), if those of some parts are as high as their ceiling."""
        state = self._settle(values)
        if not any(concave):
            return state.retires
        unretired = self._unretired(values, state.paid)
        for each, paid, is_concave in zip(self.parts, state.paid, concave, strict=True):
            if is_concave:
                unretired = unretired - each.counts * (_bounded(each).ceiling(values, self._plain(each)) - paid)
        return np.asarray(unretired > self.minimum * self.one.at(values))

    def forget(self) -> None:
        """Keep nothing of the last plan."""
        self._known = b"", None
        for each in self.parts:
            each.part.forget()
