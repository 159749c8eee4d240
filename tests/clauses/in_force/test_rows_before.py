"""Payments before signing row by row: how much of what, for which months, and when paid, from the start on."""

import numpy as np
import pytest

from deal_solve import scenarios_of
from deal_solve.settlement.in_force.before import before_signing
from tests.support.builders import APP, NEXT, bands, count, deal_of, held, only, seat_deal
from tests.support.clauses.rows_before import rows_before


def test_usage_in_arrears_is_billed_month_by_month_and_what_lacks_at_the_end():
    """100 a month at list are 90; of 1,200 less 600 drawn before, 60 are undrawn at the end of June."""
    deal = held(api={"payment": "arrears"}, in_force={"drawn_usd": 600})
    assert rows_before(deal, "usage") == [(100, 90, t, t, t + 1) for t in range(6)]
    assert rows_before(deal, "shortfall") == [(60, 60, 5, 5, 6)]


def test_what_is_carried_in_and_not_used_is_charged_beside_what_lacks():
    """600 carried in of which 540 are used: 60 expire, and none of the own 1,200 is drawn."""
    deal = held(api={"payment": "arrears"}, in_force={"drawn_usd": 0, "carried_in_usd": 600})
    assert rows_before(deal, "shortfall") == [(1260, 1260, 5, 5, 6)]


def test_a_prepaid_half_year_in_force():
    """Half-years from October and April: 170 above the first, at list, at its end; 600 for the second in advance."""
    deal = held(api={"period": "half"}, in_force={"period_started": "2026-10", "drawn_usd": 500}, ends="2027-10")
    assert rows_before(deal, "commitment") == [(1, 600, 3, 8, 3)]
    assert rows_before(deal, "overage") == [(170, 170 / 0.9, 2, 2, 3)]


def test_a_contract_year_in_force_is_counted_back_from_the_end():
    """800 to the end of January, of which 500 are drawn and 90 used, then 1,000: 1,080 are used in it, 80 above it."""
    own = {"band_usd_per_year": 600, "commitment_usd": [800, 1_000], "drawn_usd": 500, "period_started": "2026-02"}
    deal = held(api={**bands((600, 0.1)), "ramp": "free"}, in_force=own, ends="2028-02")
    assert rows_before(deal, "commitment", "overage") == [(1, 1_000, 1, 12, 1), (80, 80 / 0.9, 12, 12, 13)]


def test_all_of_a_commitment_was_drawn():
    """1,200 of 1,200: all 540 are above it, at list."""
    assert rows_before(held(in_force={"drawn_usd": 1_200}), "overage") == [(540, 600, 5, 5, 6)]


def test_a_commitment_in_force_that_begins_with_the_horizon_is_paid_then():
    deal = held(in_force={"period_started": "2027-01", "drawn_usd": 0}, ends="2028-01")
    assert rows_before(deal, "commitment", "overage") == [(1, 1200, 0, 11, 0)]


def test_what_is_above_a_commitment_in_force_is_that_of_its_future():
    """300 left: 540 of one future are 240 above it, 270 of the other nothing."""
    paths = {f"f{usd}": {"weight": 1, "requests_per_month": {"app": usd}} for usd in (100, 50)}
    signed = held(scenarios=paths).signed_in(6)
    (row,) = [row for row in before_signing(signed, scenarios_of(signed)).rows if np.any(row.amount)]
    assert row.amount == pytest.approx([240 / 0.9, 0])
    assert row.quantity == pytest.approx([240, 0])


@pytest.mark.parametrize(("signing", "last"), [(18, 17), (14, 13), (12, 11)])
def test_a_commitment_in_force_paid_by_the_year(signing, last):
    """A year begins in July: its 1,200 are for the months to the end in June 2028, or to signing."""
    own = {"drawn_usd": 400, "period_started": "2027-01"}
    api = {"period": "half", "payment": "prepaid_yearly"}
    deal = held(api=api, in_force=own, ends="2028-07", signing={"months": [signing], "early": "forfeited"})
    assert rows_before(deal, "commitment") == [(1, 1200, 6, last, 6)]


