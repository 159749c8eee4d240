"""Sampled scenarios: what is drawn from what; the bits depend on the deal, the seed and the block, and nothing else."""

import pickle
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np
import pytest
from scipy.special import ndtri
from scipy.stats import spearmanr
from scipy.stats.qmc import Sobol

from deal_solve.deal.load import load, loads
from deal_solve.errors import InputError
from deal_solve.optimise.solve import solve
from deal_solve.settlement.settle import settle
from deal_solve.uncertainty import sampling
from deal_solve.uncertainty.expansion import scenarios_of
from deal_solve.uncertainty.measures import quantile
from deal_solve.uncertainty.sampling import SEED, sample
from deal_solve.uncertainty.scenario_set import BLOCK, PATHS, Scenarios
from deal_solve.uncertainty.sobol import BITS, sobol_points
from tests.support.builders import APP, deal_of
from tests.support.paths import SCENARIOS
from tests.support.sampled_deal import DEAL, EVENTS, PEOPLE, WORK, deal_with, same

# --- the same bits ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("dimensions", "seed"), [(1, 0), (2, 5), (61, 20270101), (500, 3)])
def test_points_are_those_of_scipy(dimensions, seed):
    expected = Sobol(dimensions, scramble=True, bits=BITS, rng=np.random.default_rng(seed))
    points = sobol_points(dimensions, seed)
    for index in range(3):
        assert np.array_equal(points.block(index), expected.random(BLOCK).T)


def test_a_block_needs_none_of_those_before():
    expected = Sobol(3, scramble=True, bits=BITS, rng=np.random.default_rng(7))
    expected.fast_forward(37 * BLOCK)
    assert np.array_equal(sobol_points(3, 7).block(37), expected.random(BLOCK).T)


def test_sampling_does_not_import_scipy_stats():
    """`scipy.stats` takes longer to import than a hundred thousand scenarios to draw."""
    draws = "import sys; from deal_solve.uncertainty.sobol import sobol_points; sobol_points(3, 1).block(0); "
    subprocess.run([sys.executable, "-c", f"{draws}sys.exit('scipy.stats' in sys.modules)"], check=True)


@pytest.mark.parametrize("method", ["sobol", "random"])
def test_a_block_is_the_same_whoever_asks_and_when(method):
    """In order, backwards, after a copy through pickle, as part of the whole, and as part of a larger set."""
    size = 2 * BLOCK + 100
    scenarios = sample(DEAL, size, 7, method)
    blocks = [scenarios.block(index) for index in range(scenarios.block_count)]
    assert [block.size for block in blocks] == [BLOCK, BLOCK, 100]
    again = pickle.loads(pickle.dumps(sample(DEAL, size, 7, method)))
    whole = scenarios.in_memory()
    for index in reversed(range(3)):
        assert same(again.block(index), blocks[index])
        assert same(whole.block(index), blocks[index])
    larger = sample(DEAL, 4 * BLOCK, 7, method).block(2)
    np.testing.assert_array_equal(larger.requests["a"][:, :100], blocks[2].requests["a"])
    assert list(blocks[2].names)[::99] == [f"sample {2 * BLOCK + 1}", f"sample {size}"]


def test_what_is_drawn_for_a_block_is_drawn_once_as_far_as_it_is_kept(monkeypatch):
    """Three blocks of the same bits each time; room for one and a half blocks keeps the first one only."""
    drawn = []
    values = sampling.metalog.values
    monkeypatch.setattr(sampling.metalog, "values", lambda *of: drawn.append(1) or values(*of))
    scenarios = sample(DEAL, 3 * BLOCK, 7)
    first = [scenarios.block(index) for index in range(3)]
    assert all(same(scenarios.block(index), first[index]) for index in range(3))
    assert len(drawn) == 3
    monkeypatch.setattr(sampling, "KEPT_BYTES", 1.5 * len(scenarios.bands) * BLOCK * 8)
    fewer = sample(DEAL, 3 * BLOCK, 7)
    assert all(same(fewer.block(index), first[index]) for index in (0, 1, 2, 0, 1, 2))
    assert len(drawn) == 3 + 1 + 2 * 2


