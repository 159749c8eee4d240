"""Seats priced by hand: fees, volume tiers, price protection, renewal (model §5 and §6)."""

import pytest

from tests.support.builders import count, lines, seat_deal, seat_plan, settled

# --- fees and tiers ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("billing", "paid"), [("yearly", [0]), ("monthly", range(12))])
def test_fees_in_advance(billing, paid):
    """100 seats at 20: 24 000 a year, or 2 000 at the start of each month; r = 10 %."""
    deal = seat_deal(100, {"billing": billing, "usd_per_user_month": 20}, cost_of_capital_per_year=0.1)
    result = settled(deal, seat_plan((100,)))
    expected = sum(24_000 / len(paid) * 1.1 ** (-t / 12) for t in paid)
    assert lines(result) == {"seats": round(expected, 2)}


def test_list_is_billed_yearly_at_the_list_price():
    """50 seats at the card's 20 in one invoice of 12 000, although the quote sells them at 12."""
    result = settled(seat_deal(50, {"usd_per_user_month": 12}), seat_plan((50,), offer="list"))
    frame = result.invoice()
    assert (list(frame["amount_usd"]), list(frame["paid_month"])) == ([12_000.0], [0])


TIERS = ({"seats": 100, "discount": 0.1}, {"seats": 200, "discount": 0.25})


@pytest.mark.parametrize(
    ("kind", "seats", "month_usd"),
    [
        ("all_units", 99, 99 * 20),
        ("all_units", 100, 100 * 18),
        ("all_units", 101, 101 * 18),
        ("all_units", 199, 199 * 18),
        ("all_units", 200, 200 * 15),
        ("incremental", 99, 99 * 20),
        ("incremental", 100, 99 * 20 + 18),
        ("incremental", 101, 99 * 20 + 2 * 18),
        ("incremental", 199, 99 * 20 + 100 * 18),
        ("incremental", 200, 99 * 20 + 100 * 18 + 15),
        ("incremental", 250, 99 * 20 + 100 * 18 + 51 * 15),
    ],
)
def test_volume_tiers_below_at_and_above_each_step(kind, seats, month_usd):
    """20 a seat; 18 from the 100th seat, 15 from the 200th (all_units: on all seats once reached)."""
    result = settled(seat_deal(0, {"tiers": {"kind": kind, "steps": TIERS}}), seat_plan((seats,)))
    assert result.cost[0] == pytest.approx(12 * month_usd)
    assert result.committed_usd == pytest.approx(12 * month_usd)


# --- protection and renewal -------------------------------------------------------------------------------------------


def test_seat_price_follows_the_index_of_the_years_first_month():
    """Index 1 to month 5, 1.5 to month 17, 2 after: year 0 at 20, year 1 at 30; committed at index 1."""
    deal = seat_deal(100, {}, index=[1.0] * 6 + [1.5] * 12 + [2.0] * 6, horizon=24)
    result = settled(deal, seat_plan((100, 100)))
    assert list(result.by_year[:, 0]) == [24_000, 36_000]
    assert result.committed_usd == 48_000


@pytest.mark.parametrize(
    ("protection", "second"),
    [("none", 36_000), ("locked", 24_000), ("pass_through", 24_000), ({"capped": 0.1}, 26_400)],
)
def test_price_protection_of_seats_in_one_term(protection, second):
    """The same index in one term of 24 months; capped at 10 % a year: 22 a seat in year 1."""
    offer = {"terms": [24], "price_protection": protection}
    deal = seat_deal(100, {}, index=[1.0] * 6 + [1.5] * 18, horizon=24, offer=offer)
    assert settled(deal, seat_plan((100, 100), first=24)).by_year[1, 0] == pytest.approx(second)


def test_renewal_cap_of_seats():
    """Locked a year at a time, cap 5 %, list 1.5 from month 6: 20, 21, 22.05 a seat."""
    offer = {"price_protection": "locked", "renewal_cap": 0.05}
    deal = seat_deal(100, {}, index=[1.0] * 6 + [1.5] * 30, horizon=36, offer=offer)
    assert settled(deal, seat_plan((100,) * 3)).by_year[:, 0] == pytest.approx([24_000, 25_200, 26_460])


def test_renewal_at_list_takes_seats_back_to_the_card_price():
    """Own price 12, tier 10 %, term 5 % in year 0; year 1 at 20 flat; true-up goes on: one more in month 23."""
    part = {"usd_per_user_month": 12, "tiers": {"kind": "all_units", "steps": [{"seats": 100, "discount": 0.1}]}}
    offer = {"terms": {12: {"seats": 0.05}}, "renewal": "list"}
    deal = seat_deal(count(m23=101, horizon=24), part, horizon=24, offer=offer)
    result = settled(deal, seat_plan((100, 100)))
    assert result.by_year[:, 0] == pytest.approx([1200 * 12 * 0.9 * 0.95, 24_000 + 20])
    assert result.committed_usd == pytest.approx(1200 * 12 * 0.9 * 0.95 + 24_000)


def test_uplift_of_seats_and_of_a_contracted_true_up_but_not_of_a_list_one():
    """Own price 12 · 1.1 and · 1.21; one more user in the last month at 14.52, or at the card's 20."""
    for price, extra in (("contracted", 14.52), ("list", 20)):
        part = {"usd_per_user_month": 12, "true_up": {"price": price}}
        deal = seat_deal(count(m35=101, horizon=36), part, horizon=36, offer={"renewal": {"uplift": 0.1}})
        by_year = settled(deal, seat_plan((100,) * 3)).by_year[:, 0]
        assert by_year == pytest.approx([14_400, 15_840, 17_424 + extra])


def test_a_seat_term_that_runs_beyond_the_horizon():
    """Terms of 36 in 48 months: the second ends in month 72; two more years of 120 · 20 · 12 are owed."""
    deal = seat_deal(100, {}, horizon=48, offer={"terms": [36]}, index=[1.0] * 6 + [2.0] * 42)
    result = settled(deal, seat_plan((100, 100, 110, 120), first=36))
    assert result.beyond_horizon_usd == 2 * 120 * 20 * 12
