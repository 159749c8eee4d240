"""Plans of the vendor: minimum and maximum of all their seat types together."""

import numpy as np
import pytest

from deal_solve import Infeasible, Proposal, complete, scenarios_of, solve
from deal_solve.analysis.check.findings import findings
from deal_solve.errors import InputError
from deal_solve.plan.validation.validity import refuse_impossible
from deal_solve.settlement.seats.seat_plans import served
from deal_solve.settlement.settle import settle
from deal_solve.uncertainty.first_users import first_users
from tests.support.builders import RATES, count, deal_of, list_api, months, only, seat_deal, seat_plan, settled

USE = {"requests_per_user_month": 1, "input_tokens": 1, "output_tokens": 0, "models": ["opus"]}
TEAM = ["team-standard", "team-premium"]
METHODS = pytest.mark.parametrize("method", ["decomposition", "extensive"])


def team(paths, rates=None, **cohorts):
    """Return a deal of these users per cohort and month; `cohorts` are the tracks of each."""
    people = {name: {"headcount": 0, "tracks": tracks, "use": USE} for name, tracks in cohorts.items()}
    return deal_of(cohorts=people, scenarios=only(active_users=paths), rates=rates or RATES)


def limited(**limits):
    """Return rates with one plan of the type `seat` and `other`, each at 20 by the year and 25 by the month."""
    seat = {"usd_per_user_month": {"yearly": 20, "monthly": 25}, "covered_share": 1}
    other = {"usd_per_user_month": {"yearly": 40, "monthly": 50}, "covered_share": 1}
    return {**RATES, "seats": {"seat": seat, "other": other}, "plans": {"both": {"seats": ["seat", "other"], **limits}}}


def plan_of(deal, **seats):
    """Return a plan in which each type is bought by the cohort of its name, (offer, contracted)."""
    agreements = {
        name: {"offer": offer, "term_months": 12, "contracted": [count] * deal.years}
        for name, (offer, count) in seats.items()
    }
    return seat_plan((0,) * deal.years).model_validate(
        {
            "api": list_api(deal.horizon_months).model_dump(),
            "seats": agreements,
            "tracks": {name: [name] * deal.years for name in seats},
            "use": {name: [{"from_month": 0, "shares": {"opus-cached": 1}}] for name in seats},
        }
    )


@METHODS
def test_more_users_than_the_maximum_close_the_plan(method):
    """400 people whom nobody may leave out, a plan of at most 150: there is no plan."""
    deal = deal_of(cohorts={"all": {"headcount": 400, "tracks": ["team-standard"]}})
    with pytest.raises(Infeasible):
        solve(deal, method=method)


@METHODS
def test_one_plan_counts_both_its_types(method):
    """140 on premium and 140 on standard are 280 on one plan of 150; one of them goes to Enterprise.

    Premium is 100, standard and Enterprise are 20, and the usage of Enterprise costs 1 a month here, so the engineers
    stay on nothing but premium: 140 · 100 · 12, and the office pays 140 · (20 + 1) · 12.
    """
    paths = {"engineers": 140, "office": 140}
    deal = team(paths, engineers=["team-premium"], office=["team-standard"])
    with pytest.raises(Infeasible):
        solve(deal, method=method)
    deal = team(paths, engineers=["team-premium"], office=["team-standard", "enterprise"])
    found = solve(deal, method=method)
    assert found.plan.tracks == {"engineers": ("team-premium",), "office": ("enterprise",)}
    assert found.objective_usd == pytest.approx(140 * 100 * 12 + 140 * 21 * 12)


def test_a_deal_may_raise_the_maximum():
    """A plan of at most 280 has room for both: 140 · (100 + 20) · 12."""
    rates = {**RATES, "plans": {"team": {"maximum": 280}}}
    deal = team({"engineers": 140, "office": 140}, rates, engineers=["team-premium"], office=["team-standard"])
    assert solve(deal).objective_usd == pytest.approx(140 * 120 * 12)


def test_check_says_in_how_many_scenarios():
    """Two futures, 100 + 40 and 100 + 60 users: the second one exceeds 150."""
    paths = {
        name: {"weight": 1, "active_users": {"a": 100, "b": users}} for name, users in {"low": 40, "high": 60}.items()
    }
    people = {name: {"headcount": 0, "tracks": ["team-standard", "enterprise"], "use": USE} for name in "ab"}
    deal = deal_of(cohorts=people, scenarios=paths)
    said = [str(each) for each in findings(deal, scenarios_of(deal)) if "plans" in each.path]
    assert said == [
        "rates.plans.team.maximum: a and b have more than 150 users together in 1 of 2 scenarios (team-standard): in "
        "contract years with such months they cannot all be on it"
    ]


