"""List as it is sold: billed yearly it is an agreement, billed monthly the users of each month are charged."""

import pytest

from deal_solve import Proposal, complete, loads, scenarios_of, settle, solve
from deal_solve.errors import InputError
from deal_solve.facts.decisions import decisions
from deal_solve.plan.validation.validity import refuse_impossible
from tests.support.builders import RATES, count, deal_of, lines, only, seat_deal, seat_plan, settled

SOLD = {**RATES, "seats": {"seat": {"usd_per_user_month": {"yearly": 20, "monthly": 25}, "covered_share": 1}}}


def _monthly(users, **rest):
    """Return the invoice of users on list billed monthly, and the settlement."""
    deal = seat_deal(users, {}, rates=SOLD, **rest)
    return settled(deal, seat_plan((0,) * deal.years, offer="list-monthly"))


def test_each_month_its_users_are_charged_in_advance():
    """100 users at 25, but 130 in month 4: 11 · 2 500 + 3 250, each at the start of its month; no true-up."""
    result = _monthly(count(m4=130))
    frame = result.invoice()
    assert list(frame["amount_usd"]) == [2500.0] * 4 + [3250.0] + [2500.0] * 7
    assert list(frame["paid_month"]) == list(range(12))
    assert lines(result) == {"seats": 30_750.0}


def test_the_index_of_the_month_counts():
    """10 users at 25; from month 6 on the list is 4 % higher: 6 · 250 + 6 · 260."""
    assert lines(_monthly(10, index=[1.0] * 6 + [1.04] * 6)) == {"seats": 3_060.0}


def test_who_sells_seats_is_a_decision_where_none_are_contracted():
    """10 users by the month, and 10 under the quote that are all added by the true-up: both name their seller."""
    deal = seat_deal(10, {}, rates=SOLD)
    sold = {}
    for offer in ("list-monthly", "quote"):
        found = {each.kind: each.plan for each in decisions(settled(deal, seat_plan((0,), offer=offer)))}
        assert "seats" not in found
        sold[offer] = found["seat_offer"]
    assert sold == {"list-monthly": "list-monthly, 12 months", "quote": "quote, 12 months"}


def test_nothing_is_committed_nor_owed_beyond_the_horizon():
    """Billed yearly the same 10 seats are 2 400 of committed dollars; billed monthly none are."""
    monthly = _monthly(10)
    assert (monthly.committed_usd, monthly.beyond_horizon_usd) == (0.0, 0.0)
    yearly = settled(seat_deal(10, {}, rates=SOLD), seat_plan((10,), offer="list"))
    assert yearly.committed_usd == 2_400


def test_at_least_the_minimum_is_charged_while_a_cohort_is_on_it():
    """At least 5 users: 3 in the first half, 8 in the second: 6 · 5 · 25 + 6 · 8 · 25; year 2 on none: 8 · 7 · 12."""
    rates = {**SOLD, "plans": {"small": {"seats": ["seat"], "minimum": 5}}}
    deal = seat_deal([3.0] * 6 + [8.0] * 18, {}, rates=rates, horizon=24)
    plan = seat_plan((0, 0), offer="list-monthly", tracks={"staff": ("seat", "none")})
    assert lines(settled(deal, plan)) == {"seats": 750.0 + 1_200.0, "unserved": 672.0}


def test_what_list_is_sold_by():
    """Enterprise is sold by the year only, Team both ways; one price means billed yearly."""
    staff = {"headcount": 10, "tracks": ["team-standard", "enterprise", "seat"]}
    use = {"requests_per_user_month": 1, "input_tokens": 1, "output_tokens": 1, "models": ["sonnet"]}
    on_table = deal_of(cohorts={"staff": {**staff, "use": use}}).on_table
    assert {name: sorted(offer.seats) for name, offer in on_table.items()} == {
        "list": ["enterprise", "seat", "team-standard"],
        "list-monthly": ["team-standard"],
    }


