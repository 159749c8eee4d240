"""Many scenarios: a search that a subsample warm-starts finds what one without it finds, on any number of cores."""

import dataclasses
import gc

import numpy as np
import pytest

from deal_solve import load, sample, solve
from deal_solve.deal.risk import Risk
from deal_solve.formulation.clauses.api.bounds import exceeded
from deal_solve.formulation.model import chunks
from deal_solve.formulation.model import scenario_sums as columns
from deal_solve.formulation.model.program import Program
from deal_solve.formulation.model.scenario_sums import ScenarioSums
from deal_solve.optimise.search import benders, subsample
from deal_solve.uncertainty.scenario_set import BLOCK
from tests.support.paths import SCENARIOS
from tests.support.samples import in_every_run


@pytest.mark.parametrize("name", in_every_run(["three-quotes", "api-heavy", "hybrid"], slow={"hybrid"}))
def test_a_warm_started_search_finds_what_one_without_a_subsample_finds(name, monkeypatch):
    """Subsamples of 32 and 128 of 512 scenarios, as if a block had 256."""
    deal = load(SCENARIOS / f"{name}.yaml")
    deal = deal.model_copy(update={"risk": Risk(weight=0.3, on="cost")})  # a reference may be one of several tied plans
    scenarios = sample(deal, 512, seed=3)
    plain = solve(deal, scenarios)
    for module in (subsample, benders):
        monkeypatch.setattr(module, "BLOCK", 256)
    monkeypatch.setattr(subsample, "SUBSAMPLE_SIZES", (32, 128))
    guided = solve(deal, scenarios)
    assert guided.gap <= 1e-6
    assert plain.gap <= 1e-6
    assert guided.objective_usd == pytest.approx(plain.objective_usd, rel=2e-6)
    assert guided.plan.api.offer == plain.plan.api.offer
    assert max(guided.bound_usd, plain.bound_usd) <= min(guided.objective_usd, plain.objective_usd)


def test_the_answer_is_the_same_bits_on_any_number_of_cores(monkeypatch):
    deal = load(SCENARIOS / "three-quotes.yaml")
    found = []
    monkeypatch.setattr(chunks, "CHUNK", 1024)
    for cores in (1, 3):
        monkeypatch.setattr("os.cpu_count", lambda cores=cores: cores)
        chunks._workers.cache_clear()
        found.append(solve(deal, sample(deal, BLOCK + 1024, seed=1)))
    assert found[0].objective_usd == found[1].objective_usd
    assert found[0].plan == found[1].plan


def test_columns_made_block_by_block_are_those_of_the_set_in_memory():
    """A sampled set is read in blocks and by the months of section 1, one in memory by what moves in it."""
    deal = load(SCENARIOS / "hybrid.yaml")
    scenarios = sample(deal, BLOCK + 100, seed=5)
    made, held = ScenarioSums(deal, scenarios), ScenarioSums(deal, scenarios.in_memory())
    for user, intervals in made.intervals.items():
        for year in range(deal.years):
            months = range(12 * year, 12 * year + 12)
            here, there = (
                sum(
                    c.discounted_requests[c.row_of(user, start)]
                    for start, _ in c.within(user, months.start, months.stop)
                )
                for c in (made, held)
            )
            assert here == pytest.approx(there, rel=1e-12)
        assert intervals[0][0] == 0
    for family, levels in made.index.items():
        for month in (0, 5, 6, 17, 18):
            assert np.all(levels[month] == held.index[family][month])


def test_the_head_of_columns_is_the_columns_of_the_head():
    deal = load(SCENARIOS / "hybrid.yaml")
    scenarios = sample(deal, 600, seed=5).in_memory()
    head = ScenarioSums(deal, scenarios).head(100)
    alone = ScenarioSums(deal, dataclasses.replace(scenarios.rows(slice(0, 100)), weights=np.full(100, 0.01)))
    assert np.all(head.requests == alone.requests)
    assert head.weights == pytest.approx(alone.weights)
    assert columns.settled(np.ones(3)) == 1.0


def test_what_is_exceeded_too_rarely():
    """Ten equally likely amounts: 8 is exceeded with 20 %, so with no more than 25 %; with 0 % only the largest."""
    amounts, weights = np.arange(1.0, 11), np.full(10, 0.1)
    assert exceeded(amounts, weights, 0.25) == 8
    assert exceeded(amounts, weights, 0.0) == 10
    assert exceeded(np.empty(0), np.empty(0), 0.5) == 0


def test_no_program_and_no_sums_outlive_their_solve():
    """Without a look for cycles: programs, those of the baseline too, and sums end with the last reference to them."""
    deal = load(SCENARIOS / "three-quotes.yaml")
    gc.collect()
    gc.disable()
    try:
        solution = solve(deal)
        left = sum(isinstance(each, Program | ScenarioSums) for each in gc.get_objects())
    finally:
        gc.enable()
    assert solution.baseline is not None
    assert left == 0
