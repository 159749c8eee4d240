"""What is billed beside a commitment through a marketplace, row by row: usage that does not count, other charges."""

import pytest

from deal_solve import scenarios_of, settle
from deal_solve.plan.plan import ApiAgreement, ApiTerm, Route, SeatTerm
from tests.support.builders import APP, api_deal, api_plan, deal_of, only, seat_deal, seat_plan, settled

USE = {
    "input_tokens": 1,
    "output_tokens": 0,
    "models": ["opus"],
    "requests_per_user_month": 4,
    "other_usd_per_request": 0.1,
}
LEFT = ApiTerm(offer="list", band_usd_per_year=0, commitment_usd=(0,))
LEFT_SEATS = (SeatTerm(years=1), SeatTerm(offer="list", years=1))
FREE = ApiTerm(band_usd_per_year=0, commitment_usd=(0,))


def bill(api=(FREE, LEFT), seats=LEFT_SEATS, through=True, tracks=("seat", "seat")):
    """Return the invoice of two years in which agreements are left: two for `quote`, at a fee of 10 % of 500 a year.

    10 users with 4 requests of 1 a month, half of it included in the seat, and 0.10 beside each; `app` with 5 requests
    a month, 0.20 beside each.
    """
    channel = {"channel": {"through": "aws", "fee": 0.1}} if through else {}
    part = {"covered_share": 0.5, "counts_toward_commitment": False}
    offer = {
        "terms": [12],
        "api": {"bands": [{"commit_usd_per_year": 0, "discount": 0}]},
        "seats": {"seat": part},
        **channel,
    }
    deal = deal_of(
        24,
        workloads={"app": {**APP, "other_usd_per_request": 0.2}},
        cohorts={"staff": {"headcount": 10, "tracks": ["seat", "bot"], "use": USE}},
        internal_tools={"bot": {}},
        offers={"quote": offer},
        scenarios=only(requests_per_month={"app": 5}),
        cloud_commitments={"aws": {"usd_per_year": [500] * 2, "other_spend_usd_per_year": 0, "cap_share": 1}},
    )
    route = (Route(from_month=0, shares={"opus": 1}),)
    plan = seat_plan(
        (10, 10),
        api=ApiAgreement(offer="quote", term_months=12, terms=api),
        tracks={"staff": tracks},
        routing={"app": route},
        use={"staff": route},
    )
    seat = plan.seats["seat"].model_copy(update={"terms": seats})
    return settled(deal, plan.model_copy(update={"seats": {"seat": seat}}))


def fees(result):
    """Return the fees of each contract year by what they are charged on."""
    found = [{}, {}]
    for row in result.rows:
        if row.line == "fee" and row.fee_of != "seats":
            key = (row.fee_of, row.item)
            found[row.year][key] = found[row.year].get(key, 0) + float(row.amount[0])
    return [{key: round(usd, 6) for key, usd in year.items()} for year in found]


STAFF = {("uncounted_usage", "claude-opus-5-5"): 24, ("other_charges", "staff"): 2.4}
USED = {("usage", "claude-opus-5-5"): 6, ("other_charges", "app"): 1.2}


def test_usage_of_seats_goes_through_the_channel_of_the_seats():
    """20 metered and 2 beside it a month: a fee of 2.20; the API is left for list, and pays none in year 1."""
    result = bill(seats=())
    assert fees(result) == [{**STAFF, **USED}, STAFF]
    assert result.by_line["uncounted_usage"].tolist() == [480]
    assert result.by_line["other_charges"] == pytest.approx([24 * 3])


def test_usage_of_seats_that_are_left_goes_through_no_channel():
    """The API is kept: `app` goes through it in both years."""
    assert fees(bill(api=(FREE, FREE))) == [{**STAFF, **USED}, USED]


def test_usage_of_an_internal_tool_goes_through_the_channel_of_the_api():
    """All 40 a month count, in the band from 0; 4 beside them. The API is left in year 1."""
    found = fees(bill(tracks=("bot", "bot"), seats=()))
    tool = {("usage", "claude-opus-5-5"): 54, ("other_charges", "app"): 1.2, ("other_charges", "staff"): 4.8}
    assert found == [tool, {}]


def test_usage_goes_through_the_channel_of_the_track_of_its_year():
    """On the tool in year 1, at list as the API is left for it: no fee from month 12 on, though the seats are kept."""
    assert fees(bill(tracks=("seat", "bot"), seats=())) == [{**STAFF, **USED}, {}]


def test_without_a_channel_usage_that_does_not_count_is_of_nobody_alone():
    """One row a month and model for all users; through a channel it names whose it is."""
    rows = [row for row in bill(through=False).rows if row.line == "uncounted_usage"]
    assert [(row.item, row.user, row.first, row.last, row.paid) for row in rows] == [
        ("claude-opus-5-5", "", t, t, t + 1) for t in range(24)
    ]
    assert {row.user for row in bill().rows if row.line == "uncounted_usage"} == {"staff"}


def test_seats_added_go_through_the_channel_of_the_seats():
    """Ten users more from July on: 10 · 6 · 20 and a fee of 10 % of it."""
    part = {"true_up": {"check": 1, "count": "peak", "retroactive": True, "ratchet": "year"}}
    spend = {"usd_per_year": [5000], "other_spend_usd_per_year": 0, "cap_share": 1}
    channel = {"channel": {"through": "aws", "fee": 0.1}}
    users = [10.0] * 6 + [20.0] * 6
    result = settled(seat_deal(users, part, offer=channel, cloud_commitments={"aws": spend}), seat_plan((10,)))
    assert fees(result)[0] == {("true_up", "seat"): 120}
    charged = [(row.quantity, row.amount) for row in result.rows if row.fee_of == "true_up"]
    assert [(usd[0], fee[0]) for usd, fee in charged] == [(1200, 120)]
    short = [(row.item, row.quantity[0], row.amount[0]) for row in result.rows if row.line == "cloud_shortfall"]
    assert short == [("aws", 1400, 1400)]
    assert result.clouds["aws"].retired.tolist() == [[2400 + 1200]]


def test_what_a_cloud_commitment_lacks_is_of_its_own_years_though_the_deal_is_signed_later():
    """100 a year of which half may be retired; signed in month 6, so its years end 6, 18 and 30 months after signing.

    6 · 10 are paid through the channel in the first, 12 · 4 and 50 in the others: 50, 48 and 50 are retired, and only
    the first would have retired more.
    """
    free = {"bands": [{"commit_usd_per_year": 0, "discount": 0}]}
    cloud = {"usd_per_year": [100] * 3, "other_spend_usd_per_year": 0, "cap_share": 0.5}
    monthly = [10.0] * 12 + [4.0] * 12 + [50.0] + [0.0] * 11
    rest = {"offer": {"channel": {"through": "aws"}}, "signing": {"months": [6]}, "cloud_commitments": {"aws": cloud}}
    deal = api_deal(monthly, free, horizon=36, **rest).signed_in(6)
    plan = api_plan(*[(0, (0,))] * 3, signing_month=6)
    result = settle(deal, plan, scenarios_of(deal), keep_rows=True)
    rows = [row for row in result.rows if row.line == "cloud_shortfall"]
    assert [(float(row.amount[0]), row.first, row.last, row.paid) for row in rows] == [
        (pytest.approx(50), -6, 5, 6),
        (pytest.approx(52), 6, 17, 18),
        (pytest.approx(50), 18, 29, 30),
    ]
    assert result.clouds["aws"].is_capped.tolist() == [[True], [False], [False]]
