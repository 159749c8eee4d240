"""Rows of the formulation that few deals reach, each by a small deal worked by hand in both methods."""

import pytest

from deal_solve import Infeasible, solve
from deal_solve.formulation.clauses.routing import max_share
from deal_solve.plan.resolved import resolve
from tests.support.builders import APP, DOLLAR, RATES, api_deal, bands, deal_of, only

BOTH = pytest.mark.parametrize("method", ["decomposition", "extensive"])


def least(deal, method):
    """Return the objective, which the settlement of the plan agrees with."""
    solution = solve(deal, method=method)
    assert float(solution.settlement.cost @ solution.settlement.weights) == pytest.approx(solution.objective_usd)
    return solution.objective_usd


@BOTH
def test_the_fee_of_usage_that_is_billed_through_a_channel(method):
    """1,200 of list value at 10 % off are 1,080, and 2 % of that; at 12 % it would be dearer than list, 1,200."""
    for fee, usd in ((0.02, 1_080 * 1.02), (0.12, 1_200)):
        offer = {"channel": {"through": "aws", "counts": 1, "fee": fee}}
        cloud = {"aws": {"usd_per_year": [0], "other_spend_usd_per_year": 0, "cap_share": 0}}
        deal = api_deal(100, bands((0, 0.1)), offer=offer, cloud_commitments=cloud)
        assert least(deal, method) == pytest.approx(usd)


@BOTH
def test_the_fee_of_usage_beyond_an_allowance_that_is_billed_through_a_channel(method):
    """Ten people use 10 list dollars a month; seats at 10 with an allowance of 4: 100 and 60, and 2 % of both.

    At 60 % they are dearer than seats at list, 20 with all covered.
    """
    use = {"requests_per_user_month": 10, "input_tokens": 1, "output_tokens": 0, "models": ["opus"]}
    staff = {"headcount": 10, "tracks": ["seat"], "use": use}
    cloud = {"aws": {"usd_per_year": [0], "other_spend_usd_per_year": 0, "cap_share": 0}}
    for fee, usd in ((0.02, 12 * 160 * 1.02), (0.6, 12 * 200)):
        seat = {"usd_per_user_month": 10, "allowance": {"usd_per_user_month": 4}}
        offer = {"terms": [12], "seats": {"seat": seat}, "channel": {"through": "aws", "counts": 1, "fee": fee}}
        deal = deal_of(
            cohorts={"staff": staff},
            offers={"quote": offer},
            cloud_commitments=cloud,
            scenarios=only(active_users={"staff": 10}),
        )
        assert least(deal, method) == pytest.approx(usd)


@BOTH
def test_a_commitment_without_any_usage_buys_the_bundle(method):
    """Ten seats at 20: 2,400 a year. With 100 committed to the API, of which nothing is used, they cost half."""
    offer = {
        "terms": [12],
        "api": bands((100, 0.1)),
        "seats": {"seat": {}},
        "bundle": [{"combined_usd_per_year": 1, "seats": 0.5}],
    }
    staff = {"headcount": 10, "tracks": ["seat"]}
    deal = deal_of(cohorts={"staff": staff}, offers={"quote": offer}, scenarios=only(active_users={"staff": 10}))
    assert least(deal, method) == pytest.approx(1_200 + 100)


@BOTH
def test_what_is_undrawn_rolls_over_beside_a_limit_on_a_contract_year(method):
    """Halves in arrears at half of list: usage of 120 and 360, overage at list costs as much again. With c a half the
    first lacks c - 120, of which half rolls over: 0.5 · (c - 120) and 360 - 1.5 · c + 60 are least at c = 280: 80, so
    480 + 80 in all. The limit holds at that and not below.
    """
    api = {**bands((1, 0.5)), "period": "half", "payment": "arrears", "overage": "list"}
    api |= {"unused": {"rollover": 0.5, "cap": 1}}
    for most in (700, 560.01):
        limit = {"measure": "worst", "of": "contract year 1", "at_most": most}
        deal = api_deal([40.0] * 6 + [120.0] * 6, api, limits=[limit])
        assert least(deal, method) == pytest.approx(560)
    limit["at_most"] = 559
    with pytest.raises(Infeasible):
        solve(api_deal([40.0] * 6 + [120.0] * 6, api, limits=[limit]), method=method)


@BOTH
def test_a_quarter_without_usage_carries_its_commitment_to_the_next(method):
    """100 a month in the first and third quarter, at 40: 120 each. With 60 a quarter the second's rolls over in full,
    and the third has 120. The first is 60 short, at list 150: 240 + 150. A dollar more a quarter saves 2.50 in the
    first alone; a dollar less loses 2.50 there and 5 in the third.
    """
    api = {**bands((1, 0.6)), "period": "quarter", "overage": "list", "unused": {"rollover": 1, "cap": 1}}
    assert least(api_deal([100.0, 100, 100, 0, 0, 0] * 2, api), method) == pytest.approx(390)


CHEAP = {**DOLLAR, "input_usd_per_mtok": 500_000}


@BOTH
def test_a_project_carries_no_more_than_the_mean_quality_allows(method):
    """Opus has 0.9 and sonnet, at half the price, 0.5: of a mean of 0.8 a quarter may go there.

    1,200 a year less 0.25 · 0.5 · 1,200 = 150, and 10 for the project.
    """
    work = APP | {
        "today": {"model": "opus"},
        "quality": {"scores": {"opus": 0.9, "sonnet": 0.5}, "mean_floor": 0.8},
        "projects": {"rerouting": {"usd": 10}},
    }
    rates = {**RATES, "models": {**RATES["models"], "claude-sonnet-5-5": CHEAP}}
    path = only(requests_per_month={"app": 100})
    deal = deal_of(workloads={"app": work}, rates=rates, scenarios=path)
    (epoch,) = resolve(deal).users["app"].epochs
    assert max_share(deal.workloads["app"], epoch.options, "rerouting") == pytest.approx(0.25)
    assert least(deal, method) == pytest.approx(1_200 - 150 + 10)


@BOTH
def test_hit_rates_that_differ_by_scenario(method):
    """Half of the input is a prefix: cached it costs 0.1 where read and 1.25 where written. At a hit rate of 0.2 a
    request costs 0.5 + 0.5 · (0.02 + 1) = 1.01, at 0.8 it costs 0.5 + 0.5 · (0.08 + 0.25) = 0.665: 0.8375 on average.
    """
    cached = {
        "input_usd_per_mtok": 250,
        "output_usd_per_mtok": 0,
        "cache_read_multiplier": 0.1,
        "cache_write_5m_multiplier": 1.25,
    }
    rates = {**RATES, "models": {"claude-opus-5-5": cached}}
    work = APP | {"models": ["opus"], "input_tokens": 4_000, "cache": {"share": 0.5, "hit_rate": 0.5}}
    paths = {
        name: {"weight": 1, "requests_per_month": {"app": 100}, "hit_rate": {"app": rate}}
        for name, rate in (("low", 0.2), ("high", 0.8))
    }
    assert least(deal_of(workloads={"app": work}, rates=rates, scenarios=paths), method) == pytest.approx(1_005)
