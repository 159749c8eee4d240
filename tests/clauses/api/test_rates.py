"""Contracted API rates priced by hand: discounts, price protection, terms, renewal (model §4 and §6)."""

import pytest

from deal_solve.errors import InputError
from tests.support.builders import api_deal, api_plan, bands, lines, settled, total

# --- discounts --------------------------------------------------------------------------------------------------------


DUE = {"abs": 0.005}


def test_band_from_zero_bills_usage_monthly_without_commitment():
    """100 a month at 5 % off: 12 · 95 = 1 140, each at the end of its month (r = 10 %)."""
    deal = api_deal(100, bands((0, 0.05)), cost_of_capital_per_year=0.1)
    result = settled(deal, api_plan((0, (0,))))
    assert result.undiscounted[0] == pytest.approx(1140)
    assert result.cost[0] == pytest.approx(sum(95 * 1.1 ** (-(t + 1) / 12) for t in range(12)))
    assert (result.drawdown, list(lines(result))) == ((), ["usage"])


def test_discount_per_model_family_and_all():
    """opus 30 %, all others 10 %: list 100 on each of opus and sonnet a month draws 12 · (70 + 90) = 1 920."""
    api = {"bands": [{"commit_usd_per_year": 1, "discount": {"opus": 0.3, "all": 0.1}}]}
    plan = api_plan((1, (1000,)), routing={"app": ({"from_month": 0, "shares": {"opus": 0.5, "sonnet": 0.5}},)})
    assert settled(api_deal(200, api), plan).drawdown[0].usage_usd[0] == pytest.approx(1920)


def test_discount_of_one_model_of_a_family():
    """Half off opus 5.5 alone: 1,200 at list are 600."""
    api = {"bands": [{"commit_usd_per_year": 1, "discount": {"claude-opus-5-5": 0.5, "opus": 0.3, "all": 0.1}}]}
    assert settled(api_deal(100, api), api_plan((1, (600,)))).drawdown[0].usage_usd[0] == pytest.approx(600)


def test_a_band_that_is_not_offered_is_refused():
    with pytest.raises(InputError, match=r"band_usd_per_year is 5; the offer has 1, 20$"):
        total(api_deal(1, bands((1, 0.1), (20, 0.2))), api_plan((5, (5,))))


def test_uplift_multiplies_what_discounts_that_add_leave():
    """1 - 0.1 - 0.05 is 0.85; renewed at 20 % more 1.02."""
    offer = {"terms": {12: {"api": 0.05}}, "renewal": {"uplift": 0.2}, "discounts": "add"}
    deal = api_deal(100, bands((0, 0.1)), horizon=24, offer=offer)
    assert settled(deal, api_plan((0, (0,)), (0, (0,)))).by_year[:, 0] == pytest.approx([1020, 1224])


# --- price protection, terms, renewal ---------------------------------------------------------------------------------


RISE = [1.0] * 6 + [1.2] * 12 + [1.5] * 6


FALL = [1.0] * 6 + [0.8] * 12 + [0.5] * 6


