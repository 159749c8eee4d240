"""The API commitment priced by hand: drawdown order, overage, periods, payment, rollover (model §4 and §9)."""

import numpy as np
import pytest

from deal_solve.settlement.api.drawdown import Priced, overage_charge
from tests.support.builders import api_deal, api_plan, bands, lines, months, only, settled, total

DUE = {"abs": 0.005}


# --- commitment -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("demand", "cost"), [(60, 80), (100, 80), (160, 140)])
def test_overage_at_list_above_a_commitment_that_covers_100(demand, cost):
    """C = 80 covers list value 100 at 20 %. Below it C is due anyway; 160 leaves 60 uncovered at list: 80 + 60."""
    deal = api_deal(demand / 12, bands((1, 0.2)))
    assert total(deal, api_plan((1, (80,)))) == pytest.approx(cost, **DUE)


def test_expected_cost_of_section_9_1():
    """C covers 60: 48 + 0, 40, 100 over list = 48/88/148 at 0.3/0.5/0.2: 14.4 + 44 + 29.6 = 88; C for 100: 92."""
    paths = {f"d{d}": {"weight": w, "requests_per_month": {"app": d / 12}} for d, w in ((60, 3), (100, 5), (160, 2))}
    deal = api_deal(0, bands((1, 0.2)), scenarios=paths)
    for commitment, expected in ((48, 88), (80, 92)):
        result = settled(deal, api_plan((1, (commitment,))))
        assert result.weights @ result.cost == pytest.approx(expected, **DUE)


@pytest.mark.parametrize(
    ("band", "commitment", "cost"),
    [(352_000, 352_000, 352_000), (382_500, 382_500, 382_500), (410_000, 410_000, 410_000), (0, 0, 400_000)],
)
def test_the_cheapest_band_is_not_the_highest_discount(band, commitment, cost):
    """Section 9.5: list 400k. 12 %: V = 352k, just the commitment. 15 %: V = 340k < 382.5k. 18 %: 328k < 410k."""
    steps = bands((0, 0), (352_000, 0.12), (382_500, 0.15), (410_000, 0.18))
    assert total(api_deal(400_000 / 12, steps), api_plan((band, (commitment,)))) == pytest.approx(cost, **DUE)


@pytest.mark.parametrize(("band", "cost", "share"), [(640_000, 640_000, 1.0), (600_000, 600_000, 0.8)])
def test_utilisation_is_no_objective(band, cost, share):
    """Section 9.6: list 800k. 20 %: V = 640k, all used. 40 %: V = 480k of 600k, 80 % used, and 40k cheaper."""
    result = settled(api_deal(800_000 / 12, bands((600_000, 0.4), (640_000, 0.2))), api_plan((band, (band,))))
    assert result.cost[0] == pytest.approx(cost, **DUE)
    assert result.drawdown[0].covered_usd[0] / band == pytest.approx(share)


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


# --- overage ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("overage", "cost"),
    [
        ("contracted", 1080),
        ("list", 540 + 600),
        ({"premium": 0.2}, 540 + 720),
        ({"premium": -0.05}, 540 + 570),
        ({"premium": -0.2}, 1080),
    ],
)
def test_overage_rates(overage, cost):
    """List 1 200, 10 % off: V = 1 080, C = 540 covers half; the other 600 of list value at 0.9, 1 or 1.2."""
    assert total(api_deal(100, {"overage": overage}), api_plan((1, (540,)))) == pytest.approx(cost, **DUE)


def test_overage_below_contracted_counts_as_contracted():
    """Locked at index 1 while list falls to 0.5 in month 6: contracted 0.9, list overage 0.5 counts as 0.9."""
    deal = api_deal(100, index=[1.0] * 6 + [0.5] * 6, offer={"price_protection": "locked"})
    result = settled(deal, api_plan((1, (540,))))
    assert lines(result) == {"commitment": 540, "overage": 540}