def test_contracted_seats_reach_the_minimum_together():
    """At least 10 of both types: 6 + 3 are too few, 6 + 4 are enough, and 200 are too many where 150 is the most."""
    deal = deal_of(
        cohorts={name: {"headcount": 3, "tracks": [name]} for name in ("seat", "other")},
        rates=limited(minimum=10, maximum=150),
    )
    refuse_impossible(deal, plan_of(deal, seat=("list", 6), other=("list", 4)).model_copy(update={"use": {}}))
    for contracted, words in (
        (3, "9 seats of seat, other contracted in contract year 1; together at least 10"),
        (145, "most"),
    ):
        with pytest.raises(InputError, match=words):
            refuse_impossible(
                deal, plan_of(deal, seat=("list", 6), other=("list", contracted)).model_copy(update={"use": {}})
            )


@METHODS
def test_the_minimum_is_met_by_both_types(method):
    """3 users on each type and at least 10 seats: four more of the cheaper one, 12 · (7 · 20 + 3 · 40).

    By the month: 12 · (3 · 25 + 3 · 50 + 4 · 25) is dearer.
    """
    people = {name: {"headcount": 3, "tracks": [name]} for name in ("seat", "other")}
    found = solve(deal_of(cohorts=people, rates=limited(minimum=10)), method=method)
    assert found.objective_usd == pytest.approx(12 * (7 * 20 + 3 * 40))
    assert (found.plan.seats["seat"].contracted, found.plan.seats["other"].contracted) == ((7,), (3,))


def test_what_monthly_users_lack_is_charged_at_the_cheapest_type():
    """At least 10: 2 on each type by the month, 6 missing at 25: 12 · (2 · 25 + 2 · 50 + 6 · 25).

    With 5 seats of `other` contracted and 2 users of `seat` by the month 3 are missing; with 8 contracted none.
    """
    people = {name: {"headcount": 2, "tracks": [name]} for name in ("seat", "other")}
    deal = deal_of(cohorts=people, rates=limited(minimum=10))
    for other, expected in (
        (("list-monthly", 0), 12 * (50 + 100 + 150)),
        (("list", 5), 12 * (5 * 40 + 50 + 75)),
        (("list", 8), 12 * (8 * 40 + 50)),
    ):
        plan = plan_of(deal, seat=("list-monthly", 0), other=other).model_copy(update={"use": {}})
        assert float(settled(deal, plan).cost[0]) == pytest.approx(expected)


@METHODS
def test_optimum_and_settlement_agree_below_the_minimum(method):
    """Sold by the month only, at least 10 of both: 12 · (1 · 25 + 2 · 50 + 7 · 25) and with 4 and 8 users no more."""
    rates = limited(minimum=10)
    rates["seats"] = {
        "seat": {"usd_per_user_month": {"monthly": 25}, "covered_share": 1},
        "other": {"usd_per_user_month": {"monthly": 50}, "covered_share": 1},
    }
    paths = {
        "few": {"weight": 1, "active_users": {"seat": 1, "other": 2}},
        "more": {"weight": 1, "active_users": {"seat": 4, "other": 8}},
    }
    people = {name: {"headcount": 0, "tracks": [name]} for name in ("seat", "other")}
    found = solve(deal_of(cohorts=people, rates=rates, scenarios=paths), method=method)
    assert found.objective_usd == pytest.approx(12 * ((25 + 100 + 175) + (100 + 400)) / 2)


@METHODS
def test_users_who_may_take_either_type_by_the_month_count_once(method):
    """5 people for certain on Team, where ten are charged at the cheaper type: 10 · 25 · 12 with room for the rest."""
    rates = {"card": "claude@2026-11-23", "plans": {"team": {"seats": TEAM, "minimum": 10}}}
    some = {"headcount": 10, "tracks": ["team-standard", "none"], "unserved_usd_per_user_month": 5}
    others = {"headcount": 10, "tracks": ["team-premium", "team-standard"], "active_share": 0.5}
    deal = deal_of(rates=rates, cohorts={"some": some, "others": others}, risk="cautious")
    assert solve(deal, method=method).objective_usd == pytest.approx(3000)


