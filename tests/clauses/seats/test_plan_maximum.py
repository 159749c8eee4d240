"""More users than the maximum of a plan: those above it are unserved, in the optimiser as in the settlement."""

import pytest

from deal_solve import Infeasible, Proposal, loads, scenarios_of, solve
from deal_solve.analysis.check.findings import findings
from deal_solve.plan import crowds
from deal_solve.uncertainty.first_users import first_users
from tests.support.builders import RATES, count, deal_of

USE = {"requests_per_user_month": 1, "input_tokens": 1, "output_tokens": 0, "models": ["opus"]}
METHODS = pytest.mark.parametrize("method", ["decomposition", "extensive"])
SEATS = {
    "seat": {"usd_per_user_month": 20, "covered_share": 1},
    "other": {"usd_per_user_month": 40, "covered_share": 1},
    "alone": {"usd_per_user_month": 45, "covered_share": 1},
}


def crowded(maximum, *futures, horizon=12, terms=(12,), part=None, rates=None, **cohorts):
    """Return a deal with a plan of `seat` at 20 and `other` at 40 a month, and `alone` at 45, which is in no plan.

    A cohort is (unserved cost, tracks); a future has its users, a month or each. `part` are clauses of the offer
    `quote`, which sells all three; the default is list.
    """
    people = {
        name: {
            "headcount": 0,
            "tracks": tracks,
            "use": USE,
            **({} if usd is None else {"unserved_usd_per_user_month": usd}),
        }
        for name, (usd, tracks) in cohorts.items()
    }
    paths = {f"f{number}": {"weight": 1, "active_users": users} for number, users in enumerate(futures)}
    plans = {"both": {"seats": ["seat", "other"], "maximum": maximum}}
    offers = {} if part is None else {"quote": {"terms": [*terms], "seats": dict.fromkeys(SEATS, part)}}
    card = {**RATES, "seats": SEATS, "plans": plans, **(rates or {})}
    return deal_of(horizon, cohorts=people, rates=card, scenarios=paths, offers=offers)


@METHODS
@pytest.mark.parametrize(("maximum", "unserved"), [(101, 0), (100, 0), (99, 1), (60, 40)])
def test_below_at_and_above_the_maximum(method, maximum, unserved):
    """100 people at 20 a month or, left out, at 30: nobody is left out but those above the maximum.

    12 · (20 · served + 30 · unserved), and as many seats as people are served.
    """
    found = solve(crowded(maximum, {"a": 100}, a=(30, ["seat"])), method=method)
    assert found.objective_usd == pytest.approx(12 * (20 * (100 - unserved) + 30 * unserved))
    assert found.plan.seats["seat"].contracted == (100 - unserved,)


@METHODS
def test_of_two_cohorts_the_one_that_costs_less_is_left_out(method):
    """60 of a at 30 and 60 of b at 50 on a plan of 100: 20 of a are unserved, 12 · (100 · 20 + 20 · 30).

    Without a on it 60 · 30 a month are unserved and 60 seats are needed: 12 · (1,800 + 1,200), which is dearer.
    """
    deal = crowded(100, {"a": 60, "b": 60}, a=(30, ["seat", "none"]), b=(50, ["seat", "none"]))
    found = solve(deal, method=method)
    assert found.objective_usd == pytest.approx(12 * (100 * 20 + 20 * 30))
    assert found.plan.tracks == {"a": ("seat",), "b": ("seat",)}


@METHODS
@pytest.mark.parametrize(("price", "track"), [(33, "alone"), (43, "seat")])
def test_who_is_left_out_depends_on_who_else_is_on_the_plan(method, price, track):
    """Three cohorts of 60 at 30, 50 and 70 on a plan of 100; mid may take another seat at 33, or 43.

    With mid on the plan 20 of it and all of low are unserved: 12 · (100 · 20 + 20 · 50 + 60 · 30) = 57,600. Without it
    20 of low are: 12 · (100 · 20 + 20 · 30 + 60 · price) = 54,960, or 62,160.
    """
    seats = {"seats": {**SEATS, "alone": {"usd_per_user_month": price, "covered_share": 1}}}
    people = {"low": (30, ["seat"]), "mid": (50, ["seat", "alone"]), "high": (70, ["seat"])}
    found = solve(crowded(100, dict.fromkeys(people, 60), rates=seats, **people), method=method)
    assert found.objective_usd == pytest.approx(54_960 if track == "alone" else 57_600)
    assert found.plan.tracks["mid"] == (track,)