def test_highest_ratio_first_and_chronological():
    """Locked at 1, list 1.25 from month 6: V = 90 a month, C = 540. Highest ratio: months 6-11 are covered, 6 · 100 of
    list uncovered: 600. Chronological: months 0-5 are covered, 6 · 125 = 750 uncovered.
    """
    deal = api_deal(100, index=[1.0] * 6 + [1.25] * 6, offer={"price_protection": "locked"})
    plan = api_plan((1, (540,)))
    assert lines(settled(deal, plan)) == {"commitment": 540, "overage": 600}
    assert lines(settled(deal, plan, order="chronological")) == {"commitment": 540, "overage": 750}


def test_marginal_item_is_covered_in_part():
    """As above with C = 600: all of months 6-11 and 60 of the first half, 480 uncovered · 1/0.9 = 533.33."""
    deal = api_deal(100, index=[1.0] * 6 + [1.25] * 6, offer={"price_protection": "locked"})
    assert lines(settled(deal, api_plan((1, (600,)))))["overage"] == pytest.approx(480 / 0.9, **DUE)


@pytest.mark.parametrize(("order", "overage"), [("highest_ratio", 1200), ("chronological", 1520)])
def test_two_models_with_different_ratios_in_one_month(order, overage):
    """Ratios 1/0.5 (opus) and 1/0.9; list 100 each, V = 50 + 90 a month, C = 600. Highest ratio: all opus is covered,
    12 · 100 of sonnet at list. Chronological: four months (560) and 40 of the fifth's opus; 20 of opus, 100 of sonnet
    and 7 · 200 are left: 1 520.
    """
    api = {"bands": [{"commit_usd_per_year": 1, "discount": {"opus": 0.5, "all": 0.1}}]}
    plan = api_plan((1, (600,)), routing={"app": ({"from_month": 0, "shares": {"opus": 0.5, "sonnet": 0.5}},)})
    assert lines(settled(api_deal(200, api), plan, order=order))["overage"] == pytest.approx(overage, **DUE)


def test_overage_charge_is_the_closed_form_of_section_4():
    """Sorted by ratio r_1 >= r_2 ..., the charge is the sum of (r_j - r_(j+1)) · max(0, V_1 + ... + V_j - R - C)."""
    draw = np.random.default_rng(7)
    usage, ratio = draw.uniform(0, 10, (3, 6, 50)), 1 + draw.choice([0, 0.1, 0.3], (3, 6, 50))
    balance = draw.uniform(0, 150, 50)
    items = [Priced(f"m{i}", usage[i], usage[i], ratio[i], usage[i]) for i in range(3)]
    found = overage_charge(items, balance, "highest_ratio")
    for s in range(50):
        pairs = sorted(zip(ratio[:, :, s].ravel(), usage[:, :, s].ravel(), strict=True), reverse=True)
        ratios = [r for r, _ in pairs] + [0.0]
        drawn = np.cumsum([v for _, v in pairs])
        charge = sum((ratios[j] - ratios[j + 1]) * max(0.0, drawn[j] - balance[s]) for j in range(len(pairs)))
        assert found[s] == pytest.approx(charge)


@pytest.mark.parametrize(("commitment", "month"), [(1080, None), (1079, 11), (540, 6), (539, 5), (0, 0)])
def test_exhaustion_is_the_first_month_not_covered(commitment, month):
    """90 a month: 540 covers months 0 to 5, so month 6 is the first that is not."""
    found = settled(api_deal(100), api_plan((1, (commitment,)))).drawdown[0].exhausted_month[0]
    assert found != found if month is None else found == month


# --- periods and payment ----------------------------------------------------------------------------------------------


def test_quarterly_periods_settle_each_quarter():
    """C = 1 080 a year, 270 a quarter; usage only in the first half, V = 540 a quarter: 2 · 300 over list, 540 lost."""
    deal = api_deal([200.0] * 6 + [0.0] * 6, {"period": "quarter"})
    result = settled(deal, api_plan((1, (1080,))))
    assert lines(result) == {"commitment": 1080, "overage": 600}
    assert [record.forfeited_usd[0] for record in result.drawdown] == pytest.approx([0, 0, 270, 270])


