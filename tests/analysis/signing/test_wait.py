"""Waiting to measure: closed forms of the value of sample information, hand-worked outcomes, and what always holds."""

import json
import math
from dataclasses import replace
from statistics import NormalDist

import numpy as np
import pytest

from deal_solve import InputError, LimitReached, from_json, sample, scenarios_of, show, solve
from deal_solve.analysis.measure.growth import MONTHLY_SHOCK
from deal_solve.analysis.uncertainty.evpi import evpi
from deal_solve.analysis.wait.learning import estimate_of, observations
from deal_solve.analysis.wait.result import WaitResult
from deal_solve.analysis.wait.wait import wait
from deal_solve.cli.main import run
from deal_solve.frames import Table
from deal_solve.outputs import to_json
from tests.support.hand_deals import APP, explicit, quote, read

PHI = NormalDist()
ALWAYS = 1_200
"""USD a year for which an agreement covers whatever is used: 100 a month."""


def flat_or_list(requests, **sections):
    """Return a year in which usage costs 1 USD a request at list, or 100 USD a month however much there is."""
    flat = quote((ALWAYS, 0.99), overage="contracted")
    paths = explicit(requests)
    return read(12, workloads={"app": APP}, offers={"flat": flat}, scenarios=paths, risk="neutral", **sections)


def lognormal(deviation, mean, size=200):
    """Return equally likely levels of a lognormal distribution."""
    middles = [PHI.inv_cdf((index + 0.5) / size) for index in range(size)]
    return {f"s{index}": mean * math.exp(deviation * z) for index, z in enumerate(middles)}


def test_two_outcomes_that_a_month_tells_apart():
    """60 or 160 requests a month. Now: flat, 1,200, below list, 1,320. After 2 months at list (220): flat for ten is
    1,000, so waiting costs 20; knowing that it is 60, list for 600 saves 400 in one of two."""
    found = wait(deal := flat_or_list({"low": 60, "high": 160}), scenarios_of(deal), 2, shock=0.01)
    assert found.now_usd == pytest.approx(1_200)
    assert [row.cost_usd for row in found.months] == pytest.approx([10, 20])
    assert [row.value_usd for row in found.months] == pytest.approx([220, 200])
    assert [row.net_usd for row in found.months] == pytest.approx([210, 180])
    assert [row.before_usd for row in found.months] == pytest.approx([110, 220])
    assert [row.changed for row in found.months] == [0.5, 0.5]
    assert {row.verdict for row in found.months} == {"wait"}
    assert (found.best, found.turns) == (1, None)


def test_what_is_signed_later_anyway_is_decided_later_for_nothing():
    """To be signed in month 2: flat from then on, 220 + 1,000, or list for 600 once two months have shown 60: 200 on
    average, and no month more is waited. A third month costs 10 and leaves (900 - 540) / 2."""
    deal = flat_or_list({"low": 60, "high": 160}, signing={"months": [2, 3]})
    found = wait(deal, scenarios_of(deal), 1, shock=0.01)
    assert found.now_usd == pytest.approx(1_220)
    assert [(row.months, row.measured_months) for row in found.months] == [(0, 2), (1, 3)]
    assert [row.cost_usd for row in found.months] == pytest.approx([0, 10])
    assert [row.value_usd for row in found.months] == pytest.approx([200, 180])
    assert (found.best, found.turns) == (0, 1)
    assert "Turns after 2027-03" in " ".join(show(found).text.split())
    assert "decide in 2027-03, when it is signed, and not today" in " ".join(show(found).text.split())


def test_only_months_that_the_file_leaves_open_are_waited_for():
    deal = flat_or_list({"low": 60, "high": 160}, signing={"months": [0, 2, 6]})
    assert [row.months for row in wait(deal, scenarios_of(deal), 3, 4).months] == [2]
    with pytest.raises(InputError, match=r"--months: 1 reach none: the next month .* is 2027-03; expected 2 or more"):
        wait(deal, scenarios_of(deal), 1, 4)
    deal = flat_or_list({"low": 60, "high": 160}, signing={"months": [0]})
    with pytest.raises(InputError, match=r"signing.months: 2027-01 alone is stated, so there is nothing to wait for"):
        wait(deal, scenarios_of(deal), 1, 4)