@METHODS
def test_of_equal_costs_the_first_in_the_file_is_left_out(method):
    """60 of a on the seat at 20 and 60 of b on the one at 40, both at 30 unserved: 20 of a are left out."""
    people = {"a": (30, ["seat"]), "b": (30, ["other"])}
    found = solve(crowded(100, {"a": 60, "b": 60}, **people), method=method)
    assert {name: each.contracted for name, each in found.plan.seats.items()} == {"seat": (40,), "other": (60,)}
    assert found.objective_usd == pytest.approx(12 * (40 * 20 + 60 * 40 + 20 * 30))


@METHODS
def test_month_by_month_and_scenario_by_scenario(method):
    """At most 100: 20 are unserved in the months of one future in which there are 120, none in the other.

    90 seats for the 90 of the first month, then 10 are added in month 6 for 6 months: 90 · 240 + 10 · 20 · 6 and
    20 · 7 · 6 unserved in one future; 90 · 240 in the other.
    """
    futures = {"a": [90.0] * 6 + [120.0] * 6}, {"a": 90}
    found = solve(crowded(100, *futures, a=(7, ["seat"])), method=method)
    assert found.objective_usd == pytest.approx(90 * 240 + (10 * 20 * 6 + 20 * 7 * 6) / 2)
    assert found.plan.seats["seat"].contracted == (90,)


@METHODS
def test_a_cohort_without_an_unserved_cost_is_never_left_out(method):
    """60 of a, which states no cost, and 60 of b on a plan of 100: not both; b goes without at 30."""
    stays = (None, ["seat"])
    with pytest.raises(Infeasible):
        solve(crowded(100, {"a": 60, "b": 60}, a=stays, b=(30, ["seat"])), method=method)
    found = solve(crowded(100, {"a": 60, "b": 60}, a=stays, b=(30, ["seat", "none"])), method=method)
    assert found.plan.tracks == {"a": ("seat",), "b": ("none",)}
    assert found.objective_usd == pytest.approx(12 * (60 * 20 + 60 * 30))


@METHODS
def test_unserved_users_have_no_metered_usage(method):
    """100 people on a plan of 60, each served one uses 1 USD a month at list: 12 · (60 · (20 + 1) + 40 · 30)."""
    seats = {"seats": {**SEATS, "seat": {"usd_per_user_month": 20, "covered_share": 0}}}
    found = solve(crowded(60, {"a": 100}, a=(30, ["seat"]), rates=seats), method=method)
    assert found.objective_usd == pytest.approx(12 * (60 * 21 + 40 * 30))
    assert found.settlement.by_line["uncounted_usage"] == pytest.approx(12 * 60)


@METHODS
def test_seats_that_stay_licensed_are_those_of_served_users(method):
    """80 users, 120 from month 6 on, a plan of 100 and ratchet term over 24 months: 20 seats are added, not 40.

    80 · 240, 20 · 20 · 6 in year 1, 100 · 240 in year 2 (contracted or licensed), 20 · 1 · 18 unserved: 45,960.
    """
    users = {"a": [80.0] * 6 + [120.0] * 18}
    deal = crowded(100, users, horizon=24, terms=[24], part={"true_up": {"ratchet": "term"}}, a=(1, ["seat"]))
    fix = Proposal.model_validate({"seats": {"seat": {"offer": "quote"}}})
    found = solve(deal, method=method, fix=fix)
    assert found.objective_usd == pytest.approx(45_960)
    assert found.plan.seats["seat"].contracted[0] == 80


@METHODS
@pytest.mark.parametrize(("unserved", "seats"), [(30, 60), (10, 0)])
def test_the_maximum_comes_before_a_hard_cap(method, unserved, seats):
    """100 people, a plan of 60, a hard cap: at 30 unserved 60 seats at 20 pay, at 10 none does."""
    deal = crowded(60, {"a": 100}, part={"true_up": "hard_cap"}, a=(unserved, ["seat"]))
    fix = Proposal.model_validate({"seats": {"seat": {"offer": "quote"}}})
    found = solve(deal, method=method, fix=fix)
    assert found.objective_usd == pytest.approx(12 * (20 * seats + unserved * (100 - seats)))
    assert sum(each.contracted[0] for each in found.plan.seats.values()) == seats


