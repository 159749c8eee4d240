"""Usage priced by hand: requests at list, cascades, routing, metered use of seats (model §2 and §3)."""

import pytest

from deal_solve.errors import InputError
from deal_solve.plan.plan import Route
from deal_solve.settlement.usage import usage_of
from deal_solve.uncertainty.expansion import scenarios_of
from tests.support.builders import (
    APP,
    DOLLAR,
    RATES,
    api_deal,
    api_plan,
    deal_of,
    lines,
    list_api,
    only,
    routes,
    seat_plan,
    settled,
)


def usage(work, shares, rates=None, horizon=12, **rest):
    """Return the settlement of one workload at list; model `m` costs 10 in and 50 out a million tokens."""
    model = {"family": "opus", "released": "2026-11-20", "cache_read_multiplier": 0.1, "min_cacheable_tokens": 1000}
    model |= {"input_usd_per_mtok": 10, "output_usd_per_mtok": 50, **(rates or {})}
    work = {"requests_per_month": 1_000_000, "input_tokens": 1000, "output_tokens": 0, "models": ["m"], **work}
    deal = deal_of(horizon, rates={**RATES, "models": {**RATES["models"], "m": model}}, workloads={"app": work}, **rest)
    return settled(deal, api_plan(*[(0, (0,))] * (horizon // 12), offer="list", routing=routes(shares)))


# --- requests ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("work", "rates", "option", "monthly"),
    [
        ({}, {}, "m", 10_000),
        ({"output_tokens": 100}, {}, "m", 10_000 + 5000),
        ({"output_tokens": 100, "output_factor": {"opus": 2}}, {}, "m", 10_000 + 10_000),
        ({"batchable": 1}, {}, "m+batch", 5000),
        ({"usage_multiplier": 1.1}, {}, "m", 11_000),
        ({"requires": ["us_residency"]}, {}, "m", 11_000),
        ({"input_tokens": [{"share": 0.5, "tokens": 400}, {"share": 0.5, "tokens": 1600}]}, {}, "m", 10_000),
        ({"input_tokens": 1000}, {"tokenizer": "old"}, "m", 10_000 / 1.3),
    ],
)
def test_list_cost_of_a_request(work, rates, option, monthly):
    """1M requests of 1 000 tokens at 10 a million: 10 000 a month; output at 50; batch half; g 1.1; tokenizer 1/1.3."""
    result = usage(work, {option: 1}, rates)
    assert result.cost[0] == pytest.approx(12 * monthly)


@pytest.mark.parametrize(
    ("tokens", "monthly"), [(1999, 19_990 + 500), (2000, 20_000 + 500), (2001, 2001 * 20 + 100 * 75 / 100 * 10)]
)
def test_long_threshold_below_at_and_above(tokens, monthly):
    """Long above 2 000 tokens: every token of a longer request at 20 / 75 instead of 10 / 50; 10 tokens out."""
    rates = {"long_above_prompt_tokens": 2000, "long_input_usd_per_mtok": 20, "long_output_usd_per_mtok": 75}
    result = usage({"input_tokens": tokens, "output_tokens": 10}, {"m": 1}, rates)
    assert result.cost[0] == pytest.approx(12 * monthly)


def test_only_long_buckets_are_at_the_long_rate():
    """Half at 1 000 (10 a million), half at 3 000 (20 a million): 5 000 + 30 000 a month."""
    rates = {"long_above_prompt_tokens": 2000, "long_input_usd_per_mtok": 20}
    buckets = [{"share": 0.5, "tokens": 1000}, {"share": 0.5, "tokens": 3000}]
    assert usage({"input_tokens": buckets}, {"m": 1}, rates).cost[0] == pytest.approx(12 * 35_000)


@pytest.mark.parametrize(("tokens", "factor"), [(1999, 1), (2000, 0.5 + 0.5 * (0.8 * 0.1 + 0.2 * 1.25))])
def test_minimum_cacheable_length(tokens, factor):
    """Half of the input is a prefix, hit rate 0.8; cached only if it has the model's 1 000 tokens: f = 0.665."""
    work = {"input_tokens": tokens, "cache": {"share": 0.5, "hit_rate": 0.8}}
    assert usage(work, {"m+cache": 1}).cost[0] == pytest.approx(12 * tokens * 10 * factor)


@pytest.mark.parametrize(("batch_hit", "hit"), [(0.3, 0.3), (0.9, 0.8), (None, 0.8)])
def test_hit_rate_in_batch_is_the_smaller_one(batch_hit, hit):
    """All 2 000 tokens cached for 1h (writes 2.0): half of 20 000 · (h · 0.1 + (1 - h) · 2)."""
    cache = {"share": 1, "hit_rate": 0.8, "ttl": "1h", "batch_hit_rate": batch_hit}
    work = {"input_tokens": 2000, "cache": cache, "batchable": 1}
    assert usage(work, {"m+cache+batch": 1}).cost[0] == pytest.approx(12 * 10_000 * (hit * 0.1 + (1 - hit) * 2))


# --- routing ----------------------------------------------------------------------------------------------------------


def test_cascade_puts_its_parts_on_their_own_models():
    """All pay sonnet, the 40 % that fail opus as well; check 0.01 and other 0.02 once a request. Discounts 50 % on opus
    only: V = 100 + 40 · 0.5 a month; check and other are neither discounted nor drawn down.
    """
    work = {
        **APP,
        "cascades": [{"first": "sonnet", "then": "opus", "pass_rate": 0.6, "check_usd_per_request": 0.01}],
        "other_usd_per_request": 0.02,
    }
    api = {"bands": [{"commit_usd_per_year": 1, "discount": {"opus": 0.5}}]}
    deal = api_deal(100, api, workloads={"app": work})
    result = settled(deal, api_plan((1, (2000,)), routing=routes({"sonnet>opus": 1})))
    assert result.drawdown[0].usage_usd[0] == pytest.approx(12 * 120)
    assert lines(result) == {"commitment": 2000, "other_charges": 36}


def test_routing_changes_with_its_epochs():
    """100 a month: half on sonnet (list falls to 0.5 in month 6) in year 0, all of it in year 1."""
    path = only(requests_per_month={"app": 100}, list_price_index={"sonnet": [1.0] * 6 + [0.5] * 18})
    deal = api_deal(0, horizon=24, scenarios=path)
    routing = routes({"opus": 0.5, "sonnet": 0.5}, {"sonnet": 1}, starts=(0, 12))
    result = settled(deal, api_plan((0, (0,)), (0, (0,)), offer="list", routing=routing))
    assert result.by_year[:, 0] == pytest.approx([6 * 100 + 6 * 75, 12 * 50])


def test_options_on_one_model_add_up_and_each_charges_what_is_beside_it():
    """100 requests of 1, half of them in batch at half price: 50 + 25 on Opus, and 0.02 beside each of the 100."""
    work = {**APP, "batchable": 1}
    plan = api_plan((0, (0,)), offer="list", routing=routes({"opus": 0.5, "opus+batch": 0.5}))
    for beside, other in ((0.02, {"app": 2}), (0, {})):
        deal = api_deal(100, workloads={"app": {**work, "other_usd_per_request": beside}})
        found = usage_of(deal, plan, scenarios_of(deal))
        assert {name: usd[:, 0].tolist() for name, usd in found.counted.items()} == {"claude-opus-5-5": [75] * 12}
        assert {name: usd[0, 0] for name, usd in found.other.items()} == pytest.approx(other)
        assert found.uncounted == {}


def test_each_scenario_has_its_own_hit_rate():
    """All 2 000 tokens cached for 1h at 10 a million, reads 0.1 and writes 2: 20 000 · (h · 0.1 + (1 - h) · 2)."""
    cache = {"share": 1, "hit_rate": 0.8, "ttl": "1h"}
    paths = {name: {"weight": 1, "hit_rate": {"app": rate}} for name, rate in (("cold", 0), ("warm", 0.5), ("hot", 1))}
    result = usage({"input_tokens": 2000, "cache": cache}, {"m+cache": 1}, scenarios=paths)
    assert result.cost == pytest.approx([12 * 40_000, 12 * 21_000, 12 * 2000])


def test_what_takes_no_requests_need_not_be_open():
    """Nothing may be sent in batch, and nothing is."""
    plan = api_plan((0, (0,)), offer="list", routing=routes({"opus": 1, "opus+batch": 0}))
    assert lines(settled(api_deal(100), plan)) == {"usage": 1200}


@pytest.mark.parametrize(
    ("models", "shares", "words"),
    [
        (
            ["opus", "sonnet"],
            ({"opus": 1}, {"gpt": 1}),
            r"app: 'gpt' is not open in months 12 to 23 \(2028-01 to 2028-12\); open options: opus, sonnet$",
        ),
        (["new"], ({"opus": 1}, {"new": 1}), r"'opus' is not open in months 0 to 11 \(.*\); open options: none$"),
        (
            ["opus"],
            ({"opus": 1}, {"opus": 0.5}),
            r"app: the shares from month 12 \(2028-01\) add up to 0.5; expected 1",
        ),
    ],
    ids=["unknown", "not yet on sale", "half"],
)
def test_routes_that_do_not_fit_are_refused_and_named(models, shares, words):
    """Opus and Sonnet are on sale; `new` is released at the start of the second year."""
    model = {"family": "opus", "released": "2028-01-01", **DOLLAR, "cache_read_multiplier": 0.1}
    rates = {**RATES, "models": {**RATES["models"], "new": model}}
    deal = api_deal(100, horizon=24, rates=rates, workloads={"app": {**APP, "models": models}})
    with pytest.raises(InputError, match=words):
        settled(deal, api_plan((0, (0,)), (0, (0,)), offer="list", routing=routes(*shares, starts=(0, 12))))


# --- metered seats ----------------------------------------------------------------------------------------------------


def metered(counts, covered=0.25, api_offer="quote", commitment=100.0, seat_offer="quote"):
    """10 users with 4 requests of 1 USD each a month, a quarter covered: 30 metered; other charges 0.1 a request."""
    use = {"input_tokens": 1, "output_tokens": 0, "models": ["opus"], "requests_per_user_month": 4}
    cohort = {"headcount": 10, "tracks": ["seat"], "use": {**use, "other_usd_per_request": 0.1}}
    part = {"covered_share": covered, "counts_toward_commitment": counts}
    api = {"bands": [{"commit_usd_per_year": 0, "discount": 0.05}, {"commit_usd_per_year": 1, "discount": 0.1}]}
    offer = {"terms": [12], "price_protection": "locked", "api": api, "seats": {"seat": part}}
    path = only(list_price_index={"opus": [1.0] * 6 + [2.0] * 6})
    deal = deal_of(cohorts={"staff": cohort}, offers={"quote": offer}, scenarios=path)
    agreed = list_api(12) if api_offer == "list" else api_plan((min(commitment, 1), (commitment,))).api
    routes = {"staff": (Route(from_month=0, shares={"opus": 1}),)}
    return settled(deal, seat_plan((10,), offer=seat_offer, api=agreed, use=routes))


def test_metered_usage_that_counts_draws_down_at_contracted_rates():
    """30 a month at 10 % off, locked: V = 324 of C = 400. Other charges 30 · 0.1 a month are not discounted."""
    assert lines(metered(True, commitment=400)) == {"seats": 2400, "commitment": 400, "other_charges": 36}


def test_metered_usage_in_a_band_from_zero():
    """30 a month at 5 % off, locked."""
    assert lines(metered(True, commitment=0)) == {"seats": 2400, "usage": 342, "other_charges": 36}


@pytest.mark.parametrize(("counts", "api_offer"), [(False, "quote"), (True, "list")])
def test_uncounted_usage_is_billed_at_list_without_protection(counts, api_offer):
    """Not counted, or the API from another offer: 6 · 30 at index 1 and 6 · 30 at index 2; the commitment is lost."""
    expected = {"seats": 2400, "uncounted_usage": 540, "other_charges": 36}
    if api_offer == "quote":
        expected["commitment"] = 100
    assert lines(metered(counts, api_offer=api_offer)) == expected


def test_a_share_of_metered_usage_counts_and_the_rest_is_billed_at_list():
    """Of 30 a month 12 count: V = 12 · 12 · 0.9 of C = 400; 18 are at list: 6 · 18 at index 1 and 6 · 18 at index 2."""
    result = metered("40%", commitment=400)
    assert lines(result) == {"seats": 2400, "commitment": 400, "uncounted_usage": 324, "other_charges": 36}
    assert result.drawdown[0].usage_usd[0] == pytest.approx(129.6)


def test_usage_that_the_seat_includes_costs_nothing():
    assert lines(metered(True, covered=1, commitment=400)) == {"seats": 2400, "commitment": 400}


def test_a_release_inside_a_contract_year_changes_the_route_of_users_of_seats():
    """10 users with 4 requests of 1 a month, a quarter of them included. From June of the second year on half of the
    requests go to a new model at 2: 12 · 30, then 5 · 30 + 7 · 45, then 12 · 45.
    """
    new = {"family": "sonnet", "released": "2028-05-20", "input_usd_per_mtok": 2_000_000, "output_usd_per_mtok": 0}
    rates = {"card": RATES["card"], "models": {**RATES["models"], "new": {**new, "cache_read_multiplier": 0.1}}}
    rates["seats"] = {"seat": {"usd_per_user_month": 20, "covered_share": 0.25}}
    use = {"input_tokens": 1, "output_tokens": 0, "models": ["opus", "new"], "requests_per_user_month": 4}
    deal = deal_of(36, rates=rates, cohorts={"staff": {"headcount": 10, "tracks": ["seat"], "use": use}})
    half = {"opus": 0.5, "new": 0.5}
    route = routes({"opus": 1}, {"opus": 1}, half, half, starts=(0, 12, 17, 24))["app"]
    result = settled(deal, seat_plan((10,) * 3, offer="list", use={"staff": route}))
    assert lines(result) == {"seats": 7200, "uncounted_usage": 360 + 465 + 540}
    assert result.by_year[:, 0].tolist() == [2400 + 360, 2400 + 465, 2400 + 540]