def test_verdict_and_rows_name_the_month_that_waiting_is_held_against():
    """Certain usage of 160: measuring is worth nothing, and the first open month is 2027-03."""
    deal = flat_or_list({"only": 160}, signing={"months": [2, 3]})
    found = wait(deal, scenarios_of(deal), 1, 4)
    text = " ".join(show(found).text.split())
    assert "Verdict sign in 2027-03, decided today or then: measuring for 2 months is worth 0" in text
    assert [line.split("  ")[-1].strip() for line in show(found).text.splitlines() if line.startswith("2027-0")] == [
        "sign in 2027-03"
    ] * 2
    assert "- in 2027-03: API flat" in text
    assert "now" not in text


def test_other_scenarios_than_those_of_when_are_said_with_both_numbers():
    """At list only: 60, 100 and 160 at 0.3, 0.4 and 0.3 are 106 a month by expansion, a sample has its own mean."""
    app = {**APP, "requests_per_month": {"p10": 60, "p50": 100, "p90": 160}}
    deal = read(12, workloads={"app": app}, risk="neutral")
    drawn = sample(deal, 256, seed=1)
    found = wait(deal, drawn, 1, 4)
    usd = 12 * float(drawn.in_memory().requests["app"][0].mean())
    (note,) = (note for note in found.notes if "expansion" in note)
    assert note.startswith(
        f"what is signed now is expected to cost {usd:,.0f} over these scenarios, and 1,272 over the 3 "
    )
    listed = flat_or_list({"low": 60, "high": 160})
    assert not any("expansion" in note for note in wait(listed, scenarios_of(listed), 1, 4).notes)


def test_where_nothing_is_uncertain_there_is_nothing_to_wait_for():
    found = wait(deal := flat_or_list({"only": 160}), scenarios_of(deal), 1, 4)
    assert found.months[0].value_usd == 0
    assert found.months[0].effective == 1
    assert found.months[0].verdict == "sign"


def test_a_limit_that_learning_may_break_leaves_no_value_below_nothing():
    """Worst cost at most 1,270: flat keeps it, list does not where usage is high; after a low month list does too."""
    limit = {"measure": "worst", "of": "total", "at_most": 1_270}
    deal = flat_or_list({"low": 60, "high": 160}, limits=[limit])
    found = wait(deal, scenarios_of(deal), 1, shock=0.01)
    assert found.now_usd == pytest.approx(1_200)
    assert found.months[0].value_usd == pytest.approx(220)


def test_a_month_in_which_no_plan_keeps_a_limit_is_left_out():
    """Worst cost at most 1,270: in month 1 flat costs 160 + 1,100 if usage is high, in month 2 320 + 1,000."""
    limit = {"measure": "worst", "of": "total", "at_most": 1_270}
    deal = flat_or_list({"low": 60, "high": 160}, limits=[limit])
    found = wait(deal, scenarios_of(deal), 2, shock=0.01)
    assert [row.months for row in found.months] == [1]
    assert found.notes == ("signing after 2 months: no plan keeps every limit",)


def through_a_marketplace():
    """Return two years of 60 or 160 a month; what is bought through a marketplace has a credit, and cannot be signed in
    the middle of a year."""
    flat = quote((ALWAYS, 0.99), overage="contracted", terms=(12, 24))
    market = {
        **quote((ALWAYS, 0.5), terms=(12, 24), credit={"usd": 1, "pays": "charges", "within_months": 1}),
        "channel": {"through": "aws"},
    }
    cloud = {"usd_per_year": [0, 0], "other_spend_usd_per_year": 0}
    return read(
        24,
        workloads={"app": APP},
        offers={"flat": {**flat, "title": "All you can eat"}, "market": market},
        scenarios=explicit({"low": 60, "high": 160}),
        risk="neutral",
        cloud_commitments={"aws": cloud},
    )


