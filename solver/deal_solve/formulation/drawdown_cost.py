"""Overage, shortfall and rollover of one price regime, valued in every scenario at once (sections 4 and 8)."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from deal_solve.formulation.recourse import Linear, Places, added_up
from deal_solve.uncertainty.scenarios import Array


class Period:
    """Usage of one commitment period (or month of a hard cap) in drawdown order, and its balance.

    `places` (K,) are the variables of the usage items, `billed` (S, K) their amount per unit, `ratio` (S, K) what an
    uncovered unit costs; `balance` is C_P as an expression.
    """

    def __init__(self, places: Places, billed: Array, ratio: Array, balance: Linear, charge: tuple[int, int]) -> None:
        self.places, self.billed, self.balance, self.charge = places, billed, balance, charge
        self._order: Places | None = None
        if ratio.size == 0 or np.all(ratio == ratio[0, 0]):
            self.steps = np.full((len(billed), 1), ratio[0, 0] if ratio.size else 0.0)
            return
        self._order = np.argsort(-ratio, axis=1, kind="stable")
        falling = np.take_along_axis(ratio, self._order, axis=1)
        self.steps = np.append(falling[:, :-1] - falling[:, 1:], falling[:, -1:], axis=1)

    def used(self, values: Array) -> Array:
        """Return usage cumulated from the highest ratio down, (S, levels); the last column is all of it."""
        if self._order is None:
            return np.asarray(self.billed @ values[self.places])[:, None]
        amounts = self.billed * values[self.places]
        return np.cumsum(np.take_along_axis(amounts, self._order, axis=1), axis=1)

    def slopes(self, prices: Array, extra: Array, weights: Array) -> Array:
        """Return Σ_ω weight · (Σ of the prices (S, levels) of the levels an item counts in, + extra (S,)) · billed."""
        total = extra[:, None]
        if self._order is None:
            total = total + prices
        else:
            per_item = np.empty_like(self.billed)
            np.put_along_axis(per_item, self._order, np.cumsum(prices[:, ::-1], axis=1)[:, ::-1], axis=1)
            total = total + per_item
        return np.asarray(weights @ (total * self.billed))


@dataclass
class _State:
    """One period settled: uncovered usage per level (S, levels), the rest (S,)."""

    used: Array
    uncovered: Array
    commitment: float
    carried: Array
    from_carry: Array
    shortfall: Array
    rolled: Array


@dataclass
class DrawdownCost:
    """Consecutive periods; `share` and `cap` of the rollover between them (0: forfeited)."""

    periods: list[Period]
    arrears: bool
    share: float = 0.0
    cap: float = 0.0
    line: str = "overage"
    charges: tuple[tuple[int, int], ...] = field(init=False)
    places: Places = field(init=False)

    def __post_init__(self) -> None:
        self.charges = tuple(period.charge for period in self.periods)
        self.places = np.unique(np.concatenate([p for x in self.periods for p in (x.places, x.balance.places)]))

    def cost(self, values: Array, factors: Array) -> Array:
        """Return Σ factor · (Σ_l (r_l - r_(l+1))·U_l, under arrears + C - V + R - R') over the periods."""
        total = np.zeros(len(self.periods[0].billed))
        for period, state, factor in zip(self.periods, self._settle(values), factors, strict=True):
            if factor:
                paid = (period.steps * state.uncovered).sum(axis=1)
                if self.arrears:
                    paid = paid + state.commitment - state.used[:, -1] + state.carried - state.rolled
                total += factor * paid
        return total

    def _settle(self, values: Array) -> list[_State]:
        """Settle period after period as section 4 says: usage is covered whenever there is balance."""
        states: list[_State] = []
        carried = np.zeros(len(self.periods[0].billed))
        for place, period in enumerate(self.periods):
            commitment, used = period.balance.at(values), period.used(values)
            uncovered = np.maximum(used - (carried + commitment)[:, None], 0.0)
            from_carry = np.minimum(np.maximum(used[:, -1], 0.0), carried)
            shortfall = commitment - (used[:, -1] - uncovered[:, -1] - from_carry)
            rolled = np.zeros_like(carried)
            if self.share and place + 1 < len(self.periods):
                rolled = np.minimum(self.share * np.maximum(shortfall, 0.0), self.cap * commitment)
            states.append(_State(used, uncovered, commitment, carried, from_carry, shortfall, rolled))
            carried = rolled
        return states

    def slope(self, values: Array, factors: Array, weights: Array) -> Linear:
        """Return the slope from prices (duals) that are feasible in the linear program whatever the plan.

        Backwards, per period and scenario: π_l the worth of balance against level l, a that of R beyond it, b that of
        usage left for the period's own commitment, c and d of the two limits of what is rolled over.
        """
        states = self._settle(values)
        size = len(weights)
        worth = np.zeros(size)
        places, coefficients = [], []
        for place in reversed(range(len(self.periods))):
            period, state, factor = self.periods[place], states[place], factors[place]
            by_share = self.share * state.shortfall <= self.cap * state.commitment
            c = self.share * np.where(by_share, worth, 0.0)
            d = self.cap * np.where(by_share, 0.0, worth)
            left = state.used[:, -1] - state.uncovered[:, -1]
            b = np.where(state.carried <= left, 0.0, c) if place else np.zeros(size)
            lowest = factor * period.steps[:, -1]
            dearer = np.maximum(c - b - lowest, 0.0)  # saving would pay in the linear program: d takes over
            if self.share:
                c, d = c - dearer, d + dearer * self.cap / self.share
            prices = factor * period.steps * (state.uncovered > 0)
            prices[:, -1] = np.where(state.uncovered[:, -1] > 0, lowest - c + b, 0.0)
            balance = -prices.sum(axis=1) - c - d + (factor if self.arrears else 0.0)
            usage = c - b - (factor if self.arrears else 0.0)
            places += [period.places, period.balance.places]
            coefficients += [period.slopes(prices, usage, weights), period.balance.coefficients * (weights @ balance)]
            if place:
                worth = prices.sum(axis=1) + c - b
                if self.arrears:
                    worth = worth + factors[place - 1] - factor
                worth = np.maximum(worth, 0.0)
        return added_up(np.concatenate(places), np.concatenate(coefficients))