def test_what_is_kept_of_blocks_is_not_sent_to_another_process():
    scenarios = sample(DEAL, BLOCK, 7)
    block = scenarios.block(0)
    sent = pickle.loads(pickle.dumps(scenarios))
    assert "_kept" in vars(scenarios) and "_kept" not in vars(sent)
    assert same(sent.block(0), block)


def block_bytes(index):
    block = sample(DEAL, 4 * BLOCK, 7).block(index)
    return [array.tobytes() for name in PATHS for array in getattr(block, name).values()]


def test_processes_make_the_same_bits():
    here = [block_bytes(index) for index in range(4)]
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        assert list(pool.map(block_bytes, [3, 1, 0, 2])) == [here[3], here[1], here[0], here[2]]


def test_seeds_and_methods_differ():
    first, second, third = sample(DEAL, 64, 1), sample(DEAL, 64, 2), sample(DEAL, 64, 1, "random")
    assert first.seed is not None and sample(DEAL, 64).seed == SEED
    assert not same(first.block(0), second.block(0)) and not same(first.block(0), third.block(0))


@pytest.mark.parametrize("method", ["sobol", "random"])
def test_noise_moves_nothing_but_what_it_is_laid_on(method):
    quiet, noisy = WORK, {**WORK, "monthly_noise": 0.2}
    none, one, both = (
        sample(deal_with(workloads={"a": a, "b": b}), 256, 7, method).block(0)
        for a, b in ((quiet, quiet), (quiet, noisy), (noisy, noisy))
    )
    np.testing.assert_array_equal(none.requests["a"], one.requests["a"])
    np.testing.assert_array_equal(one.requests["b"], both.requests["b"])
    np.testing.assert_array_equal(none.hit_rate["a"], both.hit_rate["a"])
    assert not np.array_equal(none.requests["b"], one.requests["b"])


# --- the formulas -------------------------------------------------------------------------------------------------


