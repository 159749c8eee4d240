"""Few scenarios are valued whole, in few calls of NumPy: the same amounts and slopes as piece by piece."""

from itertools import product

import numpy as np
import pytest

from deal_solve.formulation.clauses.api import drawdown_cost
from deal_solve.formulation.clauses.api.drawdown_cost import DrawdownCost
from deal_solve.formulation.clauses.seats import true_up_cost
from deal_solve.formulation.clauses.seats.true_up_cost import Counts, TrueUpCost
from deal_solve.formulation.model import chunks, payments, rate_groups
from deal_solve.formulation.model import period as commitment_period
from deal_solve.formulation.model.payments import Payments, Share
from deal_solve.formulation.model.period import Period
from deal_solve.formulation.model.rate_groups import Item, RateGroups
from deal_solve.formulation.model.recourse import Linear, When
from deal_solve.formulation.model.single_periods import SinglePeriods

SIZE, PLACES = 7, 12


def piecewise(monkeypatch, found):
    """Return what `found` gives where no number of scenarios is few."""
    with monkeypatch.context() as patched:
        for module in (chunks, payments, rate_groups, true_up_cost, drawdown_cost):
            patched.setattr(module, "FEW", 0)
        patched.setattr(commitment_period, "BLOCK", 0)
        return found()


def dense(linear):
    """Return the coefficient of each place."""
    return np.bincount(linear.indices, linear.coefficients, PLACES)


def alike(monkeypatch, part, factors, rng):
    """Hold the cost and the slope of a part at a few plans, in all scenarios and in a tail, against those by pieces."""
    for tail in (False, True):
        values = rng.integers(0, 4, PLACES) * rng.random(PLACES)
        weights = rng.random(SIZE) * (rng.random(SIZE) < 0.4 if tail else 1.0)
        few = part().cost(values, factors), dense(part().slope(values, factors, weights))
        many = piecewise(
            monkeypatch, lambda v=values, w=weights: (part().cost(v, factors), dense(part().slope(v, factors, w)))
        )
        np.testing.assert_allclose(few[0], many[0], atol=1e-12)
        np.testing.assert_allclose(few[1], many[1], atol=1e-12)
        assert few[1] @ values == pytest.approx(weights @ few[0])


@pytest.mark.parametrize(("alone", "is_carried", "seed"), list(product((False, True), (False, True), range(3))))
def test_a_true_up_of_few_scenarios_is_that_of_many(monkeypatch, alone, is_carried, seed):
    rng = np.random.default_rng(seed)
    users = rng.random((3, 9, SIZE))
    counts = (
        Counts(np.array([1, 2]), np.array([0, 1]), users[:2, :3]),
        Counts(np.array([3, 4, 5, 1]), np.array([0, 1, 1, 2]), users[:, 3:]),
    )
    number, index = Linear(np.array([0]), np.array([1.0])), rng.random(SIZE) if seed else 1.5
    factors = np.array([0.9, 0.0 if seed == 2 else 0.8, 0.7])

    def part():
        charges = ((4, 3), (7, 6), (10, 9))
        return TrueUpCost(counts, number, (3, 6, 9), (12, 9, 6), charges, 2.0, index, alone, is_carried=is_carried)

    alike(monkeypatch, part, factors, rng)


@pytest.mark.parametrize("moves", [False, True])
def test_sums_of_requests_of_few_scenarios_are_those_of_many(monkeypatch, moves):
    rng = np.random.default_rng(1)
    rate = rng.random(SIZE) if moves else 0.5
    items = [Item(column, row, 1.0 + column, rate if row % 2 else 1.0) for column in range(4) for row in range(5)]
    groups = RateGroups(rng.random((5, SIZE)), items, [item.row % 3 for item in items], 3)
    values, prices = rng.random(PLACES), rng.random((3, SIZE))
    for sums in (groups, groups.times(0.5)):
        many = piecewise(monkeypatch, lambda s=sums: (s.amounts(values), s.slope(prices)))
        np.testing.assert_allclose(sums.amounts(values), many[0])
        np.testing.assert_allclose(sums.amounts(values, slice(2, 5)), many[0][:, 2:5])
        np.testing.assert_allclose(sums.slope(prices), many[1])
    np.testing.assert_allclose(groups.times(0.5).amounts(values), 0.5 * groups.amounts(values))


def test_payments_of_few_scenarios_are_those_of_many(monkeypatch):
    rng = np.random.default_rng(2)
    column = rng.random(SIZE)
    shares = tuple(Share(n % 4, column if n % 3 else 1.0, 1.0 + n, 0.9 + n, n % 2) for n in range(9))
    for when in (When(), When(1, discounted=False)):
        factors = Payments(shares, SIZE).factors(when, lambda _: 1.0)
        alike(monkeypatch, lambda: Payments(shares, SIZE), factors, rng)


@pytest.mark.parametrize(("arrears", "moves", "seed"), list(product((False, True), (False, True), range(3))))
def test_periods_that_carry_nothing_over_are_valued_at_once_as_one_by_one(monkeypatch, arrears, moves, seed):
    """Two levels of usage, whose ratios change places from scenario to scenario where they move."""
    rng = np.random.default_rng(seed)
    requests, ratios = rng.random((2, 4, SIZE)), 1 + rng.random((2, 2, SIZE))
    balance = Linear(np.array([0, 1]), np.array([1.0, 0.5]))

    def part(share=0.0):
        periods = []
        for number, (quantities, ratio) in enumerate(zip(requests, ratios, strict=True)):
            items = [Item(2 + (row + number) % 5, row, 1.0 + row) for row in range(4)]
            usage = RateGroups(quantities, items, [0, 1, 0, 1])
            prices = [*ratio] if moves else [1.2, 1.5]
            periods.append(Period(usage, prices, balance, (12 * number + 12, 12 * number + 11)))
        return DrawdownCost(periods, arrears, share, 0.5)

    alike(monkeypatch, part, np.array([0.9, 0.8]), rng)
    together = SinglePeriods.of(part().periods, part().indices, arrears)
    values = rng.random(PLACES)
    np.testing.assert_allclose(together.cost(values, np.array([0.9, 0.8])), part().cost(values, np.array([0.9, 0.8])))
    alike(monkeypatch, lambda: part(0.4), np.array([0.9, 0.8]), rng)
