"""The initial order: where an agreement or a cohort on it begins, the seats of the expected users (model §5)."""

import math
from pathlib import Path

import pytest

from deal_solve import InputError, Proposal, complete, load, review, scenarios_of, settle, solve
from deal_solve.plan.initial_order import whole_seats
from deal_solve.plan.validation.validity import refuse_impossible
from deal_solve.uncertainty.first_users import first_users
from tests.support.builders import count, deal_of, seat_deal, seat_plan

PEAK_FIRST = [100.0] + [10.0] * 11
BY_THE_MONTH = {"usd_per_user_month": 18, "list_usd_per_user_month": 20, "billing": "monthly"}
BY_THE_MONTH |= {"true_up": {"ratchet": "none", "price": "list"}}
"""Seats at 18 and added ones by the month at 20: one that is used in less than 11 months of a year is not contracted,
unless it has to be."""


def contracted(deal, **fix):
    """Return the seats of the optimal plan per contract year."""
    plan = solve(deal, fix=Proposal.model_validate(fix) if fix else None).plan
    return plan.seats["seat"].contracted


def staff_of(paths, horizon=12, unserved=1000, **part):
    """Return a deal with one cohort per list of users, all on the same type (or none), and one scenario."""
    names = [f"staff{number}" for number in range(len(paths))]
    people = {"headcount": 1, "tracks": ["seat", "none"], "unserved_usd_per_user_month": unserved}
    return deal_of(
        horizon,
        cohorts=dict.fromkeys(names, people),
        offers={"quote": {"terms": [12], "seats": {"seat": {**BY_THE_MONTH, **part}}}},
        scenarios={"only": {"weight": 1, "active_users": dict(zip(names, paths, strict=True))}},
    )


def test_certain_people_are_all_contracted(tmp_path):
    """300 people for certain at 20: 300 · 20 · 12 = 72,000 whether they are contracted or added; the order is 300.

    Not the minimum of 50 seats, and no true-up.
    """
    text = """
    start: 2027-01
    horizon_months: 12
    cohorts:
      all:
        headcount: 300
        tracks: [enterprise]
        use: {requests_per_user_month: 100, input_tokens: 1000, output_tokens: 100, models: [sonnet]}
    offers:
      quote: {terms: [12], seats: {enterprise: {minimum: 50, billing: yearly}}}
    """
    file = Path(tmp_path, "deal.yaml")
    file.write_text(text)
    for offer in ("quote", "list"):
        found = solve(load(file), fix=Proposal.model_validate({"seats": {"enterprise": {"offer": offer}}}))
        assert found.plan.seats["enterprise"].contracted == (300,)
        assert found.settlement.by_line["true_up"][0] == 0
        assert found.settlement.by_line["seats"][0] == pytest.approx(72_000)


def test_the_first_month_counts_and_free_any_number():
    """100 users in the first month, 10 after it. Expected users: 100 · 18 · 12 = 21,600. Free: 10 seats and 90 added
    in one month, 10 · 18 · 12 + 90 · 20 = 3,960.
    """
    costs = []
    for order in ("expected_users", "free"):
        found = solve(staff_of([PEAK_FIRST], initial_order=order))
        assert found.plan.seats["seat"].contracted == ((100,) if order == "expected_users" else (10,))
        costs.append(found.objective_usd)
    assert costs == pytest.approx([21_600, 3_960])


@pytest.mark.parametrize(
    ("clause", "seats"),
    [("add-on-demand", 100), ("true-forward", 100), ({"ratchet": "none"}, 100), ("hard_cap", 10)],
)
def test_the_default_is_expected_users_but_under_a_hard_cap(clause, seats):
    """A month unserved costs 200, less than the 216 a year of a seat: under a hard cap 10 seats are enough."""
    deal = staff_of([PEAK_FIRST], true_up=clause, unserved=200)
    assert contracted(deal, tracks={"staff0": ["seat"]}, seats={"seat": {"offer": "quote"}}) == (seats,)
    part = deal.offers["quote"].seats["seat"]
    assert part.orders_expected_users == (clause != "hard_cap")


