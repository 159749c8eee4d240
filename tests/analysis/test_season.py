"""What a long history tells: seasons, series used now and then, how workloads move together, lengths of prompts."""

from datetime import date, timedelta

import numpy as np
import pytest

from deal_solve import loads, measure
from deal_solve.analysis.forecast.forecast import forecast
from deal_solve.analysis.measure.growth import PRODUCTS, growth_of, is_intermittent
from deal_solve.analysis.measure.season import season_of, without_season
from deal_solve.analysis.measure.together import correlations
from tests.support.exports import HAIKU, bucket, page, usage, write

FIRST = date(2023, 10, 1)


def seasonal(days, amplitude=0.4, growth=0.3):
    """Return daily amounts that grow, highest in January, and the season they have."""
    at = [FIRST + timedelta(day) for day in range(days)]
    season = np.exp(amplitude * np.cos(2 * np.pi * np.arange(12) / 12))
    season /= season.mean()
    factors = np.array([season[day.month - 1] for day in at])
    return 1000 * np.exp(growth * np.arange(days) / 365.25) * factors, season


def test_two_years_tell_a_season():
    """A season of 0.28 against shocks of 0.145: a quarter of its variance is taken for noise."""
    daily, season = seasonal(31 + 365 * 2)
    found = season_of(daily, FIRST)
    variance = np.log(season).var()
    expected = np.exp((1 - 0.145**2 / variance) * np.log(season / np.exp(np.log(season).mean())))
    assert found == pytest.approx(expected / expected.mean(), abs=0.02)
    assert np.argmax(found) == 0


@pytest.mark.parametrize(("days", "amplitude"), [(700, 0.4), (1000, 0.05)])
def test_less_than_two_years_or_what_shocks_explain_is_no_season(days, amplitude):
    assert season_of(seasonal(days, amplitude)[0], FIRST) is None


def test_growth_is_measured_without_the_season():
    daily, _ = seasonal(365 * 3)
    flat = without_season(daily, FIRST, season_of(daily, FIRST))
    level, truth = growth_of(flat, PRODUCTS), 1000 * np.exp(0.3 * (365 * 3 - 14) / 365.25)
    assert level.per_day == pytest.approx(truth, rel=0.1)
    assert abs(np.log1p(level.measured) - 0.3) < abs(np.log1p(growth_of(daily, PRODUCTS).measured) - 0.3) + 0.01


def test_a_season_is_in_the_deal_and_in_the_forecast(tmp_path):
    daily, _ = seasonal(31 + 365 * 2)
    rows = [bucket(FIRST + timedelta(day), usage(requests=round(amount))) for day, amount in enumerate(daily)]
    found = measure(write(tmp_path, "u.json", page(*rows)))
    (work,) = found.workloads
    stated = loads(found.deal_text).workloads["api"].season_by_calendar_month
    assert stated == pytest.approx(work.season, rel=0.01)
    ahead = {each.month[-2:]: each.p50 for each in forecast(found, 12).months}
    assert ahead["01"] > 1.3 * ahead["07"]


def test_what_is_used_now_and_then_has_the_mean_of_its_weeks():
    """One week in two of 700: 50 a day, although the last 28 days say it exactly too; growth is the prior's."""
    daily = np.zeros(26 * 7)
    for week in range(1, 26, 2):
        daily[week * 7] = 700
    found = growth_of(daily[:-7], PRODUCTS)
    assert is_intermittent(daily)
    assert (found.measured, found.measured_weight, found.is_intermittent) == (None, 0.0, True)
    assert found.per_day == pytest.approx(50, rel=0.05)
    assert 0 < found.p10 + 1 < found.p50 + 1 < found.p90 + 1 < 5


def test_a_month_without_use_is_not_the_end_of_what_is_used_now_and_then():
    daily = np.zeros(52 * 7)
    daily[[week * 7 for week in (0, 6, 13, 19, 27, 33, 40, 46)]] = 700
    assert growth_of(daily, PRODUCTS).per_day == pytest.approx(8 * 700 / (52 * 7))


def test_what_has_ended_stays_at_nothing():
    daily = np.concatenate([np.full(20 * 7, 100.0), np.zeros(20 * 7)])
    assert not is_intermittent(daily)
    assert growth_of(daily, PRODUCTS).per_day == 0


def test_workloads_that_move_together_are_correlated():
    """Twelve changes alike: (12 + 12 · 0.5) / 24; of those apart half of what was thought before is left."""
    steps = np.repeat(np.array([1, 2, 1, 3, 2, 4, 3, 5, 3, 4, 6, 5, 7.0]), 28)
    found = correlations({"a": steps, "b": 3 * steps, "c": 1 / steps})
    assert found == {
        ("a", "b"): pytest.approx(0.75),
        ("a", "c"): pytest.approx(-0.25),
        ("b", "c"): pytest.approx(-0.25),
    }
    assert correlations({"a": steps[:140], "b": steps[:140]}) == {}


@pytest.mark.parametrize(("count", "stated"), [(2, "matrix"), (7, "growth: 0.67")])
def test_correlations_stand_in_the_deal(tmp_path, count, stated):
    rng = np.random.default_rng(1)
    amounts = 1000 * np.exp(np.cumsum(np.repeat(rng.normal(0, 0.3, 16), 14) / 14))
    rows = [
        bucket(FIRST + timedelta(day), *(usage(workspace_id=f"w{n}", requests=round(amount)) for n in range(count)))
        for day, amount in enumerate(amounts)
    ]
    found = measure(write(tmp_path, "u.json", page(*rows)))
    assert stated in found.deal_text
    assert found.deal().uncertainty.correlation is not None


def test_prompts_are_told_apart_by_length_where_requests_are(tmp_path):
    """900 requests of 10,000 tokens and 100 of 300,000."""
    nothing = {"cache_read_input_tokens": 0, "cache_creation": None, "model": HAIKU}
    short = usage(context_window="0-200k", requests=900, uncached_input_tokens=9_000_000, **nothing)
    long = usage(context_window="200k-1M", requests=100, uncached_input_tokens=30_000_000, **nothing)
    found = measure(
        write(tmp_path, "u.json", page(*(bucket(FIRST + timedelta(day), short, long) for day in range(30))))
    )
    short, long = found.deal().workloads["api"].input_tokens
    assert (short.share, short.tokens, long.share, long.tokens) == (0.9, 10_000, 0.1, 300_000)


def test_long_prompts_whose_requests_are_not_counted_are_noted(tmp_path):
    rows = [usage(context_window="200k-1M", cache_creation=None, cache_read_input_tokens=0), usage(cache_creation=None)]
    pages = page(*(bucket(FIRST + timedelta(day), *rows) for day in range(30)))
    (work,) = measure(write(tmp_path, "u.json", pages)).workloads
    assert work.buckets == ()
    assert work.long_share == pytest.approx(1500 / 3200)
