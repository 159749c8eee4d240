"""The drawdown of one price regime as recourse, valued in every scenario at once (model §4; formulation §8).

This module holds the decomposed form of `drawdown_rows`: the cost of consecutive periods as a convex function of usage
and commitment, and its slope.

    Σ_P δ_P · (Σ_l (r_l - r_(l+1)) · max(0, V_l - R - C_P), under arrears + C_P - V + R - R')
    R' = min(share · period shortfall, cap · C_P)

A credit that is balance is the R of the first period, and nothing is owed for it. Under arrears the usage of that
period is charged at its end here, C - R' in place of C - V + R - R'; `credit_cost` charges what is paid earlier.
Measured at list, usage is counted at list, its ratio is 1, and δ is times k.
Where excess counts next, s_P takes the place of C - V + U: Σ_{i≤P} s_i = max_{k≤P} (Σ_{i≤k} (C_i - V_i))⁺.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeAlias

import numpy as np

from deal_solve.formulation.clauses.api.credit import Credited
from deal_solve.formulation.model.chunks import FEW, Selection, count_of, each, weighted
from deal_solve.formulation.model.per_scenario import ScalarOrArray
from deal_solve.formulation.model.period import Period
from deal_solve.formulation.model.recourse import Indices, Linear, When, added_up, factors_of, places_in, sum_of
from deal_solve.formulation.model.single_periods import SinglePeriods
from deal_solve.uncertainty.scenario_set import Array

Factors: TypeAlias = tuple[Array, Sequence[ScalarOrArray]]
"""How much what is charged at each time counts, and what counts of overage: one number or one per scenario."""


@dataclass
class _State:
    """One period settled: used and uncovered usage per level (levels, S), the rest (S,)."""

    used: Array
    uncovered: Array
    commitment: float
    carried: Array
    from_carry: Array
    shortfall: Array
    rolled: Array


@dataclass
class DrawdownCost:
    """Consecutive periods; `share` and `cap` of the rollover between them (0: forfeited).

    `counts_next` is whether usage above the commitments counts toward the next ones (under arrears). `credit` is the
    balance that the first period starts with; `shortfall_factor` is k, what a dollar of shortfall costs where usage is
    counted at list: then nothing else is charged.
    """

    periods: list[Period]
    arrears: bool
    share: float = 0.0
    cap: float = 0.0
    counts_next: bool = False
    credit: Credited | None = None
    shortfall_factor: float = 1.0
    line: str = "overage"
    is_linear: bool = False
    charges: tuple[tuple[int, int], ...] = field(init=False)
    indices: Indices = field(init=False)
    _known: tuple[bytes, list[tuple[slice, list[_State]]]] = field(init=False, default=(b"", []))

    def __post_init__(self) -> None:
        self.charges = tuple(period.charge for period in self.periods)
        found = [part for period in self.periods for part in (period.indices, period.balance.indices)]
        self.indices = places_in([*found, *([self.credit.taken.indices] if self.credit else [])])

    @cached_property
    def _single(self) -> SinglePeriods | None:
        """The periods at once, over few scenarios if nothing is carried from one to the next."""
        if self.size > FEW or self.share or self.counts_next or self.credit is not None:
            return None
        return SinglePeriods.of(self.periods, self.indices, self.arrears)

    def factors(self, when: When, discount: Callable[[int], float]) -> Array:
        """Return how much each period's charge counts."""
        return self.shortfall_factor * factors_of(self.charges, when, discount)

    @property
    def size(self) -> int:
        """S, the number of scenarios."""
        return self.periods[0].size

    def cost(self, values: Array, factors: Array) -> Array:
        """Return Σ factor · (Σ_l (r_l - r_(l+1))·U_l, under arrears + C - V + R - R') over the periods."""
        if self._single is not None:
            return self._single.cost(values, factors)
        pieces = self._settled(values)
        return np.concatenate([self._cost(here, states, factors) for here, states in pieces])

    def _cost(self, here: Selection, states: list[_State], factors: Array) -> Array:
        total = self._rest(states, factors)
        for index, factor in enumerate(factors):
            if factor:
                total += factor * self._overage(here, states, index)
        return total

    def _overage(self, here: Selection, states: list[_State], index: int) -> Array:
        """Return what stands on the line overage at the end of a period, (S,)."""
        uncovered = states[index].uncovered
        charge = (self.periods[index].steps_in(here) * uncovered).sum(axis=0)
        return np.asarray(charge - uncovered[-1] if self.arrears else charge)

    def _rest(self, states: list[_State], factors: Array) -> Array:
        """Return what is charged beside overage: under arrears the commitment that is not used."""
        total = np.zeros(len(states[0].carried))
        for index, (state, factor) in enumerate(zip(states, factors, strict=True)):
            if factor and self.arrears:
                left = state.uncovered[-1] + state.commitment - state.rolled
                if self.counts_next:
                    left = state.shortfall
                elif not self._is_credited(index):
                    left = left - state.used[-1] + state.carried
                total += factor * left
        return total

    def apart(self, values: Array, here: Selection, factors: Array) -> tuple[list[Array], Array]:
        """Return overage at the end of each period, and all else that is charged, in some scenarios."""
        states = self._settle(values, here)
        overages = [self._overage(here, states, index) for index in range(len(states))]
        return overages, self._rest(states, factors)

    def _is_credited(self, index: int) -> bool:
        return index == 0 and self.credit is not None

    def _settled(self, values: Array) -> list[tuple[slice, list[_State]]]:
        """Return what `_settle` does, piece by piece, done once for a plan that is asked for again."""
        key = values[self.indices].tobytes()
        if self._known[0] != key:
            self._known = key, each(self.size, lambda here: (here, self._settle(values, here)))
        return self._known[1]

    def forget(self) -> None:
        """Keep nothing of the last plan."""
        self._known = b"", []

    def ceiling(self, values: Array, factors: Array) -> Array:
        """Return an upper bound of the cost (S,) that is linear in the plan: what it is if no usage is covered.

        Of periods that carry nothing over, and start without a credit.
        """

        def piece(here: slice) -> Array:
            total = np.full(here.stop - here.start, committed)
            for period, prices in zip(self.periods, self._uncovered_prices(factors, here), strict=True):
                total += (prices * period.used(values, here)).sum(axis=0)
            return total

        committed = self._in_full(factors).at(values)
        return np.concatenate(each(self.size, piece))

    def ceiling_slope(self, factors: Array, weights: Array) -> Linear:
        """Return Σ weights · ceiling as an expression."""

        def piece(here: slice) -> Linear:
            some = weighted(here, weights)
            prices = self._uncovered_prices(factors, some)
            own = [period.slopes(p * weights[some], some) for p, period in zip(prices, self.periods, strict=True)]
            return Linear(np.concatenate([period.indices for period in self.periods]), np.concatenate(own))

        committed = self._in_full(factors)
        in_full = Linear(committed.indices, float(weights.sum()) * committed.coefficients)
        return sum_of([in_full, *each(self.size, piece)])

    def _in_full(self, factors: Array) -> Linear:
        """Return what is charged of commitments if nothing is used: all of them under arrears."""
        balances = [period.balance for period in self.periods] if self.arrears else []
        return sum_of(Linear(b.indices, f * b.coefficients) for b, f in zip(balances, factors, strict=False))

    def _uncovered_prices(self, factors: Array, here: Selection) -> list[Array]:
        """Return what usage of each level costs (levels, S) if all of it is uncovered, period by period."""
        found = []
        for period, factor in zip(self.periods, factors, strict=True):
            prices = np.array(np.broadcast_to(period.steps_in(here), (period.levels, count_of(here, self.size))))
            prices[-1] -= float(self.arrears)
            found.append(factor * prices)
        return found

    def _settle(self, values: Array, here: Selection) -> list[_State]:
        """Settle period after period as model §4 says: usage is covered whenever there is balance."""
        states: list[_State] = []
        carried, ahead = np.zeros((2, count_of(here, self.size)))
        if self.credit is not None:
            carried = carried + self.credit.at(values, here)
        for index, period in enumerate(self.periods):
            commitment, used = period.balance.at(values), period.used(values, here)
            uncovered = np.maximum(used - (carried + commitment), 0.0)
            from_carry = np.minimum(np.maximum(used[-1], 0.0), carried)
            shortfall = commitment - (used[-1] - uncovered[-1] - from_carry)
            if self.counts_next:
                shortfall = np.maximum(shortfall - ahead, 0.0)
                ahead = np.maximum(ahead + used[-1] - commitment, 0.0)
            rolled = np.zeros_like(carried)
            if self.share and index + 1 < len(self.periods):
                rolled = np.minimum(self.share * np.maximum(shortfall, 0.0), self.cap * commitment)
            states.append(_State(used, uncovered, commitment, carried, from_carry, shortfall, rolled))
            carried = rolled
        return states

    def slope(self, values: Array, factors: Array, weights: Array) -> Linear:
        """Return the slope from prices (duals) that are feasible in the linear program whatever the plan.

        Backwards, per period and scenario: π_l the worth of balance against level l, a that of R beyond it, b that of
        usage left for the period's own commitment, c and d of the two limits of what is rolled over.
        """
        if self._single is not None:
            return self._single.slope(values, factors, weights)
        is_known = self._known[0] == values[self.indices].tobytes()
        known = {here.start: states for here, states in self._known[1]} if is_known else {}

        def piece(here: slice) -> Linear:
            some = weighted(here, weights)
            states = known.get(here.start) if isinstance(some, slice) else None
            return self._slope(some, states or self._settle(values, some), (factors, [*factors]), weights[some])

        parts = each(self.size, piece)
        return sum_of(parts)

    def slope_apart(self, values: Array, here: Selection, both: Factors, weights: Array) -> Linear:
        """Return the slope in some scenarios, where overage has factors of its own: the second ones."""
        return self._slope(here, self._settle(values, here), both, weights)

    def _slope(self, here: Selection, states: list[_State], both: Factors, weights: Array) -> Linear:
        if self.counts_next:
            return self._slope_counted(here, states, both, weights)
        factors, of_overage = both
        size = len(weights)
        marginal_value = np.zeros(size)
        indices, coefficients = [], []
        for index in reversed(range(len(self.periods))):
            period, state, factor = self.periods[index], states[index], factors[index]
            steps = of_overage[index] * period.steps_in(here)
            lowest = steps[-1] + (factor - of_overage[index] if self.arrears else 0.0)
            b = c = d = np.zeros(size)
            if self.share:
                by_share = self.share * state.shortfall <= self.cap * state.commitment
                c = self.share * np.where(by_share, marginal_value, 0.0)
                d = self.cap * np.where(by_share, 0.0, marginal_value)
                left = state.used[-1] - state.uncovered[-1]
                has_balance = index > 0 or self.credit is not None
                b = np.where(state.carried <= left, 0.0, c) if has_balance else b
                excess = np.maximum(c - b - lowest, 0.0)  # saving would pay in the linear program: d takes over
                c, d = c - excess, d + excess * self.cap / self.share
            prices = steps * (state.uncovered > 0)
            prices[-1] = np.where(state.uncovered[-1] > 0, lowest - c + b, 0.0)
            balance = -prices.sum(axis=0) - c - d + (factor if self.arrears else 0.0)
            usage = c - b - (factor if self.arrears and not self._is_credited(index) else 0.0)
            per_level = prices * weights
            per_level[-1] += usage * weights
            indices += [period.indices, period.balance.indices]
            coefficients += [period.slopes(per_level, here), period.balance.coefficients * (weights @ balance)]
            if self.credit is not None and index == 0:
                indices.append(self.credit.taken.indices)
                coefficients.append(self.credit.slope(-weights * (prices.sum(axis=0) + c - b), here))
            if index and self.share:
                marginal_value = prices.sum(axis=0) + c - b
                if self.arrears:
                    marginal_value = marginal_value + factors[index - 1] - factor
                marginal_value = np.maximum(marginal_value, 0.0)
        return added_up(np.concatenate(indices), np.concatenate(coefficients))

    def _slope_counted(self, here: Selection, states: list[_State], both: Factors, weights: Array) -> Linear:
        """Return the slope where excess counts next: Σ_P (δ_P - δ_{P+1}) · max_{k≤P} (Σ_{i≤k} (C_i - V_i))⁺ is convex.

        In the linear program a shortfall may be paid early, so a factor counts no more than those before it.
        """
        factors, of_overage = both
        falls = -np.diff(np.minimum.accumulate(factors), append=0.0)
        owed = np.cumsum([state.commitment - state.used[-1] for state in states], axis=0)
        highest, at, everywhere = np.zeros(len(weights)), np.zeros(len(weights), dtype=int), np.arange(len(weights))
        shorts = np.zeros(owed.shape)
        for index, (usd, fall) in enumerate(zip(owed, falls, strict=True)):
            at[usd > highest] = index
            highest = np.maximum(highest, usd)
            shorts[at, everywhere] += np.where(highest > 0, fall, 0.0)
        shorts = np.cumsum(shorts[::-1], axis=0)[::-1]
        indices, coefficients = [], []
        for index, (period, state) in enumerate(zip(self.periods, states, strict=True)):
            prices = of_overage[index] * period.steps_in(here) * (state.uncovered > 0)
            prices[-1] = np.where(state.uncovered[-1] > 0, prices[-1] - of_overage[index], 0.0)
            per_level = prices * weights
            per_level[-1] -= shorts[index] * weights
            balance = weights @ (shorts[index] - prices.sum(axis=0))
            indices += [period.indices, period.balance.indices]
            coefficients += [period.slopes(per_level, here), period.balance.coefficients * balance]
        return added_up(np.concatenate(indices), np.concatenate(coefficients))
