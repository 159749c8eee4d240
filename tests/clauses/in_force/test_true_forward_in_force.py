"""Seats in force whose true-up is not retroactive, or that are capped: what they leave behind, by hand."""

import pytest

from deal_solve import InputError, loads, scenarios_of, solve
from deal_solve.settlement.settle import settle
from tests.support.builders import RATES, before, count, lines, seat_deal, seat_plan

METHODS = pytest.mark.parametrize("method", ["decomposition", "extensive"])
FORWARD = {"true_up": "true-forward"}
QUARTERLY = {"true_up": {"check": 3, "count": "peak", "retroactive": False, "ratchet": "year"}}


def held(users, part, own=None, month=6, tracks=("seat",), unserved=None, **rest):
    """Return a deal of 24 months whose 100 seats at 18 in force end in month 6; `next` sells them at 16 a year."""
    staff = {"headcount": 0, "tracks": tracks}
    if unserved is not None:
        staff["unserved_usd_per_user_month"] = unserved
    given = {
        "offers": {
            "current": {"on_the_table": False, "terms": [12], "seats": {"seat": {"usd_per_user_month": 18, **part}}},
            "next": {"terms": [12], "seats": {"seat": {"usd_per_user_month": 16}}},
        },
        "in_force": {"offer": "current", "ends": "2027-07", "seats": {"seat": {"contracted": 100, **(own or {})}}},
        "signing": {"months": [month], "early": "forfeited"},
        "cohorts": {"staff": staff},
    }
    return seat_deal(users, horizon=24, **{**given, **rest})


@METHODS
@pytest.mark.parametrize(("peak", "licensed", "kept"), [(99, 100, 0), (100, 100, 0), (130, 100, 30), (90, 110, 10)])
def test_the_largest_count_in_force_is_kept_in_the_first_year_of_the_next_agreement(method, peak, licensed, kept):
    """The peak of the year in force, or what was licensed before it, costs 16 for 12 months; 100 seats are for 18."""
    solution = solve(held(count(horizon=24, m3=peak), FORWARD, {"licensed": licensed}), method=method)
    assert before(solution) == {}
    assert solution.objective_usd == pytest.approx(28_800 + kept * 16 * 12)


def test_what_is_kept_is_charged_above_the_seats_contracted():
    """130 in month 3: 30 stay licensed beside 100 contracted ones, 30 · 16 · 12, in the first year alone."""
    deal = held(count(horizon=24, m3=130), FORWARD)
    result = settle(deal, seat_plan((100, 100), offer="next", signing_month=6), scenarios_of(deal))
    bill = result.invoice()
    bill = bill[bill["line"] == "true_up"][["period", "item", "quantity", "amount_usd", "paid_month"]]
    assert bill.values.tolist() == [["2027-07/2028-06", "seat", 360, 5760, 0]]
    assert result.seats["seat"].true_up_seats.tolist() == [[30], [0]]


def test_what_is_left_is_not_kept_where_the_type_is_taken_later():
    """Nobody is on it in the first year, 100 users in the second: only the last count of the old seats is due."""
    deal = held(count(horizon=24, m3=130), FORWARD, tracks=("seat", "none"), unserved=1)
    plan = seat_plan((0, 100), offer="next", signing_month=6, tracks={"staff": ("none", "seat")})
    result = settle(deal, plan, scenarios_of(deal))
    assert lines(result) == {"before": 30 * 12 * 18, "seats": 100 * 16 * 6, "unserved": 1200}


@METHODS
def test_it_is_kept_from_the_end_of_the_old_seats_on_where_the_next_is_signed_before(method):
    """Signed in month 3; 130 users in month 4 are of the old seats, and charged for 9 months of the first year."""
    solution = solve(held(count(horizon=24, m4=130), FORWARD, month=3), method=method)
    assert solution.objective_usd == pytest.approx(28_800 + 30 * 16 * 9)


@METHODS
@pytest.mark.parametrize(
    ("part", "peak", "due"), [(FORWARD, 100, 0), (FORWARD, 130, 30 * 12), (QUARTERLY, 130, 30 * 3)]
)
def test_the_last_count_is_due_where_the_type_is_given_up(method, part, peak, due):
    """Nobody takes it on in month 6: users cost 1 a month. What the last count added is charged for `check` months."""
    deal = held(count(horizon=24, m4=peak), part, tracks=("seat", "none"), unserved=1)
    solution = solve(deal, method=method)
    assert solution.plan.tracks["staff"] == ("none", "none")
    assert before(solution) == ({"true_up": due * 18} if due else {})
    assert solution.objective_usd == pytest.approx(18 * 100 + due * 18)