@pytest.mark.parametrize("unused", ["forfeited", {"rollover": 0.5, "cap": 0.3}])
@pytest.mark.parametrize("period", ["year", "half", "quarter", "month"])
@pytest.mark.parametrize("demand", [months(50, 150), months(150, 50), [10.0, 300.0] * 12])
def test_prepaid_and_arrears_cost_the_same_without_cost_of_capital(unused, period, demand):
    totals = []
    for payment in ("prepaid", "prepaid_yearly", "arrears"):
        api = {"period": period, "unused": unused, "payment": payment}
        deal = api_deal(demand, api, horizon=24, offer={"terms": [24]})
        totals.append(total(deal, api_plan((1, (1080, 1080)), first=24)))
    assert totals == pytest.approx([totals[0]] * 3, **DUE)


def test_when_each_payment_form_is_paid():
    """C = 1 080 in halves, V = 630 then 90 · 0.5 · 6 = 270: overage 90/0.9 = 100, shortfall 270. r = 10 %, d = 1.1."""
    demand = [630 / 0.9 / 6] * 6 + [50.0] * 6
    half = 1.1**-0.5
    expected = {
        "prepaid": {"commitment": 540 + 540 * half, "overage": 100 * half},
        "prepaid_yearly": {"commitment": 1080, "overage": 100 * half},
        "arrears": {
            "usage": sum((105 if t < 6 else 45) * 1.1 ** (-(t + 1) / 12) for t in range(12)),
            "overage": 10 * half,
            "shortfall": 270 / 1.1,
        },
    }
    for payment, due in expected.items():
        deal = api_deal(demand, {"period": "half", "payment": payment}, cost_of_capital_per_year=0.1)
        assert lines(settled(deal, api_plan((1, (1080,))))) == pytest.approx(due, **DUE)


def test_payments_belong_to_the_year_they_are_charged_for():
    """Year 0: C 1 080 and 1 200 of list above it, paid at month 12 but charged for month 11. Year 1: C alone."""
    deal = api_deal(months(200, 50), horizon=24, offer={"terms": [24]})
    by_year = settled(deal, api_plan((1, (1080, 1080)), first=24)).by_year[:, 0]
    assert by_year == pytest.approx([1080 + 1200, 1080])


# --- rollover and ramp ------------------------------------------------------------------------------------------------


def rollover_deal(unused, **rest):
    paths = {
        f"p{a}-{b}": {"weight": 1, "requests_per_month": {"app": months(a / 12, b / 12)}}
        for a in (60, 100)
        for b in (100, 160)
    }
    api = {**bands((1, 0.2)), "unused": unused}
    return api_deal(0, api, horizon=24, offer={"terms": [24], **rest}, scenarios=paths)


@pytest.mark.parametrize(
    ("unused", "covers", "cost"),
    [("forfeited", 60, 186), ({"rollover": 1}, 80, 178), ({"rollover": 1}, 60, 186), ("forfeited", 80, 188)],
)
def test_rollover_of_section_9_4(unused, covers, cost):
    """C pays 0.8 · covers a year. Covers 80, full rollover, 128 each: (60,100) 20 rolls, 0; (60,160) 60 over;
    (100,100) 20 + 20; (100,160) 20 + 80: 128 + (0 + 60 + 40 + 100) / 4 = 178. Covers 60: 96 + (40+100+80+140) / 4.
    """
    result = settled(rollover_deal(unused), api_plan((1, (0.8 * covers,) * 2), first=24))
    assert result.weights @ result.cost == pytest.approx(cost, **DUE)


