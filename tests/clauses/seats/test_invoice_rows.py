"""Invoices of seats row by row, two contract years: who or what, how much of it, for which months, and when paid."""

import pytest

from deal_solve.plan.plan import SeatTerm
from deal_solve.settlement.settle import settle
from deal_solve.uncertainty.expansion import scenarios_of
from tests.support.builders import RATES, count, deal_of, months, only, routes, seat_deal, seat_plan, settled

USE = {"requests_per_user_month": 1, "input_tokens": 1, "output_tokens": 0, "models": ["opus"]}


def rows(result, *lines):
    """Return (period, item, quantity, USD, month of payment) of the rows of these lines, in order."""
    bill = result.invoice(0)
    bill = bill[bill["line"].isin(lines)]
    columns = ("period", "item", "quantity", "amount_usd", "paid_month")
    return [tuple(row) for row in bill[list(columns)].itertuples(index=False)]


def on_seats(part, users, contracted, costs=None, **offer):
    """Settle cohorts of these users, all on `seat` of one offer for two years."""
    cohorts = {
        name: {"headcount": 0, "tracks": ["seat", "none"], "unserved_usd_per_user_month": (costs or {}).get(name, 7)}
        for name in users
    }
    terms = offer.pop("terms", [24])
    offers = {"quote": {"terms": terms, "seats": {"seat": part}, **offer}}
    deal = deal_of(24, cohorts=cohorts, scenarios=only(active_users=users), offers=offers)
    return settled(deal, seat_plan(contracted, first=terms[0], tracks=dict.fromkeys(users, ("seat",) * 2)))


def test_a_hard_cap_counts_each_year_its_own_seats():
    """100 users fit 100 seats; 125 on 110 in the second year: all 12 of `b` at 3, then 3 of `a` at 8, monthly."""
    users = {"a": months(90, 113), "b": months(10, 12)}
    result = on_seats({"true_up": "hard_cap"}, users, (100, 110), {"a": 8, "b": 3})
    assert rows(result, "seats") == [
        ("2027-01/2027-12", "seat", 1200, 24_000, 0),
        ("2028-01/2028-12", "seat", 1320, 26_400, 12),
    ]
    second = [f"2028-{month:02}" for month in range(1, 13)]
    expected = [[(month, "b", 12, 36, 13 + t), (month, "a", 3, 24, 13 + t)] for t, month in enumerate(second)]
    assert rows(result, "unserved") == [row for pair in expected for row in pair]


@pytest.mark.parametrize(
    ("clause", "period", "charged"),
    [
        ({"ratchet": "none", "retroactive": True}, "2028-04/2028-06", 3),
        ({"ratchet": "year"}, "2028-06", 6),
        ({"ratchet": "year", "retroactive": True}, "2028-04/2028-06", 9),
    ],
)
def test_a_window_is_charged_at_its_end(clause, period, charged):
    """Ten users more in May 2028, counted by quarter: 3 months of the window, 6 after it, or 9 from its start."""
    part = {"true_up": {"check": 3, "count": "peak", "retroactive": False, "price": "contracted", **clause}}
    result = on_seats(part, {"a": count(100, 24, m16=110)}, (100, 100))
    assert rows(result, "true_up") == [(period, "seat", 10 * charged, 10 * charged * 20, 18)]
    assert result.seats["seat"].true_up_seats.tolist() == [[0], [10]]


def test_a_window_that_the_horizon_cuts_is_paid_at_its_end():
    """Signed in month 4 of 24, by quarter: ten users more in the last month are counted at its end, for two months."""
    part = {"true_up": {"check": 3, "count": "peak", "retroactive": True, "ratchet": "year"}}
    deal = seat_deal(count(100, 24, m23=110), part, horizon=24, signing={"months": [4]})
    result = settle(deal, seat_plan((100, 100), signing_month=4), scenarios_of(deal))
    assert rows(result, "true_up") == [("2028-11/2028-12", "seat", 20, 400, 20)]