@METHODS
def test_an_order_asks_for_no_more_than_the_plan_has(method):
    """100 people in month 0 on the seat at 20, 100 from month 6 on the one at 40: never more than 110 on a plan of 150.

    Each type orders its 100, but the plan has 150. Seats that are added cost as much as contracted ones in month 0, and
    40 · 6 in month 6: 100 · 240 + 50 · 480 + 50 · 240 = 60,000, or 150 · 240 + 100 · 240.
    """
    futures = {"a": count(10, m0=100), "b": [0.0] * 6 + [100.0] * 6}
    found = solve(crowded(150, futures, a=(90, ["seat"]), b=(90, ["other"])), method=method)
    assert found.objective_usd == pytest.approx(60_000)
    assert sum(each.contracted[0] for each in found.plan.seats.values()) == 150


@METHODS
def test_an_order_is_for_served_users(method):
    """130 people are expected, and 40 after month 0, on a plan of 100: 100 seats are ordered, and 30 are unserved."""
    part = {"usd_per_user_month": 18, "list_usd_per_user_month": 20, "true_up": {"ratchet": "none", "price": "list"}}
    deal = crowded(100, {"a": count(40, m0=130)}, part=part, a=(50, ["seat"]))
    fix = Proposal.model_validate({"seats": {"seat": {"offer": "quote"}}})
    found = solve(deal, method=method, fix=fix)
    assert found.plan.seats["seat"].contracted == (100,)
    assert found.objective_usd == pytest.approx(100 * 18 * 12 + 30 * 50)


TEAM = """
start: 2027-01
horizon_months: 12
cohorts:
  a: {headcount: 160, active_share: 97%, tracks: [team-standard, none], unserved_usd_per_user_month: 1000}
"""


def test_more_people_than_the_plan_takes_are_not_all_sent_away():
    """155.2 people on Team, which takes 150, at 1,000 a month unserved: 150 seats at 20, and 5.2 unserved.

    12 · (150 · 20 + 5.2 · 1,000) = 98,400; on no track it would be 12 · 155.2 · 1,000.
    """
    deal = loads(TEAM)
    found = solve(deal)
    assert found.objective_usd == pytest.approx(98_400)
    again = solve(deal, fix=Proposal.model_validate({"tracks": {"a": "team-standard"}}))
    assert again.objective_usd == pytest.approx(98_400)


def test_check_says_who_is_left_out():
    deal = crowded(100, {"a": 60, "b": 60}, {"a": 10, "b": 60}, a=(30, ["seat"]), b=(50, ["seat"]))
    said = [str(each) for each in findings(deal, scenarios_of(deal)) if "plans" in each.path]
    assert said == [
        "rates.plans.both.maximum: a and b have more than 100 users together in 1 of 2 scenarios (seat): those "
        "above it are unserved, first of a"
    ]


def test_too_many_combinations_are_closed_and_said(monkeypatch):
    """Three cohorts of 60 on a plan of 100 are 6 sets to tell apart; of more than 5 none is admitted."""
    people = {"low": (30, ["seat", "none"]), "mid": (50, ["seat", "none"]), "high": (70, ["seat", "none"])}
    deal = crowded(100, dict.fromkeys(people, 60), **people)
    assert solve(deal).objective_usd == pytest.approx(57_600)
    first = first_users(scenarios_of(deal))
    plan = next(plan for plan in deal.card.plans if plan.id == "both")
    assert sum(map(len, crowds.crowding(deal, first, plan, 0).distinguished.values())) == 6
    monkeypatch.setattr(crowds, "MAX_COMBINATIONS", 5)
    found = solve(deal)
    assert found.objective_usd == pytest.approx(12 * (60 * 20 + 60 * 30 + 60 * 50))
    assert any("closed" in note for note in found.notes)
    said = [str(each) for each in findings(deal, scenarios_of(deal)) if "plans" in each.path]
    assert "more than 5 combinations" in said[0]
    assert any("cannot all be on it" in each for each in said)
