"""What a long history tells: seasons, series used now and then, how workloads move together, lengths of prompts."""

from datetime import date, timedelta

import numpy as np
import pytest

from deal_solve import loads, measure
from deal_solve.analysis.forecast.forecast import forecast
from deal_solve.analysis.measure.backtest import backtest
from deal_solve.analysis.measure.growth import PRODUCTS, growth_of, is_intermittent
from deal_solve.analysis.measure.into import updated
from deal_solve.analysis.measure.season import season_of, without_season
from deal_solve.analysis.measure.together import correlations
from deal_solve.uncertainty.open_growth import TO_DO
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


def correlated(tmp_path, count):
    """Return the exports of so many workloads that move as one."""
    amounts = 1000 * np.exp(np.cumsum(np.repeat(np.random.default_rng(1).normal(0, 0.3, 16), 14) / 14))
    rows = [
        bucket(FIRST + timedelta(day), *(usage(workspace_id=f"w{n}", requests=round(amount)) for n in range(count)))
        for day, amount in enumerate(amounts)
    ]
    return measure(write(tmp_path, "u.json", page(*rows)))


def test_measured_correlations_replace_those_of_the_file_and_leave_others(tmp_path):
    """The pair of growth is replaced where it stands, the other way around; the volumes stay as they were typed."""
    found = correlated(tmp_path, 2)
    one, two, volume = "workloads.w0.growth_per_year", "workloads.w1.growth_per_year", "requests_per_month"
    (measured,) = found.deal().uncertainty.correlation.matrix[one].values()
    deal = write(tmp_path, "deal.yaml", found.deal_text)
    typed = f"{{matrix: {{{two}: {{{one}: 0.1}}, workloads.w0.{volume}: {{workloads.w1.{volume}: 0.2}}}}}}  # typed"
    before, _, after = found.deal_text.partition("uncertainty:")
    deal.write_text(f"{before}uncertainty:\n  correlation: {typed}\n{after[after.index('offers:') :]}")
    update = updated(deal, found)
    matrix = update.deal.uncertainty.correlation.matrix
    assert matrix == {two: {one: measured}, f"workloads.w0.{volume}": {f"workloads.w1.{volume}": 0.2}}
    change = next(each for each in update.changes if each.field.startswith("uncertainty"))
    assert (change.field, change.before) == (f"uncertainty.correlation.matrix.{two}.{one}", "0.1")
    deal.write_text(update.text)
    assert not [each for each in updated(deal, found).changes if each.field.startswith("uncertainty")]


def test_of_many_workloads_the_mean_correlation_is_updated(tmp_path):
    found = correlated(tmp_path, 7)
    deal = write(tmp_path, "deal.yaml", found.deal_text.replace("growth: 0.67", "growth: 0.10"))
    (change,) = (each for each in updated(deal, found).changes if each.field == "uncertainty.correlation.growth")
    assert (float(change.before), float(change.after)) == (0.1, 0.67)


def test_the_season_of_a_back_test_is_that_of_the_days_before_each_forecast():
    """Four years of a season alone: from two years on it is known and the band holds what came, before it is not."""
    daily, _ = seasonal(31 + 365 * 4, growth=0.0)
    without, known = ({row.months: row for row in backtest([daily], first=first)} for first in (None, FIRST))
    assert known[6].pinball < 0.8 * without[6].pinball
    assert known[6].extrapolation == pytest.approx(without[6].extrapolation)


def test_a_band_of_growth_that_settles_no_mean_has_a_comment(tmp_path):
    rng = np.random.default_rng(3)
    level = 1000 * np.exp(np.repeat(np.cumsum(rng.normal(0, 0.7, 16)), 14))
    rows = [bucket(FIRST + timedelta(day), usage(requests=round(amount))) for day, amount in enumerate(level)]
    text = measure(write(tmp_path, "u.json", page(*rows))).deal_text
    assert "times P10 after 36 months: no mean is settled;" in text
    assert f"    # {TO_DO}." in text


def test_single_requests_tell_which_prompts_are_long(tmp_path):
    """Nine of 50,000 tokens at 0.1 USD a million and one of 150,000 at 0.5: Haiku 5.5 costs more above 100,000."""
    haiku, day = "claude-haiku-5-5", date(2026, 10, 20)
    rows = [
        {
            "request_id": f"{at}-{index}",
            "startTime": f"{day + timedelta(at)}T10:00:00Z",
            "model": haiku,
            "prompt_tokens": 150_000 if index == 9 else 50_000,
            "completion_tokens": 0,
            "spend": 0.0,
        }
        for at in range(20)
        for index in range(10)
    ]
    found = measure(write(tmp_path, "litellm.json", rows))
    short, long = found.deal().workloads[found.workloads[0].name].input_tokens
    assert (short.share, short.tokens, long.share, long.tokens) == (0.9, 50_000, 0.1, 150_000)
    listed = sum(row.list_usd for row in found.reconciliation)
    assert listed == pytest.approx(18 * (9 * 0.05 * 0.1 + 0.15 * 0.5))


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