def test_rollover_cap_and_share():
    """C = 1 080, V = 540: shortfall 540, share 0.5 gives 270, cap 0.1 · 1 080 = 108 binds. Year 1: V = 1 350, balance
    1 188, 162 uncovered at 1/0.9 = 180. Forfeited 432 in year 0, none in year 1.
    """
    for cap, carried, over in ((0.1, 108, 180), (1.0, 270, 0)):
        api = {"unused": {"rollover": 0.5, "cap": cap}}
        deal = api_deal(months(50, 125), api, horizon=24, offer={"terms": [24]})
        result = settled(deal, api_plan((1, (1080, 1080)), first=24))
        first, second = result.drawdown
        assert (second.carried_in_usd[0], second.overage_usd[0]) == pytest.approx((carried, over))
        assert (first.forfeited_usd[0], second.forfeited_usd[0]) == pytest.approx((540 - carried, 0))


def test_carried_balance_expires_and_never_rolls_twice():
    """V = 540, 90, 1 350 of C = 1 080: 540 carried into year 1, where 90 of it is used and 450 expires; year 1's own
    shortfall 1 080 is carried into year 2: balance 2 160, nothing over, 810 left and forfeited (own first: all of R
    is used, 1 080 - 270 own is not).
    """
    api = {"unused": {"rollover": 1}, "payment": "arrears"}
    deal = api_deal(months(50, 90 / 0.9 / 12, 125), api, horizon=36, offer={"terms": [36]})
    result = settled(deal, api_plan((1, (1080,) * 3), first=36))
    assert [record.carried_in_usd[0] for record in result.drawdown] == pytest.approx([0, 540, 1080])
    assert [record.forfeited_usd[0] for record in result.drawdown] == pytest.approx([0, 450, 810])
    assert lines(result) == pytest.approx({"usage": 540 + 90 + 1350, "shortfall": 450 + 810})


def test_nothing_rolls_out_of_a_term():
    """Two terms of a year, V = 540 then 1 350, C = 1 080: nothing is carried; 270 over in year 1 at 1/0.9 = 300."""
    deal = api_deal(months(50, 125), {"unused": {"rollover": 1}}, horizon=24)
    result = settled(deal, api_plan((1, (1080,)), (1, (1080,))))
    assert lines(result) == {"commitment": 2160, "overage": 300}


def test_ramp_with_different_commitments_per_year():
    """C = 500 then 1 500 at V = 1 080 a year: 580/0.9 = 644.44 over in year 0, 420 forfeited in year 1."""
    deal = api_deal(100, {"ramp": "free"}, horizon=24, offer={"terms": [24]})
    result = settled(deal, api_plan((1, (500, 1500)), first=24))
    assert lines(result) == {"commitment": 2000, "overage": 644.44}
    assert result.drawdown[1].forfeited_usd[0] == pytest.approx(420)
    assert result.committed_usd == 2000


# --- all together -----------------------------------------------------------------------------------------------------


def test_everything_in_section_9_9():
    """The API half of section 9.9: 90 000 + 90 000 + 60 000, chronological 75 000 of overage."""
    api = {"unused": {"rollover": 0.5, "cap": 0.25}}
    offer = {"terms": [24], "price_protection": "locked"}
    path = only(requests_per_month={"app": months(7000, 14000)}, list_price_index={"opus": [1.0] * 18 + [1.25] * 6})
    deal = api_deal(0, api, horizon=24, offer=offer, scenarios=path)
    plan = api_plan((1, (90_000, 90_000)), first=24)
    result = settled(deal, plan)
    assert lines(result) == {"commitment": 180_000, "overage": 60_000}
    first, second = result.drawdown
    assert (first.usage_usd[0], first.own_shortfall_usd[0], first.rolled_over_usd[0]) == pytest.approx(
        (75_600, 14_400, 7_200)
    )
    assert (second.usage_usd[0], second.covered_usd[0]) == pytest.approx((151_200, 97_200))
    assert second.exhausted_month[0] == 19  # 97 200 = 7 months of 12 600 and 9 000 of the eighth
    assert lines(settled(deal, plan, order="chronological"))["overage"] == 75_000
