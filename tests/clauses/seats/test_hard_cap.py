"""A hard cap on seats priced by hand."""

from tests.support.builders import deal_of, lines, only, seat_plan, settled


def test_hard_cap_leaves_the_cheapest_users_unserved():
    """120 users on 100 seats: 15 of `b` at 3 (all of them) and 5 of `a` at 8, each month; seats 24 000."""
    path = only(active_users={"a": 105, "b": 15})
    cohort = {"headcount": 0, "tracks": ["seat"]}
    cohorts = {"a": {**cohort, "unserved_usd_per_user_month": 8}, "b": {**cohort, "unserved_usd_per_user_month": 3}}
    deal = deal_of(cohorts=cohorts, scenarios=path, offers={"quote": {"seats": {"seat": {"true_up": "hard_cap"}}}})
    result = settled(deal, seat_plan((100,), tracks={"a": ("seat",), "b": ("seat",)}))
    assert lines(result) == {"seats": 24_000, "unserved": 12 * (15 * 3 + 5 * 8)}
    assert result.seats["seat"].true_up_seats.tolist() == [[0]]