def seated(users, part=None, ends="2028-07", contracted=100, **rest):
    """Return a deal of 36 months whose 100 seats at 18 in force end in month 18; it is signed then."""
    current = {"on_the_table": False, "terms": [12], "seats": {"seat": {"usd_per_user_month": 18, **(part or {})}}}
    held_seats = {"offer": "current", "ends": ends, "seats": {"seat": {"contracted": contracted}}}
    staff = {"headcount": 0, "tracks": ["seat"], "unserved_usd_per_user_month": 7}
    given = {"cohorts": {"staff": staff}, **rest}
    return seat_deal(users, horizon=36, offers={"current": current}, in_force=held_seats, **given)


def test_seats_in_force_billed_by_the_year_and_by_the_month():
    """The year from July 2027 on is paid at its start; the one that runs was paid. By the month all 18 are."""
    assert rows_before(seated(count(horizon=36)), "seats") == [(1200, 21_600, 6, 17, 6)]
    monthly = rows_before(seated(count(horizon=36), {"billing": "monthly"}), "seats")
    assert monthly == [(100, 1800, t, t, t) for t in range(18)]


def test_seats_in_force_follow_the_price_of_the_start_of_their_year():
    """List rises to 1.5 in June and to 2 in July 2027: monthly fees are 1,800 at the start, 3,600 from July on."""
    index = [1.0] * 5 + [1.5] + [2.0] * 30
    deal = seated(count(horizon=36), {"billing": "monthly"}, index=index)
    assert [usd.expected for _, usd, *_ in rows_before(deal, "seats")] == [1800] * 6 + [3600] * 12
    assert rows_before(seated(count(horizon=36), index=index), "seats") == [(1200, 43_200, 6, 17, 6)]


@pytest.mark.parametrize(
    ("clause", "expected"),
    [
        ({"retroactive": True, "ratchet": "year"}, [(90, 1620, 9, 11, 12)]),
        ({"retroactive": True, "ratchet": "none"}, [(30, 540, 9, 11, 12)]),
        ({"retroactive": False, "ratchet": "year"}, [(60, 1080, 11, 11, 12)]),
        ({"retroactive": True, "ratchet": "year", "price": "list"}, [(90, 1800, 9, 11, 12)]),
    ],
)
def test_growth_of_seats_in_force_is_charged_at_the_end_of_its_window(clause, expected):
    """110 users in November 2027, by quarter of the year from July: October to December, 9 months to the end of June,
    6 of them after the window.
    """
    part = {"true_up": {"check": 3, "count": "peak", **clause}}
    assert rows_before(seated(count(100, 36, m10=110), part), "true_up") == expected


def test_seats_that_stay_licensed_in_force_are_charged_at_the_start_of_a_year():
    """110 users in February 2027 count to the end of June, 5 months; ratchet term: again for the whole next year."""
    part = {"true_up": {"check": 1, "count": "peak", "retroactive": True, "ratchet": "term"}}
    assert rows_before(seated(count(100, 36, m1=110), part), "true_up") == [(50, 900, 1, 1, 2), (120, 2160, 6, 17, 6)]
    of_year = {"true_up": {**part["true_up"], "ratchet": "year"}}
    assert rows_before(seated(count(100, 36, m1=110), of_year), "true_up") == [(50, 900, 1, 1, 2)]


def test_a_window_that_began_before_the_start_counts_the_months_inside():
    """Windows of 12 months from July: 110 users in January count, not those before; snapshots are of June."""
    for counting, month, expected in (("peak", 0, 10), ("snapshot", 0, 0), ("snapshot", 5, 10)):
        part = {"true_up": {"check": 12, "count": counting, "retroactive": True, "ratchet": "year"}}
        found = rows_before(seated(count(100, 36, **{f"m{month}": 110}), part), "true_up")
        assert found == ([(12 * expected, 12 * expected * 18, -6, 5, 6)] if expected else [])