def test_a_plan_over_the_maximum_is_refused_over_its_scenarios():
    deal = team({"engineers": 140, "office": 140}, engineers=["team-premium"], office=["team-standard", "enterprise"])
    scenarios = scenarios_of(deal)
    proposal = Proposal.model_validate({"tracks": {"engineers": "team-premium", "office": "team-standard"}})
    plan, _ = complete(deal, proposal, scenarios)
    with pytest.raises(InputError, match="together at most 150"):
        refuse_impossible(deal, plan, first_users(scenarios))


def test_users_above_the_maximum_are_unserved_the_cheapest_first():
    """At most 100: 80 of `seat` at 7 and 60 of `other` at 9 a month leave 40 of `seat` out: 40 · 7 · 12.

    40 seats of `seat` and 60 of `other` are used: no true-up.
    """
    people = {"seat": 7, "other": 9}
    cohorts = {
        name: {"headcount": users, "tracks": [name, "none"], "unserved_usd_per_user_month": people[name]}
        for name, users in {"seat": 80, "other": 60}.items()
    }
    deal = deal_of(cohorts=cohorts, rates=limited(maximum=100))
    plan = plan_of(deal, seat=("list", 40), other=("list", 60)).model_copy(update={"use": {}})
    result = settled(deal, plan)
    assert float(result.by_line["unserved"][0]) == pytest.approx(40 * 7 * 12)
    assert float(result.cost[0]) == pytest.approx(40 * 7 * 12 + 12 * (40 * 20 + 60 * 40))


def test_who_is_above_the_maximum_in_each_month_of_each_year():
    """At most 100 of both types, two contract years. Whom `other` leaves out costs 0.50 a month, those of `seat` none.

    130 + 20 in May 2027: 50 of `seat` are left out; 40 + 110 in February 2028: all 40 of `seat`, then 10 of `other`.
    """
    users = {"other": count(20, 24, m13=110), "seat": count(30, 24, m4=130, m13=40), "apart": months(7, 7)}
    costs = {"other": 0.5, "seat": 0, "apart": 3}
    cohorts = {
        name: {"headcount": 0, "tracks": [name, "none"], "unserved_usd_per_user_month": usd}
        for name, usd in costs.items()
    }
    rates = limited(maximum=100)
    rates["seats"]["apart"] = {"usd_per_user_month": 30, "covered_share": 1}
    deal = deal_of(24, cohorts=cohorts, rates=rates, scenarios=only(active_users=users))
    plan = plan_of(deal, other=("list", 110), seat=("list", 130), apart=("list", 7)).model_copy(update={"use": {}})
    scenarios, left_out = served(deal, plan, scenarios_of(deal))
    assert {name: np.flatnonzero(each).tolist() for name, each in left_out.items()} == {"seat": [4, 13], "other": [13]}
    assert (left_out["seat"][4], left_out["seat"][13], left_out["other"][13]) == (50, 40, 10)
    assert scenarios.users["seat"][[3, 4, 5, 13, 14], 0].tolist() == [30, 80, 30, 0, 30]
    assert scenarios.users["other"][[4, 13], 0].tolist() == [20, 100]
    assert scenarios.users["apart"].tolist() == [[7]] * 24
    result = settled(deal, plan)
    assert result.by_line["unserved"] == pytest.approx([5])
    bill = result.invoice()
    bill = bill[bill["line"] == "unserved"][["period", "item", "quantity", "amount_usd", "paid_month"]]
    assert bill.values.tolist() == [["2028-02", "other", 10, 5, 14]]


def test_a_year_in_which_somebody_must_be_served_leaves_nobody_out():
    """At most 100. `seat` has 120 users in both years; in year 0 somebody without an unserved cost is on the plan."""
    cohorts = {
        "seat": {"headcount": 120, "tracks": ["seat", "none"], "unserved_usd_per_user_month": 5},
        "other": {"headcount": 1, "tracks": ["other", "apart"]},
    }
    rates = limited(maximum=100)
    rates["seats"]["apart"] = {"usd_per_user_month": 30, "covered_share": 1}
    deal = deal_of(24, cohorts=cohorts, rates=rates)
    plan = plan_of(deal, seat=("list", 100), other=("list", 1), apart=("list", 1))
    plan = plan.model_copy(update={"tracks": {"seat": ("seat", "seat"), "other": ("other", "apart")}})
    _, left_out = served(deal, plan, scenarios_of(deal))
    assert left_out["seat"][:, 0].tolist() == [0] * 12 + [20] * 12