def test_months_in_which_the_deal_cannot_be_signed_are_named_in_a_line_and_the_rest_is_compared():
    found = wait(deal := through_a_marketplace(), scenarios_of(deal), 12, 4)
    assert [row.calendar_month for row in found.months] == ["2028-01"]
    assert found.notes == (
        "not compared: 2027-02 to 2027-12. offers.market.channel: channel and a credit cannot stand together where "
        "signed in month 1 (2027-02), which begins no year of the cloud commitment; keep one of them, or sign at the "
        "start of a year",
    )


def test_where_the_deal_can_be_signed_in_no_month_that_is_asked_about_it_says_so_once():
    deal = through_a_marketplace()
    with pytest.raises(InputError, match=r"--months: the deal cannot be signed in 2027-02 to 2027-03: offers\.market"):
        wait(deal, scenarios_of(deal), 2, 4)


def test_print_is_in_whole_dollars_and_names_offers_by_title():
    text = show(wait(deal := through_a_marketplace(), scenarios_of(deal), 12, 4)).text
    assert "API flat (All you can eat), 12 months, 1,200 USD committed in year 1" in " ".join(text.split())
    assert ".00" not in text


def test_a_gap_is_explained():
    found = wait(deal := flat_or_list({"low": 60, "high": 160}), scenarios_of(deal), 1, 4)
    assert "not proven" not in show(found).text
    unproven = replace(found, months=Table((replace(found.months[0], is_proven=False),)))
    assert (
        "- not proven: the search stopped before the gap asked for, so a cheaper deal may exist" in show(unproven).text
    )


def test_too_little_time_is_a_limit_reached():
    deal = flat_or_list(lognormal(0.3, 100))
    with pytest.raises(LimitReached):
        wait(deal, scenarios_of(deal), 1, time_limit=1e-9)


def test_measuring_that_tells_nothing_is_worth_nothing():
    """With shocks of a factor of e^100 a month 60 and 160 look alike; the cost of waiting stays."""
    found = wait(deal := flat_or_list({"low": 60, "high": 160}), scenarios_of(deal), 2, shock=100)
    assert [row.value_usd for row in found.months] == [0, 0]
    assert [row.cost_usd for row in found.months] == pytest.approx([10, 20])
    assert [row.verdict for row in found.months] == ["sign", "sign"]
    assert (found.best, found.turns) == (0, 1)


@pytest.mark.parametrize(("mean", "shock"), [(95, 0.3), (100, 0.3), (110, 0.145)])
def test_the_value_is_that_of_a_conjugate_normal_with_linear_loss(mean, shock):
    """ln of the level is normal; list costs as much as is used, the agreement 100 a month. After a month E[x | seen] is
    lognormal of the same mean and of log-deviation t = s·sqrt(s² / (s² + shock²)), so that the eleven months left cost
    E min(E[x | seen], 100) = μ - [μ·Φ(d + t) - 100·Φ(d)], d = ln(μ / 100) / t - t / 2, each."""
    prior = 0.3
    deal = flat_or_list(levels := lognormal(prior, mean))
    found = wait(deal, scenarios_of(deal), 1, 32, shock).months[0]
    mu, spread = np.mean(list(levels.values())), prior**2 / math.sqrt(prior**2 + shock**2)
    d = math.log(mu / 100) / spread - spread / 2
    learnt = mu - (mu * PHI.cdf(d + spread) - 100 * PHI.cdf(d))
    value = 11 * (min(mu, 100) - learnt)
    assert found.value_low_usd <= value <= found.value_high_usd
    assert found.value_usd == pytest.approx(value, rel=0.08)
    assert found.cost_usd == pytest.approx(max(mu - 100, 0) if mu > 100 else 0, abs=1e-6)


