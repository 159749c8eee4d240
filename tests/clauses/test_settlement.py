"""Whole plans priced by hand: usage, cascades, tools, projects, metered seats, invoices (sections 2 to 5 and 9)."""

import numpy as np
import pytest

from deal_solve.errors import InputError
from deal_solve.plan.plan import Route
from deal_solve.settlement.lines import LINES
from deal_solve.settlement.settle import settle
from deal_solve.uncertainty.expansion import scenarios_of
from tests.support.builders import (
    APP,
    RATES,
    api_deal,
    api_plan,
    deal_of,
    lines,
    list_api,
    months,
    only,
    seat_deal,
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


def routes(*shares, starts=(0,)):
    return {"app": tuple(Route(from_month=start, shares=each) for start, each in zip(starts, shares, strict=True))}


# --- usage ------------------------------------------------------------------------------------------------------


def test_prepaid_drawdown_of_section_9_7():
    """5.0M input and 1.5M output tokens at $5/$25 less 20 %: $20.00 + $30.00 drawn down; list $62.50."""
    rates = {
        "card": "claude@2026-11-23",
        "models": {"claude-opus-5-5": {"input_usd_per_mtok": 5, "output_usd_per_mtok": 25}},
    }
    work = {"requests_per_month": 0, "input_tokens": 5000, "output_tokens": 1500, "models": ["opus"]}
    paths = only(requests_per_month={"app": [1000.0] + [0.0] * 11})
    api = {"bands": [{"commit_usd_per_year": 1, "discount": 0.2}]}
    deal = api_deal(0, api, rates=rates, workloads={"app": work}, scenarios=paths)
    result = settled(deal, api_plan((1, (500_000,))))
    assert result.drawdown[0].usage_usd[0] == pytest.approx(50)
    at_list = settled(deal, api_plan((0, (0,)), offer="list"))
    assert lines(at_list) == {"usage": 62.5}


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


def test_a_plan_that_does_not_fit_is_refused():
    deal = api_deal(100)
    for plan, words in (
        (api_plan((1, (1,)), routing=routes({"gpt": 1})), "not open in month 0"),
        (api_plan((1, (1,)), routing=routes({"opus": 0.5})), "add up to 0.5"),
        (api_plan((1, (1,)), routing={}), "no route from month 0"),
        (api_plan((1, (1, 1))), "expected \\[1\\]"),
        (api_plan((1, (1,)), first=24), "offers 12"),
        (api_plan((1, (1,)), offer="nobody"), "expected one of list, quote"),
        (seat_plan((1,), offer="quote", tracks={}, api=api_plan((1, (1,))).api), "does not have this seat type"),
    ):
        with pytest.raises(InputError, match=words):
            settled(deal, plan)


# --- projects and tools -----------------------------------------------------------------------------------------


def test_projects_are_paid_at_time_0():
    """500 at the start, in full whatever the cost of capital; other usage 100 a month at half price in batch."""
    work = {**APP, "batchable": 1, "projects": {"batch": {"usd": 500, "ready_month": 6}}}
    deal = api_deal(100, workloads={"app": work}, cost_of_capital_per_year=0.5)
    routing = routes({"opus": 1}, {"opus+batch": 1}, starts=(0, 6))
    result = settled(deal, api_plan((0, (0,)), offer="list", routing=routing, projects={"app": ("batch",)}))
    assert result.by_line["projects"][0] == 500
    assert result.undiscounted[0] == pytest.approx(500 + 600 + 300)
    frame = result.invoice()
    project = frame[frame["line"] == "projects"].iloc[0]
    assert (project["paid_month"], project["contract_year"], project["period"]) == (0, 0, "2027-01")


def tool_deal(starts, horizon=24, **rest):
    use = {**{k: APP[k] for k in ("input_tokens", "output_tokens", "models")}, "requests_per_user_month": 3}
    cohorts = {
        name: {"headcount": 10, "starts": start, "tracks": ["bot", "seat", "none"], "use": use}
        | {"unserved_usd_per_user_month": 7}
        for name, start in starts.items()
    }
    offer = {
        "terms": [12],
        "seats": {"seat": {"covered_share": 1}},
        "api": {"bands": [{"commit_usd_per_year": 1, "discount": 0.1}]},
    }
    tools = {"bot": {"build_usd": 1000, "run_usd_per_month": 50}}
    return deal_of(horizon, cohorts=cohorts, internal_tools=tools, offers={"quote": offer}, **rest)


def test_tool_is_built_once_and_run_while_in_use():
    """`a` from month 3 in year 0 only, `b` from month 14: build at 3, run months 3-11 and 14-23; 10 users · 3 requests
    at 1 USD each month, drawn down at 10 % off.
    """
    deal = tool_deal({"a": "2027-04", "b": "2028-03"}, cost_of_capital_per_year=0.1)
    plan = api_plan((1, (100,)), (1, (100,)), routing={}).model_copy(
        update={
            "tracks": {"a": ("bot", "none"), "b": ("none", "bot")},
            "use": {name: (Route(from_month=0, shares={"opus": 1}),) for name in "ab"},
        }
    )
    result = settled(deal, plan)
    in_use = [*range(3, 12), *range(14, 24)]
    assert result.by_line["build"][0] == pytest.approx(1000 * 1.1**-0.25)
    assert result.by_line["run"][0] == pytest.approx(sum(50 * 1.1 ** (-(t + 1) / 12) for t in in_use))
    assert [record.usage_usd[0] for record in result.drawdown] == pytest.approx([9 * 27, 10 * 27])
    assert result.by_line["unserved"][0] == pytest.approx(sum(70 * 1.1 ** (-(t + 1) / 12) for t in range(12, 24)))


def test_tool_nobody_uses_costs_nothing():
    result = settled(tool_deal({"a": "2027-01"}, 12), seat_plan((10,), tracks={"a": ("seat",)}))
    assert lines(result) == {"seats": 2400}


# --- metered seats ----------------------------------------------------------------------------------------------


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
    """Not counted, or the API from another paper: 6 · 30 at index 1 and 6 · 30 at index 2; the commitment is lost."""
    expected = {"seats": 2400, "uncounted_usage": 540, "other_charges": 36}
    if api_offer == "quote":
        expected["commitment"] = 100
    assert lines(metered(counts, api_offer=api_offer)) == expected


def test_usage_that_the_seat_includes_costs_nothing():
    assert lines(metered(True, covered=1, commitment=400)) == {"seats": 2400, "commitment": 400}


# --- the whole --------------------------------------------------------------------------------------------------


def all_together(order="highest_ratio"):
    """Section 9.9 in one deal."""
    true_up = {"check": 1, "count": "peak", "retroactive": True, "price": "contracted", "ratchet": "term"}
    users = [100.0] * 24
    users[3], users[15] = 110.0, 120.0
    path = only(
        requests_per_month={"app": months(7000, 14_000)},
        active_users={"staff": users},
        list_price_index={"opus": [1.0] * 18 + [1.25] * 6},
    )
    offer = {
        "terms": [24],
        "price_protection": "locked",
        "api": {
            "bands": [{"commit_usd_per_year": 90_000, "discount": 0.1}],
            "unused": {"rollover": 0.5, "cap": 0.25},
        },
        "seats": {"seat": {"true_up": true_up}},
    }
    staff = {"headcount": 100, "tracks": ["seat"]}
    deal = deal_of(24, workloads={"app": APP}, cohorts={"staff": staff}, offers={"quote": offer}, scenarios=path)
    api = api_plan((90_000, (90_000, 90_000)), first=24)
    plan = seat_plan((100, 100), first=24, api=api.api, routing=api.routing)
    return settled(deal, plan, order=order)


def test_all_together_of_section_9_9():
    """90 000 + 90 000 + 60 000 + 54 000 = 294 000; in chronological order the overage is 75 000."""
    result = all_together()
    assert result.cost[0] == pytest.approx(294_000, abs=0.005)
    assert lines(result) == {"commitment": 180_000, "overage": 60_000, "seats": 48_000, "true_up": 6_000}
    assert result.committed_usd == 180_000 + 48_000
    assert lines(all_together("chronological"))["overage"] == 75_000


def test_invoice_rows_multiply_out():
    """Every row: quantity · rate = amount, on a known line, in the contract year of the month it is charged for."""
    frame = all_together().invoice()
    assert list(frame.columns) == [
        *("period", "line", "item", "quantity", "rate_usd", "amount_usd", "paid_month", "contract_year")
    ]
    np.testing.assert_allclose(frame["quantity"] * frame["rate_usd"], frame["amount_usd"])
    assert set(frame["line"]) <= set(LINES)
    true_ups = frame[frame["line"] == "true_up"]
    assert [tuple(row) for row in true_ups[["period", "quantity", "rate_usd", "paid_month"]].values.tolist()] == [
        ("2027-04", 90, 20, 4),
        ("2028-01/2028-12", 120, 20, 12),
        ("2028-04", 90, 20, 16),
    ]


def test_many_scenarios_cost_the_same_as_one_at_a_time():
    """The settlement of a set is that of its scenarios, and its invoices re-settle them one by one."""
    paths = {
        f"s{i}": {
            "weight": i + 1,
            "requests_per_month": {"app": [100.0 + 30 * i * (t % (i + 2)) for t in range(24)]},
            "list_price_index": {"opus": [1 + 0.1 * i * (t > 5) - 0.2 * (t > 15) for t in range(24)]},
        }
        for i in range(5)
    }
    api = {"unused": {"rollover": 0.5}, "period": "half"}
    deal = api_deal(0, api, horizon=24, offer={"terms": [24], "price_protection": "pass_through"}, scenarios=paths)
    plan = api_plan((1, (1200, 1500)), first=24)
    scenarios = scenarios_of(deal)
    together = settled(deal, plan)
    assert together.rows is None
    alone = [settle(deal, plan, scenarios.take(i)).cost[0] for i in range(5)]
    np.testing.assert_allclose(together.cost, alone, rtol=1e-12)
    kept = settle(deal, plan, scenarios, keep_rows=True)
    for i in range(5):
        assert kept.invoice(i).equals(together.invoice(i))


def test_yearly_prices_of_users_who_are_not_there_yet():
    """A cohort that starts in month 6 with 10 users and no seats: ten seats added for the last six months."""
    staff = {"headcount": 10, "starts": "2027-07", "tracks": ["seat"]}
    deal = deal_of(cohorts={"staff": staff}, offers={"quote": {"seats": {"seat": {}}}})
    assert lines(settled(deal, seat_plan((0,)))) == {"true_up": 10 * 20 * 6}


def test_scaling_every_dollar_scales_the_cost():
    """Twice the seat price and twice the usage is twice the cost (section 9.8)."""
    once = settled(seat_deal(130), seat_plan((100,))).cost[0]
    twice = settled(seat_deal(130, {"usd_per_user_month": 40}), seat_plan((100,))).cost[0]
    assert twice == pytest.approx(2 * once)