def test_the_last_count_of_the_horizon_is_charged_for_its_window():
    """Ten users more in November 2028, by quarter, not retroactive: October to December."""
    part = {"true_up": {"check": 3, "count": "peak", "retroactive": False, "ratchet": "year"}}
    result = on_seats(part, {"a": count(100, 24, m22=110)}, (100, 100))
    assert rows(result, "true_up") == [("2028-10/2028-12", "seat", 30, 600, 24)]


def test_seats_added_are_charged_at_the_price_of_their_contract_year():
    """Ten users more in January 2028, twice the price: to the end of the year 10 · 12 · 40."""
    part = {"true_up": {"check": 1, "count": "peak", "retroactive": True, "ratchet": "year"}}
    deal = seat_deal(count(100, 24, m12=110), part, months(1, 2), horizon=24)
    result = settled(deal, seat_plan((100, 100)))
    assert rows(result, "true_up") == [("2028-01", "seat", 120, 4800, 13)]


def test_list_for_a_year_does_not_end_the_true_ups_of_what_is_taken_again():
    """110 users on 100 seats: charged in years 0 and 2; in year 1, at list by the month, as users are."""
    part = {"true_up": {"check": 12, "count": "peak", "retroactive": True}}
    rates = {**RATES, "seats": {"seat": {"usd_per_user_month": {"yearly": 20, "monthly": 25}, "covered_share": 1}}}
    deal = seat_deal(110, part, horizon=36, rates=rates, offer={"renewal": {"may_return": True}})
    plan = seat_plan((100, 0, 100))
    terms = (SeatTerm(years=1), SeatTerm(offer="list-monthly", years=1), SeatTerm(years=1))
    seat = plan.seats["seat"].model_copy(update={"terms": terms})
    result = settled(deal, plan.model_copy(update={"seats": {"seat": seat}}))
    assert rows(result, "true_up") == [
        ("2027-01/2027-12", "seat", 120, 2400, 12),
        ("2029-01/2029-12", "seat", 120, 2400, 36),
    ]
    assert result.by_year[1, 0] == pytest.approx(110 * 25 * 12)


def test_seats_that_stay_licensed_are_charged_for_in_the_first_year_by_the_month_alone():
    """30 more of 100 in April, from May on: 30 · 8 · 20 and 24,000. They stay for the next year, by the month at 25 for
    130 users; then the 100 that there are.
    """
    part = {"true_up": {"check": 1, "count": "peak", "retroactive": False, "ratchet": "term", "price": "list"}}
    rates = {**RATES, "seats": {"seat": {"usd_per_user_month": {"yearly": 20, "monthly": 25}, "covered_share": 1}}}
    deal = seat_deal(count(100, 36, m3=130), part, horizon=36, rates=rates)
    plan = seat_plan((100, 0, 0))
    terms = (SeatTerm(years=1), SeatTerm(offer="list-monthly", years=1), SeatTerm(offer="list-monthly", years=1))
    seat = plan.seats["seat"].model_copy(update={"terms": terms})
    result = settled(deal, plan.model_copy(update={"seats": {"seat": seat}}))
    assert result.by_year[:, 0].tolist() == [28_800, 130 * 25 * 12, 100 * 25 * 12]


def test_users_may_be_unserved_for_nothing():
    """110 users on 100 seats under a hard cap, at 0."""
    deal = deal_of(
        cohorts={"staff": {"headcount": 110, "tracks": ["seat"], "unserved_usd_per_user_month": 0}},
        offers={"quote": {"terms": [12], "seats": {"seat": {"true_up": "hard_cap"}}}},
    )
    result = settled(deal, seat_plan((100,)))
    assert result.by_line["unserved"].tolist() == [0]
    assert result.cost.tolist() == [24_000]


def test_without_a_ratchet_the_most_seats_of_a_year_are_those_of_its_largest_window():
    """Ten more in one quarter of the year, thirty more in another."""
    part = {"true_up": {"check": 3, "count": "peak", "retroactive": True, "ratchet": "none"}}
    result = on_seats(part, {"a": count(100, 24, m2=110, m7=130)}, (100, 100))
    assert result.seats["seat"].true_up_seats.tolist() == [[30], [0]]