def test_paths_are_those_of_the_formulas():
    """Every path again from its first month, its yearly growth and the price index, by powers (model §1)."""
    found = sample(DEAL, 1024, 7).in_memory()
    t = np.arange(24)[:, None]
    growth = found.per_user["staff"][12] / found.per_user["staff"][0]
    np.testing.assert_allclose(found.per_user["staff"], found.per_user["staff"][0] * growth ** (t / 12), rtol=1e-12)
    ramp = 0.2 + 0.8 * np.minimum(t / 6, 1)
    share = found.users["staff"][0] / (50 * 0.2)
    np.testing.assert_allclose(found.users["staff"], 50 * 1.1 ** (t / 12) * share * ramp, rtol=1e-12)
    assert share.min() > 0 and share.max() < 1
    step = found.index["opus"][6]
    np.testing.assert_allclose(found.index["haiku"], step ** ((t + 6) // 12), rtol=1e-12)
    np.testing.assert_allclose(found.index["seats"], np.tile(1.03 ** ((t + 6) // 12), 1024), rtol=1e-12)


def test_events_delay_and_multiply_with_their_probability():
    """`b` starts in month 3, in a quarter of the scenarios in month 8; in a tenth it is halved from month 12 on."""
    found = sample(DEAL, 4096, 7).in_memory().requests["b"]
    starts, t = (found > 0).argmax(axis=0), np.arange(24)[:, None]
    assert set(starts) == {3, 8}
    assert np.mean(starts == 8) == pytest.approx(0.25, abs=2e-3)
    growth = (found[20] / found[14]) ** (1 / 6)
    first = found[starts, np.arange(4096)]
    grown = first * growth ** (t - starts)
    halved = np.isclose(found[13], 0.5 * grown[13], rtol=1e-12)
    assert np.mean(halved) == pytest.approx(0.1, abs=2e-3)
    factor = np.where(halved & (t >= 12), 0.5, 1.0)
    np.testing.assert_allclose(found, np.where(t >= starts, grown * factor, 0), rtol=1e-12)


def test_certain_events_need_no_draw():
    events = {"sure": {"probability": 1, "workloads": ["b"], "delay_months": 2}, "never": {**EVENTS["leaves"]}}
    events["never"]["probability"] = 0
    found = sample(deal_with(uncertainty={"events": events}), 64, 7).in_memory().requests["b"]
    assert set((found > 0).argmax(axis=0)) == {5}


def test_what_is_certain_is_one_row_seen_by_all():
    found = sample(deal_with(cohorts={"staff": {**PEOPLE, "active_share": 0.5}}), 256, 7).in_memory()
    assert found.users["staff"].shape == (24, 256) and found.users["staff"].strides[1] == 0
    assert found.index["seats"].strides[1] == 0


def test_noise_has_mean_one_and_its_variation_and_is_independent_by_month():
    certain = {**APP, "requests_per_month": 1000, "monthly_noise": 0.3}
    found = sample(deal_of(workloads={"a": certain, "b": certain}), 16_384, 7).in_memory()
    np.testing.assert_allclose(found.requests["a"].mean(axis=1), 1000, rtol=0.01)
    np.testing.assert_allclose(found.requests["a"].std(axis=1), 300, rtol=0.05)
    months = np.corrcoef(np.vstack([found.requests["a"], found.requests["b"]]))
    assert np.abs(months - np.eye(24)).max() < 0.03
    assert found.requests["a"].min() > 0


def test_noise_of_people_is_on_their_requests():
    staff = {**PEOPLE, "use": {**PEOPLE["use"], "monthly_noise": 0.3}}
    plain, noisy = (sample(deal_with(cohorts={"staff": each}), 64, 7).in_memory() for each in (PEOPLE, staff))
    np.testing.assert_array_equal(plain.users["staff"], noisy.users["staff"])
    assert not np.array_equal(plain.per_user["staff"], noisy.per_user["staff"])


# --- distributions ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("method", "within"), [("sobol", 1e-3), ("random", 2e-2)])
def test_quantiles_of_the_sample_are_those_of_the_bands(method, within):
    found = sample(DEAL, 16_384, 7, method).in_memory()
    weights = found.weights
    growth = found.per_user["staff"][12] / found.per_user["staff"][0] - 1
    for values, band in (
        (found.per_user["staff"][0], (100, 200, 400)),
        (growth, (0.1, 0.4, 0.9)),
        (found.hit_rate["a"], (0.5, 0.7, 0.8)),
        (found.index["opus"][6] - 1, (-0.45, -0.2, 0.03)),
    ):
        for level, expected in zip((0.1, 0.5, 0.9), band, strict=True):
            probability = np.mean(values <= expected)
            assert probability == pytest.approx(level, abs=within), (level, quantile(values, weights, level))


def test_outcomes_move_together_as_the_groups_say():
    """Spearman's rank correlation under a Gaussian copula is 6/π·asin(ρ/2); of the normal scores it is ρ itself."""
    found = sample(DEAL, 16_384, 7).in_memory()
    base = [found.requests["a"][0], found.per_user["staff"][0]]
    ranked = spearmanr(*base).statistic
    assert ranked == pytest.approx(6 / np.pi * np.arcsin(0.3), abs=0.01)
    scores = [ndtri((np.argsort(np.argsort(values)) + 0.5) / len(values)) for values in base]
    assert np.corrcoef(scores)[0, 1] == pytest.approx(0.6, abs=0.01)
    hits = [found.hit_rate["a"], found.hit_rate["b"]]
    assert spearmanr(*hits).statistic == pytest.approx(0, abs=0.01)


# --- what a set is ------------------------------------------------------------------------------------------------


def test_a_sampled_set_and_one_in_memory_read_alike():
    lazy: Scenarios = sample(DEAL, 300, 7)
    held: Scenarios = lazy.in_memory()
    for name in ("kind", "seed", "groups", "notes", "size", "months", "is_coarse", "block_count"):
        assert getattr(lazy, name) == getattr(held, name), name
    assert (held.kind, held.seed, held.months, held.is_coarse) == ("sampled", 7, 24, False)
    assert held.groups == ("usage", "growth", "adoption", "price", "cache")
    assert held.weights.sum() == pytest.approx(1, abs=1e-12)
    assert list(lazy.names)[:2] == ["sample 1", "sample 2"]
    one = held.take(5)
    assert (one.kind, list(one.names), one.weights.tolist()) == ("certain", ["sample 6"], [1.0])
    np.testing.assert_array_equal(one.requests["a"], held.requests["a"][:, 5:6])


def test_few_samples_have_no_tail():
    assert sample(DEAL, 99, 7).is_coarse and not sample(DEAL, 100, 7).is_coarse


def test_blocks_of_an_expansion_are_its_rows():
    whole = scenarios_of(DEAL)
    assert whole.block_count == 1 and same(whole.block(0), whole)


def test_notes_say_what_a_reader_should_know():
    assert sample(DEAL, 256).notes == ()
    (note,) = sample(DEAL, 300).notes
    assert note == "Sobol points are even in powers of two only: rather 256 scenarios than 300"
    assert sample(DEAL, 300, method="random").notes == ()
    wide = {**WORK, "growth_per_year": {"p10": "-50%", "p50": "100%", "p90": "700%"}}
    (note,) = sample(deal_with(workloads={"a": wide, "b": WORK}), 256).notes
    assert note.startswith("workloads.a.growth_per_year is so wide that its mean over a whole horizon is infinite")


def test_a_band_no_metalog_fits_is_named_with_its_line():
    text = """\
start: 2027-01
horizon_months: 12
uncertainty: {list_price_change_per_year: {models: {p10: -10%, p50: -10%, p90: 20%}}}
workloads:
  bot:
    requests_per_month: {p10: 100, p50: 300, p90: 310}
    input_tokens: 1
    output_tokens: 1
    models: [opus]
"""
    with pytest.raises(InputError) as error:
        sample(loads(text, "mine.yaml"), 64)
    first, second = (str(problem) for problem in error.value.problems)
    assert first.startswith(
        "mine.yaml:6: workloads.bot.requests_per_month: no metalog has P10 100, P50 300 and P90 310"
    )
    assert second.startswith("mine.yaml:3: uncertainty.list_price_change_per_year.models: no metalog has P10 -0.1")


@pytest.mark.parametrize(("count", "seed"), [(0, 7), (2**31, 7), (64, -1), (64, 2**64)])
def test_counts_and_seeds_that_cannot_be_are_refused(count, seed):
    with pytest.raises(InputError, match="cannot be; expected"):
        sample(DEAL, count, seed)


def test_a_deal_that_lists_its_futures_cannot_be_sampled():
    with pytest.raises(InputError, match="scenarios: are listed"):
        sample(deal_of(workloads={"app": APP}, scenarios={"only": {"weight": 1}}), 64)


def test_a_deal_without_anything_uncertain_has_equal_futures():
    found = sample(deal_of(workloads={"app": {**APP, "requests_per_month": 5}}), 64, 7).in_memory()
    assert np.all(found.requests["app"] == 5)


# --- a solve over sampled scenarios ---------------------------------------------------------------------------------


def test_a_solve_over_sampled_futures_agrees_with_settlement():
    deal = load(SCENARIOS / "hybrid.yaml")
    scenarios = sample(deal, 64, 3).in_memory()
    solution = solve(deal, scenarios)
    assert solution.status == "optimal"
    cost = settle(deal, solution.plan, scenarios).cost
    np.testing.assert_array_equal(cost, solution.settlement.cost)
    assert len(cost) == 64