def test_the_posterior_is_conjugate():
    """A loss linear in ln of the level, normal: the value of a month is t·[φ(u) - u·(1 - Φ(u))], u the distance of the
    indifferent level from the mean, in deviations t of the posterior mean."""
    prior, shock, distance = 0.3, 0.2, 0.1
    levels = lognormal(prior, 1.0, 2_000)
    scenarios = scenarios_of(flat_or_list(levels))
    logs = np.log(list(levels.values()))
    measured = observations(scenarios, logs, 1, shock, 1_024)
    after = [measured.after(index, 1) for index in range(len(measured.seen))]
    means = np.array([each.weights @ logs[each.rows] for each in after])
    spread = prior**2 / math.sqrt(prior**2 + shock**2)
    u = distance / spread
    value = spread * (PHI.pdf(u) - u * (1 - PHI.cdf(u)))
    assert np.maximum(means - distance, 0).mean() == pytest.approx(value, rel=0.01)
    deviations = [math.sqrt(each.weights @ logs[each.rows] ** 2 - m**2) for each, m in zip(after, means, strict=True)]
    assert np.median(deviations) == pytest.approx(1 / math.sqrt(1 / prior**2 + 1 / shock**2), rel=0.01)


def test_the_interval_holds_the_closed_form_and_the_mean_is_not_off():
    """40 seeds, 16 observations each, of list against 100 a month where list costs 110 on average."""
    prior, shock = 0.3, 0.145
    usage = np.array(list(lognormal(prior, 110).values()))
    scenarios = scenarios_of(flat_or_list(lognormal(prior, 110)))
    regret, spread = np.maximum(100 - usage, 0), prior**2 / math.sqrt(prior**2 + shock**2)
    d = math.log(usage.mean() / 100) / spread - spread / 2
    value = 100 - usage.mean() + usage.mean() * PHI.cdf(d + spread) - 100 * PHI.cdf(d)
    found = []
    for seed in range(40):
        measured = observations(replace(scenarios, seed=seed), usage, 1, shock, 16)
        after = [measured.after(index, 1) for index in range(16)]
        saved = np.array([max(100 - each.weights @ usage[each.rows], 0) for each in after])
        control = np.array([each.weights @ regret[each.rows] for each in after])
        found.append(estimate_of(saved, control, float(scenarios.weights @ regret)))
    assert sum(each.low_usd <= value <= each.high_usd for each in found) >= 38
    assert np.mean([each.usd for each in found]) == pytest.approx(value, rel=0.02)


def test_running_as_today_for_longer_is_named_apart():
    """Half price in batch, which begins when something is signed; list alone is on the table. Of 110 a month, two
    months of waiting cost 110, all of it because nothing runs in batch."""
    app = {**APP, "batchable": 1, "today": {"model": "opus"}}
    deal = read(12, workloads={"app": app}, scenarios=explicit({"low": 60, "high": 160}), risk="neutral")
    found = wait(deal, scenarios_of(deal), 2)
    assert [row.cost_usd for row in found.months] == pytest.approx([55, 110])
    assert [row.routing_usd for row in found.months] == pytest.approx([55, 110])
    assert "costs 55 more, all of it because workloads run as today until then" in " ".join(show(found).text.split())


def test_a_wait_that_only_routing_makes_dear_may_pay():
    """It costs 100, 95 of it because of routing, and is worth 10: more than the 5 that are left."""
    found = wait(deal := flat_or_list({"low": 60, "high": 160}), scenarios_of(deal), 1, 4)
    costs = {"cost_usd": 100.0, "routing_usd": 95.0, "value_usd": 10.0, "net_usd": -90.0, "verdict": "sign"}
    row = replace(found.months[0], **costs)
    text = " ".join(show(replace(found, months=Table((row,)))).text.split())
    assert "about 95 of it because workloads run as today until then (about 5 without)" in text
    assert "changed at once, which needs no signature, waiting may pay" in text