def test_the_billing_is_chosen():
    """Team standard, 24 months: 100 users for good cost 2 · 100 · 12 · 20 by the year.

    100 users in the first two months and 4 in the others cost 25 · (200 + 40) by the month, 24 000 by the year, and
    by the year with 4 contracted and 96 added 960 + 96 · 20 · 12.
    """
    cohorts = {"all": {"headcount": 0, "tracks": ["team-standard"]}}
    deal = deal_of(24, cohorts=cohorts, scenarios=only(active_users={"all": 100}))
    solution = solve(deal)
    assert (solution.plan.seats["team-standard"].offer, solution.objective_usd) == ("list", pytest.approx(48_000))
    deal = deal_of(12, cohorts=cohorts, scenarios=only(active_users={"all": [100.0] * 2 + [4.0] * 10}))
    solution = solve(deal)
    assert (solution.plan.seats["team-standard"].offer, solution.objective_usd) == (
        "list-monthly",
        pytest.approx(6_000),
    )


def test_no_seats_are_contracted_by_the_month():
    deal = seat_deal(10, {}, rates=SOLD)
    with pytest.raises(InputError, match="list-monthly contracts no seats"):
        refuse_impossible(deal, seat_plan((10,), offer="list-monthly"))


@pytest.mark.parametrize("clause", [{"true_up": {"price": "list"}}, {}])
def test_a_list_price_that_the_card_lacks_is_stated(clause):
    """Billed monthly the seat is not on the card: added seats at list, or a renewal at list, need a price."""
    part = {"billing": "monthly", "usd_per_user_month": 18, **clause}
    offer = {"renewal": "same" if clause else "list"}
    with pytest.raises(InputError, match="list needs a list price, and the card has no price of 'seat' billed monthly"):
        seat_deal(10, part, horizon=24, offer=offer)
    seat_deal(10, {**part, "list_usd_per_user_month": 22}, horizon=24, offer=offer)


def test_a_price_that_the_card_lacks_is_stated():
    with pytest.raises(
        InputError, match="usd_per_user_month is missing, and the card has no price of 'seat' billed mo"
    ):
        seat_deal(10, {"billing": "monthly"})


@pytest.mark.parametrize("method", ["decomposition", "extensive"])
def test_both_methods_charge_the_minimum(method):
    """At least 5 users, two futures: 3 or 6 of them: 12 · 25 · (5 + 6) / 2."""
    rates = {**RATES, "seats": {"seat": {"usd_per_user_month": {"monthly": 25}, "covered_share": 1}}}
    rates["plans"] = {"small": {"seats": ["seat"], "minimum": 5}}
    paths = {name: {"weight": 1, "active_users": {"staff": users}} for name, users in {"few": 3, "more": 6}.items()}
    deal = deal_of(cohorts={"staff": {"headcount": 0, "tracks": ["seat"]}}, scenarios=paths, rates=rates)
    assert solve(deal, method=method).objective_usd == pytest.approx(12 * 25 * 5.5)


GROWING_TEAM = """
start: 2027-01
cohorts:
  field:
    headcount: 90
    tracks: [team-standard, none]
    ramp: {months: 20}
    unserved_usd_per_user_month: 30
"""


@pytest.mark.parametrize(
    ("seats", "usd"),
    [
        ({"offer": "list", "term_months": 12, "contracted": [5, 54, 90]}, 46_010),
        ({"offer": "list-monthly", "term_months": 12, "contracted": [0, 0, 0]}, 57_425),
    ],
)
def test_a_growing_team_costs_less_by_the_year_with_true_up_than_by_the_month(seats, usd):
    """Users are 4.5 t up to 90 in month 20; nobody is there in month 0, so 5 are the first order (4.5 in month 1).

    By the year at 20, added users from their month on: 5 · 240 = 1,200 and (4 · 10 + 4.5 · (9 + … + 1)) · 20 = 4,850;
    then 54 · 240 = 12,960 and 4.5 · (11 + … + 4) · 20 = 5,400; then 90 · 240 = 21,600: 46,010. By the month at 25: 855
    users of the first 20 months and 90 · 16 are 2,295 · 25 = 57,375, and the plan's minimum of 2 in month 0 is 50 more.
    """
    deal = loads(GROWING_TEAM)
    scenarios = scenarios_of(deal)
    plan, _ = complete(
        deal,
        Proposal.model_validate({"tracks": {"field": "team-standard"}, "seats": {"team-standard": seats}}),
        scenarios,
    )
    assert settle(deal, plan, scenarios).cost == pytest.approx([usd])
    assert solve(deal).objective_usd == pytest.approx(46_010)