def test_expected_users_are_the_mean_of_the_scenarios_rounded_up():
    """40 users with 0.75 and 60.5 with 0.25 in the first month, none after it: 30 + 15.125 = 45.125, so 46 seats."""
    deal = deal_of(
        cohorts={"staff": {"headcount": 1, "tracks": ["seat"]}},
        offers={"quote": {"terms": [12], "seats": {"seat": BY_THE_MONTH}}},
        scenarios={
            "low": {"weight": 3, "active_users": {"staff": [40.0] + [0.0] * 11}},
            "high": {"weight": 1, "active_users": {"staff": [60.5] + [0.0] * 11}},
        },
    )
    assert contracted(deal) == (46,)
    assert (whole_seats(46 + 1e-9), whole_seats(46 + 1e-6)) == (46, 47)


def test_it_asks_for_no_more_than_the_maximum():
    """80 and 70 users: 150, but no more than 120 are sold, so 120."""
    first = [80.0] + [1.0] * 11, [70.0] + [1.0] * 11
    assert contracted(staff_of(first)) == (150,)
    assert contracted(staff_of(first, maximum=120)) == (120,)
    assert contracted(staff_of(first, maximum=150)) == (150,)


def test_a_later_year_asks_only_where_a_cohort_first_has_users():
    """Staff of 100, then 10: after the first year's 100 a renewal is free, 10 seats. A second cohort begins in month 14
    with 30, and has 5 later: in that year 10 + 30 are ordered.
    """
    first = PEAK_FIRST + [10.0] * 12
    assert contracted(staff_of([first], 24)) == (100, 10)
    late = [0.0] * 14 + [30.0] + [5.0] * 9
    assert contracted(staff_of([first, late], 24)) == (100, 40)


def test_a_cohort_that_comes_from_another_track_asks_for_everybody_on_the_type():
    """Staff on the type all along (10), others come to it in year 2 with 50 in its first month and 5 later: 60."""
    deal = staff_of([[10.0] * 24, [5.0] * 12 + [50.0] + [5.0] * 11], 24)
    assert contracted(deal, tracks={"staff1": ["none", "seat"]}) == (10, 60)
    assert contracted(deal, tracks={"staff1": ["seat", "seat"]}) == (15, 15)


def test_a_single_future_is_known_but_the_order_is_not_placed_for_it():
    """10 or 90 users in the first month, 10 after it: E = 50 seats, 10,800. Whoever knows the future signs 50 as well:
    10,800 and 10,800 + 40 · 20 = 11,600, which is what the plan costs, so the regret is 0.
    """
    deal = deal_of(
        cohorts={"staff": {"headcount": 1, "tracks": ["seat"]}},
        offers={"quote": {"terms": [12], "seats": {"seat": BY_THE_MONTH}}},
        scenarios={
            "low": {"weight": 1, "active_users": {"staff": [10.0] * 12}},
            "high": {"weight": 1, "active_users": {"staff": [90.0] + [10.0] * 11}},
        },
        risk={"criterion": "regret"},
    )
    found = solve(deal)
    assert found.settlement.cost == pytest.approx([10_800, 11_600])
    assert found.objective_usd == pytest.approx(0, abs=0.01)


def test_a_paper_with_fewer_seats_is_priced_with_a_note_and_not_reviewed():
    """60 seats on the paper for 100 people: 60 · 240 + 40 · 240 = 24,000 as settled; the optimiser may not sign it."""
    deal = seat_deal(count(100))
    scenarios = scenarios_of(deal)
    proposal = Proposal.model_validate({"seats": {"seat": {"offer": "quote", "term_months": 12, "contracted": [60]}}})
    plan, assumed = complete(deal, proposal, scenarios)
    assert any("60 seat seats in contract year 1 are fewer than the 100" in note for note in assumed)
    assert settle(deal, plan, scenarios).cost[0] == pytest.approx(24_000)
    with pytest.raises(InputError, match=r"offers\.quote\.seats\.seat\.initial_order: 60 seats contracted"):
        review(deal, plan, scenarios)
    refuse_impossible(deal, plan)
    refuse_impossible(deal, seat_plan((100,)), first_users(scenarios))


def test_first_users_are_those_of_the_first_month_with_any():
    """No users before month 3: the order of year 1 is for month 3, that of year 2 for its first month."""
    path = [0.0] * 3 + [7.0] * 9 + [8.0] * 12
    found = first_users(scenarios_of(staff_of([path, [0.0] * 24], 24)))
    assert found.expected == {"staff0": (7.0, 8.0), "staff1": (0.0, 0.0)}
    assert found.begins == {"staff0": 0, "staff1": None}
    assert math.isclose(sum(found.expected["staff0"]), 15)
