"""The position today of an agreement in force: its balance, pace and exhaustion worked by hand, over scenarios."""

import pytest

from deal_solve import scenarios_of
from deal_solve.report.position import position_sentences
from deal_solve.settlement.in_force.position import SeatPosition, position_of
from tests.support.builders import api_deal, deal_of, held


def position(deal):
    return position_of(deal, scenarios_of(deal))


def futures(**monthly):
    """Return equally likely scenarios of these list dollars a month of `app`."""
    return {name: {"weight": 1, "requests_per_month": {"app": usd}} for name, usd in monthly.items()}


def test_without_an_agreement_in_force_there_is_none():
    assert position(api_deal(100)) is None


def test_balance_pace_exhaustion_and_what_is_forfeited():
    """1,200 from 2026-07 to 2027-06, 900 drawn by January, when an even pace has drawn 600; 300 are left.

    A month uses 36, 90 or 180: 300 last to the end (216 used, 84 forfeited), run out in month 3 (90, 180, 270, 360),
    or in month 1 (180, 360). So in 2 of 3 futures, in month 2 on average, and of these in months 1 to 3.
    """
    found = position(held(scenarios=futures(low=40, middle=100, high=200)))
    assert (found.offer, found.ends, found.period) == ("current", "2027-07", "2026-07 to 2027-06")
    assert (found.balance_usd, found.drawn_usd, found.pace_usd) == pytest.approx((1_200, 900, 600))
    assert found.exhausted_probability == pytest.approx(2 / 3)
    assert (found.exhausted_p10, found.exhausted, found.exhausted_p90) == ("2027-02", "2027-03", "2027-04")
    assert found.expected_forfeited_usd == pytest.approx(84 / 3)
    assert tuple(found.seats) == ()


def test_the_months_of_exhaustion_are_all_three_of_the_futures_in_which_it_runs_out():
    """In month 3 four times, in month 1 once, and never five times: P10 is month 1, P90 month 3, the mean month 2.6."""
    often, never = (dict.fromkeys(f"{name}{each}" for each in range(count)) for name, count in (("o", 4), ("n", 5)))
    found = position(held(scenarios=futures(**dict.fromkeys(often, 100), **dict.fromkeys(never, 40), high=200)))
    assert (found.exhausted_p10, found.exhausted, found.exhausted_p90) == ("2027-02", "2027-04", "2027-04")
    assert found.exhausted_probability == pytest.approx(0.5)
    (text,) = position_sentences(found)
    assert "it runs out in 2027-04 (P10 2027-02, P90 2027-04) in 50% of cases" in text


def test_a_tenth_have_run_out_by_the_month_of_most_where_fewer_ran_out_before():
    """In month 1 in one future of 20, in month 3 else."""
    rare = futures(middle=100, high=200)
    rare["middle"]["weight"] = 19
    found = position(held(scenarios=rare))
    assert (found.exhausted_p10, found.exhausted_p90) == ("2027-04", "2027-04")


def test_what_was_carried_in_and_expires_is_forfeited():
    """600 carried in, of which 540 are used to the end; all of the own 1,200 is undrawn."""
    found = position(held(in_force={"drawn_usd": 0, "carried_in_usd": 600}))
    assert found.expected_forfeited_usd == pytest.approx(60 + 1_200)


def test_the_balance_is_that_of_the_contract_year_that_runs():
    """1,200 of it, 900 drawn; 540 are used to month 6, and 1,080 of the 2,400 of the year after it."""
    own = {"commitment_usd": [1_200, 2_400]}
    found = position(held(in_force=own, ends="2028-07"))
    assert (found.balance_usd, found.pace_usd, found.exhausted) == (pytest.approx(1_200), pytest.approx(600), "2027-04")
    assert found.expected_forfeited_usd == pytest.approx(1_320)


def test_a_balance_that_is_just_enough_is_not_exhausted():
    """660 drawn: six months use the 540 that are left."""
    found = position(held(in_force={"drawn_usd": 660}))
    assert (found.exhausted_probability, found.exhausted, found.exhausted_p10) == (0, None, None)
    assert found.expected_forfeited_usd == pytest.approx(0, abs=1e-6)


def test_a_balance_with_what_was_carried_into_a_quarter():
    """300 of the quarter from 2026-12 and 60 carried in, 100 drawn; its even pace is a third of 360.

    40 a month: 180 are used by its end, the 60 and 120 of its own; the next quarter uses 120 of its 300.
    """
    own = {"period_started": "2026-12", "drawn_usd": 100, "carried_in_usd": 60}
    found = position(held([40 / 0.9] * 24, api={"period": "quarter"}, in_force=own, ends="2027-06"))
    assert found.period == "2026-12 to 2027-02"
    assert (found.balance_usd, found.drawn_usd, found.pace_usd) == pytest.approx((360, 100, 120))
    assert found.exhausted_probability == 0
    assert found.expected_forfeited_usd == pytest.approx(180 + 180)


def test_rolled_over_balance_is_not_forfeited():
    """Quarters of 300 from 2027-01, half of what is undrawn rolls over: 192, of which 96; then 300 - 12."""
    api = {"period": "quarter", "unused": {"rollover": 0.5, "cap": 1}}
    found = position(held(40, api=api, in_force={"period_started": "2027-01", "drawn_usd": 0}))
    assert (found.pace_usd, found.period) == (0, "2027-01 to 2027-03")
    assert found.expected_forfeited_usd == pytest.approx(96 + 288)


def test_pay_as_you_go_in_force_has_no_balance():
    current = {"on_the_table": False, "terms": [12], "api": {"bands": [{"commit_usd_per_year": 0, "discount": 0.1}]}}
    own = {"band_usd_per_year": 0, "commitment_usd": 0, "drawn_usd": 50}
    found = position(held(in_force=own, offers={"current": current}))
    assert (found.period, found.balance_usd, found.drawn_usd, found.pace_usd) == ("", 0, 0, 0)
    assert (found.exhausted_probability, found.exhausted_p10, found.expected_forfeited_usd) == (0, None, 0)


def test_seats_in_force_with_the_expected_users_of_the_first_month_on_them():
    """Of three cohorts two are on the seat: 40 or 60 users, and 5 whose first track it is; expected 50 + 5."""
    seats = {"seat": {"usd_per_user_month": 18}}
    scenarios = {
        name: {"weight": weight, "active_users": {"staff": [users, 0], "few": [5] + [9] * 23, "others": 1_000}}
        for name, weight, users in (("low", 1, 40), ("high", 1, 60))
    }
    deal = deal_of(
        24,
        cohorts={
            "staff": {"headcount": 0, "tracks": ["none", "seat"], "unserved_usd_per_user_month": 1},
            "few": {"headcount": 0, "tracks": ["seat", "none"], "unserved_usd_per_user_month": 1},
            "others": {"headcount": 0, "tracks": ["none"], "unserved_usd_per_user_month": 1},
        },
        offers={"current": {"on_the_table": False, "terms": [12], "seats": seats}},
        in_force={"offer": "current", "ends": "2027-07", "seats": {"seat": {"contracted": 50, "licensed": 70}}},
        scenarios=scenarios,
    )
    found = position(deal)
    assert tuple(found.seats) == (SeatPosition("seat", 50, 70, pytest.approx(55)),)
    assert (found.period, found.balance_usd) == ("", 0)


def test_a_balance_that_is_drawn_in_full_runs_out_no_more():
    (text,) = position_sentences(position(held(in_force={"drawn_usd": 1_200})))
    assert "1,200 of 1,200 drawn" in text
    assert "nothing of it is left;" in text
    assert "runs out" not in text
