"""Seats before and after the month of signing: fees and true-ups worked by hand."""

import pytest

from deal_solve import scenarios_of, settle, solve
from tests.support.builders import before, count, seat_deal

STAFF = {"staff": {"headcount": 0, "tracks": ["seat"]}}
HELD = {"contracted": 100, "licensed": 100}


def held(users, part=None, own=None, horizon=24, **rest):
    """Return a deal whose 100 seats at 18 in force end in month 6; `next` sells them at 16, list at 20."""
    current = {"on_the_table": False, "terms": [12], "seats": {"seat": {"usd_per_user_month": 18, **(part or {})}}}
    offers = {"current": current, "next": {"terms": [12], "seats": {"seat": {"usd_per_user_month": 16}}}}
    in_force = {"offer": "current", "ends": "2027-07", "seats": {"seat": {**HELD, **(own or {})}}}
    return seat_deal(users, horizon=horizon, offers=offers, in_force=in_force, cohorts=STAFF, **rest)


def test_seats_from_month_3_on():
    """100 seats at 20, signed in month 3 of 36: 33 months, 66,000 from there on; 6,000 before."""
    deal = seat_deal(count(horizon=36), horizon=36, offers={}, cohorts=STAFF, signing={"months": [3]})
    solution = solve(deal)
    assert solution.settlement.by_year.sum() == pytest.approx(66_000)
    assert [round(float(usd)) for usd in solution.settlement.by_year[:, 0]] == [24_000, 24_000, 18_000]
    assert solution.settlement.before == pytest.approx([6_000])


def test_a_contract_year_that_began_before_is_paid():
    """In force billed yearly: nothing is due until month 6; then 100 at 16 for 18 months, 28,800."""
    solution = solve(held(count(horizon=24)))
    assert solution.objective_usd == pytest.approx(28_800)
    assert before(solution) == {}


def test_monthly_billing_goes_on_with_the_contracted_seats():
    """80 users on 100 seats at 18 in force: 6 months of 1,800."""
    assert before(solve(held(count(80, horizon=24), {"billing": "monthly"}))) == {"seats": 10_800}


def test_growth_is_counted_from_the_licensed_seats_on():
    """105 licensed, 110 users from month 2 on: 5 added seats, retroactive to the month, to month 6: 5·18·4 = 360."""
    users = count(100, 24, **{f"m{month}": 110 for month in range(2, 6)})
    assert before(solve(held(users, own={"licensed": 105}))) == {"true_up": 360}


def test_no_growth_above_the_licensed_seats_is_charged():
    users = count(100, 24, **{f"m{month}": 110 for month in range(2, 6)})
    assert before(solve(held(users, own={"licensed": 110}))) == {}


def test_a_quarter_that_began_before_is_charged_from_its_start():
    """Windows of 3 months of the year from 2026-07: that of 2027-01 to 03 has 108 users: 8·18·6 = 864."""
    users = count(100, 24, m1=108)
    assert before(solve(held(users, {"true_up": "quarterly-reconciliation"}))) == {"true_up": 864}


def test_a_year_in_force_that_begins_inside_is_paid_and_keeps_the_largest_count():
    """Ends in month 18: months 0 to 5 are paid; in month 6 100 seats for 12 months, 21,600. annual-true-up, 110 users
    in month 1: at the year's end 10·18·12 from its start, 2,160, and again for the next year, 2,160.
    """
    deal = held(count(100, 36, m1=110), {"true_up": "annual-true-up"}, horizon=36)
    deal = deal.model_copy(update={"in_force": deal.in_force.model_copy(update={"ends": deal.calendar(18)})})
    assert before(solve(deal)) == {"seats": 21_600, "true_up": 4_320}


def test_between_agreements_users_pay_the_cheapest_price_of_the_card():
    """Signed in month 8, two months after the end: 2·100·20."""
    solution = solve(held(count(horizon=24), signing={"months": [8]}))
    assert before(solution) == {"seats": 4_000}


def test_the_best_month_is_found():
    """Signing in month 6, 8 or 10: each month at list costs 400 more than one at 16, so it is 6."""
    solution = solve(held(count(horizon=24), signing={"months": [10, 8, 6]}))
    assert solution.plan.signing_month == 6
    assert [(each.month, each.outcome) for each in solution.months] == [(6, "solved"), (8, "pruned"), (10, "pruned")]
    assert all(each.bound_usd >= solution.objective_usd - 0.01 for each in solution.months)


def test_a_plan_of_another_month_settles_in_that_month():
    """Its month of signing is part of the plan: 2 months at list and 16 at 16, 4,000 + 25,600."""
    deal = held(count(horizon=24), signing={"months": [6, 8]})
    plan = solve(deal.signed_in(8)).plan
    assert settle(deal, plan, scenarios_of(deal)).cost == pytest.approx([29_600])
    assert settle(deal.signed_in(6), plan, scenarios_of(deal)).cost == pytest.approx([29_600])
