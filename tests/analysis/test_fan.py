"""The fan of a deal's scenarios: quantiles by month as counted by hand, in print, as CSV and as a picture."""

import csv

import numpy as np
import pytest

from deal_solve.analysis.fan.fan import COARSE_LEVELS, LEVELS, fans
from deal_solve.cli.main import run
from deal_solve.uncertainty.expansion import scenarios_of
from deal_solve.uncertainty.measures import quantile, quantiles
from deal_solve.uncertainty.sampling import SEED, sample
from deal_solve.uncertainty.scenario_set import BLOCK
from tests.support.builders import APP, deal_of, months
from tests.support.paths import SCENARIOS
from tests.support.sampled_deal import DEAL

HYBRID = str(SCENARIOS / "hybrid.yaml")


def listed(**paths):
    """Twenty equally likely scenarios; future k asks k a month of `app` in year 1 and 10k in year 2, 1 USD each."""
    scenario_set = {f"f{k}": {"weight": 1, "requests_per_month": {"app": [k, 10 * k]}, **paths} for k in range(1, 21)}
    return deal_of(24, workloads={"app": APP}, scenarios=scenario_set)


def test_quantiles_by_month_are_those_counted_by_hand():
    """Of 1 … 20 the least number not exceeded with probability 5, 25, 50, 75, 95 % is 1, 5, 10, 15, 19; mean 10.5."""
    total, app = fans(deal := listed(), scenarios_of(deal))
    assert (total.name, total.unit) == ("Total list value", "USD a month at list")
    assert (app.name, app.unit, app.levels) == ("app", "requests a month", LEVELS)
    for row, year in zip(app.quantiles, (1, 5, 10, 15, 19), strict=True):
        np.testing.assert_allclose(row, months(year, 10 * year), rtol=1e-12)
    np.testing.assert_allclose(app.mean, months(10.5, 105), rtol=1e-12)
    np.testing.assert_allclose(total.quantiles, app.quantiles, rtol=1e-9)


def test_list_value_follows_list_prices():
    """At half of today's list every dollar of the total is half one."""
    deal = listed(list_price_index={"opus": 0.5})
    total, app = fans(deal, scenarios_of(deal))
    np.testing.assert_allclose(total.quantiles, app.quantiles / 2, rtol=1e-9)


def test_blocks_add_up_to_the_same_fan():
    scenarios = sample(DEAL, BLOCK + 100, 7)
    for one, other in zip(fans(DEAL, scenarios), fans(DEAL, scenarios.in_memory()), strict=True):
        assert one.name == other.name
        np.testing.assert_array_equal(one.quantiles, other.quantiles)


def test_a_coarse_expansion_shows_no_more_than_p10_to_p90():
    deal = deal_of(workloads={"app": {**APP, "requests_per_month": {"p10": 100, "p50": 200, "p90": 400}}})
    fan = fans(deal, scenarios_of(deal))[-1]
    assert fan.levels == COARSE_LEVELS
    np.testing.assert_array_equal(fan.quantiles[:, 0], [100, 100, 200, 400, 400])


def test_quantiles_of_many_rows_are_those_of_each():
    rng = np.random.default_rng(3)
    values, weights = rng.random((4, 50)), rng.random(50)
    weights /= weights.sum()
    found = quantiles(values, weights, LEVELS)
    assert found.shape == (5, 4)
    assert found.tolist() == [[quantile(row, weights, level) for row in values] for level in LEVELS]


def called(capsys, *args):
    code = run(list(args))
    return (code, *capsys.readouterr())


def test_the_command_prints_draws_and_writes(capsys, tmp_path):
    picture, table, scenarios = (tmp_path / name for name in ("fan.svg", "fan.csv", "scenarios.parquet"))
    files = ["--picture", str(picture), "--csv", str(table), "--out", str(scenarios)]
    code, out, err = called(capsys, "scenarios", HYBRID, "--scenarios", "256", "--seed", "5", *files)
    assert (code, err) == (0, "")
    assert "36 months from 2027-01, 256 sampled scenarios (seed 5)" in out
    assert "support-bot: requests a month" in out and "shops: active users" in out
    rows = list(csv.DictReader(table.read_text().splitlines()))
    assert len(rows) == 6 * 36 and rows[0]["quantity"] == "Total list value"
    printed = next(line for line in out.splitlines() if line.startswith("2027-01"))
    assert printed.split()[1] == f"{float(rows[0]['P5']):,.0f}"
    drawn = picture.read_text()
    assert all(f">{text}<" in drawn for text in ("P5", "P25", "P50", "P75", "P95", "thousand USD a month at list"))
    again = called(capsys, "scenarios", HYBRID, "--scenarios", str(scenarios))
    assert again == (0, out, "")


def test_a_picture_is_the_same_bytes_again(capsys, tmp_path):
    one, other = tmp_path / "one.svg", tmp_path / "other.svg"
    for path in (one, other):
        called(capsys, "scenarios", HYBRID, "--scenarios", "64", "--picture", str(path))
    assert one.read_bytes() == other.read_bytes()


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["--picture", "fan.pdf"], "--picture: 'fan.pdf' does not end in .svg or .png"),
        (["--out", "set.csv"], "--out: 'set.csv' does not end in .parquet"),
        (["--scenarios", "many"], "--scenarios: 'many' is not a number"),
        (["--scenarios", "0"], "a sample of 0 cannot be"),
        (["--scenarios", "none.parquet"], "none.parquet: there is no such file"),
        (["--scenarios", "none.parquet", "--seed", "3"], "--seed: is for sampled scenarios; expected --scenarios N"),
    ],
)
def test_mistakes_are_one_sentence(capsys, args, message):
    code, out, err = called(capsys, "scenarios", HYBRID, *args)
    assert (code, out) == (2, "")
    assert err.startswith(message) and err.count("\n") == 1


def test_help_names_the_default_seed(capsys):
    assert f"[default: {SEED}]" in called(capsys, "scenarios", "--help")[1]


def test_solve_and_settle_take_the_options(capsys, tmp_path):
    result = str(tmp_path / "r.json")
    sampled = ("--scenarios", "100", "--seed", "5")
    code, out, _ = called(capsys, "solve", HYBRID, *sampled, "--show", "notes", "--json", result)
    assert code == 0
    assert "100 sampled scenarios (seed 5)" in " ".join(out.split())
    assert "rather 128 scenarios than 100" in " ".join(out.split())
    code, out, _ = called(capsys, "settle", HYBRID, "--plan", result, "--scenarios", "64")
    assert code == 0
    assert "Settled over 64 sampled scenarios (seed 20270101)." in out
    assert "Invoice in scenario 'sample 1'" in out