@pytest.mark.parametrize(
    ("protection", "index", "first", "expected"),
    [
        ("none", RISE, 24, (6 + 7.2, 7.2 + 9)),
        ("none", FALL, 24, (6 + 4.8, 4.8 + 3)),
        ("locked", RISE, 24, (12, 12)),
        ("locked", FALL, 24, (12, 12)),
        ("locked", RISE, 12, (12, 14.4)),
        ("locked", FALL, 12, (12, 9.6)),
        ("pass_through", RISE, 24, (12, 12)),
        ("pass_through", FALL, 24, (6 + 4.8, 4.8 + 3)),
        ("pass_through", RISE, 12, (12, 14.4)),
        ({"capped": 0}, RISE, 24, (12, 12)),
        ({"capped": 0}, FALL, 24, (6 + 4.8, 4.8 + 3)),
        ({"capped": 1}, RISE, 24, (6 + 7.2, 7.2 + 9)),
    ],
)
def test_price_protection(protection, index, first, expected):
    """List 1 a month, no discount. none: as list (6 at 1, 12 at 1.2, 6 at 1.5). locked: today's, or the second term's
    first month 1.2. pass_through and capped 0: not above the term's start, down with list. capped 100 %: 2^(6/12) =
    1.41 > 1.2 and 2^(18/12) = 2.83 > 1.5 never bind.
    """
    deal = api_deal(
        1, bands((0, 0)), index=index, horizon=24, offer={"terms": [12, 24], "price_protection": protection}
    )
    terms = [(0, (0,) * (first // 12))] * (24 // first)
    assert settled(deal, api_plan(*terms, first=first)).by_year[:, 0] == pytest.approx(expected)


@pytest.mark.parametrize("order", ["highest_ratio", "chronological"])
@pytest.mark.parametrize("overage", ["list", {"premium": 0.25}])
def test_a_cap_that_never_binds_costs_as_none(overage, order):
    """Without protection the ratio is one number, 1/0.9 or 1.25/0.9; under a cap it stands month by month, the same.

    24 months of list 1 at Π: V = 0.9 · (6 + 7.2) = 11.88 and 0.9 · (7.2 + 9) = 14.58; C = 10: 1.88 and 4.58 over.
    """
    found = []
    for protection in ("none", {"capped": 1}):
        offer = {"terms": [24], "price_protection": protection}
        deal = api_deal(1, {"overage": overage}, index=RISE, horizon=24, offer=offer)
        found.append(settled(deal, api_plan((1, (10, 10)), first=24), order=order).by_year[:, 0])
    assert found[0] == pytest.approx(found[1])
    ratio = (1.25 if overage != "list" else 1) / 0.9
    assert found[0] == pytest.approx([10 + 1.88 * ratio, 10 + 4.58 * ratio])


def test_capped_rises_month_by_month():
    """capped 10 % while list jumps to 3 in month 6: month t costs 1.1^(t/12) from then on."""
    deal = api_deal(1, bands((0, 0)), index=[1.0] * 6 + [3.0] * 6, offer={"price_protection": {"capped": 0.1}})
    expected = 6 + sum(1.1 ** (t / 12) for t in range(6, 12))
    assert total(deal, api_plan((0, (0,)))) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("protection", "cap", "second"),
    [("locked", 0.05, 12.6), ("locked", 0.5, 14.4), ("none", 0.0, 16.2), ({"capped": 0.1}, 0.0, None)],
)
def test_renewal_cap_limits_the_base_of_the_new_term(protection, cap, second):
    """Year 0 locked at 1; list is 1.2 when year 1 begins: 1.05 with a cap of 5 %, 1.2 with 50 %. None: no effect.
    capped 10 % with a cap of 0: protected month 11 is min(1.2, 1.1^(11/12)) and grows again from there.
    """
    offer = {"price_protection": protection, "renewal_cap": cap}
    deal = api_deal(1, bands((0, 0)), index=RISE, horizon=24, offer=offer)
    if second is None:
        second = sum(min(RISE[12 + t], 1.1 ** (11 / 12) * 1.1 ** (t / 12)) for t in range(12))
    assert settled(deal, api_plan((0, (0,)), (0, (0,)))).by_year[1, 0] == pytest.approx(second)


def test_term_discount_is_that_of_the_length_of_each_term():
    """36 months: 24 at 10 % off, then 12 at 2 % off: 12 · 0.9 · 2 + 12 · 0.98."""
    terms = {12: {"api": 0.02}, 24: {"api": 0.1}}
    deal = api_deal(1, bands((0, 0)), horizon=36, offer={"terms": terms})
    assert settled(deal, api_plan((0, (0, 0)), (0, (0,)), first=24)).by_year[:, 0] == pytest.approx([10.8, 10.8, 11.76])


def test_uplift_lifts_contracted_rates_even_above_list():
    """10 % off and 20 % uplift: rates 0.9, 1.08, 1.296. C = 540 covers 600, 500 and 416.67 of list value 1 200; the
    rest at list in year 0 (600), at the contracted rate, above list, later: V - C = 1 296 - 540, 1 555.2 - 540.
    """
    deal = api_deal(100, horizon=36, offer={"renewal": {"uplift": 0.2}})
    result = settled(deal, api_plan(*[(1, (540,))] * 3))
    assert [record.usage_usd[0] for record in result.drawdown] == pytest.approx([1080, 1296, 1555.2])
    assert [record.overage_usd[0] for record in result.drawdown] == pytest.approx([600, 756, 1015.2])


def test_renewal_at_list_has_no_discount_and_no_commitment():
    """Term discount 5 %, band 10 %: V = 12 · 85.5 = 1 026 of C = 1 000, 26/0.855 over; year 1 at list: 1 200."""
    offer = {"terms": {12: {"api": 0.05}}, "renewal": "list"}
    deal = api_deal(100, horizon=24, offer=offer)
    result = settled(deal, api_plan((1, (1000,)), (0, (0,))))
    assert lines(result) == {"commitment": 1000, "overage": 30.41, "usage": 1200}
    assert result.committed_usd == 1000
    for band, commitment in ((1, 1000), (1, 0), (0, 1000)):
        with pytest.raises(InputError, match="is at list"):
            total(deal, api_plan((1, (1000,)), (band, (commitment,))))


def test_renewal_at_list_keeps_price_protection():
    """Locked: year 1 at list is locked at its own first month, 1.2, though list goes to 1.5: 12 · 1.2."""
    offer = {"renewal": "list", "price_protection": "locked"}
    deal = api_deal(1, bands((0, 0.5)), index=RISE, horizon=24, offer=offer)
    assert settled(deal, api_plan((0, (0,)), (0, (0,)))).by_year[:, 0] == pytest.approx([6, 14.4])


def test_a_term_that_runs_beyond_the_horizon():
    """Terms of 24 months in 36: the second runs to month 48, so 900 is owed for its second year."""
    deal = api_deal(100, horizon=36, offer={"terms": [24]})
    result = settled(deal, api_plan((1, (700, 700)), (1, (900,)), first=24))
    assert (result.beyond_horizon_usd, result.committed_usd) == (900, 2300)