@METHODS
@pytest.mark.parametrize(("month", "usd"), [(1, 8 * 18 * 3), (4, 0)])
def test_a_window_that_is_not_retroactive_is_charged_from_its_end(method, month, usd):
    """108 users: counted at the end of month 2 for months 3 to 5; at the end of month 5 for none, as seats go on."""
    solution = solve(held(count(horizon=24, **{f"m{month}": 108}), QUARTERLY), method=method)
    assert before(solution) == ({"true_up": usd} if usd else {})
    assert solution.objective_usd == pytest.approx(28_800 + usd)


@METHODS
def test_at_list_billed_monthly_each_month_is_charged_for_what_is_kept(method):
    """130 users in month 3, 100 from then on: 12 months for 130 and 6 for 100, at 15."""
    rates = RATES | {"seats": {"seat": {"usd_per_user_month": {"yearly": 20, "monthly": 15}, "covered_share": 1}}}
    only_list = {
        "current": {"on_the_table": False, "terms": [12], "seats": {"seat": {"usd_per_user_month": 18, **FORWARD}}}
    }
    solution = solve(held(count(horizon=24, m3=130), FORWARD, rates=rates, offers=only_list), method=method)
    assert solution.plan.seats["seat"].offer == "list-monthly"
    assert solution.objective_usd == pytest.approx(15 * (130 * 12 + 100 * 6))


@METHODS
def test_what_is_kept_may_be_contracted_where_that_costs_less(method):
    """The true-up price is 20 of list: all 130 are contracted in the first year, at 16."""
    listed = {"true_up": {"check": 1, "count": "peak", "retroactive": True, "ratchet": "year", "price": "list"}}
    deal = held(count(horizon=24, m3=130), FORWARD)
    quote = (
        deal.offers["next"]
        .seats["seat"]
        .model_copy(update={"true_up": type(deal.offers["current"].seats["seat"].true_up)(**listed["true_up"])})
    )
    offer = deal.offers["next"].model_copy(update={"seats": {"seat": quote}})
    solution = solve(deal.model_copy(update={"offers": {**deal.offers, "next": offer}}), method=method)
    assert solution.plan.seats["seat"].contracted == (130, 100)
    assert solution.objective_usd == pytest.approx(130 * 16 * 12 + 100 * 16 * 6)


@METHODS
@pytest.mark.parametrize(("users", "unserved"), [(99, 0), (100, 0), (120, 20)])
def test_users_above_capped_seats_in_force_are_unserved(method, users, unserved):
    """In month 2, at 7 a month; the next agreement has no cap."""
    deal = held(count(horizon=24, m2=users), {"true_up": "hard_cap"}, unserved=7)
    solution = solve(deal, method=method)
    assert before(solution) == ({"unserved": unserved * 7} if unserved else {})
    assert solution.objective_usd == pytest.approx(28_800 + unserved * 7)


def test_of_two_cohorts_on_capped_seats_the_cheaper_one_goes_without():
    """60 and 55 on 100 seats in month 2: 15 of the cohort at 3 are left out, none of that at 9."""
    people = {
        name: {"headcount": 0, "tracks": ["seat"], "unserved_usd_per_user_month": usd}
        for name, usd in (("dear", 9), ("cheap", 3))
    }
    users = {"dear": count(50, 24, m2=60), "cheap": count(50, 24, m2=55)}
    scenarios = {"only": {"weight": 1, "active_users": users, "list_price_index": {"seats": 1}}}
    deal = held(0, {"true_up": "hard_cap"}, cohorts=people, scenarios=scenarios)
    assert before(solve(deal)) == {"unserved": 15 * 3}


def test_a_largest_count_that_nothing_takes_on_at_once_is_refused():
    with pytest.raises(InputError, match="a true_up that is not retroactive, signed after the end, of current cannot"):
        held(count(horizon=24), FORWARD, month=7)
    assert held(count(horizon=24), QUARTERLY, month=7)


@METHODS
def test_what_stays_licensed_is_not_counted_again_where_windows_stand_alone(method):
    """110 people counted in force stay licensed under a quote of at most 38 seats, whose windows add for themselves: no
    window adds anything above 110. All 110 pay 12 USD for the 32 months from signing, 38 of them as contracted.
    """
    deal = loads(
        """
        start: 2027-07
        cohorts:
          staff:
            headcount: 110
            tracks: [enterprise]
            use: {requests_per_user_month: 333, input_tokens: 4000, output_tokens: 100, models: [sonnet]}
        offers:
          rival: {seats: {enterprise: {usd_per_user_month: 12, maximum: 38, true_up: {ratchet: none}}}}
          current: {on_the_table: no, seats: {enterprise: {true_up: true-forward}}}
        in_force: {offer: current, ends: 2027-11, seats: {enterprise: {contracted: 31}}}
        """
    )
    found = lines(solve(deal, method=method).settlement)
    assert (found["seats"], found["true_up"]) == pytest.approx((38 * 12 * 32, 72 * 12 * 32))
