"""The overage ratio of many scenarios is worked out where it is asked for: the same bits, and no array is kept."""

import numpy as np
import pytest

from deal_solve import load, sample, solve
from deal_solve.formulation.clauses.api import rates
from deal_solve.formulation.clauses.api.rates import overage_ratio
from deal_solve.formulation.model.per_scenario import OverageRatio
from tests.support.paths import SCENARIOS

BENCHMARKS = SCENARIOS.parent / "tests" / "benchmarks"


@pytest.fixture
def api():
    return load(BENCHMARKS / "full.yaml").offers["standard"].api


def test_it_is_the_array_of_few_scenarios_in_any_of_them(monkeypatch, api):
    rng = np.random.default_rng(1)
    index, protected = rng.random((2, 100)) + 0.5
    whole = overage_ratio(api, 0.9, protected, index)
    monkeypatch.setattr(rates, "CHUNK", 99)
    asked = overage_ratio(api, 0.9, protected, index)
    assert isinstance(whole, np.ndarray)
    assert isinstance(asked, OverageRatio)
    assert whole.min() == 1.0 < asked.maximum == whole.max()
    some = np.array([3, 7, 98])
    assert np.array_equal(asked[:], whole)
    assert np.array_equal(asked[20:50], whole[20:50])
    assert np.array_equal(asked[some], whole[some])


def test_one_ratio_everywhere_is_a_number(monkeypatch, api):
    monkeypatch.setattr(rates, "CHUNK", 0)
    index = np.full(10, 0.8)
    assert isinstance(overage_ratio(api, 0.9, index.copy(), index), float)


@pytest.mark.parametrize("size", [40, 100])
def test_a_solve_is_the_same_to_the_bit(monkeypatch, size):
    deal = load(SCENARIOS / "hybrid.yaml")
    scenarios = sample(deal, size, seed=3)
    whole = solve(deal, scenarios)
    monkeypatch.setattr(rates, "CHUNK", 0)
    asked = solve(deal, scenarios)
    assert (asked.objective_usd, asked.bound_usd) == (whole.objective_usd, whole.bound_usd)
    assert asked.plan == whole.plan