def test_who_is_on_the_plan_and_leaves_it_is_left_out_until_then():
    """At most 100, 120 users: 20 are left out in two years, none in the third, on a type of no plan."""
    cohorts = {"seat": {"headcount": 120, "tracks": ["seat", "apart", "none"], "unserved_usd_per_user_month": 5}}
    rates = limited(maximum=100)
    rates["seats"]["apart"] = {"usd_per_user_month": 30, "covered_share": 1}
    deal = deal_of(36, cohorts=cohorts, rates=rates)
    plan = plan_of(deal, seat=("list", 100), apart=("list", 120)).model_copy(
        update={"tracks": {"seat": ("seat", "seat", "apart")}}
    )
    scenarios, left_out = served(deal, plan, scenarios_of(deal))
    assert left_out["seat"][:, 0].tolist() == [20] * 24 + [0] * 12
    assert scenarios.users["seat"][:, 0].tolist() == [100] * 24 + [120] * 12


@pytest.mark.parametrize(("in_force", "first"), [("other", 4), ("apart", 0)])
def test_a_minimum_is_charged_from_the_end_of_the_seats_in_force_of_its_plan_on(in_force, first):
    """Signed in March 2027, 24 months from January: 2 users of `seat` by the month, so that 8 are missing, at 25.

    Seats in force of `other`, which is of the same plan, run to July: charged from there on, 18 months. Those of
    `apart` are of no plan: charged in all 22.
    """
    other = {"headcount": 2, "tracks": [in_force, "none"], "unserved_usd_per_user_month": 1}
    current = {"on_the_table": False, "terms": [12], "seats": {in_force: {"usd_per_user_month": 18}}}
    held = {"offer": "current", "ends": "2027-07", "seats": {in_force: {"contracted": 2}}}
    rates = limited(minimum=10)
    rates["seats"]["apart"] = {"usd_per_user_month": 30, "covered_share": 1}
    deal = deal_of(
        24,
        cohorts={"seat": {"headcount": 2, "tracks": ["seat"]}, "other": other},
        rates=rates,
        offers={"current": current},
        in_force=held,
        signing={"months": [2], "early": "forfeited"},
    )
    plan = plan_of(deal, seat=("list-monthly", 0)).model_copy(update={"use": {}, "signing_month": 2})
    plan = plan.model_copy(update={"tracks": {"seat": ("seat",) * 2, "other": ("none",) * 2}})
    bill = settle(deal, plan, scenarios_of(deal)).invoice()
    charged = bill[(bill["line"] == "seats") & (bill["quantity"] == 8)]
    assert charged["amount_usd"].tolist() == [8 * 25] * (22 - first)
    assert charged["paid_month"].tolist() == list(range(first, 22))
    assert charged["period"].tolist()[0] == f"2027-{3 + first:02}"


def test_a_minimum_is_tested_in_each_year_against_its_own_users():
    """At least 10 by the month: 4, 9 and 8 users in the years lack 6, 1 and 2 a month, at 25."""
    people = {"seat": {"headcount": 0, "tracks": ["seat"]}}
    deal = deal_of(
        36, cohorts=people, rates=limited(minimum=10), scenarios=only(active_users={"seat": months(4, 9, 8)})
    )
    plan = plan_of(deal, seat=("list-monthly", 0)).model_copy(update={"use": {}})
    bill = settled(deal, plan).invoice()
    missing = bill[(bill["line"] == "seats")].groupby("paid_month")["quantity"].min()
    assert missing.tolist() == [4] * 12 + [1] * 12 + [2] * 12
    assert settled(deal, plan).by_year[:, 0].tolist() == [3000, 3000, 3000]


def test_a_type_belongs_to_one_plan():
    with pytest.raises(InputError, match="a seat type belongs to one plan"):
        seat_deal(1, rates={**RATES, "plans": {"a": {"seats": ["seat"]}, "b": {"seats": ["seat"]}}})
    with pytest.raises(InputError, match="minimum 5 is above maximum 3"):
        seat_deal(1, rates={**RATES, "plans": {"a": {"seats": ["seat"], "minimum": 5, "maximum": 3}}})