def test_no_cohort_in_a_year_does_not_end_the_true_ups_of_the_next():
    """Nobody is above 100 in the first year, ten are in the second."""
    part = {"true_up": {"check": 12, "count": "peak", "retroactive": True}}
    result = on_seats(part, {"a": months(90, 110)}, (100, 100))
    assert rows(result, "true_up") == [("2028-01/2028-12", "seat", 120, 2400, 24)]


def test_monthly_billing_is_a_row_a_month():
    result = on_seats({"billing": "monthly", "usd_per_user_month": 20}, {"a": 10}, (10, 12))
    bill = rows(result, "seats")
    assert bill[0] == ("2027-01", "seat", 10, 200, 0)
    assert bill[-1] == ("2028-12", "seat", 12, 240, 23)


def test_usage_beyond_an_allowance_is_paid_at_the_end_of_its_month():
    """100 users with 19 of 25 dollars: 600 a month, of the cohort, in the second year with index 1.2 of 30: 1,100."""
    path = only(
        active_users={"staff": 100}, requests_per_user_month={"staff": 25}, list_price_index={"opus": months(1, 1.2)}
    )
    cohorts = {"staff": {"headcount": 0, "tracks": ["seat"], "use": USE}}
    offers = {"quote": {"terms": [24], "seats": {"seat": {"allowance": {"usd_per_user_month": 19}}}}}
    deal = deal_of(24, cohorts=cohorts, scenarios=path, offers=offers)
    routed = {"staff": routes({"opus": 1})["app"]}
    result = settled(deal, seat_plan((100, 100), first=24, use=routed))
    bill = rows(result, "extra_usage")
    assert len(bill) == 24
    assert [row[0] for row in bill[::12]] == ["2027-01", "2028-01"]
    assert [row[3] for row in bill[11:13]] == [pytest.approx(600), pytest.approx(1100)]
    assert [(row[1], row[4]) for row in bill] == [("staff", t + 1) for t in range(24)]


def test_what_a_plan_lacks_to_its_minimum_is_charged_at_the_price_of_the_month():
    """At least 5 users by the month: 3 in the first year, 4 in the second at twice the price: 2 · 25 and 1 · 50."""
    rates = {**RATES, "seats": {"seat": {"usd_per_user_month": {"monthly": 25}, "covered_share": 1}}}
    rates["plans"] = {"small": {"seats": ["seat"], "minimum": 5}}
    path = only(active_users={"staff": months(3, 4)}, list_price_index={"seats": months(1, 2)})
    deal = deal_of(24, cohorts={"staff": {"headcount": 0, "tracks": ["seat"]}}, scenarios=path, rates=rates)
    bill = rows(settled(deal, seat_plan((0, 0), offer="list-monthly")), "seats")
    assert {row[1] for row in bill} == {"seat"}
    for year, expected in enumerate([[75, 50], [200, 50]]):
        of_year = [row for row in bill if row[4] // 12 == year]
        assert [row[3] for row in of_year if row[4] == 12 * year] == expected
        assert len(of_year) == 24


def test_an_invoice_is_settled_in_the_order_that_was_asked():
    """The rows of an invoice add up to the scenario's own total in either order."""
    from tests.support.builders import api_deal, api_plan

    offer = {"terms": [12], "api": {"bands": [{"commit_usd_per_year": 1, "discount": {"opus": 0.4, "sonnet": 0}}]}}
    paths = {"requests_per_month": {"app": [20.0] * 12}}
    deal = api_deal(
        20, {"overage": "list"}, offer=offer, scenarios={name: {"weight": 1, **paths} for name in ("a", "b")}
    )
    plan = api_plan((1, (100.0,)), routing=routes({"opus": 0.5, "sonnet": 0.5}))
    for order in ("highest_ratio", "chronological"):
        result = settled(deal, plan, order=order)
        assert result.invoice(1)["amount_usd"].sum() == pytest.approx(result.undiscounted[1])