def test_growth_in_force_is_priced_at_its_volume_tier():
    """10 % off from 100 seats on: 110 users in November 2027 pay 16.20 each, for 8 months."""
    part = {
        "true_up": {"check": 1, "count": "peak", "retroactive": True, "ratchet": "year"},
        "tiers": {"kind": "all_units", "steps": [{"seats": 100, "discount": 0.1}]},
    }
    assert rows_before(seated(count(100, 36, m10=110), part), "true_up") == [(80, 80 * 16.2, 10, 10, 11)]


def test_users_above_capped_seats_in_force_month_by_month():
    """105 users in March and in June 2028, the last month: 5 are unserved at 7."""
    deal = seated(count(100, 36, m2=105, m17=105, m18=105), {"true_up": "hard_cap"})
    assert rows_before(deal, "unserved") == [(5, 35, 2, 2, 3), (5, 35, 17, 17, 18)]


def test_people_at_list_pay_in_advance_at_the_price_of_the_month():
    """Seats end in July 2027; July and August are at list, 20, twice as dear in August."""
    index = [1.0] * 7 + [2.0] * 29
    deal = seated(count(horizon=36), ends="2027-07", signing={"months": [8]}, index=index)
    assert rows_before(deal, "seats") == [(100, 2000, 6, 6, 6), (100, 4000, 7, 7, 7)]


def test_users_without_a_track_are_unserved_to_the_month_of_signing():
    """10 users at 3 a month are cheaper than a seat."""
    staff = {"headcount": 0, "tracks": ["seat", "none"], "unserved_usd_per_user_month": 3}
    deal = seat_deal(10, cohorts={"staff": staff}, horizon=24, offers={}, signing={"months": [2]})
    assert rows_before(deal, "unserved") == [(10, 30, 0, 0, 1), (10, 30, 1, 1, 2)]


def test_pay_as_you_go_in_force_by_model():
    """Two workloads on two models, 100 and 50 a month: 10 % off for the family of the one, 20 % for the other alone."""
    discount = {"claude-sonnet-5-5": 0.2, "sonnet": 0.3, "opus": 0.1, "all": 0.5}
    api = {"bands": [{"commit_usd_per_year": 0, "discount": discount}]}
    work = {"requests_per_month": 0, "input_tokens": 1, "output_tokens": 0}
    deal = deal_of(
        24,
        workloads={"a": {**work, "models": ["opus"]}, "b": {**work, "models": ["sonnet"]}},
        offers={
            "current": {"on_the_table": False, "terms": [12], "api": api},
            "next": {"terms": [12], "api": bands((1, 0))},
        },
        in_force={"offer": "current", "ends": "2027-03", "api": {}},
        scenarios=only(requests_per_month={"a": 100, "b": 50}),
    )
    assert rows_before(deal, "usage") == [(100, 90, 0, 0, 1), (100, 90, 1, 1, 2), (50, 40, 0, 0, 1), (50, 40, 1, 1, 2)]


@pytest.mark.parametrize(
    ("discount", "shortfall_at", "due"), [(0.1, "contracted", 90), (0, "contracted", 100), (0.1, "list", 100)]
)
def test_what_lacks_at_list_in_force(discount, shortfall_at, due):
    """1,200 at list less 500 drawn and 600 used: 100 lack, at 1 - d of the band where it is charged at its rates."""
    api = {"measured_at": "list", "payment": "arrears", "overage": "contracted", "shortfall_at": shortfall_at}
    deal = held(api={**bands((1_200, discount)), **api}, in_force={"drawn_usd": 500})
    assert rows_before(deal, "usage") == [(100, 100 * (1 - discount), t, t, t + 1) for t in range(6)]
    assert rows_before(deal, "shortfall") == [(due, due, 5, 5, 6)]


