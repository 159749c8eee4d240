"""Invoices and records of an API agreement, row by row: what for, how much of it, for which months, and when paid."""

import numpy as np
import pytest

from tests.support.builders import api_deal, api_plan, bands, lines, months, routes, settled

FLAT = {**bands((1, 0)), "overage": "contracted"}


def rows(result, *lines):
    """Return (period, item, quantity, USD, month of payment) of the rows of these lines, in order."""
    bill = result.invoice(0)
    bill = bill[bill["line"].isin(lines)]
    return bill[["period", "item", "quantity", "amount_usd", "paid_month"]].values.tolist()


def test_a_commitment_and_the_usage_above_it():
    """C = 1,000 and 1,200; 100 a month: 200 above the first in its last month, none above the second."""
    result = settled(api_deal(100, FLAT, horizon=24), api_plan((1, (1000,)), (1, (1200,))))
    assert rows(result, "commitment") == [
        ["2027-01/2027-12", "api commitment", 1, 1000, 0],
        ["2028-01/2028-12", "api commitment", 1, 1200, 12],
    ]
    assert rows(result, "overage") == [["2027-12", "uncovered usage", 200, 200, 12]]


def test_a_commitment_paid_by_the_year_is_that_of_its_year_in_its_term():
    """Two terms of two years in quarters, C = 1, 2 and 3, 4 thousand: each at the start of its year, for the year."""
    api = {**FLAT, "period": "quarter", "payment": "prepaid_yearly"}
    deal = api_deal(0, api, horizon=48, offer={"terms": [24]})
    result = settled(deal, api_plan((1, (1000, 2000)), (1, (3000, 4000)), first=24))
    assert rows(result, "commitment") == [
        [f"{2027 + year}-01/{2027 + year}-12", "api commitment", 1, 1000 * (year + 1), 12 * year] for year in range(4)
    ]
    assert [record.contract_year for record in result.drawdown] == [number // 4 for number in range(16)]
    assert [record.commitment_usd for record in result.drawdown[::4]] == [250, 500, 750, 1000]
    assert {record.is_at_list for record in result.drawdown} == {False}


def test_what_lacks_in_arrears_is_charged_at_the_end():
    """C = 300 for a term of three years, at least 80 in each: 50, 100 and 90 lack 30, and 30 in the end."""
    api = {**FLAT, "period": "term", "payment": "arrears", "yearly_minimum": 0.8}
    deal = api_deal(months(50 / 12, 100 / 12, 90 / 12), api, horizon=36, offer={"terms": [36]})
    result = settled(deal, api_plan((1, (100, 100, 100)), first=36))
    assert rows(result, "shortfall") == [
        ["2027-01/2027-12", "yearly minimum", pytest.approx(30), pytest.approx(30), 12],
        ["2029-12", "unused commitment", pytest.approx(30), pytest.approx(30), 36],
    ]


def test_usage_in_arrears_is_billed_model_by_model():
    """150 a month, a third on sonnet, which is 20 % less; C = 1,000 of 1,680: billed month by month, nothing lacks."""
    api = {"bands": [{"commit_usd_per_year": 1, "discount": {"sonnet": 0.2, "all": 0}}], **{"payment": "arrears"}}
    deal = api_deal(150, {**api, "overage": "contracted"})
    plan = api_plan((1, (1000,)), routing=routes({"opus": 2 / 3, "sonnet": 1 / 3}))
    result = settled(deal, plan)
    bill = rows(result, "usage")
    assert [row[2:4] for row in bill if "opus" in row[1]] == [pytest.approx([100, 100])] * 12
    assert [row[2:4] for row in bill if "sonnet" in row[1]] == [pytest.approx([50, 40])] * 12
    assert [row[4] for row in bill if "sonnet" in row[1]] == list(range(1, 13))
    assert result.usage_by_year[:, 0] == pytest.approx([1680])
    assert result.drawdown[0].usage_usd == pytest.approx([1680])
    assert lines(result) == {"usage": 1680}


def test_at_list_the_share_above_the_commitment_is_of_the_bill_of_all_models():
    """A third on sonnet, which is 20 % less. Of 1,800 at list half is above 900: 840 of 1,680; of 3,600 three quarters:
    2,520 of 3,360.
    """
    api = {"bands": [{"commit_usd_per_year": 1, "discount": {"sonnet": 0.2, "all": 0}}], "overage": "contracted"}
    paths = {f"f{usd}": {"weight": 1, "requests_per_month": {"app": usd}} for usd in (150, 300)}
    deal = api_deal(0, {**api, "payment": "arrears", "measured_at": "list"}, scenarios=paths)
    plan = api_plan((1, (900,)), routing=routes({"opus": 2 / 3, "sonnet": 1 / 3}))
    (record,) = settled(deal, plan).drawdown
    assert record.overage_usd == pytest.approx([840, 2520])
    assert record.is_at_list


def test_at_list_a_month_is_worth_its_list_price():
    """List is twice as dear in the second half, and 20 % are off: 600 + 1,200 at list against 1,800, 1,440 billed."""
    api = {**bands((1, 0.2)), "overage": "contracted", "payment": "arrears", "measured_at": "list"}
    result = settled(api_deal(100, api, [1.0] * 6 + [2.0] * 6), api_plan((1, (1800,))))
    (record,) = result.drawdown
    assert (record.usage_usd[0], record.own_shortfall_usd[0]) == pytest.approx((1800, 0))
    assert record.committed_usd == pytest.approx(1800 * 0.8)
    assert lines(result) == {"usage": 1440}


def test_usage_of_less_than_a_dollar_at_list_is_above_a_smaller_commitment():
    """One future uses 0.80 at list, another one nothing: 0.30 of it are above 0.50, 0.24 as billed."""
    futures = {"some": 0.8 / 12, "none": 0}
    paths = {name: {"weight": 1, "requests_per_month": {"app": usd}} for name, usd in futures.items()}
    api = {**bands((0.01, 0.2)), "overage": "contracted", "payment": "arrears", "measured_at": "list"}
    (record,) = settled(api_deal(0, api, scenarios=paths), api_plan((0.01, (0.5,)))).drawdown
    assert record.overage_usd == pytest.approx([0.24, 0])
    assert record.own_shortfall_usd == pytest.approx([0, 0.5])


def test_futures_do_not_share_a_credit():
    """K = 30, C = 100 in arrears: 120 uses all of it, 20 uses 20, whether it is balance or pays charges."""
    paths = {f"f{usd}": {"weight": 1, "requests_per_month": {"app": usd / 12}} for usd in (120, 20)}
    for clause in ({"pays": "balance"}, {"pays": "charges", "within_months": 12}):
        api = {**FLAT, "payment": "arrears", "credit": {"usd": 30, **clause}}
        result = settled(api_deal(0, api, scenarios=paths), api_plan((1, (100,))))
        assert result.credited_usd == pytest.approx([30, 20])


def test_a_year_below_its_minimum_lacks_it_in_its_own_future():
    """C = 200 over two years, at least 80 in each: 50 and 150 lack 30 in one future, 100 and 100 nothing."""
    years = {"low": (50, 150), "even": (100, 100)}
    paths = {
        name: {"weight": 1, "requests_per_month": {"app": months(*(usd / 12 for usd in each))}}
        for name, each in years.items()
    }
    api = {**FLAT, "period": "term", "payment": "arrears", "yearly_minimum": 0.8}
    deal = api_deal(0, api, horizon=24, offer={"terms": [24]}, scenarios=paths)
    (record,) = settled(deal, api_plan((1, (100, 100)), first=24)).drawdown
    assert record.covered_usd == pytest.approx([170, 200])
    assert record.overage_usd == pytest.approx([30, 0])


def test_a_credit_pays_the_charges_of_every_model_and_overage_on_its_last_day():
    """160 a month, half on each of two models: 1,920 of K = 2,000; of overage of 200 due at the end of month 12 all."""
    api = {**bands((0, 0)), "credit": {"usd": 2000, "pays": "charges", "within_months": 12}}
    plan = api_plan((0, (0,)), routing=routes({"opus": 0.5, "sonnet": 0.5}))
    result = settled(api_deal(160, api), plan)
    assert result.credited_usd == pytest.approx([1920])
    api = {**FLAT, "credit": {"usd": 500, "pays": "charges", "within_months": 12}}
    assert settled(api_deal(100, api), api_plan((1, (1000,)))).credited_usd == pytest.approx([200])


def test_a_balance_of_halves_is_credited_once_and_added_up():
    """K = 30 is used in the first half, and usage of the second is paid; two terms, C = 100 each."""
    api = {**FLAT, "period": "half", "payment": "arrears", "credit": {"usd": 30, "pays": "balance"}}
    result = settled(api_deal(10, api, horizon=24), api_plan((1, (100,)), (1, (100,))))
    assert result.credited_usd == pytest.approx([30])
    assert rows(result, "credit") == [[f"2027-0{month}", "credit", 10, -10, month] for month in (1, 2, 3)]
    assert [record.forfeited_usd[0] for record in result.drawdown] == pytest.approx([20, 0, 0, 0])


def test_month_by_month_each_model_has_its_own_ratio():
    """Chronologically, C = 150; opus locked at 1, list 2 from month 6 on: 100 a month, so month 1 is covered in half.

    50 of month 1 and 400 of months 2 to 5 at 1, 600 of the others at 2.
    """
    deal = api_deal(100, bands((1, 0)), [1.0] * 6 + [2.0] * 6, offer={"price_protection": "locked"})
    result = settled(deal, api_plan((1, (150,))), order="chronological")
    assert lines(result)["overage"] == pytest.approx(50 + 400 + 1200)
    assert np.isclose(result.drawdown[0].surcharge_usd[0], 600)


def test_usage_is_that_of_its_own_future():
    """Two futures in one settlement: 100 and 300 a month against C = 1,200."""
    paths = {f"f{usd}": {"weight": 1, "requests_per_month": {"app": usd}} for usd in (100, 300)}
    result = settled(api_deal(0, FLAT, scenarios=paths), api_plan((1, (1200,))))
    assert result.cost == pytest.approx([1200, 3600])
    assert result.usage_by_year == pytest.approx(np.array([[1200, 3600]]))