@pytest.mark.parametrize("months", [2, 6])
def test_growth_is_weighed_as_the_forecast_weighs_a_slope(months):
    """A slope of m months misses by sqrt(144 · 0.145² / m) a year; its weight is the prior's variance over the sum."""
    prior = 0.35
    yearly = {f"s{i}": PHI.inv_cdf((i + 0.5) / 801) * prior for i in range(801)}
    paths = {name: [100 * math.exp(each * month / 12) for month in range(12)] for name, each in yearly.items()}
    growth = np.array(list(yearly.values()))
    measured = observations(scenarios_of(flat_or_list(paths)), growth, months, MONTHLY_SHOCK, 256)
    after = [measured.after(index, months) for index in range(len(measured.seen))]
    means = np.array([each.weights @ growth[each.rows] for each in after])
    slopes = 12 / months * measured.seen[:, 0, 1:].sum(axis=1)
    weight = prior**2 / (prior**2 + 144 * MONTHLY_SHOCK**2 / months)
    assert np.polyfit(slopes, means, 1)[0] == pytest.approx(weight, rel=0.03)


def test_a_sharper_measurement_is_worth_more_and_never_as_much_as_knowing():
    deal = flat_or_list(lognormal(0.3, 100, 20))
    scenarios = scenarios_of(deal)
    values = [wait(deal, scenarios, 1, 20, shock).months[0].value_usd for shock in (3.0, 0.4, 0.05)]
    assert values == sorted(values)
    assert values[0] >= 0
    later = solve(flat_or_list(lognormal(0.3, 100, 20), signing={"months": [1]}))
    assert values[-1] <= evpi(later).evpi.usd


def test_no_month_tells_nothing_and_a_longer_observation_begins_with_a_shorter_one():
    scenarios = scenarios_of(flat_or_list(lognormal(0.3, 100, 20)))
    order = np.arange(20.0)
    one, two = (observations(scenarios, order, months, 0.2, 8) for months in (1, 2))
    np.testing.assert_allclose(one.after(3, 0).weights, scenarios.weights)
    np.testing.assert_array_equal(one.seen, two.seen[:, :, :2])
    np.testing.assert_array_equal(one.after(3, 1).weights, two.after(3, 1).weights)


def test_the_same_seed_gives_the_same_answer():
    deal = flat_or_list(lognormal(0.3, 100, 20))
    first, second = (to_json(wait(deal, scenarios_of(deal), 1, 4)) for _ in range(2))
    assert first == second


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"months": 0}, "--months: 0 cannot be waited; expected 1 to 11"),
        ({"months": 12}, "--months: 12 cannot be waited; expected 1 to 11"),
        ({"observed": 5}, "--observations: 5 have no interval; expected an even number from 4 on"),
        ({"shock": 0.0}, "--shock: 0 is no deviation of a month; expected 1e-06 to 1000"),
        ({"shock": float("nan")}, "--shock: nan is no deviation of a month; expected 1e-06 to 1000"),
        ({"shock": 1e-300}, "--shock: 1e-300 is no deviation of a month; expected 1e-06 to 1000"),
        ({"shock": float("inf")}, "--shock: inf is no deviation of a month; expected 1e-06 to 1000"),
    ],
)
def test_what_cannot_be_asked_is_refused(given, message):
    deal = flat_or_list({"low": 60, "high": 160})
    with pytest.raises(InputError) as caught:
        wait(deal, scenarios_of(deal), **given)
    assert str(caught.value) == message


def test_the_command_prints_the_verdict_and_writes_its_file(tmp_path, capsys):
    deal, out = tmp_path / "deal.json", tmp_path / "wait.json"
    deal.write_text(json.dumps(flat_or_list({"low": 60, "high": 160}).written), encoding="utf-8")
    assert run(["wait", str(deal), "--months", "2", "--shock", "0.01", "--out", str(out)]) == 0
    text = capsys.readouterr().out
    assert "Verdict measure first, and sign in 2027-02, which saves 210 net: measuring for 1 month" in text
    found = from_json(out.read_text(encoding="utf-8"), WaitResult)
    assert isinstance(found, WaitResult)
    assert [row.calendar_month for row in found.months] == ["2027-02", "2027-03"]
    assert "8 of 16: API at list" in text