def test_at_list_a_month_in_force_is_worth_its_list_price():
    """List is twice today's: six months are worth 1,200, so that of 1,500 less 200 drawn 100 lack."""
    api = {**bands((1_500, 0.1)), "measured_at": "list", "payment": "arrears", "overage": "contracted"}
    own = {"band_usd_per_year": 1_500, "commitment_usd": 1_500, "drawn_usd": 200}
    assert rows_before(held(api=api, in_force=own, index=2), "shortfall") == [(100, 100, 5, 5, 6)]


@pytest.mark.parametrize("protection", ["none", "locked"])
def test_another_agreement_signed_at_the_start_ends_the_one_in_force_there(protection):
    """No month is used under it: 1,200 less 600 drawn before are undrawn."""
    current = {"on_the_table": False, "terms": [12], "api": {**bands((1_200, 0.1)), "payment": "arrears"}}
    offers = {"current": {**current, "price_protection": protection}, "next": NEXT}
    deal = held(
        in_force={"drawn_usd": 600},
        offers=offers,
        index=[1.0, 2.0] * 12,
        signing={"months": [0], "early": "forfeited"},
    )
    assert rows_before(deal, "usage", "shortfall", "overage") == [(600, 600, -1, -1, 0)]


def test_above_a_commitment_at_list_usage_costs_what_it_costs():
    """1,200 at list less 900 drawn: of 600 used 300 are above it, billed with the rest at 10 % off."""
    api = {"measured_at": "list", "payment": "arrears", "overage": "contracted"}
    deal = held(api=api, in_force={"drawn_usd": 900})
    assert rows_before(deal, "usage") == [(100, 90, t, t, t + 1) for t in range(6)]
    assert rows_before(deal, "overage", "shortfall") == []


def test_a_locked_price_in_force_starts_from_todays_list_unless_stated():
    """List is 2 from the start on: 90 a month, as no other index is stated."""
    own = {"band_usd_per_year": 0, "commitment_usd": 0, "drawn_usd": 0}
    current = {"on_the_table": False, "terms": [12], "api": bands((0, 0.1)), "price_protection": "locked"}
    deal = held(in_force=own, offers={"current": current, "next": NEXT}, index=[2.0] * 24)
    assert [usd.expected for _, usd, *_ in rows_before(deal, "usage")] == [90] * 6


def test_of_an_offer_seats_alone_may_be_in_force():
    """Its API part was not taken: usage is at list, 100 a month and not 90."""
    current = {"on_the_table": False, "terms": [12], "api": bands((0, 0.1)), "seats": {"seat": {}}}
    deal = deal_of(
        24,
        workloads={"app": APP},
        cohorts={"staff": {"headcount": 10, "tracks": ["seat"]}},
        offers={"current": current},
        in_force={"offer": "current", "ends": "2027-03", "seats": {"seat": {"contracted": 10}}},
        scenarios=only(requests_per_month={"app": 100}),
    )
    assert rows_before(deal, "usage", "seats") == []
    assert rows_before(deal, "uncounted_usage") == [(100, 100, 0, 0, 1), (100, 100, 1, 1, 2)]


@pytest.mark.parametrize("payment", ["prepaid", "prepaid_yearly"])
@pytest.mark.parametrize(("signing", "last"), [(6, 5), (7, 6), (18, 17)])
def test_a_year_in_force_is_paid_though_another_agreement_is_signed_in_it(payment, signing, last):
    """The second year begins in month 6: 1,200 for it."""
    signed = {"signing": {"months": [signing], "early": "forfeited"}}
    deal = held(api={"payment": payment}, ends="2028-07", **signed)
    assert rows_before(deal, "commitment") == [(1, 1200, min(6, last), last, 6)]


def test_every_year_in_force_is_paid_at_its_start():
    """Three years from July 2026: those of month 6 and 18 are still to be paid."""
    deal = held(api={"payment": "prepaid_yearly"}, horizon=36, ends="2029-07")
    assert rows_before(deal, "commitment") == [(1, 1200, 6, 17, 6), (1, 1200, 18, 29, 18)]
